//! The attempts of one call, taken by hand.

use core::{fmt::Debug, time::Duration};

#[cfg(feature = "macros")]
use crate::retry::attempt::Attempt;
use crate::{
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
