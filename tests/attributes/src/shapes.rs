//! Functions of every shape: of one line, with every receiver and argument, in
//! a module that calls other things by the names that all know.

use std::{fmt::Display, rc::Rc};

use resilience::{resilient, with_circuit_breaker, with_fallback, with_retry};

use crate::{AiError, Counter};

/// Bodies of one line: an attribute adds no braces that the compiler would
/// want removed.
#[rustfmt::skip] // or there would be no line like that
pub mod one_line {
    use super::{AiError, resilient, with_circuit_breaker, with_fallback, with_retry, zero};

    /// Under a retry.
    ///
    /// # Errors
    /// None.
    #[with_retry]
    pub fn retried() -> Result<u32, AiError> { Ok(1) }

    /// Under a retry, async.
    ///
    /// # Errors
    /// None.
    #[with_retry]
    pub async fn retried_later() -> Result<u32, AiError> { Ok(1) }

    /// Under a breaker.
    ///
    /// # Errors
    /// None.
    #[with_circuit_breaker("one line")]
    pub fn guarded() -> Result<u32, AiError> { Ok(1) }

    /// Under a breaker, async.
    ///
    /// # Errors
    /// None.
    #[with_circuit_breaker("one line")]
    pub async fn guarded_later() -> Result<u32, AiError> { Ok(1) }

    /// With a fallback.
    ///
    /// # Errors
    /// None.
    #[with_fallback(zero)]
    pub fn rescued() -> Result<u32, AiError> { Ok(1) }

    /// With a fallback, async.
    ///
    /// # Errors
    /// None.
    #[with_fallback(zero)]
    pub async fn rescued_later() -> Result<u32, AiError> { Ok(1) }

    /// Under all of them.
    ///
    /// # Errors
    /// None.
    #[resilient(fallback(zero), circuit_breaker("one line"), retry)]
    pub fn stacked() -> Result<u32, AiError> { Ok(1) }

    /// Under all of them, async.
    ///
    /// # Errors
    /// None.
    #[resilient(retry, circuit_breaker("one line"), fallback(zero))]
    pub async fn stacked_later() -> Result<u32, AiError> { Ok(1) }

    /// Nothing but a call.
    ///
    /// # Errors
    /// None.
    #[with_retry(base_delay = "1ms")]
    pub fn calls() -> Result<u32, AiError> { stacked() }
}

#[allow(clippy::unnecessary_wraps)] // as a fallback is
fn zero() -> Result<u32, AiError> {
    Ok(0)
}

/// Consumed by its methods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// What it says.
    pub text: String,
    /// How often it was read.
    pub read: Rc<std::cell::Cell<u32>>,
}

impl Letter {
    /// Changes itself, and is whole again at each attempt.
    ///
    /// # Errors
    /// [`AiError::Down`] twice.
    #[with_retry(base_delay = "0s")]
    pub fn signed(mut self, name: &str) -> Result<Self, AiError> {
        self.text.push_str(name);
        self.read.set(self.read.get() + 1);
        if self.read.get() < 3 {
            drop(self);
            return Err(AiError::Down);
        }
        Ok(self)
    }

    #[allow(clippy::unnecessary_wraps)] // as a fallback is
    fn unsigned(mut self, name: &str) -> Result<Self, AiError> {
        self.text.push('~');
        self.text.push_str(name);
        Ok(self)
    }

    /// Has a fallback, which gets the letter as it was.
    ///
    /// # Errors
    /// None.
    #[with_fallback(Self::unsigned)]
    pub fn lost(mut self, name: &str) -> Result<Self, AiError> {
        self.text.push_str(name);
        self.read.set(self.read.get() + 1);
        Err(AiError::Down)
    }

    /// Has all of it at once, and is consumed in part.
    ///
    /// # Errors
    /// None.
    #[resilient(
        fallback(Self::unsigned),
        circuit_breaker("letters"),
        retry(max_attempts = 4, base_delay = "0s")
    )]
    pub async fn sent(mut self, name: &str) -> Result<Self, AiError> {
        self.read.set(self.read.get() + 1);
        let Self { text, .. } = self;
        self.text = text + name;
        tokio::task::yield_now().await;
        drop(self);
        Err(AiError::Down)
    }

    /// Names `self` where it is no receiver: in a visibility, in items of its
    /// own, and in macros.
    ///
    /// # Errors
    /// [`AiError::Down`] once.
    #[with_retry(base_delay = "0s")]
    pub fn described(self) -> Result<String, AiError> {
        #[allow(clippy::needless_pub_self)] // it was mistaken for the receiver
        mod inner {
            pub(self) fn twice(number: u32) -> u32 {
                number * 2
            }
            pub(super) fn answer() -> u32 {
                self::twice(21)
            }
        }
        struct Wax(u32);
        impl Wax {
            fn melt(self) -> u32 {
                self.0
            }
        }
        macro_rules! count {
            ($letter:expr) => {
                $letter.read.set($letter.read.get() + 1)
            };
        }
        count!(self);
        if self.read.get() == 1 {
            return Err(AiError::Down);
        }
        let number = inner::answer() + Wax(0).melt();
        Ok(format!("{self:?} {} {number}", self.text).replace('"', ""))
    }
}

/// Leaves out an argument.
///
/// # Errors
/// [`AiError::Down`] once.
#[with_fallback(asked)]
#[with_retry(base_delay = "0s", max_attempts = 2)]
#[allow(clippy::non_minimal_cfg)] // conditions that hold everywhere, and nowhere
pub fn configured(
    #[cfg(any())] absent: Absent,
    #[cfg(all())] mut present: String,
    #[cfg(all())] (one, counter): (u32, &Counter),
) -> Result<String, AiError> {
    if counter.next() < 2 + one {
        return Err(AiError::Down);
    }
    present.push('!');
    Ok(present)
}

#[allow(clippy::unnecessary_wraps, clippy::needless_pass_by_value)] // as a fallback is
fn asked(text: String, _: (u32, &Counter)) -> Result<String, AiError> {
    Ok(text + "?")
}

/// Lets its argument refer to a variable of its own.
///
/// # Errors
/// [`AiError::BadPrompt`] for no words.
#[with_circuit_breaker("reassigned")]
pub fn reassigned(mut words: &str) -> Result<usize, AiError> {
    let trimmed = words.replace(' ', "");
    if trimmed.len() < words.len() {
        words = &trimmed;
    }
    if words.is_empty() { Err(AiError::BadPrompt) } else { Ok(words.len()) }
}

/// Lets its argument refer to a variable of its own, in a future.
///
/// # Errors
/// [`AiError::BadPrompt`] for no words.
#[with_circuit_breaker("reassigned")]
pub async fn reassigned_later((mut words, least): (&str, usize)) -> Result<usize, AiError> {
    let trimmed = words.replace(' ', "");
    tokio::task::yield_now().await;
    words = &trimmed;
    if words.len() < least { Err(AiError::BadPrompt) } else { Ok(words.len()) }
}

#[allow(clippy::unnecessary_wraps)] // as a fallback is
fn sized<T: Display, const N: usize>(it: &T) -> Result<String, AiError> {
    Ok(format!("{it:>N$}"))
}

/// Names its fallback with type arguments.
///
/// # Errors
/// None.
#[with_fallback(sized::<u32, 4>)]
pub fn turbofish(_: &u32) -> Result<String, AiError> {
    Err(AiError::Down)
}

/// Answers for a type.
pub trait Substitute: Sized {
    /// Answers.
    ///
    /// # Errors
    /// None.
    fn substitute(self) -> Result<u32, AiError>;
    /// Whether another attempt may help.
    fn again(_: &AiError) -> bool;
}

impl Substitute for u32 {
    fn substitute(self) -> Result<u32, AiError> {
        Ok(self + 1)
    }
    fn again(_: &AiError) -> bool {
        false
    }
}

/// Names methods of a trait, of a type.
///
/// # Errors
/// None.
#[with_fallback(<u32 as Substitute>::substitute)]
#[with_retry(retry_if = <u32 as Substitute>::again)]
pub fn qualified(it: u32) -> Result<u32, AiError> {
    let _: u32 = it;
    Err(AiError::Down)
}

/// Waits with an error that cannot be sent to another thread.
///
/// # Errors
/// The number's.
#[with_retry(base_delay = "0s")]
pub async fn boxed(counter: &Counter) -> Result<u32, Box<dyn std::error::Error>> {
    counter.next();
    Ok("no number".parse()?)
}

/// Other things by the names that all know.
pub mod shadowed {
    #![allow(dead_code, non_snake_case, non_upper_case_globals)]

    mod core {}
    mod std {}
    mod resilience {}
    mod fusebox {}
    struct Option;
    struct Result;
    struct Clone;
    struct Duration;
    fn Some() {}
    fn Ok() {}
    fn Err() {}
    const None: () = ();

    use super::AiError;

    fn basic(number: u32, _: &AiError) -> u32 {
        number
    }

    /// Under all attributes.
    ///
    /// # Errors
    /// None.
    #[::resilience::resilient(
        fallback(basic, error = true, infallible = true),
        circuit_breaker("shadowed", recovery_timeout = "1h"),
        retry(max_attempts = 2, base_delay = "0s", jitter = "full", max_elapsed = "1h")
    )]
    pub fn stacked(number: u32) -> ::core::result::Result<u32, AiError> {
        let _: u32 = number;
        ::core::result::Result::Err(AiError::Down)
    }

    /// Under all attributes, async.
    ///
    /// # Errors
    /// None.
    #[::resilience::resilient(
        retry(max_attempts = 2, base_delay = "0s"),
        circuit_breaker("shadowed", recovery_timeout = "1h"),
        fallback(basic, error = true, infallible = true)
    )]
    pub async fn stacked_later(number: u32) -> ::core::result::Result<u32, AiError> {
        let _: u32 = number;
        ::core::result::Result::Err(AiError::Down)
    }
}

/// The names that were captured once.
pub mod captured {
    use resilience::{Retry, RetryConfig, with_circuit_breaker, with_fallback, with_retry};

    use super::{AiError, Counter};

    #[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps)] // as a fallback is
    fn to_disk(error: String) -> Result<String, String> {
        Ok(format!("to disk: {error}"))
    }

    /// An argument called `error`.
    ///
    /// # Errors
    /// None.
    #[with_fallback(to_disk)]
    pub fn report(error: String) -> Result<String, String> {
        drop(error);
        Err("down".into())
    }

    /// An argument called `attempts`.
    ///
    /// # Errors
    /// None.
    #[with_retry]
    #[allow(clippy::ref_option)] // an attribute had one of this type
    pub fn note(attempts: &Option<u32>) -> Result<String, AiError> {
        Ok(format!("{attempts:?}"))
    }

    const RETRY: Retry = Retry::new(
        RetryConfig::new().max_attempts(5).base_delay(std::time::Duration::ZERO).build(),
    );

    /// A constant called `RETRY`.
    ///
    /// # Errors
    /// Always.
    #[with_retry(max_attempts = 1)]
    pub fn five_times(counter: &Counter) -> Result<u32, String> {
        RETRY.call(|| {
            counter.next();
            Err("down".into())
        })
    }

    static BREAKER: u32 = 7;

    /// A `static` called `BREAKER`.
    ///
    /// # Errors
    /// None.
    #[with_circuit_breaker("captured")]
    pub fn breaker() -> Result<u32, AiError> {
        Ok(BREAKER)
    }

    /// A type of the user's with methods that the attributes ask for, too.
    pub struct Methods;
    #[allow(missing_docs, clippy::unused_self, clippy::unused_async)]
    impl Methods {
        pub fn is_retryable(&self) -> u32 {
            1
        }
        pub async fn answer_async(self) -> u32 {
            2
        }
    }

    #[allow(clippy::unnecessary_wraps)] // as a fallback is
    async fn other() -> Result<u32, AiError> {
        Ok(Methods.answer_async().await)
    }

    /// Methods of these names.
    ///
    /// # Errors
    /// None.
    #[with_fallback(other)]
    #[with_retry]
    pub async fn methods() -> Result<u32, AiError> {
        Ok(Methods.is_retryable() + Methods.answer_async().await)
    }
}
