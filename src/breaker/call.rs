//! Calls through a breaker, and the permits under them: the healthy paths.

use core::time::Duration;
#[cfg(feature = "std")]
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    breaker::{
        CircuitBreaker,
        judge::{EveryError, Judge, errors_that, overload_if},
        permit::{CallGuard, Permit},
        watched::is_watched,
        word::Word,
    },
    bypass,
    error::{CallError, Rejected},
    name::Name,
    observe::{Called, Event, Observer},
    overload::priority::Priority,
    state::{Outcome, State, Verdict},
    sync::planted,
    time::Clock,
};

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Asks for permission to make one call, of the priority of the scope in which the
    /// code runs.
    ///
    /// Report its outcome on the [`Permit`]; one that is dropped counts for
    /// nothing, and gives a probe's place back.
    ///
    /// # Errors
    /// [`Rejected`] when the breaker is open, or half-open with all its probes
    /// in flight, or when it is closed, and sheds load or lets calls back after an
    /// outage.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_, C, O>, Rejected> {
        let word = self.load();
        if word.is_healthy() {
            self.count_call();
            return Ok(Permit::new(self, word));
        }
        // Taken apart and put together again, so that the healthy path never
        // touches the memory through which the large result returns.
        match self.acquire_unhealthy(word) {
            Ok(word) => Ok(Permit::new(self, word)),
            Err(said) if is_watched(&said) => match self.by_hand(&said) {
                Ok(word) => Ok(Permit::new(self, word)),
                Err(drilled) => Err(drilled),
            },
            Err(rejected) => Err(rejected),
        }
    }

    /// Asks for permission to make one call of this priority, whatever the scope is in
    /// which the code runs. Where not every call is admitted, those that matter less are
    /// turned away first.
    ///
    /// # Errors
    /// As those of [`try_acquire`](Self::try_acquire).
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Priority};
    ///
    /// let shop = CircuitBreaker::new(BreakerConfig::new().max_shed(90).build());
    /// let permit = shop.try_acquire_as(Priority::BACKGROUND)?;
    /// permit.success();
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    #[inline]
    pub fn try_acquire_as(&self, priority: Priority) -> Result<Permit<'_, C, O>, Rejected> {
        let word = self.load();
        if word.is_healthy() {
            self.count_call();
            return Ok(Permit::new(self, word));
        }
        match self.acquire_unhealthy_as(word, priority) {
            Ok(word) => Ok(Permit::new(self, word)),
            Err(said) if is_watched(&said) => match self.by_hand(&said) {
                Ok(word) => Ok(Permit::new(self, word)),
                Err(drilled) => Err(drilled),
            },
            Err(rejected) => Err(rejected),
        }
    }

    /// Does nothing unless the type of the observer asks for it. A call that a
    /// bypass lets through is not the breaker's business.
    #[inline]
    pub(super) fn count_call(&self) {
        if self.observer.counts_calls() && !bypass::breaker(|| self.cell.name()) {
            self.cell.calls.add_often();
        }
    }

    /// The same for several calls.
    #[inline]
    pub(super) fn count_calls(&self, calls: u64) {
        if self.observer.counts_calls() && !bypass::breaker(|| self.cell.name()) {
            self.cell.calls.add(calls);
        }
    }

    /// Counts a call of a split that was admitted, where the type of the observer does not.
    #[inline]
    pub(crate) fn count_for_split(&self) {
        let counts = !self.observer.counts_calls() && self.state() != State::Disabled;
        if counts && !bypass::breaker(|| self.cell.name()) {
            self.cell.calls.add_often();
        }
    }

    /// When a call begins, where the type of the observer asks for its time.
    #[inline]
    pub(super) fn begin_call(&self) -> Option<Duration> {
        if self.observer.times_calls() { Some(self.clock.elapsed()) } else { None }
    }

    /// Tells how long a call took, where the type of the observer asks for it.
    #[inline]
    pub(super) fn tell_call(&self, started: Option<Duration>, outcome: Outcome) {
        if self.observer.times_calls()
            && let Some(started) = started
        {
            let duration = self.clock.elapsed().saturating_sub(started);
            let name = self.name();
            let breaker = name.as_ref().map(Name::as_str);
            self.observer.on_event(&Event::Call(Called { breaker, outcome, duration }));
        }
    }

    /// Calls `f` if the breaker admits it. Every `Err` is a failure, and so is
    /// a panic.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when `f` was not called, [`CallError::Failed`]
    /// with its own error when it failed.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CallError, CircuitBreaker};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// assert_eq!(SHOP.call(|| "42".parse::<i32>()), Ok(42));
    /// assert!(matches!(SHOP.call(|| "x".parse::<i32>()), Err(CallError::Failed(_))));
    /// ```
    #[inline]
    pub fn call<T, E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E>> {
        self.guard(|answer| EveryError.judge(answer), f, CallError::Failed)
    }

    /// Calls `f` if the breaker admits it, and counts as failures those of its
    /// errors for which `is_failure` holds. The others neither count nor reset:
    /// the request was at fault, and says nothing of the service.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when `f` was not called, [`CallError::Failed`]
    /// with its own error when it failed.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// let answer = SHOP.call_counting(|status: &u16| *status >= 500, || Err::<(), _>(404));
    /// assert!(answer.is_err());
    /// assert_eq!(SHOP.snapshot().score, 0);
    /// ```
    #[inline]
    pub fn call_counting<T, E>(
        &self,
        is_failure: impl FnOnce(&E) -> bool,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, CallError<E>> {
        self.call_judged(errors_that(is_failure), f)
    }

    /// Calls `f` if the breaker admits it. Every error is a failure, and those for which
    /// `is_overload` holds say that the service has more calls than it can answer
    /// ([`Outcome::Overload`]): a timeout, a 429. Where the settings have a
    /// [`max_shed`](crate::BreakerConfig::max_shed), the breaker then sheds load.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when `f` was not called, [`CallError::Failed`]
    /// with its own error when it failed.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, is_overload};
    ///
    /// static DISK: CircuitBreaker =
    ///     CircuitBreaker::named("disk", BreakerConfig::new().max_shed(90).build());
    ///
    /// let text = DISK.call_overload_if(|error| is_overload(error), || std::fs::read("/no/file"));
    /// assert!(text.is_err());
    /// assert_eq!(DISK.snapshot().score, 1);
    /// ```
    #[inline]
    pub fn call_overload_if<T, E>(
        &self,
        is_overload: impl FnOnce(&E) -> bool,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, CallError<E>> {
        self.call_judged(|answer| overload_if(is_overload, EveryError.judge(answer), answer), f)
    }

    /// Calls `f` if the breaker admits it, and lets `judge` say what its answer
    /// means: a success, a failure, or nothing. Use it where a response can be a
    /// failure (a 503), or an error a healthy answer (a 404).
    ///
    /// A panic in `judge` is a failure, and reaches the caller.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when `f` was not called, [`CallError::Failed`]
    /// with its own error when it failed.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Outcome};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// let judge = |answer: Result<&u16, &&str>| match answer {
    ///     Ok(500..) | Err(_) => Outcome::Failure,
    ///     Ok(_) => Outcome::Success,
    /// };
    /// assert_eq!(SHOP.call_judged(judge, || Ok(503)), Ok(503));
    /// assert_eq!(SHOP.snapshot().score, 1);
    /// ```
    #[inline]
    pub fn call_judged<T, E>(
        &self,
        judge: impl FnOnce(Result<&T, &E>) -> Outcome,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, CallError<E>> {
        self.guard(judge, f, CallError::Failed)
    }

    /// Calls `f` if the breaker admits it, and returns its own error type: a
    /// rejection becomes one of it. It works for every `E: From<Rejected>`: your
    /// own, `anyhow::Error`, `Box<dyn Error + Send + Sync>`, `std::io::Error`.
    ///
    /// Every `Err` of `f` is a failure, and so is a panic. For a judge, combine
    /// [`call_judged`](Self::call_judged) with
    /// [`CallError::into_own`](crate::CallError::into_own).
    ///
    /// # Errors
    /// That of `f`, or one made from the [`Rejected`].
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Rejected};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// fn price(id: &str) -> Result<u32, anyhow::Error> {
    ///     let answer = SHOP.call_into(|| anyhow::Ok(id.parse::<u32>()?))?;
    ///     Ok(answer * 2)
    /// }
    /// assert_eq!(price("21").unwrap(), 42);
    /// SHOP.force_open();
    /// assert!(price("21").unwrap_err().is::<Rejected>());
    /// ```
    #[inline]
    pub fn call_into<T, E: From<Rejected>>(
        &self,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.guard(|answer| EveryError.judge(answer), f, core::convert::identity)
    }

    /// Calls `f` if the breaker admits it. A rejection, and what `f` failed
    /// with, become an error of the caller's.
    #[inline]
    pub(crate) fn guard<T, E, X: From<Rejected>>(
        &self,
        judge: impl FnOnce(Result<&T, &E>) -> Outcome,
        f: impl FnOnce() -> Result<T, E>,
        failed: impl FnOnce(E) -> X,
    ) -> Result<T, X> {
        let seen = self.load();
        let word = if seen.is_healthy() {
            self.count_call();
            seen
        } else {
            match self.acquire_unhealthy(seen) {
                Ok(word) => word,
                Err(said) if is_watched(&said) => {
                    return self.guard_watched(&said, judge, f, failed);
                }
                Err(rejected) => return Err(rejected.into()),
            }
        };
        let guard = CallGuard::new(Permit::new(self, word), self.begin_call());
        let result = f();
        guard.report(judge, result, failed)
    }

    /// The healthy path of a success: one more load and test. It is judged by
    /// today's word, not by the permit's: otherwise long calls, admitted in
    /// great number before a stray failure, would never reset the count.
    #[inline]
    pub(crate) fn succeed(&self, permit: Word) -> Verdict {
        let word = if planted!(SuccessByPermit) { permit } else { self.load() };
        if word.is_healthy() {
            return word.verdict(permit);
        }
        self.succeed_unhealthy(word, permit)
    }

    /// A call failed, in one way or another.
    pub(crate) fn fail(&self, permit: Word, outcome: Outcome) -> Verdict {
        let seen = self.load();
        if outcome == Outcome::Failure
            && let Some(verdict) = self.plain_failure(seen, permit)
        {
            return verdict;
        }
        self.report(seen, permit, outcome, None)
    }

    /// A call ends.
    #[inline]
    pub(crate) fn end(&self, permit: Word, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Success => self.succeed(permit),
            Outcome::Ignore => self.give_back(permit),
            bad => self.fail(permit, bad),
        }
    }

    /// A call ends, and its caller knows how long it took.
    pub(crate) fn end_after(&self, permit: Word, outcome: Outcome, took: Duration) -> Verdict {
        let word = self.load();
        if outcome == Outcome::Success
            && word.is_healthy()
            && self.cell.rule().slow_call_ms().is_none()
            && !self.cell.learns()
        {
            return word.verdict(permit);
        }
        self.report(word, permit, outcome, Some(took))
    }

    /// A call panicked, and its thread unwinds. A second panic, of an observer
    /// that hears of it or of the clock, would abort the process: it goes no
    /// further than here. Without `std` nothing can be caught. Out of line, as
    /// whatever drops a permit has it.
    #[inline(never)]
    pub(crate) fn fail_unwinding(&self, seen: Word, permit: Word, started: Option<Duration>) {
        let report = || {
            self.report(seen, permit, Outcome::Failure, None);
            self.tell_call(started, Outcome::Failure);
        };
        #[cfg(feature = "std")]
        if let Err(panic) = catch_unwind(AssertUnwindSafe(report)) {
            // Not dropped: its destructor may panic, too.
            core::mem::forget(panic);
        }
        #[cfg(not(feature = "std"))]
        report();
    }

    /// A call ends with neither success nor failure.
    #[inline]
    pub(crate) fn give_back(&self, permit: Word) -> Verdict {
        let word = self.load();
        // It holds no place, and nobody measures it.
        if permit.is_free() || planted!(DropKeepsProbe) {
            return word.verdict(permit);
        }
        self.report_unhealthy(word, permit, Outcome::Ignore)
    }

    /// Whether the breaker is closed and does not admit every call, so that it matters
    /// who asks.
    #[cfg(feature = "tower")]
    pub(crate) fn chooses(&self) -> bool {
        let word = self.load();
        word.is_closed() && word.has_attention() && self.cell.has_gate()
    }

    /// Whether a permit that was taken at `permit` still says what the breaker
    /// would: the state has not changed since, or does not matter.
    #[inline]
    pub(crate) fn is_current(&self, permit: Word) -> bool {
        self.load().same_generation(permit) || bypass::breaker(|| self.cell.name())
    }
}
