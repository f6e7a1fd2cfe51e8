//! The last few readings of one breaker.

use core::time::Duration;

use crate::{
    breaker::{reading::Reading, snapshot::Counters},
    health::rates::Rates,
    state::State,
    time::Tick,
};

/// The last `W` readings of one breaker, where `W` is at least 2. From them
/// come the breaker's rates and its score. A window takes 80 bytes for each
/// reading, and 0.6 kilobytes more.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, CountCalls, DefaultObserver, StdClock, health::Window};
///
/// let settings = BreakerConfig::new().build();
/// let shop = CircuitBreaker::with(None, settings, StdClock, CountCalls(DefaultObserver));
/// let mut window = Window::<6>::new();
///
/// window.push(&shop.reading());
/// assert!(shop.call(|| Ok::<_, ()>(42)).is_ok());
/// assert!(shop.call(|| Err::<(), _>("down")).is_err());
/// window.push(&shop.reading());
/// assert_eq!(window.rates().trouble_percent(), Some(50));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Window<const W: usize> {
    /// Counters and their time; in a ring, the next to be written first once
    /// it is full.
    marks: [(Tick, Counters); W],
    next: usize,
    len: usize,
    latest: Option<Reading>,
    /// The first of the last readings in a row that found load shed.
    sheds_since: Option<Tick>,
}

impl<const W: usize> Window<W> {
    /// Makes a window without readings.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(W >= 2, "a window needs two readings: a rate is a difference") };
        Self {
            marks: [(Tick::from_millis(0), Counters::NONE); W],
            next: 0,
            len: 0,
            latest: None,
            sheds_since: None,
        }
    }

    /// Adds a reading; the oldest one makes room. A reading of another breaker,
    /// or of one whose counters have gone back, begins the window anew, as its
    /// memory was replaced.
    pub fn push(&mut self, reading: &Reading) {
        if self.latest.is_some_and(|latest| !follows(reading, &latest)) {
            *self = Self::new();
        }
        self.sheds_since =
            if self.sheds(reading) { self.sheds_since.or(Some(reading.at)) } else { None };
        self.marks[self.next] = (reading.at, reading.counters);
        self.next = (self.next + 1) % W;
        self.len = usize::min(self.len + 1, W);
        self.latest = Some(*reading);
    }

    /// Whether this reading finds that load is shed, or was since the latest one. At the
    /// edge of what a service answers, shedding comes and goes many times a second.
    fn sheds(&self, reading: &Reading) -> bool {
        let ramps = |it: &Reading| it.ramp_left.is_some();
        let has_shed = self.latest.is_some_and(|latest| {
            !ramps(&latest) && !ramps(reading) && latest.counters.shed != reading.counters.shed
        });
        reading.shed > 0 || has_shed
    }

    /// Returns for how long the breaker has shed load, as far as it was read: since the
    /// first of the last readings in a row each of which found it so. `None` if the latest
    /// did not.
    ///
    /// It may be longer than the window.
    #[must_use]
    pub fn sheds_for(&self) -> Option<Duration> {
        Some(self.latest?.at.since(self.sheds_since?))
    }

    /// Returns the latest reading.
    #[must_use]
    pub const fn latest(&self) -> Option<&Reading> {
        self.latest.as_ref()
    }

    /// Returns what happened between the first and the last reading of the
    /// window.
    #[must_use]
    pub fn rates(&self) -> Rates {
        match (self.mark(0), self.len.checked_sub(1).and_then(|last| self.mark(last))) {
            (Some(first), Some(last)) => Rates::between(first, last),
            _ => Rates::default(),
        }
    }

    /// Returns what happened between each reading and the next, the oldest
    /// first. There are at most `W - 1` steps.
    pub fn steps(&self) -> impl Iterator<Item = Rates> {
        (1..self.len).filter_map(|at| Some(Rates::between(self.mark(at - 1)?, self.mark(at)?)))
    }

    /// The reading with this number, from the oldest.
    fn mark(&self, at: usize) -> Option<(Tick, &Counters)> {
        let (tick, counters) = &self.marks[(self.next + W - self.len + at) % W];
        (at < self.len).then_some((*tick, counters))
    }

    /// Returns the score of the breaker, 0 to 100, by the [module's
    /// formula](crate::health#scores). `None` without a reading, and for a
    /// breaker that is disabled.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // at most 100
    pub fn score(&self) -> Option<u8> {
        let Reading { snapshot, settings, admits, .. } = self.latest?;
        let (score, threshold) =
            (u32::from(snapshot.score), u32::from(settings.failure_threshold()));
        // In 40000ths, so that only the end is rounded.
        let points = match snapshot.state {
            // A higher score than the threshold: it was lowered since.
            State::Closed => {
                let near = 100 * score.min(threshold) / threshold.max(1);
                200 - near.max(100 - u32::from(admits.min(100)))
            }
            State::HalfOpen => 100,
            State::Open | State::ForcedOpen => 0,
            State::Disabled => return None,
        };
        let trouble = u32::from(self.rates().trouble_percent().unwrap_or(0));
        Some((points * (200 - trouble) / 400) as u8)
    }
}

impl<const W: usize> Default for Window<W> {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether `new` is the same breaker's as `old`, later. Counters wrap, so one
/// has gone back if it lies less than half its range behind.
fn follows(new: &Reading, old: &Reading) -> bool {
    let Counters {
        failures,
        slow,
        rejections,
        shed,
        openings,
        calls,
        retries,
        exhausted,
        fallbacks,
    } = new.counters.since(&old.counters);
    new.name == old.name
        && [failures, slow, rejections, shed, openings, calls, retries, exhausted, fallbacks]
            .iter()
            .all(|since| since.cast_signed() >= 0)
}
