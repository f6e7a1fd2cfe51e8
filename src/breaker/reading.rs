//! All that one breaker says of itself, to be shown or judged.

use core::time::Duration;

use crate::{
    breaker::{
        CircuitBreaker,
        fault::Fault,
        gated::Relief,
        settings::BreakerSettings,
        shadow::ShadowReading,
        snapshot::{Counters, Snapshot},
    },
    callers::callers::Callers,
    drill::reading::DrillReading,
    learn::learned::Learned,
    name::Name,
    observe::LastError,
    overload::{ALL, gate::Gate, priority::Priority},
    risk::Risk,
    state::State,
    time::{Clock, Tick},
};

/// A reading of a breaker: its state, counters and settings, with the time. The
/// parts are read one after another, not at one moment.
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
    /// The time of the reading, on the breaker's clock.
    pub at: Tick,
    /// What the breaker's word said.
    pub snapshot: Snapshot,
    /// How often things happened to the breaker.
    pub counters: Counters,
    /// The settings in force.
    pub settings: BreakerSettings,
    /// How near the breaker is to opening, while closed: its score in percent of the
    /// threshold.
    pub nearness: Option<u8>,
    /// The time since the breaker left Closed, whatever probes failed in
    /// between. `None` while it is closed or disabled.
    pub open_for: Option<Duration>,
    /// The time until an open breaker admits a probe; zero when it is due. The
    /// recovery jitter is not in it, as each process draws its own. `None` in
    /// every other state.
    pub time_left: Option<Duration>,
    /// The time until a breaker that closed after an outage admits every call again.
    /// `None` where it does already, and in every other state.
    pub ramp_left: Option<Duration>,
    /// The share of the calls that a closed breaker admits, in percent, rounded up, though
    /// 100 only where it admits all of them: it lets none back after an outage, and sheds no
    /// load. In every other state 100.
    pub admits: u8,
    /// The share of the calls that it sheds as the service is overloaded, in percent,
    /// rounded up.
    pub shed: u8,
    /// The lowest priority of which a closed breaker admits any call, where it does not
    /// admit every call. Those above it are all admitted, and those below it are not.
    pub admits_from: Option<Priority>,
    /// How near the service is to trouble, where the settings have a
    /// [`foresight`](crate::BreakerConfig::foresight).
    pub risk: Risk,
    /// What the breaker has learned of its service.
    pub learned: Learned,
    /// The limit above which a call is slow now, configured or learned. `None` where no
    /// call is.
    pub slow_limit: Option<Duration>,
    /// The text of the last error that somebody had
    /// [kept](CircuitBreaker::note_error).
    pub last_error: Option<LastError>,
    /// Which breakers' calls called this one, where that is learned.
    pub callers: Callers,
    /// The drill under way, if there is one.
    pub drill: Option<DrillReading>,
    /// What a shadow of other settings would have done, where there is one.
    pub shadow: Option<ShadowReading>,
    /// What is wrong with the breaker's memory; `None` if nothing is.
    pub fault: Option<Fault>,
}

impl Reading {
    /// Returns whether the breaker is closed and does not admit every call: it sheds load,
    /// or lets calls back after an outage.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// let second = Duration::from_secs(1);
    /// let settings =
    ///     BreakerConfig::new().failure_threshold(1).recovery_timeout(second).ramp_up(second).build();
    /// let shop = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    /// shop.trip();
    /// clock.advance(second);
    /// shop.try_acquire()?.success();
    ///
    /// let reading = shop.reading();
    /// assert!(reading.admits_a_share() && reading.admits == 10);
    /// clock.advance(second);
    /// assert!(!shop.reading().admits_a_share());
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    #[must_use]
    pub const fn admits_a_share(&self) -> bool {
        self.ramp_left.is_some() || self.shed > 0 || self.admits < 100
    }
}

impl<C: Clock, O> CircuitBreaker<C, O> {
    /// Reads the breaker's state, counters and settings, with the time.
    #[must_use]
    pub fn reading(&self) -> Reading {
        // The word before the clock: no stamp of it lies ahead of the time.
        let word = self.load();
        let at = self.clock.now();
        let settings = self.settings();
        let snapshot = Snapshot::of(word, self.cell.history.get());
        let (relief, gate) = if word.is_closed() {
            (self.relief(word, at), self.gate_at(word, at))
        } else {
            (Relief::NONE, Gate::OPEN)
        };
        Reading {
            name: self.name(),
            at,
            snapshot,
            nearness: nearness(&snapshot, settings),
            counters: self.counters(),
            settings,
            open_for: self.open_since().map(|since| at.since(since)),
            time_left: word.left_ms(settings, at).map(Duration::from_millis),
            ramp_left: relief.ramp_left_ms.map(Duration::from_millis),
            admits: admitted(self.share_of(relief)),
            shed: relief.keeps.map_or(0, |keeps| percent(ALL - keeps)),
            admits_from: (!gate.is_open()).then(|| Priority::new(gate.lowest() << 4)),
            risk: if word.is_closed() { self.risk_now(at) } else { Risk::default() },
            learned: self.learned(),
            slow_limit: self.slow_limit(),
            last_error: self.last_error(),
            callers: self.cell.callers.get(),
            drill: self.cell.drilled.reading(at),
            shadow: self.shadow(),
            fault: Fault::of(&self.cell, at),
        }
    }
}

/// A share in percent, rounded up; less than 100 where it is less than all.
const fn admitted(share: u64) -> u8 {
    let percent = percent(share);
    if percent == 100 && share < ALL { 99 } else { percent }
}

/// A share in percent, rounded up.
#[allow(clippy::cast_possible_truncation)] // at most 100
const fn percent(share: u64) -> u8 {
    (share * 100).div_ceil(ALL) as u8
}

/// At most 100: a threshold can be lowered below the score.
#[allow(clippy::cast_possible_truncation)] // at most 100
fn nearness(snapshot: &Snapshot, settings: BreakerSettings) -> Option<u8> {
    let (score, threshold) =
        (u32::from(snapshot.score), u32::from(settings.failure_threshold().max(1)));
    (snapshot.state == State::Closed).then(|| (100 * score.min(threshold) / threshold) as u8)
}

impl<C, O> CircuitBreaker<C, O> {
    /// Returns the moment at which the breaker left Closed, whatever probes
    /// failed in between. `None` while it is closed or disabled. The moment is
    /// on the breaker's own clock: the low 40 bits of its tick.
    #[must_use]
    pub fn open_since(&self) -> Option<Tick> {
        match self.load() {
            word if matches!(word.state(), State::Closed | State::Disabled) => None,
            word => self.cell.opened.get().or_else(|| {
                // Whoever opened it died before it wrote that down.
                (word.state() == State::Open).then(|| word.stamp())
            }),
        }
    }
}

#[cfg(all(test, feature = "std", not(fusebox_loom), not(fusebox_compact)))]
mod tests {
    use crate::{
        breaker::{CircuitBreaker, settings::BreakerConfig},
        observe::DefaultObserver,
        time::{ManualClock, Tick},
    };

    /// A process can die between the two words: the opening before that one is
    /// forgotten by then.
    #[test]
    fn an_opening_that_was_not_written_down_is_found_by_its_stamp() {
        let clock = ManualClock::new();
        clock.set(Tick::from_millis(5));
        let settings = BreakerConfig::new().failure_threshold(1).build();
        let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
        breaker.try_acquire().unwrap().failure();
        let open = breaker.load();
        breaker.close();
        breaker.cell.word.store(open);
        clock.set(Tick::from_millis(90));
        breaker.close();
        breaker.cell.word.store(breaker.load().force(crate::breaker::word::Forced::Open, settings));
        assert_eq!(breaker.open_since(), None, "forced open, and nobody knows when");
        breaker.cell.word.store(open);
        assert_eq!(breaker.open_since(), Some(Tick::from_millis(5)));
    }
}
