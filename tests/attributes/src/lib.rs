//! Functions under attributes, as a library of a user's would have them; the
//! tests call them. Clippy is pedantic here, too, and nothing is warned of.
#![deny(warnings)]

pub mod shapes;

use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use resilience::{
    BreakerConfig, CircuitBreaker, GlobalBreaker, Rejected, resilient, with_circuit_breaker,
    with_fallback, with_retry,
};

/// What these functions fail with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AiError {
    /// Not called.
    Rejected(Rejected),
    /// Called, and down.
    Down,
    /// Called, and refused.
    BadPrompt,
}

impl From<Rejected> for AiError {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl AiError {
    /// Whether the service is at fault.
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref)] // as a predicate is
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Down)
    }
}

/// Counts calls.
#[derive(Debug, Default)]
pub struct Counter(AtomicU32);

impl Counter {
    /// One more; how many that makes.
    pub fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many there were.
    pub fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Fails until the attempt `good`; counts.
///
/// # Errors
/// [`AiError::Down`].
#[with_retry(
    max_attempts = 3,
    base_delay = "1ms",
    max_delay = "2ms",
    exponential_base = 2.0,
    jitter = false
)]
pub fn retried(counter: &Counter, good: u32) -> Result<u32, AiError> {
    let number = counter.next();
    if number < good {
        return Err(AiError::Down);
    }
    Ok(number)
}

/// Takes its argument apart, and consumes it.
///
/// # Errors
/// The text's own.
#[with_retry(base_delay = "1ms")]
pub fn consumes(
    (text, counter): (String, &Counter),
    mut suffix: String,
) -> Result<String, std::num::ParseIntError> {
    suffix.push('!');
    if counter.next() == 1 {
        let _: u32 = text.parse()?;
    }
    drop(text);
    Ok(suffix)
}

/// Retries outages only.
///
/// # Errors
/// [`AiError::BadPrompt`], always.
#[with_retry(base_delay = "1ms", jitter = "full", retry_if = AiError::is_outage)]
pub fn refused(counter: &Counter) -> Result<u32, AiError> {
    counter.next();
    Err(AiError::BadPrompt)
}

/// Asks the breaker.
///
/// # Errors
/// As told.
#[with_circuit_breaker("guarded", failure_threshold = 2, recovery_timeout = "1h", expect = AiError::is_outage)]
pub fn guarded(result: Result<String, AiError>) -> Result<String, AiError> {
    let text = result?;
    Ok(text)
}

/// Joins the same breaker, and borrows from its argument.
///
/// # Errors
/// A rejection, or [`AiError::BadPrompt`] for no words.
#[with_circuit_breaker("guarded")]
pub fn first_word<'t>(words: &'t mut String) -> Result<&'t str, AiError> {
    words.push(' ');
    words.split(' ').find(|word| !word.is_empty()).ok_or(AiError::BadPrompt)
}

fn heuristic(words: &str) -> Result<usize, AiError> {
    if words.is_empty() { Err(AiError::BadPrompt) } else { Ok(words.len()) }
}

/// Falls back.
///
/// # Errors
/// The heuristic's.
#[with_fallback(heuristic)]
pub fn rescued(words: &str) -> Result<usize, AiError> {
    if words == "model" { Ok(0) } else { Err(AiError::Down) }
}

#[allow(clippy::unnecessary_wraps, clippy::needless_pass_by_value)] // as a fallback is
fn explains(words: String, error: &AiError) -> Result<String, AiError> {
    Ok(format!("{words}: {error:?}"))
}

/// Falls back to a function that sees the error.
///
/// # Errors
/// None.
#[with_fallback(explains, error = true, log_errors = false)]
pub fn explained(words: String) -> Result<String, AiError> {
    drop(words);
    Err(AiError::Down)
}

/// All three, outermost first, on methods.
#[derive(Debug, Default)]
pub struct Client {
    /// Attempts.
    pub attempts: Counter,
    /// What the last one was.
    pub last: u32,
}

/// A service with its calls under attributes.
pub trait Service {
    /// Asks.
    ///
    /// # Errors
    /// As it says.
    fn ask(&mut self, words: &str) -> Result<usize, AiError>;
}

impl Client {
    #[allow(clippy::unnecessary_wraps)] // as a fallback is
    fn basic(&mut self, words: &str) -> Result<usize, AiError> {
        self.last += 1_000;
        Ok(words.len())
    }

    /// By a shared receiver, generic.
    ///
    /// # Errors
    /// [`AiError::Down`] twice.
    #[with_retry(base_delay = "1ms")]
    pub fn show<T: Display + Clone, const N: usize>(
        &self,
        it: T,
        more: [u8; N],
        also: impl Display + Copy,
    ) -> Result<String, AiError> {
        if self.attempts.next() < 3 {
            Err(AiError::Down)
        } else {
            Ok(format!("{it}{N}{also}{}", more.len()))
        }
    }

    /// By an owned receiver.
    ///
    /// # Errors
    /// [`AiError::Down`] twice.
    #[with_retry(base_delay = std::time::Duration::from_millis(1))]
    pub fn shared(self: Arc<Self>) -> Result<Arc<Self>, AiError> {
        if self.attempts.next() < 3 { Err(AiError::Down) } else { Ok(self) }
    }

    /// Async, by an exclusive receiver, all layers.
    ///
    /// # Errors
    /// None.
    #[with_fallback(Self::remote)]
    #[with_circuit_breaker("client async", failure_threshold = 2, recovery_timeout = "1h")]
    #[with_retry(max_attempts = 2, base_delay = "10s")]
    pub async fn ask_async(&mut self, words: &str, good: u32) -> Result<usize, AiError> {
        tokio::task::yield_now().await;
        self.last = self.attempts.next();
        if self.last < good {
            Err(AiError::Down)?;
        }
        Ok(words.len())
    }

    #[allow(clippy::unnecessary_wraps)] // as a fallback is
    async fn remote(&mut self, words: &str, _good: u32) -> Result<usize, AiError> {
        tokio::task::yield_now().await;
        self.last += 1_000;
        Ok(words.len() * 100)
    }
}

impl Service for Client {
    #[with_fallback(Self::basic)]
    #[with_circuit_breaker("client", failure_threshold = 2, recovery_timeout = "1h")]
    #[with_retry(max_attempts = 3, base_delay = "1ms")]
    fn ask(&mut self, words: &str) -> Result<usize, AiError> {
        self.last = self.attempts.next();
        Err(AiError::Down)
    }
}

#[allow(clippy::unnecessary_wraps)] // as a fallback is
fn zero(_: &Counter) -> Result<u32, AiError> {
    Ok(0)
}

/// The stack in one attribute, async, with a sync fallback.
///
/// # Errors
/// None.
#[resilient(
    fallback(zero),
    circuit_breaker("one attribute", failure_threshold = 1, recovery_timeout = "1h"),
    retry(max_attempts = 2, base_delay = "1s")
)]
pub async fn stacked(counter: &Counter) -> Result<u32, AiError> {
    tokio::task::yield_now().await;
    counter.next();
    Err(AiError::Down)
}

/// Joins a breaker that others configure.
///
/// # Errors
/// A rejection.
#[with_circuit_breaker("across crates")]
pub fn joined_in_the_library() -> Result<(), AiError> {
    Ok(())
}

/// A retry around a breaker: it does not try again what the breaker rejects.
///
/// # Errors
/// [`AiError::Down`], or a rejection.
#[with_retry(max_attempts = 5, base_delay = "1ms")]
#[with_circuit_breaker("retry outside", failure_threshold = 2, recovery_timeout = "1h")]
pub fn retry_outside(counter: &Counter) -> Result<u32, AiError> {
    counter.next();
    Err(AiError::Down)
}

/// The same, async, and told to try again whatever it is.
///
/// # Errors
/// [`AiError::Down`], or a rejection.
#[resilient(
    retry(max_attempts = 5, base_delay = "1ms", retry_if = every),
    circuit_breaker("retry outside, async", failure_threshold = 2, recovery_timeout = "1h")
)]
pub async fn retries_rejections(counter: &Counter) -> Result<u32, AiError> {
    counter.next();
    Err(AiError::Down)
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as a predicate is
fn every(_: &AiError) -> bool {
    true
}

const STRICT: resilience::BreakerSettings = BreakerConfig::new().failure_threshold(1).build();

/// Named by their paths.
pub static OWN: CircuitBreaker = CircuitBreaker::named("own", STRICT);
/// One of the process's registry.
pub static SHARED: GlobalBreaker = GlobalBreaker::new("shared", Some(STRICT));

/// Under a breaker that is a `static` of the program's own.
///
/// # Errors
/// Always.
#[with_circuit_breaker(OWN)]
pub fn under_own() -> Result<(), AiError> {
    Err(AiError::Down)
}

/// The same in a module's path, with a retry around it and an async call.
///
/// # Errors
/// Always.
#[with_retry(max_attempts = 2, base_delay = "1ms")]
#[with_circuit_breaker(crate::SHARED, expect = AiError::is_outage)]
pub async fn under_shared() -> Result<(), AiError> {
    Err(AiError::Down)
}

/// Under attributes of which two stand beneath another only.
pub mod beneath {
    #![deny(unused_imports)]

    use resilience::{with_circuit_breaker, with_fallback, with_retry};

    use super::AiError;

    #[allow(clippy::unnecessary_wraps)] // as a fallback is
    fn nothing() -> Result<u32, AiError> {
        Ok(0)
    }

    /// Their imports are used, all the same.
    ///
    /// # Errors
    /// None.
    #[with_fallback(nothing)]
    #[with_circuit_breaker("beneath")]
    #[with_retry(max_attempts = 1)]
    pub fn imported() -> Result<u32, AiError> {
        Err(AiError::Down)
    }
}

fn length(words: &str, error: &AiError) -> usize {
    if *error == AiError::Down { words.len() } else { 0 }
}

/// Its last layer cannot fail, and does not pretend to.
///
/// # Errors
/// None.
#[with_fallback(length, infallible = true, error = true)]
pub fn answered(words: &str) -> Result<usize, AiError> {
    words.parse().map_err(|_| AiError::Down)
}

/// The same of an async function.
///
/// # Errors
/// None.
#[with_fallback(length, infallible = true, error = true)]
pub async fn answered_later(words: &str) -> Result<usize, AiError> {
    words.parse().map_err(|_| AiError::Down)
}
