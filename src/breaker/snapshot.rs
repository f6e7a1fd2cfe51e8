//! A breaker's word and counters as plain numbers.

use crate::{
    breaker::{history::Last, word::Word},
    state::State,
    time::Tick,
};

/// What a breaker's word said at one moment. A number that the state does not
/// keep is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The state of the breaker.
    pub state: State,
    /// The number of changes of state so far, modulo 1024.
    pub generation: u16,
    /// The score, while closed: by default the number of failures since the last
    /// success, with a [`failure_weight`](crate::BreakerConfig::failure_weight) the
    /// points against the service, and with a [`window`](crate::BreakerConfig::window)
    /// the number of the last calls that failed.
    pub score: u16,
    /// The number of probes that failed in a row, at most 15, while open or
    /// half-open.
    pub reopenings: u8,
    /// The number of probes in flight, while half-open. A lost probe whose
    /// place was given to another is not among them.
    pub probes_in_flight: u8,
    /// The number of probes that succeeded, while half-open.
    pub probes_succeeded: u8,
    /// The moment of the last failure (closed), of the opening (open), or of
    /// the last admission or report of a probe (half-open). These are the low
    /// 40 bits of the tick, or 32 while half-open. In a breaker that was tripped
    /// for some time, it is up to an eighth of that time before the opening.
    pub stamp: Tick,
}

impl Snapshot {
    #[allow(clippy::cast_possible_truncation)] // 12 and 8 bits
    pub(crate) const fn of(word: Word, last: Last) -> Self {
        let mut snapshot = Self {
            state: word.state(),
            generation: word.generation(),
            score: 0,
            reopenings: 0,
            probes_in_flight: 0,
            probes_succeeded: 0,
            stamp: word.stamp(),
        };
        match snapshot.state {
            // Of the two, one is 0.
            State::Closed => snapshot.score = (word.score() + last.failures()) as u16,
            State::Open => snapshot.reopenings = word.reopenings() as u8,
            State::HalfOpen => {
                let probes = word.probes();
                snapshot.reopenings = probes.reopenings as u8;
                snapshot.probes_in_flight = probes.in_flight as u8;
                snapshot.probes_succeeded = probes.succeeded as u8;
            }
            State::ForcedOpen | State::Disabled => {}
        }
        snapshot
    }
}

/// How often things happened to a breaker since it was made. The numbers wrap.
///
/// Failures, rejections and calls are counted so that many threads do not meet: a
/// thread that counts the same again and again adds many at once, in advance. A count
/// is exact up to 128 in a row on a thread. Beyond that it may be too large, by a 64th,
/// and by 4095 at most for each thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// The number of failures that were recorded. Stale failures, and those
    /// reported while the breaker is disabled or forced open, are not among
    /// them.
    pub failures: u64,
    /// The number of calls that took longer than
    /// [`slow_call`](crate::BreakerConfig::slow_call), where that is set, as far as
    /// calls were timed.
    pub slow: u64,
    /// The number of calls that the breaker turned away.
    pub rejections: u64,
    /// The number of those that it turned away while it was closed: it shed load, or let
    /// calls back after an outage.
    pub shed: u64,
    /// The number of openings, including forced ones.
    pub openings: u64,
    /// The number of calls that the breaker admitted. It is 0 unless calls are
    /// counted: with [`CountCalls`](crate::CountCalls) or the feature
    /// `count-calls`.
    pub calls: u64,
    /// The number of further attempts that retries decided on. Retries count
    /// here in a pipeline with this breaker, under an attribute with it, or
    /// when they observe through its [`Tally`](crate::Tally).
    pub retries: u64,
    /// The number of retried calls that gave up at a limit. They are counted
    /// where [`retries`](Self::retries) are.
    pub exhausted: u64,
    /// The number of calls that failed or were turned away, and whose fallback
    /// was asked. They are counted where [`retries`](Self::retries) are.
    pub fallbacks: u64,
}

#[cfg(not(fusebox_compact))]
impl Counters {
    /// Nothing has happened yet.
    pub(crate) const NONE: Self = Self {
        failures: 0,
        slow: 0,
        rejections: 0,
        shed: 0,
        openings: 0,
        calls: 0,
        retries: 0,
        exhausted: 0,
        fallbacks: 0,
    };

    /// Returns what was counted since an earlier reading of the same breaker.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    ///
    /// let shop = CircuitBreaker::named("shop", BreakerConfig::new().build());
    /// let _ = shop.call(|| Err::<(), _>("down"));
    /// let before = shop.counters();
    /// let _ = shop.call(|| Err::<(), _>("down"));
    /// assert_eq!(shop.counters().since(&before).failures, 1);
    /// ```
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self {
            failures: self.failures.wrapping_sub(earlier.failures),
            slow: self.slow.wrapping_sub(earlier.slow),
            rejections: self.rejections.wrapping_sub(earlier.rejections),
            shed: self.shed.wrapping_sub(earlier.shed),
            openings: self.openings.wrapping_sub(earlier.openings),
            calls: self.calls.wrapping_sub(earlier.calls),
            retries: self.retries.wrapping_sub(earlier.retries),
            exhausted: self.exhausted.wrapping_sub(earlier.exhausted),
            fallbacks: self.fallbacks.wrapping_sub(earlier.fallbacks),
        }
    }
}
