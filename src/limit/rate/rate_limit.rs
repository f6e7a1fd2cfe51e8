//! The rate limit itself: how it is made, and how it is asked.

use core::{fmt, time::Duration};

use crate::{
    bypass,
    error::{LimitKind, Limited},
    label::Label,
    limit::rate::{
        narrow::Narrow,
        settings::RateSettings,
        word::{Arrival, LONGEST_WAIT, Said},
    },
    machine::{Bits, Machine, Step},
    name::Name,
    observe::{Counter, DefaultObserver, Event, Observer},
    sync::const_fn,
    time::{Clock, DefaultClock},
};

/// A limit of calls in a time, in one atomic word.
///
/// It is the generic cell rate algorithm: `burst` calls at once, then one in each
/// `interval`. In any time t it admits at most `burst + t / interval` calls, measured by
/// its clock. A call that it turns away hears how long to wait, and changes nothing.
///
/// A healthy call costs a reading of the clock and one compare-and-swap; a limit counts
/// calls, so it has no state that success leaves as it is. Where many threads take from
/// one limit, a [`lease`](Self::lease) shares the cost of the compare-and-swap among many
/// calls.
///
/// ```
/// use fusebox::{RateConfig, RateLimit};
///
/// static QUOTA: RateLimit =
///     RateLimit::named("shop", RateConfig::per_second(100).burst(2).precise(true).build());
///
/// assert!(QUOTA.try_acquire().is_ok());
/// assert!(QUOTA.try_acquire().is_ok());
/// let limited = QUOTA.try_acquire().unwrap_err();
/// println!("{limited}"); // rate limit `shop` is used up, retry after 9.99…ms
/// assert!(limited.retry_after().unwrap().as_millis() <= 10);
/// ```
#[repr(C)]
pub struct RateLimit<C = DefaultClock, O = DefaultObserver> {
    pub(super) arrival: Machine,
    settings: Machine,
    /// How much narrower a service has asked it to be.
    pub(super) narrow: Machine,
    refused: Counter,
    label: Label,
    pub(super) clock: C,
    observer: O,
}

#[cfg(feature = "std")]
impl RateLimit {
    const_fn! {
        /// Makes a limit on the clock of the host.
        #[must_use]
        pub fn new(settings: RateSettings) -> Self {
            Self::with(None, settings, crate::time::StdClock, DefaultObserver)
        }
    }

    const_fn! {
        /// Makes a limit with a name, which its errors and events carry.
        ///
        /// # Panics
        /// On a name that is empty, too long, or holds a control character; in a `const`
        /// that is a compile error.
        #[must_use]
        #[track_caller]
        pub fn named(name: &str, settings: RateSettings) -> Self {
            Self::with(Some(Name::new(name)), settings, crate::time::StdClock, DefaultObserver)
        }
    }
}

impl<C, O> RateLimit<C, O> {
    const_fn! {
        /// Makes a limit with a clock and an observer of your own. The clock's own step
        /// belongs into [`RateConfig::clock_step`](crate::RateConfig::clock_step).
        #[must_use]
        pub fn with(name: Option<Name>, settings: RateSettings, clock: C, observer: O) -> Self {
            Self {
                arrival: Machine::new(0),
                settings: Machine::new(settings.pack()),
                narrow: Machine::new(0),
                refused: Counter::new(),
                label: Label::of(name),
                clock,
                observer,
            }
        }
    }

    /// That of a slot which was given none.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub(crate) const fn none(clock: C, observer: O) -> Self {
        Self {
            arrival: Machine::new(0),
            settings: Machine::new(0),
            narrow: Machine::new(0),
            refused: Counter::new(),
            label: Label::of(None),
            clock,
            observer,
        }
    }

    /// Gives that of a slot the slot's name.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub(crate) fn publish_name(&self, name: &Name) {
        self.label.publish(name);
    }

    /// As if no call had been made, on whatever clock.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub(crate) fn restamp(&self) {
        self.narrow.store(Narrow::NOT);
        self.arrival.store(Arrival::UNSPENT);
    }

    /// Returns the name, or `None` if it has none.
    #[must_use]
    pub fn name(&self) -> Option<Name> {
        Some(self.label.get()).filter(|name| !name.is_none())
    }

    /// Returns the settings in force.
    ///
    /// A limit in a slot that was given none admits every call: then this is `None`.
    #[must_use]
    #[inline]
    pub fn settings(&self) -> Option<RateSettings> {
        match self.settings.load() {
            Bits(0) => None,
            Bits(word) => Some(RateSettings::unpack(word)),
        }
    }

    /// Puts other settings in force, from the next call on. What was taken stays taken:
    /// the burst is as far spent, in time, as it was before.
    pub fn set_settings(&self, settings: RateSettings) {
        self.settings.store(Bits(settings.pack()));
    }

    /// Puts these settings in force if there are none yet, and returns those in force. It
    /// is for a limit in a slot that others share: an operator may have changed it.
    pub fn init_settings(&self, settings: RateSettings) -> RateSettings {
        let step = self.settings.step(self.settings.load(), |Bits(word)| {
            (Bits(if word == 0 { settings.pack() } else { word }), ())
        });
        RateSettings::unpack(step.to.0)
    }

    /// Takes the settings away: every call is admitted, until others are put in force.
    pub fn lift(&self) {
        self.settings.store(Bits(0));
    }

    /// Returns how many calls the limit turned away. The count wraps; it is up to a 64th
    /// too large where one thread was turned away very often.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.get()
    }
}

impl<C: Clock, O: Observer> RateLimit<C, O> {
    /// Asks for one call, now.
    ///
    /// # Errors
    /// [`Limited`], with the time after which it would be admitted.
    #[inline]
    pub fn try_acquire(&self) -> Result<(), Limited> {
        self.acquire_n(1)
    }

    /// Asks for `calls` at once: all of them are admitted, or none is.
    ///
    /// # Errors
    /// [`Limited`], with the time after which they would be admitted; without one where
    /// they are more than the burst, and so never are.
    ///
    /// ```
    /// use fusebox::{RateConfig, RateLimit};
    ///
    /// let quota = RateLimit::new(RateConfig::per_second(100).burst(5).build());
    /// assert!(quota.acquire_n(3).is_ok());
    /// assert!(quota.acquire_n(3).is_err()); // 2 are left, and none is taken
    /// assert!(quota.acquire_n(2).is_ok());
    /// assert_eq!(quota.acquire_n(6).unwrap_err().retry_after(), None);
    /// ```
    #[inline]
    pub fn acquire_n(&self, calls: u32) -> Result<(), Limited> {
        match self.take(calls, 0) {
            Ok(_) => Ok(()),
            Err(wait) => self.refuse(wait),
        }
    }

    /// Asks for one call, now, and lets it cost as much as `100 / percent` calls: so many
    /// percent of the calls are admitted over time, and of a burst, but one at least. It
    /// is for a while in which there should be less to do, as under pressure.
    ///
    /// # Errors
    /// [`Limited`], with the time after which it would be admitted.
    ///
    /// # Panics
    /// On a share that is not from 1 to 100.
    ///
    /// ```
    /// use fusebox::{RateConfig, RateLimit};
    ///
    /// let quota = RateLimit::new(RateConfig::per_minute(4).build());
    /// assert!(quota.try_acquire_within(50).is_ok()); // as two calls
    /// assert!(quota.try_acquire_within(50).is_ok());
    /// assert!(quota.try_acquire().is_err());
    /// ```
    #[track_caller]
    pub fn try_acquire_within(&self, percent: u32) -> Result<(), Limited> {
        assert!((1..=100).contains(&percent), "`percent` must be from 1 to 100%");
        self.take_within(percent).or_else(|wait| self.refuse(Some(wait)))
    }

    /// Takes one call at a higher price, or says how long its wait would be.
    fn take_within(&self, percent: u32) -> Result<(), u64> {
        let Some(settings) = self.settings() else { return Ok(()) };
        let narrow = self.narrow.load();
        if narrow != Narrow::NOT
            // As narrow as the service asks, or as the pressure does: the wait of several.
            && let Some(taken) = self.take_narrow(narrow, settings, 100_u32.div_ceil(percent), 0)
        {
            return taken.map(drop).map_err(Option::unwrap_or_default);
        }
        // Settings have 53 bits for it at most: it does not overflow.
        let cost = (settings.cost() * 100).div_ceil(percent.into());
        // Where a burst is of one call, its next is that much later.
        let depth = settings.depth().max(cost);
        let now = self.now(settings);
        let step = self
            .arrival
            .step(self.arrival.load(), |arrival: Arrival| arrival.take(now, cost, depth, 0));
        match step.said {
            Said::Admitted { .. } => Ok(()),
            Said::Refused { wait } => Err(wait),
        }
    }

    /// Takes `calls` if their wait is at most `patience` nanoseconds: how long it is, and
    /// the word after it. Otherwise how long it would be, or `None` for ever.
    #[inline]
    pub(super) fn take(&self, calls: u32, patience: u64) -> Result<Taken, Option<u64>> {
        let Some(settings) = self.settings() else { return Ok(Taken::FREE) };
        let narrow = self.narrow.load();
        if narrow != Narrow::NOT
            && let Some(taken) = self.take_narrow(narrow, settings, calls, patience)
        {
            return taken;
        }
        let cost = settings.cost_of(calls);
        let depth = settings.depth();
        if cost > depth {
            return Err(None);
        }
        let now = self.now(settings);
        // Before the loop, so that a loop around it need not look at them.
        let Step { to, said, .. } = self
            .arrival
            .step(self.arrival.load(), |arrival: Arrival| arrival.take(now, cost, depth, patience));
        match said {
            Said::Admitted { after } => Ok(Taken { after, end: to, cost }),
            Said::Refused { wait } => Err(Some(wait)),
        }
    }

    /// The time in nanoseconds, as precise as the settings say.
    #[inline]
    pub(super) fn now(&self, settings: RateSettings) -> u64 {
        if settings.precise() {
            self.fine_now()
        } else {
            self.clock.now().as_millis().wrapping_mul(1_000_000)
        }
    }

    /// The time in nanoseconds, as finely as the clock can tell it.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // it wraps, as the word does
    pub(super) fn fine_now(&self) -> u64 {
        self.clock.elapsed().as_nanos() as u64
    }

    /// Gives back what was taken, as far as it has not been made up for.
    pub(super) fn give_back(&self, end: Arrival, cost: u64) {
        if cost == 0 {
            return;
        }
        let Some(settings) = self.settings() else { return };
        // By the clock by which they were taken.
        let narrow = self.narrow.load::<Narrow>() != Narrow::NOT;
        let now = if narrow { self.fine_now() } else { self.now(settings) };
        let depth = settings.depth();
        self.arrival.step(self.arrival.load(), |arrival: Arrival| {
            (arrival.give_back(now, cost, end, depth), ())
        });
    }

    /// Counts and tells a refusal, unless a bypass has taken limits out.
    #[cold]
    #[inline(never)]
    pub(super) fn refuse(&self, wait: Option<u64>) -> Result<(), Limited> {
        if bypass::limits() {
            return Ok(());
        }
        self.refused.add_often();
        let limited = Limited::of(self.label.get(), LimitKind::Rate, wait);
        self.observer.on_event(&Event::Limited(&limited));
        Err(limited)
    }

    /// How long a reservation may wait, in nanoseconds.
    pub(super) fn patience(longest: Duration) -> u64 {
        u64::try_from(longest.as_nanos()).map_or(LONGEST_WAIT, |nanos| nanos.min(LONGEST_WAIT))
    }
}

/// Calls that were taken of a limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// How long they must wait.
    pub(super) after: u64,
    /// The word after them.
    pub(super) end: Arrival,
    /// What they are worth.
    pub(super) cost: u64,
}

impl Taken {
    /// Those of a limit that is none.
    pub(super) const FREE: Self = Self { after: 0, end: Arrival::UNSPENT, cost: 0 };
}

impl<C, O> fmt::Debug for RateLimit<C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("name", &self.name())
            .field("settings", &self.settings())
            .finish_non_exhaustive()
    }
}
