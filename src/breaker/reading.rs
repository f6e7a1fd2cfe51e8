//! All that one breaker says of itself, to be shown or judged.

use core::time::Duration;

use crate::{
    breaker::{
        CircuitBreaker,
        fault::Fault,
        settings::BreakerSettings,
        snapshot::{Counters, Snapshot},
    },
    name::Name,
    state::State,
    time::{Clock, Tick},
};

/// All that a breaker says of itself, with the time. Its parts are read one
/// after another, not at one moment.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, State};
///
/// let shop = CircuitBreaker::named("shop", BreakerConfig::new().failure_threshold(1).build());
/// let _ = shop.call(|| Err::<(), _>("down"));
///
/// let reading = shop.reading();
/// assert_eq!(reading.snapshot.state, State::Open);
/// assert_eq!(reading.counters.failures, 1);
/// println!("{:?} may try again in {:?}", reading.name, reading.time_left);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// The breaker's name, where it has one.
    pub name: Option<Name>,
    /// When it was read, on the breaker's clock.
    pub at: Tick,
    /// What its word said.
    pub snapshot: Snapshot,
    /// What has happened to it.
    pub counters: Counters,
    /// The settings in force.
    pub settings: BreakerSettings,
    /// How long it has turned calls away: since it left Closed, whatever
    /// probes failed in between. `None` while it is closed or disabled.
    pub open_for: Option<Duration>,
    /// How long an open breaker will not admit anybody yet: zero when it is
    /// due. Without the recovery jitter, which each process draws for itself.
    /// `None` in every other state.
    pub time_left: Option<Duration>,
    /// What is wrong with its memory, if anything.
    pub fault: Option<Fault>,
}

impl<C: Clock, O> CircuitBreaker<C, O> {
    /// All that it says of itself.
    #[must_use]
    pub fn reading(&self) -> Reading {
        // The word before the clock: no stamp of it lies ahead of the time.
        let word = self.load();
        let at = self.clock.now();
        let settings = self.settings();
        Reading {
            name: self.name(),
            at,
            snapshot: Snapshot::of(word),
            counters: self.counters(),
            settings,
            open_for: self.open_since().map(|since| at.since(since)),
            time_left: word.left_ms(settings, at).map(Duration::from_millis),
            fault: Fault::of(&self.cell, at),
        }
    }
}

impl<C, O> CircuitBreaker<C, O> {
    /// Since when it has turned calls away: when it left Closed, whatever
    /// probes failed in between. `None` while it is closed or disabled. On the
    /// breaker's own clock; the low 40 bits of its ticks.
    #[must_use]
    pub fn open_since(&self) -> Option<Tick> {
        match self.load() {
            word if matches!(word.state(), State::Closed | State::Disabled) => None,
            word => self.cell.opened.get().or_else(|| {
                // Whoever opened it died before it wrote that down.
                (word.state() != State::ForcedOpen).then(|| word.stamp())
            }),
        }
    }
}
