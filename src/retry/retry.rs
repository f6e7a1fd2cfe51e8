//! Another attempt after a failure, and the machine that decides on it.

use core::{fmt::Debug, time::Duration};

use crate::{
    bypass,
    observe::{DefaultObserver, Event, Exhausted, Limit, Observer, Retrying, Tally},
    retry::{
        attempt::Attempt,
        backoff::Backoff,
        hooks::{
            AskError, Before, BeforeAsync, BeforeRetry, DelayHint, HintFrom, NoHint, Nothing,
            RetryIf, When,
        },
        settings::RetrySettings,
    },
    time::{Clock, DefaultClock, DefaultSleep, Sleep, Tick},
};

/// Tries again after a failure, with a growing delay in between.
///
/// It is a value without state: `Copy`, fit for a `const` or a `static`, and
/// used by any number of calls at a time. The last error comes back as it is.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{Retry, RetryConfig};
///
/// static RETRY: Retry = Retry::new(
///     RetryConfig::new().max_attempts(3).base_delay(Duration::from_millis(1)).build(),
/// );
///
/// let mut answers = ["down", "down", "42"].into_iter();
/// let answer = RETRY.call(|| answers.next().unwrap().parse::<i32>());
/// assert_eq!(answer, Ok(42));
/// ```
///
/// Which errors are retried, the errors say themselves
/// ([`Retryable`](crate::Retryable)), or [`retry_if`](Self::retry_if) does. It
/// and its like are fields of the type; whoever names none of them writes
/// `Retry`. They must be `Copy`: a function, or a closure over references.
#[derive(Debug, Clone, Copy)]
pub struct Retry<
    S = DefaultSleep,
    C = DefaultClock,
    O = DefaultObserver,
    P = AskError,
    H = NoHint,
    B = Nothing,
> {
    settings: RetrySettings,
    name: Option<&'static str>,
    pub(crate) sleeper: S,
    clock: C,
    observer: O,
    predicate: P,
    hint: H,
    pub(crate) before: B,
}

#[cfg(feature = "std")]
impl Retry {
    /// A retry on the host's clock and sleep.
    #[must_use]
    pub const fn new(settings: RetrySettings) -> Self {
        use crate::time::{StdClock, StdSleep};
        Self::with(settings, StdClock, StdSleep, DefaultObserver)
    }
}

impl<S, C, O> Retry<S, C, O> {
    /// A retry with a clock, a sleeper and an observer of your own.
    ///
    /// The clock is read only where [`max_elapsed`] is set, or where the call
    /// asks for its [`Attempt`].
    ///
    /// ```
    /// use fusebox::{Clock, DefaultObserver, ManualClock, Retry, RetryConfig};
    ///
    /// let clock = ManualClock::new(); // as a sleeper, it moves the time on
    /// let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver);
    /// assert_eq!(retry.call(|| Err::<(), _>("down")), Err("down"));
    /// // Two delays have passed: 1 s and 2 s, each times 50 to 150 %.
    /// assert!((1_500..=4_502).contains(&clock.now().as_millis()));
    /// ```
    ///
    /// [`max_elapsed`]: crate::RetryConfig::max_elapsed
    #[must_use]
    pub const fn with(settings: RetrySettings, clock: C, sleeper: S, observer: O) -> Self {
        Self {
            settings,
            name: None,
            sleeper,
            clock,
            observer,
            predicate: AskError,
            hint: NoHint,
            before: Nothing,
        }
    }
}

impl<S: Copy, C: Copy, O: Copy, P: Copy, H: Copy, B: Copy> Retry<S, C, O, P, H, B> {
    /// A name, which its events carry.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Seeds the jitter: every call then has the same delays. For tests.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.settings.backoff = self.settings.backoff.seed(seed);
        self
    }

    /// Retries the errors for which `retry_if` holds, and no others.
    #[must_use]
    pub const fn retry_if<F: Copy>(self, retry_if: F) -> Retry<S, C, O, When<F>, H, B> {
        let Self { settings, name, sleeper, clock, observer, hint, before, .. } = self;
        let predicate = When(retry_if);
        Retry { settings, name, sleeper, clock, observer, predicate, hint, before }
    }

    /// A function that finds in an error how long its sender asks to wait, as
    /// HTTP's `Retry-After` does. That replaces the computed delay, without
    /// jitter, and is bounded by `max_delay`.
    #[must_use]
    pub const fn delay_hint<F: Copy>(self, hint: F) -> Retry<S, C, O, P, HintFrom<F>, B> {
        let Self { settings, name, sleeper, clock, observer, predicate, before, .. } = self;
        let hint = HintFrom(hint);
        Retry { settings, name, sleeper, clock, observer, predicate, hint, before }
    }

    /// A function that runs after the delay, before every attempt but the
    /// first: it refreshes a token, say. Its own error ends the retry.
    #[must_use]
    pub const fn before_retry<F: Copy>(self, before: F) -> Retry<S, C, O, P, H, Before<F>> {
        let Self { settings, name, sleeper, clock, observer, predicate, hint, .. } = self;
        let before = Before(before);
        Retry { settings, name, sleeper, clock, observer, predicate, hint, before }
    }

    /// The same as an async function, for async calls only.
    #[must_use]
    pub const fn before_retry_async<F: Copy>(
        self,
        before: F,
    ) -> Retry<S, C, O, P, H, BeforeAsync<F>> {
        let Self { settings, name, sleeper, clock, observer, predicate, hint, .. } = self;
        let before = BeforeAsync(before);
        Retry { settings, name, sleeper, clock, observer, predicate, hint, before }
    }
}

impl<S, C, O, P, H, B> Retry<S, C, O, P, H, B> {
    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &RetrySettings {
        &self.settings
    }
}

// The bounds stand at the methods: there the compiler explains what is missing.
impl<S, C: Clock, O: Observer, P, H, B> Retry<S, C, O, P, H, B> {
    /// Calls `f` until it succeeds, or an error or a limit ends it.
    ///
    /// Between attempts it sleeps, which blocks the thread: on a thread of an
    /// async runtime use [`call_async`](Self::call_async).
    ///
    /// # Errors
    /// The last one, as `f` returned it, or that of `before_retry`.
    #[inline]
    pub fn call<T, E>(&self, mut f: impl FnMut() -> Result<T, E>) -> Result<T, E>
    where
        E: Debug,
        S: Sleep,
        P: RetryIf<E>,
        H: DelayHint<E>,
        B: BeforeRetry<E>,
    {
        self.drive(Course::begin(self, false, None), Attempt::FIRST, |_| f())
    }

    /// The same for a call that wants to know which attempt it is, how long
    /// the first one is ago, and what the one before failed with.
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
    /// As [`call`](Self::call).
    pub fn call_with<T, E>(&self, f: impl FnMut(Attempt<'_, E>) -> Result<T, E>) -> Result<T, E>
    where
        E: Debug,
        S: Sleep,
        P: RetryIf<E>,
        H: DelayHint<E>,
        B: BeforeRetry<E>,
    {
        self.drive(Course::begin(self, true, None), Attempt::FIRST, f)
    }

    #[inline]
    pub(crate) fn drive<T, E>(
        &self,
        course: Course<'_>,
        first: Attempt<'_, E>,
        mut f: impl FnMut(Attempt<'_, E>) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: Debug,
        S: Sleep,
        P: RetryIf<E>,
        H: DelayHint<E>,
        B: BeforeRetry<E>,
    {
        match f(first) {
            Ok(value) => Ok(value),
            Err(error) => self.go_on(course, error, f),
        }
    }

    #[cold]
    #[inline(never)]
    fn go_on<T, E>(
        &self,
        mut course: Course<'_>,
        mut error: E,
        mut f: impl FnMut(Attempt<'_, E>) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: Debug,
        S: Sleep,
        P: RetryIf<E>,
        H: DelayHint<E>,
        B: BeforeRetry<E>,
    {
        while let Decision::Retry(delay) = course.next(self, &error) {
            if !delay.is_zero() {
                self.sleeper.sleep(delay);
            }
            self.before.before(course.attempt(self, &error))?;
            match f(course.attempt(self, &error)) {
                Ok(value) => return Ok(value),
                Err(next) => error = next,
            }
        }
        Err(error)
    }
}

impl<S, C: Clock, O: Observer, P, H, B> Retry<S, C, O, P, H, B> {
    /// The attempts of one call, taken by hand: for a loop of your own, where a
    /// closure would not do. It is what the attribute `#[with_retry]` writes.
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
        Attempts { retry: self, course: Course::begin(self, false, None) }
    }

    /// The same, counted on a breaker's tally, where there is one.
    #[cfg(feature = "macros")]
    pub(crate) fn attempts_counted<'r>(&'r self, tally: Option<&'r Tally>) -> Attempts<'r, Self> {
        Attempts { retry: self, course: Course::begin(self, false, tally) }
    }

    /// What it sleeps by.
    pub const fn sleeper(&self) -> &S {
        &self.sleeper
    }
}

/// The attempts of one call: see [`Retry::attempts`].
#[derive(Debug)]
pub struct Attempts<'r, R> {
    retry: &'r R,
    course: Course<'r>,
}

impl<S, C: Clock, O: Observer, P, H, B> Attempts<'_, Retry<S, C, O, P, H, B>> {
    /// The attempt failed with `error`: how long to wait before the next, or
    /// nothing where that was the last.
    #[cold]
    pub fn after<E: Debug>(&mut self, error: &E) -> Option<Duration>
    where
        P: RetryIf<E>,
        H: DelayHint<E>,
    {
        match self.course.next(self.retry, error) {
            Decision::Retry(delay) => Some(delay),
            Decision::GiveUp => None,
        }
    }
}

#[cfg(feature = "macros")]
impl<S, C: Clock, O: Observer, P, H, B> Attempts<'_, Retry<S, C, O, P, H, B>> {
    /// The same after an error that is worth another attempt, with its hint.
    #[cold]
    pub(crate) fn after_worth<E: Debug>(
        &mut self,
        hint: Option<Duration>,
        error: &E,
    ) -> Option<Duration> {
        match self.course.next_worth(self.retry, hint, error) {
            Decision::Retry(delay) => Some(delay),
            Decision::GiveUp => None,
        }
    }
}

/// What comes after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Another attempt, after this delay.
    Retry(Duration),
    /// The error goes to the caller.
    GiveUp,
}

/// The state of one retried call, sync or async.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course<'t> {
    /// The attempt that runs, from 1.
    number: u32,
    /// When the first began, where anybody wants to know.
    started: Option<Tick>,
    /// The delays; made at the first failure, as most calls never need them.
    backoff: Option<Backoff>,
    /// Where it is counted, too.
    tally: Option<&'t Tally>,
}

impl<'t> Course<'t> {
    /// Before the first attempt; `watched` says that the call wants to know
    /// the time.
    #[inline]
    pub(crate) fn begin<S, C: Clock, O, P, H, B>(
        retry: &Retry<S, C, O, P, H, B>,
        watched: bool,
        tally: Option<&'t Tally>,
    ) -> Self {
        let timed = watched || retry.settings.max_elapsed.is_some();
        Self { number: 1, started: timed.then(|| retry.clock.now()), backoff: None, tally }
    }

    /// What comes after the attempt that just failed with `error`.
    pub(crate) fn next<S, C, O, P, H, B, E>(
        &mut self,
        retry: &Retry<S, C, O, P, H, B>,
        error: &E,
    ) -> Decision
    where
        C: Clock,
        O: Observer,
        P: RetryIf<E>,
        H: DelayHint<E>,
        E: Debug,
    {
        if retry.predicate.retry_if(error) {
            self.next_worth(retry, retry.hint.delay_hint(error), error)
        } else {
            Decision::GiveUp
        }
    }

    /// The same after an error that is worth another attempt, with its hint.
    fn next_worth<S, C, O, P, H, B, E>(
        &mut self,
        retry: &Retry<S, C, O, P, H, B>,
        hint: Option<Duration>,
        error: &E,
    ) -> Decision
    where
        C: Clock,
        O: Observer,
        E: Debug,
    {
        if bypass::retries() {
            return Decision::GiveUp;
        }
        let RetrySettings { max_attempts, backoff, max_elapsed } = retry.settings;
        let give_up = |limit| {
            let (policy, attempts) = (retry.name, self.number);
            let exhausted = Exhausted { policy, attempts, limit, error };
            if let Some(tally) = self.tally {
                tally.exhausted.add_one();
            }
            retry.observer.on_event(&Event::Exhausted(exhausted));
            Decision::GiveUp
        };
        if self.number >= max_attempts {
            return give_up(Limit::Attempts);
        }
        // Drawn even where a hint replaces it: the delay before attempt n + 1
        // is the n-th.
        let drawn = self.backoff.get_or_insert(backoff).next().unwrap_or_default();
        let delay = hint.map_or(drawn, |hint| hint.min(backoff.max_delay()));
        if let (Some(limit), Some(started)) = (max_elapsed, self.started) {
            let elapsed = retry.clock.now().since(started);
            if elapsed.saturating_add(delay) > limit {
                return give_up(Limit::Elapsed);
            }
        }
        let retrying =
            Retrying { policy: retry.name, attempt: self.number, max_attempts, delay, error };
        if let Some(tally) = self.tally {
            tally.retries.add_one();
        }
        retry.observer.on_event(&Event::Retry(retrying));
        self.number += 1;
        Decision::Retry(delay)
    }

    /// The attempt that comes now, after one that failed with `previous`.
    pub(crate) fn attempt<'a, S, C: Clock, O, P, H, B, E>(
        &self,
        retry: &Retry<S, C, O, P, H, B>,
        previous: &'a E,
    ) -> Attempt<'a, E> {
        let elapsed = self.started.map_or(Duration::ZERO, |at| retry.clock.now().since(at));
        Attempt { number: self.number, elapsed, previous: Some(previous) }
    }
}
