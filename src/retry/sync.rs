//! Retried calls that block their thread while they wait.

use core::fmt::Debug;

use crate::{
    error::CallError,
    limit::deadline::deadline::Deadline,
    observe::Observer,
    retry::{
        Retry,
        attempt::Attempt,
        hooks::{Asked, BeforeRetry},
        progress::{Decision, Progress},
        surroundings::RetrySurroundings,
    },
    time::{Clock, Sleep},
};

// The bounds stand at the methods: there the compiler explains what is missing.
impl<H, C: Clock, S, O: Observer> Retry<H, RetrySurroundings<C, S, O>> {
    /// Calls `f` until it succeeds or the retry gives up.
    ///
    /// Between attempts it sleeps, which blocks the thread: on a thread of an
    /// async runtime use [`call_async`](Self::call_async).
    ///
    /// # Errors
    /// The last one, as `f` returned it, or that of `before_retry`.
    ///
    /// ```
    /// use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig};
    ///
    /// let clock = ManualClock::new();
    /// let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver);
    /// let mut answers = ["down", "42"].into_iter();
    /// assert_eq!(retry.call(|| answers.next().unwrap().parse::<i32>()), Ok(42));
    /// ```
    #[inline]
    pub fn call<T, E: Debug>(&self, mut f: impl FnMut() -> Result<T, E>) -> Result<T, E>
    where
        S: Sleep,
        H: Asked<T, E> + BeforeRetry<E>,
    {
        self.drive(self.begin(false, None, None), Attempt::FIRST, |_| f())
    }

    /// Calls `f` with each attempt until it succeeds or the retry gives up. The
    /// attempt knows its number, the time since the first one began, and the
    /// error of the one before.
    ///
    /// ```
    /// use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig};
    ///
    /// let clock = ManualClock::new();
    /// let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver);
    /// let answer = retry.call_with(|attempt| match attempt.previous() {
    ///     None => Err("too large"),
    ///     Some(&error) => Ok((attempt.number(), error)), // ask for less
    /// });
    /// assert_eq!(answer, Ok((2, "too large")));
    /// ```
    ///
    /// # Errors
    /// The last one, as `f` returned it, or that of `before_retry`.
    pub fn call_with<T, E: Debug>(
        &self,
        f: impl FnMut(Attempt<'_, E>) -> Result<T, E>,
    ) -> Result<T, E>
    where
        S: Sleep,
        H: Asked<T, E> + BeforeRetry<E>,
    {
        self.drive(self.begin(true, None, None), Attempt::FIRST, f)
    }

    /// Calls `f` until it succeeds, the retry gives up, or an attempt or a delay could
    /// not end before the deadline, which is one of the retry's own clock. `f` is not
    /// called where the deadline is over already.
    ///
    /// # Errors
    /// [`CallError::Limited`] where `f` was not called; otherwise the last one, as `f`
    /// returned it, or that of `before_retry`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{CallError, Clock, Deadline, DefaultObserver, ManualClock, Retry, RetryConfig};
    ///
    /// let clock = ManualClock::new();
    /// let retry = Retry::with(RetryConfig::new().unlimited().build(), &clock, &clock, DefaultObserver);
    /// let deadline = Deadline::after(Duration::from_secs(10), &clock);
    /// let answer = retry.call_by(deadline, || Err::<(), _>("down"));
    /// assert_eq!(answer, Err(CallError::Failed("down")));
    /// assert!(!deadline.is_over(&clock)); // the next delay would have overrun it
    /// ```
    pub fn call_by<T, E: Debug>(
        &self,
        deadline: Deadline,
        mut f: impl FnMut() -> Result<T, E>,
    ) -> Result<T, CallError<E>>
    where
        C: Sync,
        S: Sleep,
        H: Asked<T, E> + BeforeRetry<E>,
    {
        let until = deadline.on(&self.surroundings.clock);
        until.admit()?;
        let progress = self.begin(false, None, Some(until));
        self.drive(progress, Attempt::FIRST, |_| f()).map_err(CallError::Failed)
    }

    #[inline]
    pub(crate) fn drive<T, E: Debug>(
        &self,
        progress: Progress<'_>,
        first: Attempt<'_, E>,
        mut f: impl FnMut(Attempt<'_, E>) -> Result<T, E>,
    ) -> Result<T, E>
    where
        S: Sleep,
        H: Asked<T, E> + BeforeRetry<E>,
    {
        match f(first) {
            Ok(value) if !self.refuses(&value) => Ok(value),
            answer => self.go_on(progress, answer, f),
        }
    }

    #[cold]
    #[inline(never)]
    fn go_on<T, E: Debug>(
        &self,
        mut progress: Progress<'_>,
        mut answer: Result<T, E>,
        mut f: impl FnMut(Attempt<'_, E>) -> Result<T, E>,
    ) -> Result<T, E>
    where
        S: Sleep,
        H: Asked<T, E> + BeforeRetry<E>,
    {
        // The error that the retry ends with where the last one gives way to it.
        let mut kept = None;
        while let Decision::Retry(delay) = progress.next(self, answer.as_ref()) {
            if !delay.is_zero() {
                self.surroundings.sleeper.sleep(delay);
            }
            let previous = answer.as_ref().err();
            if progress.is_late(self, previous) {
                break;
            }
            self.hooks.before(progress.attempt(self, previous))?;
            if progress.is_late(self, previous) {
                break;
            }
            let next = progress.again(self, || f(progress.attempt(self, previous)));
            if let Ok(value) = &next
                && !self.refuses(value)
            {
                return next;
            }
            let gives_way = |answer: &Result<T, E>| {
                answer.as_ref().is_err_and(|error| self.hooks.gives_way(error))
            };
            let before = core::mem::replace(&mut answer, next);
            kept = if !gives_way(&answer) {
                None
            } else if gives_way(&before) {
                kept
            } else {
                before.err()
            };
        }
        kept.map_or(answer, Err)
    }
}
