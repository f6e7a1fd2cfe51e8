//! Who cries before an overload, or at it.

use fusebox::{BreakerConfig, CircuitBreaker, DefaultObserver, Foresight, Permit};

use crate::limits::Micros;

/// Something that hears of calls, and cries.
pub(super) trait Rule {
    /// A call begins; the place by which its end is told.
    fn begins(&mut self) -> usize {
        0
    }

    /// A call ended after so many microseconds, answered or not.
    fn ended(&mut self, place: usize, took: u64, answered: bool);

    /// Whether it cries now.
    fn cries(&self) -> bool;
}

type Breaker<'c> = CircuitBreaker<&'c Micros, DefaultObserver>;

/// fusebox's own breaker, which only watches: it has no limit of its own, and learns what is
/// usual.
pub(super) struct Ours<'b, 'c> {
    breaker: &'b Breaker<'c>,
    permits: Vec<Option<Permit<'b, &'c Micros, DefaultObserver>>>,
    free: Vec<usize>,
}

impl<'b, 'c> Ours<'b, 'c> {
    /// A breaker that no failure opens.
    pub(super) fn breaker(clock: &'c Micros) -> Breaker<'c> {
        let settings =
            BreakerConfig::new().failure_threshold(2_047).foresight(Foresight::Watch).build();
        CircuitBreaker::with(None, settings, clock, DefaultObserver)
    }

    pub(super) const fn new(breaker: &'b Breaker<'c>) -> Self {
        Self { breaker, permits: Vec::new(), free: Vec::new() }
    }
}

impl Rule for Ours<'_, '_> {
    fn begins(&mut self) -> usize {
        let place = self.free.pop().unwrap_or_else(|| {
            self.permits.push(None);
            self.permits.len() - 1
        });
        self.permits[place] = self.breaker.try_acquire().ok();
        place
    }

    fn ended(&mut self, place: usize, _took: u64, answered: bool) {
        self.free.push(place);
        match (self.permits[place].take(), answered) {
            (Some(permit), true) => drop(permit.success()),
            (Some(permit), false) => drop(permit.failure()),
            (None, _) => {}
        }
    }

    fn cries(&self) -> bool {
        self.breaker.risk().is_alarm()
    }
}

/// The mean time of the last calls against that of many more: it cries where the one is
/// twice the other, until it is less than one and a half.
#[derive(Debug, Default)]
pub(super) struct Gradient {
    short: f64,
    long: f64,
    cries: bool,
}

impl Gradient {
    /// Of so many calls each.
    const SHORT: f64 = 100.0;
    const LONG: f64 = 10_000.0;
}

impl Rule for Gradient {
    #[allow(clippy::cast_precision_loss)] // microseconds of seconds
    fn ended(&mut self, _place: usize, took: u64, _answered: bool) {
        let took = took as f64;
        if self.long == 0.0 {
            (self.short, self.long) = (took, took);
        }
        self.short += (took - self.short) / Self::SHORT;
        self.long += (took - self.long) / Self::LONG;
        let times = self.short / self.long;
        self.cries = times > 2.0 || self.cries && times > 1.5;
    }

    fn cries(&self) -> bool {
        self.cries
    }
}

/// Five calls in a row that were given up: when a breaker by default opens.
#[derive(Debug, Default)]
pub(super) struct FiveInARow(u32);

impl Rule for FiveInARow {
    fn ended(&mut self, _place: usize, _took: u64, answered: bool) {
        self.0 = if answered { 0 } else { self.0 + 1 };
    }

    fn cries(&self) -> bool {
        self.0 >= 5
    }
}
