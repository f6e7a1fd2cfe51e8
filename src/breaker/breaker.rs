//! The breaker itself: how it is made, and what it shows.

use core::fmt;

#[cfg(not(fusebox_compact))]
use crate::{breaker::snapshot::Counters, observe::LastError};
use crate::{
    breaker::{cell::Cell, settings::BreakerSettings, snapshot::Snapshot, word::Word},
    name::Name,
    observe::{DefaultObserver, Tally},
    state::{State, TellsHealth},
    sync::const_fn,
    time::{Clock, DefaultClock},
};

/// A circuit breaker: it stops calls to a service that fails.
///
/// A breaker admits calls while they succeed. After
/// [`failure_threshold`](BreakerSettings::failure_threshold) consecutive
/// failures it opens, and turns calls away at once. When
/// [`recovery_timeout`](BreakerSettings::recovery_timeout) has passed, it
/// admits a few probes, and closes again when they succeed.
///
/// All its state is one atomic word. A call on a healthy breaker loads the word
/// twice, reads no clock and writes nothing; that path is wait-free. The other
/// paths are lock-free where the target has 64-bit atomics. Elsewhere
/// `portable-atomic` uses a lock or a critical section; `docs/portability.md`
/// says what that means for interrupts. Operations on the word are `Relaxed` or
/// `AcqRel`. Do not use a breaker to order your own memory.
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
    pub(super) clock: C,
    pub(super) observer: O,
}

#[cfg(feature = "std")]
impl CircuitBreaker {
    const_fn! {
        /// Makes a breaker without a name, on the host's clock.
        #[must_use]
        pub fn new(settings: BreakerSettings) -> Self {
            Self::with(None, settings, crate::time::StdClock, DefaultObserver)
        }
    }

    const_fn! {
        /// Makes a breaker with a name, which its rejections and events carry.
        ///
        /// # Panics
        /// On a name that [`Name::try_new`] refuses; in a `static` that is a
        /// compile error.
        #[must_use]
        #[track_caller]
        pub fn named(name: &str, settings: BreakerSettings) -> Self {
            Self::with(Some(Name::new(name)), settings, crate::time::StdClock, DefaultObserver)
        }
    }
}

impl<C, O> CircuitBreaker<C, O> {
    const_fn! {
        /// Makes a breaker with a clock and an observer of your own.
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
        pub fn with(name: Option<Name>, settings: BreakerSettings, clock: C, observer: O) -> Self {
            let key = match &name {
                Some(name) => name.hash64(),
                None => 0,
            };
            Self { cell: Cell::owned(key, name, settings), clock, observer }
        }
    }

    const_fn! {
        /// A slot of a registry that nobody has claimed.
        pub(crate) fn vacant(clock: C, observer: O) -> Self {
            Self { cell: Cell::vacant(), clock, observer }
        }
    }

    #[inline]
    pub(super) fn load(&self) -> Word {
        self.cell.word.load()
    }

    /// Returns the observer of the breaker.
    pub const fn observer(&self) -> &O {
        &self.observer
    }

    /// Returns the clock of the breaker.
    pub const fn clock(&self) -> &C {
        &self.clock
    }

    /// Returns the state as of now. A breaker whose recovery timeout has passed
    /// stays `Open` until the next caller becomes its first probe.
    #[must_use]
    pub fn state(&self) -> State {
        self.load().state()
    }

    /// Returns all that the breaker's word says, at one moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(self.load(), self.cell.history.get())
    }

    /// Returns how often things happened since the breaker was made. The
    /// numbers are read one after another, not at one moment.
    ///
    /// A compact slot has none (see the crate's docs): there this function is
    /// missing, rather than wrong.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn counters(&self) -> Counters {
        let Cell { failures, slow, rejections, sheds, openings, calls, tally, .. } = &self.cell;
        Counters {
            failures: failures.get(),
            slow: slow.get(),
            rejections: rejections.get(),
            shed: sheds.get(),
            openings: openings.get(),
            calls: calls.get(),
            retries: tally.retries.get(),
            exhausted: tally.exhausted.get(),
            fallbacks: tally.fallbacks.get(),
        }
    }

    /// Keeps the text of an error, for rejections, changes of state, readings and
    /// [`last_error`](Self::last_error) to tell. Call it where an error passes by;
    /// nothing keeps errors unless you do.
    ///
    /// The text is cut at [`LastError::MAX_LEN`] bytes. It overwrites the one
    /// before, without a lock: a few relaxed stores. A compact slot has no room
    /// for it, and lacks this function.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// let _ = SHOP.call(|| "x".parse::<u32>().inspect_err(|error| SHOP.note_error(error)));
    /// SHOP.force_open();
    /// let rejected = SHOP.try_acquire().unwrap_err();
    /// println!("{rejected}; the last error was: {}", SHOP.last_error().unwrap());
    /// assert_eq!(SHOP.last_error().unwrap().as_str(), "invalid digit found in string");
    /// ```
    #[cfg(not(fusebox_compact))]
    pub fn note_error(&self, error: impl fmt::Display) {
        self.cell.noted.note(&error);
    }

    /// Returns the text of the last error that somebody had
    /// [kept](Self::note_error). `None` if there is none, since the last
    /// [`reset`](Self::reset), and in the moments in which one is written.
    ///
    /// A compact slot has no room for it, and lacks this function.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn last_error(&self) -> Option<LastError> {
        self.cell.noted.get()
    }

    /// Returns the tally: retries and fallbacks around this breaker are counted
    /// there.
    #[must_use]
    #[inline]
    pub const fn tally(&self) -> &Tally {
        &self.cell.tally
    }

    /// Returns the name of the breaker, or `None` if it has none.
    #[must_use]
    pub fn name(&self) -> Option<Name> {
        Some(self.cell.name()).filter(|name| !name.as_str().is_empty())
    }

    /// Returns the settings in force.
    #[must_use]
    pub fn settings(&self) -> BreakerSettings {
        self.cell.settings()
    }

    /// Changes the settings. They take effect at the next decision of any
    /// thread, and do not change the state by themselves.
    pub fn set_settings(&self, settings: BreakerSettings) {
        self.cell.set_settings(settings);
    }

    /// Changes some of the settings, and returns those before and after.
    /// `change` gets the settings in force. It is called again if another
    /// thread changed them meanwhile, so no change is lost.
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
    /// let refused = shop.update_settings(|it| it.config().probes(0).try_build());
    /// assert!(refused.is_err() && shop.settings() == new);
    /// # Ok::<(), ConfigError>(())
    /// ```
    pub fn update_settings<E>(
        &self,
        change: impl FnMut(BreakerSettings) -> Result<BreakerSettings, E>,
    ) -> Result<(BreakerSettings, BreakerSettings), E> {
        self.cell.update_settings(change)
    }
}

#[cfg(fusebox_compact)]
impl<C, O> CircuitBreaker<C, O> {
    /// A compact slot foresees nothing.
    #[allow(clippy::unused_self)] // as the other's
    pub(crate) const fn foresees_trouble(&self) -> bool {
        false
    }
}

impl<C: Clock, O> CircuitBreaker<C, O> {
    /// Whether there is no evidence against the service, no trouble is foreseen, and every
    /// call is admitted; a breaker that is disabled has none.
    #[inline]
    pub(crate) fn seems_well(&self) -> bool {
        let word = self.load();
        if word.is_closed() {
            word.is_healthy()
                || word.is_attended() && self.cell.admits_all() && !self.foresees_trouble()
        } else {
            word.state() == State::Disabled
        }
    }
}

impl<C: Clock, O> TellsHealth for &CircuitBreaker<C, O> {
    #[inline]
    fn is_well(&self) -> bool {
        self.seems_well()
    }
}

#[cfg(feature = "std")]
impl<C: Clock, O> TellsHealth for std::sync::Arc<CircuitBreaker<C, O>> {
    fn is_well(&self) -> bool {
        self.seems_well()
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
