//! The attempts of one call, taken by hand.

use core::{fmt::Debug, future::Future, time::Duration};

#[cfg(feature = "macros")]
use crate::retry::attempt::Attempt;
use crate::{
    callers::tried::{Tried, tried},
    observe::Observer,
    retry::{
        Retry,
        budget::Budgeted,
        hooks::Asked,
        progress::{Decision, Progress},
        surroundings::RetrySurroundings,
    },
    time::Clock,
};

impl<H: Budgeted, C: Clock, S, O: Observer> Retry<H, RetrySurroundings<C, S, O>> {
    /// Begins the attempts of one call, for a loop of your own where a closure
    /// does not fit. The attribute `#[with_retry]` writes such a loop.
    ///
    /// ```
    /// use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig, Sleep};
    ///
    /// let clock = ManualClock::new();
    /// let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver);
    /// let mut answers = ["down", "42"].into_iter();
    ///
    /// let mut attempts = retry.attempts();
    /// let answer = loop {
    ///     match answers.next().unwrap().parse::<i32>() {
    ///         Ok(answer) => break Ok(answer),
    ///         Err(error) => match attempts.after(&error) {
    ///             Some(delay) => clock.sleep(delay),
    ///             None => break Err(error),
    ///         },
    ///     }
    /// };
    /// assert_eq!(answer, Ok(42));
    /// ```
    #[inline]
    pub fn attempts(&self) -> Attempts<'_, Self> {
        Attempts { retry: self, progress: self.begin(false, None, None) }
    }

    /// The attempts of one call, counted on a breaker's tally where there is
    /// one. Its budget has heard of the call already.
    #[cfg(feature = "macros")]
    pub(crate) fn attempts_counted<'r>(
        &'r self,
        tally: Option<&'r crate::observe::Tally>,
    ) -> Attempts<'r, Self> {
        Attempts { retry: self, progress: self.progress(false, tally, None) }
    }
}

/// The attempts of one call. [`Retry::attempts`] makes it.
#[derive(Debug)]
pub struct Attempts<'r, R> {
    retry: &'r R,
    progress: Progress<'r>,
}

impl<H, S> Attempts<'_, Retry<H, S>> {
    /// Makes the attempt that comes now. With the feature `map`, a breaker in it learns how
    /// often its calls may be tried, as it does inside [`Retry::call`]; a loop may as well
    /// make the attempt by itself.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{Retry, RetryConfig};
    ///
    /// let retry = Retry::new(RetryConfig::new().base_delay(Duration::ZERO).build());
    /// let mut answers = ["down", "42"].into_iter();
    ///
    /// let mut attempts = retry.attempts();
    /// let answer = loop {
    ///     match attempts.run(|| answers.next().unwrap().parse::<i32>()) {
    ///         Ok(answer) => break Ok(answer),
    ///         Err(error) if attempts.after(&error).is_some() => {} // without a delay
    ///         Err(error) => break Err(error),
    ///     }
    /// };
    /// assert_eq!(answer, Ok(42));
    /// ```
    #[inline]
    pub fn run<R>(&self, attempt: impl FnOnce() -> R) -> R {
        tried(|| self.tries(), attempt)
    }

    /// Makes the attempt that comes now, which is awaited, as [`run`](Self::run) does.
    ///
    /// ```
    /// # use std::{future::{Future, ready}, pin::pin, task::{Context, Poll, Waker}};
    /// use fusebox::{Retry, RetryConfig};
    ///
    /// let retry = Retry::new(RetryConfig::new().build());
    /// # let call = pin!(async {
    /// let attempts = retry.attempts();
    /// assert_eq!(attempts.run_async(ready(42)).await, 42);
    /// # });
    /// # assert_eq!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
    /// ```
    #[inline]
    pub fn run_async<F: Future>(&self, attempt: F) -> Tried<F> {
        Tried::of(|| self.tries(), attempt)
    }

    /// How often the call may be tried, once this is not its first attempt.
    #[inline]
    pub(crate) const fn tries(&self) -> Option<u32> {
        self.progress.tries(self.retry)
    }
}

impl<H: Budgeted, C: Clock, S, O: Observer> Attempts<'_, Retry<H, RetrySurroundings<C, S, O>>> {
    /// Reports that the attempt failed with `error`. Returns how long to wait
    /// before the next one, or `None` if that was the last.
    #[cold]
    pub fn after<E: Debug>(&mut self, error: &E) -> Option<Duration>
    where
        H: Asked<(), E>,
    {
        self.after_answer(Err(error))
    }

    /// Reports the answer of the attempt, for a retry that
    /// [looks at answers](Retry::retry_on). Returns how long to wait before the
    /// next one, or `None` if this answer is to be returned.
    pub fn after_answer<T, E: Debug>(&mut self, answer: Result<&T, &E>) -> Option<Duration>
    where
        H: Asked<T, E>,
    {
        if answer.is_ok_and(|value| !self.retry.refuses(value)) {
            return None;
        }
        match self.progress.next(self.retry, answer) {
            Decision::Retry(delay) => Some(delay),
            Decision::GiveUp => None,
        }
    }

    /// The attempt that comes now.
    #[cfg(feature = "macros")]
    pub(crate) fn attempt<'e, E>(&self, previous: Option<&'e E>) -> Attempt<'e, E> {
        self.progress.attempt(self.retry, previous)
    }

    /// The attempt failed with an `error` that is worth another attempt, and
    /// may hint how long to wait.
    #[cfg(feature = "macros")]
    #[cold]
    pub(crate) fn after_worth<E: Debug>(
        &mut self,
        hint: impl FnOnce() -> Option<Duration>,
        error: &E,
    ) -> Option<Duration> {
        match self.progress.next_worth(self.retry, hint, error) {
            Decision::Retry(delay) => Some(delay),
            Decision::GiveUp => None,
        }
    }
}
