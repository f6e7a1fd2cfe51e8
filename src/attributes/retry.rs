//! What `#[with_retry]` calls.

use core::{future::Future, time::Duration};

use crate::{
    callers::tried::{Tried, tried},
    limit::budget::retry_budget::RetryBudget,
    observe::{Tally, known::Shown},
    retry::{
        Retry,
        attempt::Attempt,
        attempts::Attempts,
        budget::{Budgeted, NoBudget},
        hooks::{AskError, Hooks, NoHint, Nothing, Refused},
        retryable::Retryable,
        settings::RetryConfig,
    },
    time::{AsyncSleep, Sleep, StdSleep},
};

/// The settings as they are; where the one of this name is at fault, an error
/// at its value.
///
/// # Panics
/// Where it is, which in a `static` is a compile error.
#[track_caller]
pub const fn checked(config: RetryConfig, setting: &str) -> RetryConfig {
    if let Err(error) = config.try_build()
        && super::same(error.field(), setting)
    {
        let _ = config.build(); // its panic says what is wrong
    }
    config
}

/// Asks an error whether it is worth another attempt, if its type can say so:
/// the inherent method is there for those only, and preferred.
#[derive(Debug)]
pub struct Ask<'e, E>(pub &'e E);

impl<E: Retryable> Ask<'_, E> {
    pub fn __fusebox_is_retryable(self) -> bool {
        self.0.is_retryable()
    }
}

/// For the others: every error is.
pub trait Unasked {
    fn __fusebox_is_retryable(self) -> bool;
}

impl<E> Unasked for Ask<'_, E> {
    fn __fusebox_is_retryable(self) -> bool {
        true
    }
}

/// A retry that asks nothing but its budget, if it has one.
type Asks<G> = Retry<Hooks<AskError, NoHint, Nothing, G>>;

/// A retry whose attempts are taken from a budget.
pub type Paid = Asks<&'static RetryBudget>;

/// The attempts of one call under `#[with_retry]`. They begin at the first
/// failure, unless the time counts from the first call: a call that succeeds
/// writes one word. A budget hears of every call.
#[derive(Debug)]
pub struct Tries<G: 'static = NoBudget>(Option<Attempts<'static, Asks<G>>>);

impl<G: Budgeted> Tries<G> {
    #[inline]
    pub fn begin(retry: &'static Asks<G>, tally: impl FnOnce() -> Option<&'static Tally>) -> Self {
        let timed = retry.settings().max_elapsed().is_some();
        retry.hooks.deposit();
        Self(timed.then(|| retry.attempts_counted(tally())))
    }

    /// How long to wait before another attempt, after an error that is worth
    /// one. Nobody waits after the last: its error is not asked for a hint.
    #[cold]
    pub fn after(
        &mut self,
        retry: &'static Asks<G>,
        tally: impl FnOnce() -> Option<&'static Tally>,
        hint: impl FnOnce() -> Option<Duration>,
        error: &Shown<'_>,
    ) -> Option<Duration> {
        let attempts = self.0.get_or_insert_with(|| retry.attempts_counted(tally()));
        attempts.after_worth(hint, error)
    }

    /// Makes the attempt that comes now.
    #[inline]
    pub fn run<R>(&self, attempt: impl FnOnce() -> R) -> R {
        tried(|| self.tries(), attempt)
    }

    /// The same of one that is awaited.
    #[inline]
    pub fn run_async<F: Future>(&self, attempt: F) -> Tried<F> {
        Tried::of(|| self.tries(), attempt)
    }

    #[inline]
    fn tries(&self) -> Option<u32> {
        self.0.as_ref().and_then(Attempts::tries)
    }

    /// The attempt that comes now, for what runs before it.
    pub fn attempt<'e, E>(&self, previous: Option<&'e E>) -> Attempt<'e, E> {
        self.0.as_ref().map_or(Attempt::FIRST, |attempts| attempts.attempt(previous))
    }
}

/// What an event says of a value that was refused.
pub const fn refused() -> Shown<'static> {
    Shown::Bare(&Refused)
}

/// Waits, which blocks the thread.
#[cold]
pub fn sleep(delay: Duration) {
    if !delay.is_zero() {
        StdSleep.sleep(delay);
    }
}

/// Waits by whatever an async retry waits by. Without a delay it takes no
/// timer, which there may not be: it is ready at once.
pub async fn sleep_async<S: AsyncSleep>(sleeper: &S, delay: Duration) {
    if !delay.is_zero() {
        sleeper.sleep_async(delay).await;
    }
}
