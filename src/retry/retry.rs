//! The policy itself: how it is made, and what it is told.

use core::time::Duration;

use crate::{
    breaker::CircuitBreaker,
    limit::{budget::retry_budget::RetryBudget, pressure::under::Under},
    overload::pressure::{level::PressureLevel, pressure::Pressure},
    retry::{
        attempt::Attempt,
        budget::NoBudget,
        heeding::Foresees,
        hooks::{
            AskError, Before, BeforeAsync, HintFrom, HintOn, Hooks, Keeping, NoHint, Nothing, On,
            When,
        },
        settings::RetrySettings,
        surroundings::RetrySurroundings,
    },
    time::Clock,
};

/// Tries again after a failure, with a growing delay in between.
///
/// A retry is a `Copy` value without state, fit for a `const` or a `static`,
/// and serves any number of calls at a time. The last error comes back as it
/// is.
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
/// The errors say themselves whether they are worth another attempt
/// ([`Retryable`](crate::Retryable)), or [`retry_if`](Self::retry_if) does. The
/// functions that you set are part of the type (`H`), and so are its clock, its
/// sleeper and its observer (`S`). Without any of them the type is `Retry`.
///
/// A function that owns what it captures is set last: what is added to a retry in
/// a `const` cannot drop it, so all that the retry has already must be `Copy`.
///
/// ```
/// # use fusebox::{Retry, RetryConfig};
/// # use std::{collections::HashSet, time::Duration};
/// # let settings = RetryConfig::new().max_attempts(1).build();
/// let passing: HashSet<u16> = [429, 503].into();
/// let retry = Retry::new(settings)
///     .delay_hint(|_: &u16| Some(Duration::from_secs(1)))
///     .retry_if(move |status: &u16| passing.contains(status));
/// assert_eq!(retry.call(|| Err::<(), _>(404)), Err(404));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Retry<H = Hooks, S = RetrySurroundings> {
    pub(crate) settings: RetrySettings,
    pub(crate) name: Option<&'static str>,
    pub(crate) hooks: H,
    pub(crate) surroundings: S,
    pub(super) under: Option<Under<'static>>,
    pub(super) heeded: Option<&'static dyn Foresees>,
}

#[cfg(feature = "std")]
impl Retry {
    /// Makes a retry on the clock and the sleep of the host.
    #[must_use]
    pub const fn new(settings: RetrySettings) -> Self {
        use crate::{
            observe::DefaultObserver,
            time::{StdClock, StdSleep},
        };
        Self::with(settings, StdClock, StdSleep, DefaultObserver)
    }
}

impl<C, S, O> Retry<Hooks, RetrySurroundings<C, S, O>> {
    /// Makes a retry with a clock, a sleeper and an observer of your own.
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
    /// [`Attempt`]: crate::Attempt
    #[must_use]
    pub const fn with(settings: RetrySettings, clock: C, sleeper: S, observer: O) -> Self {
        let hooks =
            Hooks { retry_if: AskError, delay_hint: NoHint, before: Nothing, budget: NoBudget };
        let surroundings = RetrySurroundings { clock, sleeper, observer };
        Self { settings, name: None, hooks, surroundings, under: None, heeded: None }
    }
}

impl<H, S> Retry<H, S> {
    /// Names the retry; its events carry the name.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Seeds the jitter, for tests: every call then has equal delays.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.settings.backoff = self.settings.backoff.seed(seed);
        self
    }

    /// Makes no further attempt while a host's pressure is at least at this level: the
    /// retry ends with the error that it has, and with an
    /// [`Event::Exhausted`](crate::Event::Exhausted) whose limit is
    /// [`Limit::Pressure`](crate::Limit::Pressure). It asks after a failure only.
    ///
    /// ```
    /// use fusebox::{Pressure, PressureConfig, PressureLevel, PressureReading, Retry, RetryConfig};
    ///
    /// static HOST: Pressure = Pressure::new(PressureConfig::new().build());
    /// static RETRY: Retry =
    ///     Retry::new(RetryConfig::new().build()).under(&HOST, PressureLevel::Raised);
    ///
    /// HOST.set(PressureReading { cpu: 900, ..PressureReading::CALM });
    /// assert_eq!(RETRY.call(|| Err::<(), _>("down")), Err("down")); // at once
    /// ```
    #[must_use]
    pub const fn under<C>(mut self, host: &'static Pressure<C>, from: PressureLevel) -> Self
    where
        C: Clock + Sync,
    {
        self.under = Some(Under::new(host, from));
        self
    }

    /// Makes no further attempt while this breaker foresees trouble, and its settings have
    /// a [`foresight`](crate::BreakerConfig::foresight) of
    /// [`Prime`](crate::Foresight::Prime) or more: the retry ends with the error that it
    /// has, and with an [`Event::Exhausted`](crate::Event::Exhausted) whose limit is
    /// [`Limit::Foresight`](crate::Limit::Foresight). It asks after a failure only, and it
    /// makes no difference whether the retry is around the breaker, or inside.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Foresight, Retry, RetryConfig};
    ///
    /// static SHOP: CircuitBreaker =
    ///     CircuitBreaker::named("shop", BreakerConfig::new().foresight(Foresight::Prime).build());
    /// static RETRY: Retry = Retry::new(RetryConfig::new().build()).heeding(&SHOP);
    ///
    /// assert_eq!(RETRY.call(|| Ok::<_, &str>(42)), Ok(42));
    /// ```
    #[must_use]
    pub const fn heeding<C, O>(mut self, breaker: &'static CircuitBreaker<C, O>) -> Self
    where
        C: Clock + Sync,
        O: Sync,
    {
        self.heeded = Some(breaker);
        self
    }
}

impl<H: Copy, S: Copy> Retry<H, S> {
    const fn hooked<N>(self, hooks: N) -> Retry<N, S> {
        let Self { settings, name, surroundings, under, heeded, .. } = self;
        Retry { settings, name, hooks, surroundings, under, heeded }
    }
}

impl<P: Copy, H: Copy, B: Copy, G: Copy, S: Copy> Retry<Hooks<P, H, B, G>, S> {
    /// Retries the errors for which `retry_if`, a `Fn(&E) -> bool`, holds, and
    /// no others.
    ///
    /// ```
    /// use fusebox::{Retry, RetryConfig};
    ///
    /// fn is_outage(error: &u16) -> bool {
    ///     *error >= 500
    /// }
    /// let retry = Retry::new(RetryConfig::new().build()).retry_if(is_outage);
    /// assert_eq!(retry.call(|| Err::<(), _>(404)), Err(404)); // at once
    /// ```
    #[must_use]
    pub const fn retry_if<E, F>(self, retry_if: F) -> Retry<Hooks<When<F>, H, B, G>, S>
    where
        F: Fn(&E) -> bool,
    {
        let Hooks { delay_hint, before, budget, .. } = self.hooks;
        self.hooked(Hooks { retry_if: When(retry_if), delay_hint, before, budget })
    }

    /// Retries the answers for which `retry_on`, a `Fn(Result<&T, &E>) -> bool`,
    /// holds, be they errors or not, and no others. A response that says that
    /// the server is busy is such an answer.
    ///
    /// An answer that is still refused when the retry gives up comes back as it
    /// is. Events then show no error, as there is none.
    ///
    /// ```
    /// use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig};
    ///
    /// let clock = ManualClock::new();
    /// let is_busy = |answer: Result<&u16, &&str>| matches!(answer, Ok(503) | Err(_));
    /// let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver)
    ///     .retry_on(is_busy);
    ///
    /// let mut answers = [Ok(503), Err("connection reset"), Ok(200)].into_iter();
    /// assert_eq!(retry.call(|| answers.next().unwrap()), Ok(200));
    /// assert_eq!(retry.call(|| Ok(503)), Ok(503)); // three times
    /// ```
    #[must_use]
    pub const fn retry_on<T, E, F>(self, retry_on: F) -> Retry<Hooks<On<F>, H, B, G>, S>
    where
        F: Fn(Result<&T, &E>) -> bool,
    {
        let Hooks { delay_hint, before, budget, .. } = self.hooks;
        self.hooked(Hooks { retry_if: On(retry_on), delay_hint, before, budget })
    }

    /// Keeps the error of the last call that was made. A breaker inside the retry
    /// may open while the retry waits, and turn the next attempt away. The retry
    /// then ends with the error that opened the breaker, and not with the
    /// rejection, which says little of what is wrong.
    ///
    /// It is for a retry in a [`Pipeline`](crate::Pipeline), or around a call whose
    /// error is a [`CallError`](crate::CallError).
    ///
    /// ```
    /// use fusebox::{
    ///     BreakerConfig, CallError, CircuitBreaker, DefaultObserver, ManualClock, Pipeline, Retry,
    ///     RetryConfig,
    /// };
    ///
    /// static SHOP: CircuitBreaker =
    ///     CircuitBreaker::named("shop", BreakerConfig::new().failure_threshold(2).build());
    /// let clock = ManualClock::new();
    /// let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver);
    /// let price = Pipeline::new().retry(retry.keep_error()).breaker(&SHOP);
    /// assert_eq!(price.call(&(), |()| Err::<u32, _>("timeout")), Err(CallError::Failed("timeout")));
    /// ```
    #[must_use]
    pub const fn keep_error(self) -> Retry<Hooks<Keeping<P>, H, B, G>, S> {
        let Hooks { retry_if, delay_hint, before, budget } = self.hooks;
        self.hooked(Hooks { retry_if: Keeping(retry_if), delay_hint, before, budget })
    }

    /// Sets a function, a `Fn(&E) -> Option<Duration>`, that finds in an error
    /// how long its sender asks to wait, as HTTP's `Retry-After` says. The hint
    /// replaces the computed delay, without jitter, and is bounded by `max_delay`;
    /// with [`end_on_long_hint`](crate::RetryConfig::end_on_long_hint) a longer one
    /// ends the retry. The function is not called after the last attempt.
    #[must_use]
    pub const fn delay_hint<E, F>(self, hint: F) -> Retry<Hooks<P, HintFrom<F>, B, G>, S>
    where
        F: Fn(&E) -> Option<Duration>,
    {
        let Hooks { retry_if, before, budget, .. } = self.hooks;
        self.hooked(Hooks { retry_if, delay_hint: HintFrom(hint), before, budget })
    }

    /// Sets a function, a `Fn(Result<&T, &E>) -> Option<Duration>`, that finds in
    /// an answer how long its sender asks to wait: in the headers of a response,
    /// for example. The hint replaces the computed delay, without jitter, and is
    /// bounded by `max_delay`. The function is not called after the last attempt.
    #[must_use]
    pub const fn delay_hint_on<T, E, F>(self, hint: F) -> Retry<Hooks<P, HintOn<F>, B, G>, S>
    where
        F: Fn(Result<&T, &E>) -> Option<Duration>,
    {
        let Hooks { retry_if, before, budget, .. } = self.hooks;
        self.hooked(Hooks { retry_if, delay_hint: HintOn(hint), before, budget })
    }

    /// Sets a function, a `Fn(Attempt<'_, E>) -> Result<(), E>`, that runs
    /// after the delay, before every attempt but the first. It may refresh a
    /// token, for example. An error of its own ends the retry.
    #[must_use]
    pub const fn before_retry<E, F>(self, before: F) -> Retry<Hooks<P, H, Before<F>, G>, S>
    where
        F: Fn(Attempt<'_, E>) -> Result<(), E>,
    {
        let Hooks { retry_if, delay_hint, budget, .. } = self.hooks;
        self.hooked(Hooks { retry_if, delay_hint, before: Before(before), budget })
    }

    /// Sets an async function that runs after the delay, before every attempt
    /// but the first. It works for async calls only. An error of its own ends
    /// the retry.
    #[must_use]
    pub const fn before_retry_async<F>(
        self,
        before: F,
    ) -> Retry<Hooks<P, H, BeforeAsync<F>, G>, S> {
        let Hooks { retry_if, delay_hint, budget, .. } = self.hooks;
        self.hooked(Hooks { retry_if, delay_hint, before: BeforeAsync(before), budget })
    }

    /// Takes every attempt but the first from this budget, which many retries may share.
    /// Where none is left, the retry ends with the error that it has, and with an
    /// [`Event::Exhausted`](crate::Event::Exhausted) whose limit is
    /// [`Limit::Budget`](crate::Limit::Budget).
    ///
    /// The budget is asked last: a retry that ends for another reason takes nothing. It
    /// is told of a call when the first attempt begins; through tower, when the request
    /// is copied for it.
    ///
    /// ```
    /// use fusebox::{
    ///     BudgetConfig, Retry, RetryBudget, RetryConfig,
    ///     layers::{AskError, Hooks, NoHint, Nothing},
    /// };
    ///
    /// static BUDGET: RetryBudget = RetryBudget::new(BudgetConfig::share(0.10).build());
    /// static RETRY: Retry<Hooks<AskError, NoHint, Nothing, &RetryBudget>> =
    ///     Retry::new(RetryConfig::new().build()).budget(&BUDGET);
    ///
    /// assert_eq!(RETRY.call(|| Ok::<_, ()>(42)), Ok(42));
    /// ```
    #[must_use]
    pub const fn budget<C: Clock>(
        self,
        budget: &RetryBudget<C>,
    ) -> Retry<Hooks<P, H, B, &RetryBudget<C>>, S> {
        let Hooks { retry_if, delay_hint, before, .. } = self.hooks;
        self.hooked(Hooks { retry_if, delay_hint, before, budget })
    }
}

impl<H, S> Retry<H, S> {
    /// Returns the settings.
    #[must_use]
    pub const fn settings(&self) -> &RetrySettings {
        &self.settings
    }
}

impl<H, C, S, O> Retry<H, RetrySurroundings<C, S, O>> {
    /// Returns the sleeper.
    pub const fn sleeper(&self) -> &S {
        &self.surroundings.sleeper
    }
}
