//! The concurrent part of a breaker: one compare-and-swap loop around the
//! rules in `breaker/word.rs`.

pub(crate) mod cell;
mod counter;
pub(crate) mod fault;
mod forced;
mod opened;
pub(crate) mod permit;
#[cfg(not(fusebox_compact))]
pub(crate) mod reading;
pub(crate) mod settings;
pub(crate) mod snapshot;
pub(crate) mod tally;
pub(crate) mod word;

use core::fmt;

#[cfg(not(fusebox_compact))]
use crate::breaker::snapshot::Counters;
use crate::{
    breaker::{
        cell::Cell,
        permit::{CallGuard, Permit},
        settings::Settings,
        snapshot::Snapshot,
        tally::Tally,
        word::{Admission, Outcome, Word},
    },
    bypass,
    clock::Clock,
    default_clock::DefaultClock,
    default_observer::DefaultObserver,
    error::{CallError, Rejected},
    event::{Event, Observer, Transition},
    name::Name,
    random::{mix, process_seed},
    state::{State, Verdict},
    sync::{Ordering, const_fn, planted},
};

/// A circuit breaker.
///
/// It admits calls while they succeed, and turns them away at once after
/// [`failure_threshold`](Settings::failure_threshold) consecutive failures.
/// When [`recovery_timeout`](Settings::recovery_timeout) has passed it lets a
/// few probes through, and closes again when they succeed.
///
/// All its state is one atomic word. A call on a healthy breaker loads it
/// twice, reads no clock and writes nothing: that path is wait-free. The other
/// paths are lock-free where the target has 64-bit atomics (elsewhere they are
/// a lock or a critical section of `portable-atomic`'s; on a microcontroller
/// see `docs/portability.md`: its default is a lock that no interrupt may meet). The operations are `Relaxed` or
/// `AcqRel` on that one word; do not use a breaker to order your own memory.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{BreakerConfig, CallError, CircuitBreaker};
///
/// static AI: CircuitBreaker = CircuitBreaker::named(
///     "ai",
///     BreakerConfig::new().failure_threshold(2).recovery_timeout(Duration::from_secs(30)).build(),
/// );
///
/// fn ask() -> Result<&'static str, &'static str> {
///     Err("connection refused")
/// }
///
/// assert_eq!(AI.call(ask), Err(CallError::Failed("connection refused")));
/// assert_eq!(AI.call(ask), Err(CallError::Failed("connection refused")));
/// let error = AI.call(ask).unwrap_err(); // `ask` is not called any more
/// assert!(error.to_string().starts_with("circuit breaker `ai` is open, retry after "));
/// ```
#[repr(C)]
pub struct CircuitBreaker<C = DefaultClock, O = DefaultObserver> {
    pub(crate) cell: Cell,
    clock: C,
    observer: O,
}

#[cfg(feature = "std")]
impl CircuitBreaker {
    const_fn! {
        /// A breaker without a name, on the host's clock.
        #[must_use]
        pub fn new(settings: Settings) -> Self {
            Self::with(None, settings, crate::std_clock::StdClock, DefaultObserver)
        }
    }

    const_fn! {
        /// A breaker with a name, which its rejections and events carry.
        ///
        /// # Panics
        /// On a name that [`Name::try_new`] refuses; in a `static` that is a
        /// compile error.
        #[must_use]
        #[track_caller]
        pub fn named(name: &str, settings: Settings) -> Self {
            Self::with(Some(Name::new(name)), settings, crate::std_clock::StdClock, DefaultObserver)
        }
    }
}

impl<C, O> CircuitBreaker<C, O> {
    const_fn! {
        /// A breaker with a clock and an observer of your own.
        ///
        /// ```
        /// use fusebox::{BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock};
        ///
        /// let clock = ManualClock::new();
        /// let settings = BreakerConfig::new().build();
        /// let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
        /// assert!(breaker.try_acquire().is_ok());
        /// ```
        #[must_use]
        pub fn with(name: Option<Name>, settings: Settings, clock: C, observer: O) -> Self {
            Self { cell: Cell::owned(0, name, settings), clock, observer }
        }
    }

    const_fn! {
        /// A slot of a registry that nobody has claimed.
        pub(crate) fn vacant(clock: C, observer: O) -> Self {
            Self { cell: Cell::vacant(), clock, observer }
        }
    }

    #[inline]
    fn load(&self) -> Word {
        // The word is all there is: it publishes no other memory, and what a
        // stale one decides is decided again by the compare-and-swap. Relaxed.
        Word(self.cell.word.load(Ordering::Relaxed))
    }

    /// The observer that it was given.
    pub const fn observer(&self) -> &O {
        &self.observer
    }

    /// The clock that it was given.
    pub const fn clock(&self) -> &C {
        &self.clock
    }

    /// The state, as of now. A breaker whose recovery timeout has passed is
    /// `Open` until the next caller becomes its first probe.
    #[must_use]
    pub fn state(&self) -> State {
        self.load().state()
    }

    /// All that the word says, at one moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(self.load())
    }

    /// What has happened since the breaker was made. The numbers are
    /// read one after another, not at one moment.
    ///
    /// A compact slot has none (see the crate's docs): there this function is
    /// missing, rather than wrong.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn counters(&self) -> Counters {
        let Cell { failures, rejections, openings, calls, tally, .. } = &self.cell;
        Counters {
            failures: failures.get(),
            rejections: rejections.get(),
            openings: openings.get(),
            calls: calls.get(),
            retries: tally.retries.get(),
            exhausted: tally.exhausted.get(),
            fallbacks: tally.fallbacks.get(),
        }
    }

    /// Where retries and fallbacks around this breaker are counted.
    #[must_use]
    #[inline]
    pub const fn tally(&self) -> &Tally {
        &self.cell.tally
    }

    /// The name, where it has one.
    #[must_use]
    pub fn name(&self) -> Option<Name> {
        Some(self.cell.name()).filter(|name| !name.is_none())
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.cell.settings()
    }

    /// Changes the settings. They take effect at the next decision, whoever
    /// makes it, and do not change the state by themselves.
    pub fn set_settings(&self, settings: Settings) {
        self.cell.set_settings(settings);
    }

    /// Changes some of the settings: `change` gets those in force, and is
    /// called again if others change them meanwhile, so that of racing changes
    /// none is lost. Returns the settings before and after.
    ///
    /// # Errors
    /// What `change` says; nothing was changed then.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, ConfigError};
    ///
    /// let shop = CircuitBreaker::new(BreakerConfig::new().probes(2).build());
    /// let (old, new) = shop.update_settings(|it| it.config().failure_threshold(3).try_build())?;
    /// assert_eq!((old.failure_threshold(), new.failure_threshold(), new.probes()), (5, 3, 2));
    ///
    /// let refused = shop.update_settings(|it| it.config().probes(99).try_build());
    /// assert!(refused.is_err() && shop.settings() == new);
    /// # Ok::<(), ConfigError>(())
    /// ```
    pub fn update_settings<E>(
        &self,
        change: impl FnMut(Settings) -> Result<Settings, E>,
    ) -> Result<(Settings, Settings), E> {
        self.cell.update_settings(change)
    }
}

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Asks for permission to make one call.
    ///
    /// Report its outcome on the [`Permit`]; one that is dropped counts for
    /// nothing, and gives a probe's place back.
    ///
    /// # Errors
    /// [`Rejected`] when the breaker is open, or half-open with all its probes
    /// in flight.
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
            Ok(word) => {
                self.count_call();
                Ok(Permit::new(self, word))
            }
            Err(rejected) => Err(rejected),
        }
    }

    /// Nothing, unless the type of the observer asks for it.
    #[inline]
    fn count_call(&self) {
        if self.observer.counts_calls() {
            self.cell.calls.add_one();
        }
    }

    /// Calls `f` if the breaker admits it. Every `Err` is a failure, and so is
    /// a panic.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when `f` was not called, [`CallError::Failed`]
    /// with its own error when it failed.
    #[inline]
    pub fn call<T, E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E>> {
        self.call_if(|_| true, f)
    }

    /// Calls `f` if the breaker admits it. Of its errors, those count as
    /// failures for which `expect` holds; the others neither count nor reset.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    #[inline]
    pub fn call_if<T, E>(
        &self,
        expect: impl FnOnce(&E) -> bool,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, CallError<E>> {
        let guard = CallGuard::new(self.try_acquire()?);
        let result = f();
        guard.report(expect, result)
    }

    /// A function of its own, so that a breaker with a failure or two saves no
    /// registers for what a rejection needs; and out of line, so that the
    /// healthy path's one test serves both of its loads.
    #[cold]
    #[inline(never)]
    fn acquire_unhealthy(&self, seen: Word) -> Result<Word, Rejected> {
        // Closed admits everybody, whatever its count of failures.
        if seen.is_closed() { Ok(seen) } else { self.acquire_not_closed(seen) }
    }

    #[cold]
    #[inline(never)]
    fn acquire_not_closed(&self, seen: Word) -> Result<Word, Rejected> {
        if bypass::breaker(&self.cell) {
            // The permit of a new breaker: it holds no probe's place.
            return Ok(Word::NEW);
        }
        let settings = self.cell.settings();
        // The clock is read after the word, so that a stamp in the future
        // means a clock that stepped back, and never a slow thread.
        let (from, to, admission) = self.change(
            seen,
            |word| match word.state() {
                // Neither needs the time.
                State::Closed | State::Disabled => (word, Admission::Admitted),
                _ => word.admit(settings, self.clock.now(), || self.salt()),
            },
            planted!(NonAtomicProbeCount),
        );
        match admission {
            Admission::Admitted => {
                // The permit first: should the observer panic, it is returned.
                let permit = Permit::new(self, to);
                self.announce(from, to);
                Ok(permit.into_parts().1)
            }
            Admission::Rejected { retry_after_ms } => {
                self.cell.rejections.add_one();
                let rejected =
                    Rejected { name: self.cell.name(), state: to.state(), retry_after_ms };
                self.observer.on_event(&Event::Rejection(&rejected));
                Err(rejected)
            }
        }
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
        self.report_unhealthy(word, permit, Outcome::Success)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn report_unhealthy(&self, seen: Word, permit: Word, outcome: Outcome) -> Verdict {
        self.report_from(seen, permit, outcome)
    }

    pub(crate) fn fail(&self, permit: Word) -> Verdict {
        self.report_from(self.load(), permit, Outcome::Failure)
    }

    /// A call ends with neither success nor failure.
    #[inline]
    pub(crate) fn give_back(&self, permit: Word) -> Verdict {
        let word = self.load();
        if permit.state() != State::HalfOpen || planted!(DropKeepsProbe) {
            return word.verdict(permit); // it holds no place
        }
        self.report_unhealthy(word, permit, Outcome::None)
    }

    fn report_from(&self, seen: Word, permit: Word, outcome: Outcome) -> Verdict {
        // A probe's place is given back even so: it may be from before.
        if permit.state() != State::HalfOpen && bypass::breaker(&self.cell) {
            return seen.verdict(permit);
        }
        let settings = self.cell.settings();
        let (from, to, verdict) = self.change(
            seen,
            |word| word.report(permit, outcome, settings, || self.clock.now()),
            planted!(ResetByStore) && outcome == Outcome::Success,
        );
        if outcome == Outcome::Failure && verdict == Verdict::Recorded {
            self.cell.failures.add_one();
        }
        self.announce(from, to);
        verdict
    }

    /// The only compare-and-swap loop on the word: applies `rule` to the word
    /// until what it was applied to is still there. Returns the word before
    /// and after, and what the rule said of the step that was taken.
    ///
    /// `torn` is a planted defect's: a store in place of the compare-and-swap.
    #[inline]
    fn change<R>(
        &self,
        seen: Word,
        rule: impl Fn(Word) -> (Word, R),
        torn: bool,
    ) -> (Word, Word, R) {
        let mut word = seen;
        loop {
            let (next, said) = rule(word);
            if next == word {
                return (word, next, said);
            }
            if torn || planted!(LostUpdate) {
                self.cell.word.store(next.0, Ordering::Relaxed);
                return (word, next, said);
            }
            // Release and acquire: whoever reads the clock after it has seen
            // this word reads no earlier time than the one stamped in it.
            match self.cell.word.compare_exchange_weak(
                word.0,
                next.0,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return (word, next, said),
                // No backing off here: measured, it gains nothing that lasts.
                Err(found) => word = Word(found),
            }
        }
    }

    #[inline]
    fn announce(&self, from: Word, to: Word) {
        if from.state() != to.state() {
            self.tell(from, to, false);
        }
    }

    #[cold]
    fn tell(&self, from: Word, to: Word, forced: bool) {
        let (opening, generation) = (to.stamp(), to.generation());
        let (from, to) = (from.state(), to.state());
        if to == State::Open || to == State::ForcedOpen {
            self.cell.openings.add_one();
        }
        match (from, to) {
            (_, State::Closed | State::Disabled) => self.cell.opened.clear(),
            (State::Closed | State::Disabled, State::Open) => self.cell.opened.set(opening),
            (State::Closed | State::Disabled, _) => self.cell.opened.set(self.clock.now()),
            _ => {}
        }
        let name = self.name();
        let breaker = name.as_ref().map(Name::as_str);
        self.observer.on_event(&Event::Transition(Transition {
            breaker,
            from,
            to,
            generation,
            forced,
        }));
    }

    /// What sets this breaker's jitter apart from all others': its key or,
    /// without one, its address, and the seed of the process.
    #[cold]
    fn salt(&self) -> u64 {
        let key = match self.cell.key.load(Ordering::Relaxed) {
            0 => core::ptr::from_ref(self).addr() as u64,
            key => key,
        };
        mix(key ^ process_seed())
    }
}

impl<C, O> fmt::Debug for CircuitBreaker<C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CircuitBreaker");
        shown
            .field("name", &self.name())
            .field("snapshot", &self.snapshot())
            .field("settings", &self.settings());
        #[cfg(not(fusebox_compact))]
        shown.field("counters", &self.counters());
        shown.finish_non_exhaustive()
    }
}
