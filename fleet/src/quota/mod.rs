//! A limit of a rate for the whole fleet: cells are leased from the store, and spent here.

mod allowance;
mod budget;
mod config;
mod lease;

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use fusebox::{
    Clock, DefaultObserver, Event, LimitKind, Limited, Name, Observer, RateLimit, StdClock,
};

use self::allowance::{Allowance, Taken};
pub use self::{
    budget::FleetBudget,
    config::{QuotaConfig, QuotaConfigError, QuotaSettings},
    lease::Share,
};

/// A limit of calls in a time for a whole fleet. No call waits for the store.
///
/// The fleet's task leases cells from the store, as many as the calls of late asked for,
/// and calls spend them by a compare-and-swap of one word. In any time t the fleet admits
/// at most `calls · (t / time + 2 / parts)`, where a quota of `calls` in a `time` is kept in
/// `parts`, 4 of them or fewer; and besides, what instances held in advance, each for one
/// turn of its task, 50 ms, and one cell at least.
///
/// While the store does not answer, each instance has its part of
/// [`alone`](QuotaConfig::alone), a share of the whole: so a fleet without its store admits
/// that share of its limit, and never the limit once for each instance.
///
/// ```
/// use std::time::Duration;
/// use fusebox::Registry;
/// use fusebox_fleet::{Fleet, FleetConfig, FleetQuota, QuotaConfig, Simulated};
///
/// static BREAKERS: Registry<8> = Registry::new();
/// static SHOP: FleetQuota = FleetQuota::new("shop", QuotaConfig::per_second(1_000).build());
///
/// let store = Simulated::new(); // In earnest, a RedisStore.
/// let fleet = Fleet::spawn(
///     FleetConfig::new("host-7").build()?,
///     move || Ok(store.of("host-7")),
///     || BREAKERS.panel().iter(),
///     |event| println!("fleet: {event}"),
/// )?;
/// fleet.share(&SHOP);
/// match SHOP.try_acquire() {
///     Ok(()) => println!("the call"),
///     Err(limited) => println!("not now: {limited}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FleetQuota<C = StdClock, O = DefaultObserver> {
    name: Name,
    settings: QuotaSettings,
    clock: C,
    observer: O,
    /// What was leased, and until when it counts.
    word: AtomicU64,
    /// Calls that were asked for since the task last looked.
    wanted: AtomicU64,
    /// The instance's own part while the store does not answer.
    alone: RateLimit<C, Silent>,
}

impl FleetQuota {
    /// Makes a quota of this name, by which the fleet's instances know it.
    ///
    /// # Panics
    /// On a name that is empty, too long, or holds a control character; in a `const` that
    /// is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &str, settings: QuotaSettings) -> Self {
        Self::with(Name::new(name), settings, StdClock, DefaultObserver)
    }
}

impl<C: Copy, O> FleetQuota<C, O> {
    /// Makes a quota with a clock and an observer of your own.
    #[must_use]
    pub const fn with(name: Name, settings: QuotaSettings, clock: C, observer: O) -> Self {
        let alone = RateLimit::with(None, settings.alone_among(0), clock, Silent);
        let (word, wanted) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { name, settings, clock, observer, word, wanted, alone }
    }
}

impl<C, O> FleetQuota<C, O> {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> Name {
        self.name
    }

    /// Its settings.
    #[must_use]
    pub const fn settings(&self) -> QuotaSettings {
        self.settings
    }
}

impl<C: Clock, O: Observer> FleetQuota<C, O> {
    /// Asks for one call, now. It waits for nobody.
    ///
    /// # Errors
    /// [`Limited`] where this instance has no cell left. The time in it is that of the next
    /// lease, or of the next cell of its own where the store does not answer.
    pub fn try_acquire(&self) -> Result<(), Limited> {
        // A count of its own: relaxed.
        self.wanted.fetch_add(1, Ordering::Relaxed);
        let now = self.clock.now();
        // The word is all there is: relaxed, as what a stale one says is said again.
        let mut word = self.word.load(Ordering::Relaxed);
        let wait = loop {
            match Allowance::from_bits(word).take(now) {
                Taken::Cell(left) => {
                    match self.word.compare_exchange_weak(
                        word,
                        left.bits(),
                        Ordering::Relaxed,
                        Ordering::Relaxed,
                    ) {
                        Ok(_) => return Ok(()),
                        Err(found) => word = found,
                    }
                }
                Taken::Nothing => break Some(lease::TURN),
                Taken::Expired => match self.alone.try_acquire() {
                    Ok(()) => return Ok(()),
                    Err(limited) => break limited.retry_after(),
                },
            }
        };
        let limited = Limited::new(Some(self.name), LimitKind::Rate, wait);
        self.observer.on_event(&Event::Limited(&limited));
        Err(limited)
    }

    /// Whether it spends leased cells now; otherwise, its own part.
    #[must_use]
    pub fn is_leased(&self) -> bool {
        let word = self.word.load(Ordering::Relaxed);
        !Allowance::from_bits(word).is_over(self.clock.now())
    }
}

impl<C, O> fmt::Debug for FleetQuota<C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetQuota")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// The quota tells of what it refuses, and not the part of it.
struct Silent;

impl Observer for Silent {
    fn on_event(&self, _: &Event<'_>) {}
}

/// How long a lease counts after the store last answered.
const LASTS: Duration = Duration::from_secs(1);
