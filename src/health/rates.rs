//! What happened to a breaker within a time.

use core::time::Duration;

use crate::{breaker::snapshot::Counters, time::Tick};

/// What happened to a breaker between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Rates {
    /// The time between the two readings; zero when there is only one.
    pub over: Duration,
    /// What was counted in that time.
    pub counted: Counters,
    /// Whether calls are counted: without their number no share is known.
    pub counts_calls: bool,
}

impl Rates {
    /// What happened from one reading to another.
    pub(crate) fn between((then, old): (Tick, &Counters), (now, new): (Tick, &Counters)) -> Self {
        // Whoever counts calls has counted one before anything else happens.
        Self { over: now.since(then), counted: new.since(old), counts_calls: new.calls != 0 }
    }

    /// Returns the number of calls that callers asked for, admitted or turned
    /// away. `None` where calls are not counted.
    #[must_use]
    pub const fn asked(&self) -> Option<u64> {
        if self.counts_calls {
            Some(self.counted.calls.wrapping_add(self.counted.rejections))
        } else {
            None
        }
    }

    /// Returns the share of the calls asked for that failed or were turned
    /// away, in percent, rounded down. `None` where calls are not counted, or
    /// there was no call.
    #[must_use]
    pub const fn trouble_percent(&self) -> Option<u8> {
        self.percent(self.counted.failures.wrapping_add(self.counted.rejections))
    }

    /// Returns the share of the calls asked for that needed a fallback, in
    /// percent, rounded down. `None` where calls are not counted, or there was
    /// no call.
    #[must_use]
    pub const fn fallback_percent(&self) -> Option<u8> {
        self.percent(self.counted.fallbacks)
    }

    /// Returns the share of the calls asked for whose retries gave up, in
    /// percent, rounded down. `None` where calls are not counted, or there was
    /// no call.
    #[must_use]
    pub const fn exhausted_percent(&self) -> Option<u8> {
        self.percent(self.counted.exhausted)
    }

    /// At most 100: counters are read one after another, and where several
    /// programs share a breaker not all of them may count their calls.
    #[allow(clippy::cast_possible_truncation)] // at most 100
    const fn percent(&self, part: u64) -> Option<u8> {
        match self.asked() {
            None | Some(0) => None,
            Some(asked) if part >= asked => Some(100),
            Some(asked) => Some((part as u128 * 100 / asked as u128) as u8),
        }
    }

    /// Whether more than `percent` of a hundred of those, exactly.
    pub(crate) const fn exceeds(&self, part: u64, percent: u8) -> bool {
        match self.asked() {
            None => false,
            Some(asked) => part as u128 * 100 > asked as u128 * percent as u128,
        }
    }

    /// Returns `number` per second of the time between the readings; 0 when no
    /// time has passed.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a rate to be shown
    pub fn per_second(&self, number: u64) -> f64 {
        if self.over.is_zero() { 0.0 } else { number as f64 / self.over.as_secs_f64() }
    }
}
