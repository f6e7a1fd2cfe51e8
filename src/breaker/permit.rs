//! Permission to make one call, and the duty to say what came of it.

use core::{fmt, mem::ManuallyDrop, time::Duration};

use crate::{
    breaker::{CircuitBreaker, watched::WatchScope, word::Word},
    observe::{DefaultObserver, Observer},
    state::{Outcome, Verdict},
    time::{Clock, DefaultClock},
};

/// Permission to make one call.
///
/// Report the outcome with [`success`](Self::success),
/// [`failure`](Self::failure) or [`ignore`](Self::ignore). A permit that is
/// dropped is ignored, so a cancelled call gives a probe's place back; one
/// dropped by an unwinding panic is a failure. (Without the `std` feature a
/// dropped permit cannot tell, and is ignored; [`call`] and [`call_async`]
/// tell a panic from a cancellation everywhere.)
///
/// A permit that is leaked (`mem::forget`, a killed process) holds a probe's
/// place for one recovery timeout.
///
/// A permit is for a call that is made at once. Whoever keeps one first, as a
/// pool or a queue does, asks [`is_current`](Self::is_current) before the call.
///
/// [`call`]: CircuitBreaker::call
/// [`call_async`]: CircuitBreaker::call_async
#[must_use = "a permit that is dropped reports neither success nor failure"]
pub struct Permit<'a, C: Clock = DefaultClock, O: Observer = DefaultObserver> {
    breaker: &'a CircuitBreaker<C, O>,
    /// The word under which it was admitted.
    word: Word,
}

impl<'a, C: Clock, O: Observer> Permit<'a, C, O> {
    #[inline]
    pub(crate) const fn new(breaker: &'a CircuitBreaker<C, O>, word: Word) -> Self {
        Self { breaker, word }
    }

    /// Reports that the call succeeded.
    #[inline]
    pub fn success(self) -> Verdict {
        let (breaker, word) = self.into_parts();
        breaker.succeed(word)
    }

    /// Reports that the call failed.
    #[inline]
    pub fn failure(self) -> Verdict {
        let (breaker, word) = self.into_parts();
        breaker.fail(word, Outcome::Failure)
    }

    /// Reports that the call succeeded, and how long it took, for whoever knows that
    /// better than the breaker. Where the settings have a
    /// [`slow_call`](crate::BreakerConfig::slow_call), and it took longer, that is
    /// evidence against the service.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, State};
    ///
    /// let limit = Duration::from_millis(200);
    /// let settings = BreakerConfig::new().failure_threshold(2).slow_call(limit).build();
    /// let shop = CircuitBreaker::new(settings);
    /// shop.try_acquire()?.success_after(Duration::from_millis(300));
    /// shop.try_acquire()?.success_after(Duration::from_millis(250));
    /// assert_eq!(shop.state(), State::Open);
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    #[inline]
    pub fn success_after(self, took: Duration) -> Verdict {
        let (breaker, word) = self.into_parts();
        breaker.end_after(word, Outcome::Success, took)
    }

    /// Reports what the call says of the service, be it more than a success or a
    /// failure: see [`Outcome`].
    #[inline]
    pub fn report(self, outcome: Outcome) -> Verdict {
        let (breaker, word) = self.into_parts();
        breaker.end(word, outcome)
    }

    /// Reports what the call says of the service, and how long it took, as
    /// [`success_after`](Self::success_after). Of a failure and of its time, the
    /// heavier counts.
    #[inline]
    pub fn report_after(self, outcome: Outcome, took: Duration) -> Verdict {
        let (breaker, word) = self.into_parts();
        breaker.end_after(word, outcome, took)
    }

    /// Reports that the call says nothing about the health of the service. It
    /// neither counts nor resets, and a probe gives its place back.
    #[inline]
    pub fn ignore(self) -> Verdict {
        let (breaker, word) = self.into_parts();
        breaker.give_back(word)
    }

    /// Returns whether the breaker is still in the state in which it admitted
    /// this call. A permit that was kept while the breaker opened, or was
    /// forced open, is no longer current: drop it, and ask again.
    ///
    /// One relaxed load of the breaker's word.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    ///
    /// let shop = CircuitBreaker::new(BreakerConfig::new().build());
    /// let permit = shop.try_acquire()?;
    /// assert!(permit.is_current());
    /// shop.force_open();
    /// assert!(!permit.is_current());
    /// assert!(shop.try_acquire().is_err());
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn is_current(&self) -> bool {
        self.breaker.is_current(self.word)
    }

    /// The parts, without running the destructor.
    #[inline]
    pub(crate) fn into_parts(self) -> (&'a CircuitBreaker<C, O>, Word) {
        let this = ManuallyDrop::new(self);
        (this.breaker, this.word)
    }
}

impl<C: Clock, O: Observer> Drop for Permit<'_, C, O> {
    fn drop(&mut self) {
        #[cfg(feature = "std")]
        if std::thread::panicking() {
            self.breaker.fail_unwinding(self.breaker.load(), self.word, None);
            return;
        }
        self.breaker.give_back(self.word);
    }
}

impl<C: Clock, O: Observer> fmt::Debug for Permit<'_, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("breaker", &self.breaker.name())
            .field("generation", &self.word.generation())
            .finish_non_exhaustive()
    }
}

/// A permit while user code runs: dropped before it reported, the code
/// panicked, and that is a failure.
pub(crate) struct CallGuard<'a, C: Clock, O: Observer> {
    permit: ManuallyDrop<Permit<'a, C, O>>,
    /// When the call began, where somebody asks for its time.
    started: Option<Duration>,
}

impl<'a, C: Clock, O: Observer> CallGuard<'a, C, O> {
    #[inline]
    pub(crate) const fn new(permit: Permit<'a, C, O>, started: Option<Duration>) -> Self {
        Self { permit: ManuallyDrop::new(permit), started }
    }

    /// Runs the caller's own code, or a part of it: what it calls is called by this breaker's
    /// call.
    #[inline]
    pub(crate) fn around<R>(&self, f: impl FnOnce() -> R) -> R {
        self.permit.breaker.around(f)
    }

    /// The caller's own code has ended, or waits.
    pub(super) fn leave(&self, scope: Option<WatchScope>) {
        self.permit.breaker.leave(scope);
    }

    /// Reports what the call returned, and returns it, with its error as the
    /// caller wants it.
    #[inline]
    pub(crate) fn report<T, E, X>(
        self,
        judge: impl FnOnce(Result<&T, &E>) -> Outcome,
        result: Result<T, E>,
        failed: impl FnOnce(E) -> X,
    ) -> Result<T, X> {
        match result {
            Ok(value) => {
                let outcome = judge(Ok(&value)); // it may panic: the guard is armed
                self.end(outcome);
                Ok(value)
            }
            Err(error) => Err(self.report_error(judge, error, failed)),
        }
    }

    // Out of line, so that the healthy path is short enough to be inlined.
    #[cold]
    fn report_error<T, E, X>(
        self,
        judge: impl FnOnce(Result<&T, &E>) -> Outcome,
        error: E,
        failed: impl FnOnce(E) -> X,
    ) -> X {
        let outcome = judge(Err(&error)); // it may panic: the guard is armed
        self.end(outcome);
        failed(error)
    }

    /// Reports what came of the call.
    #[inline]
    pub(crate) fn end(self, outcome: Outcome) -> Verdict {
        let started = self.started;
        let (breaker, word) = self.into_parts();
        let verdict = breaker.end(word, outcome);
        breaker.tell_call(started, outcome);
        verdict
    }

    /// The breaker that admitted the call.
    #[cfg(all(feature = "drill", not(fusebox_compact)))]
    pub(crate) fn breaker(&self) -> &'a CircuitBreaker<C, O> {
        self.permit.breaker
    }

    /// What is kept of it between the polls of its call.
    #[inline]
    pub(crate) fn into_kept(self) -> (Word, Option<Duration>) {
        let started = self.started;
        (self.into_parts().1, started)
    }

    #[inline]
    fn into_parts(self) -> (&'a CircuitBreaker<C, O>, Word) {
        let this = ManuallyDrop::new(self);
        (this.permit.breaker, this.permit.word)
    }
}

impl<C: Clock, O: Observer> Drop for CallGuard<'_, C, O> {
    #[cold]
    fn drop(&mut self) {
        let Permit { breaker, word } = *self.permit;
        breaker.fail_unwinding(breaker.load(), word, self.started);
    }
}
