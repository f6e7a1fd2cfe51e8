//! What is out, on this thread and in the whole program.

use core::{
    cell::{Cell, RefCell},
    error::Error,
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};
use std::{
    string::{String, ToString},
    sync::OnceLock,
    vec::Vec,
};

use pin_project_lite::pin_project;

use crate::{
    name::Name,
    observe::{DefaultObserver, Event, Misconfigured, Observer},
};

/// The environment variable that takes resilience out of a whole program.
const VARIABLE: &str = "FUSEBOX_BYPASS";

/// Takes resilience out of one thread or one future, for a test. Other threads
/// are not affected.
///
/// - A breaker that is out admits every call and counts nothing, neither the
///   call nor what comes of it. Its state is not touched: other threads go on
///   with it as it is. A [`Permit`](crate::Permit) that is kept beyond the
///   scope still changes nothing where the breaker would have turned the call
///   away; one of a closed breaker is like any other, and counts where it
///   reports.
/// - A retry that is out makes one attempt, and does not wait.
/// - A fallback that is out is not asked: the error comes back.
///
/// ```
/// use fusebox::{BreakerConfig, Bypass, CircuitBreaker};
///
/// static AI: CircuitBreaker = CircuitBreaker::named("ai", BreakerConfig::new().build());
/// AI.force_open();
/// {
///     let _out = Bypass::breaker("ai").scope();
///     assert_eq!(AI.call(|| Ok::<_, ()>(42)), Ok(42));
/// }
/// assert!(AI.call(|| Ok::<_, ()>(42)).is_err());
/// ```
///
/// For a whole program, the environment variable `FUSEBOX_BYPASS` is read
/// once, where something first fails: a list of `all`, `breakers`,
/// `retries`, `fallbacks` and `breaker:NAME`, with commas. A word that is
/// none of these is an ERROR event.
///
/// Healthy calls never look at any of this, unless they are counted; only
/// failures and rejections do, and without the feature `bypass` not even those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bypass(What);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    All,
    Breakers,
    Breaker(Name),
    Retries,
    Fallbacks,
    Limits,
}

impl Bypass {
    /// Takes out everything: breakers, retries and fallbacks.
    #[must_use]
    pub const fn all() -> Self {
        Self(What::All)
    }

    /// Takes out every circuit breaker.
    #[must_use]
    pub const fn breakers() -> Self {
        Self(What::Breakers)
    }

    /// Takes out the circuit breakers of this name.
    ///
    /// # Panics
    /// On a name that [`Name::try_new`] refuses.
    #[must_use]
    #[track_caller]
    pub const fn breaker(name: &str) -> Self {
        Self(What::Breaker(Name::new(name)))
    }

    /// Takes out every retry.
    #[must_use]
    pub const fn retries() -> Self {
        Self(What::Retries)
    }

    /// Takes out every fallback.
    #[must_use]
    pub const fn fallbacks() -> Self {
        Self(What::Fallbacks)
    }

    /// Begins the bypass on this thread; it ends when the guard is dropped.
    /// Guards nest.
    pub fn scope(self) -> BypassGuard {
        let id = LAST.get() + 1;
        LAST.set(id);
        OUT.with_borrow_mut(|out| out.push((id, self.0)));
        BypassGuard { id, thread: PhantomData }
    }

    /// Bypasses resilience wherever `future` is polled, on any thread.
    pub fn around<F: Future>(self, future: F) -> BypassFuture<F> {
        BypassFuture { bypass: self, future }
    }

    /// The words of the environment variable, and those that are none.
    fn parse(list: &str) -> (Vec<What>, Vec<String>) {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "all" => known.push(What::All),
                "breakers" => known.push(What::Breakers),
                "retries" => known.push(What::Retries),
                "fallbacks" => known.push(What::Fallbacks),
                "limits" => known.push(What::Limits),
                _ => match word.strip_prefix("breaker:").map(Name::try_new) {
                    Some(Ok(name)) => known.push(What::Breaker(name)),
                    _ => unknown.push(word.to_string()),
                },
            }
        }
        (known, unknown)
    }
}

std::thread_local! {
    static OUT: RefCell<Vec<(u64, What)>> = const { RefCell::new(Vec::new()) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// A bypass on this thread that ends when it is dropped. [`Bypass::scope`]
/// makes it.
#[derive(Debug)]
#[must_use = "dropped at once, it takes nothing out"]
pub struct BypassGuard {
    id: u64,
    /// Not `Send`: what it ends is its own thread's.
    thread: PhantomData<*const ()>,
}

impl Drop for BypassGuard {
    fn drop(&mut self) {
        // A thread that ends has nothing to take out any more.
        let _ = OUT.try_with(|out| out.borrow_mut().retain(|(id, _)| *id != self.id));
    }
}

pin_project! {
    /// A future under a bypass. [`Bypass::around`] makes it.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct BypassFuture<F> {
        bypass: Bypass,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for BypassFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _out = this.bypass.scope();
        this.future.poll(cx)
    }
}

/// Words of the environment variable that mean nothing.
#[derive(Debug)]
struct UnknownWords(Vec<String>);

impl fmt::Display for UnknownWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} means nothing; there are `all`, `breakers`, `retries`, `fallbacks`, `limits` \
             and `breaker:NAME`",
            self.0
        )
    }
}

impl Error for UnknownWords {}

/// What the environment takes out of the whole program.
fn everywhere() -> &'static [What] {
    static EVERYWHERE: OnceLock<Vec<What>> = OnceLock::new();
    let mut unknown = Vec::new();
    let known = EVERYWHERE.get_or_init(|| {
        let list = std::env::var(VARIABLE).unwrap_or_default();
        let (known, words) = Bypass::parse(&list);
        unknown = words;
        known
    });
    if !unknown.is_empty() {
        let (subject, error) = (VARIABLE, &UnknownWords(unknown));
        DefaultObserver.on_event(&Event::Misconfigured(Misconfigured { subject, error }));
    }
    known
}

#[cold]
fn is_out(asked: impl Fn(&What) -> bool) -> bool {
    OUT.try_with(|out| out.borrow().iter().any(|(_, what)| asked(what))).unwrap_or(false)
        || everywhere().iter().any(asked)
}

pub(crate) fn breaker(name: impl Fn() -> Name) -> bool {
    is_out(|what| match what {
        What::All | What::Breakers => true,
        What::Breaker(out) => name() == *out,
        What::Retries | What::Fallbacks | What::Limits => false,
    })
}

pub(crate) fn retries() -> bool {
    is_out(|what| matches!(what, What::All | What::Retries))
}

pub(crate) fn fallbacks() -> bool {
    is_out(|what| matches!(what, What::All | What::Fallbacks))
}

/// Whether limits are out. To be asked where one would turn a call away.
pub(crate) fn limits() -> bool {
    is_out(|what| matches!(what, What::All | What::Limits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_variable_is_a_list() {
        let (known, unknown) = Bypass::parse(" retries, breaker:ai provider,,nonsense,breaker:");
        assert_eq!(known, [What::Retries, What::Breaker(Name::new("ai provider"))]);
        assert_eq!(unknown, ["nonsense", "breaker:"]);
        let text = UnknownWords(unknown).to_string();
        assert!(text.starts_with("[\"nonsense\", \"breaker:\"] means nothing; there are `all`"));
        assert_eq!(Bypass::parse("all").0, [What::All]);
        assert!(Bypass::parse("").0.is_empty());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(list in ".*") {
            let (known, unknown) = Bypass::parse(&list);
            prop_assert!(known.len() + unknown.len() <= list.split(',').count());
        }
    }
}
