//! A breaker's word and counters as plain numbers.

use crate::{breaker::word::Word, state::State, time::Tick};

/// What a breaker's word said at one moment. A number that the state does not
/// keep is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The state.
    pub state: State,
    /// How many changes of state there were, modulo 1024.
    pub generation: u16,
    /// Failures since the last success (closed).
    pub consecutive_failures: u16,
    /// Probes that failed in a row (open, half-open), at most 15.
    pub reopenings: u8,
    /// Probes in flight (half-open). A lost one whose place was given to
    /// another is not among them.
    pub probes_in_flight: u8,
    /// Probes that succeeded (half-open).
    pub probes_succeeded: u8,
    /// The moment of the last failure (closed), of the opening (open), or of
    /// the last probe admitted or reported (half-open): the low 40 bits.
    pub stamp: Tick,
}

impl Snapshot {
    #[allow(clippy::cast_possible_truncation)] // 12 and 4 bits
    pub(crate) const fn of(word: Word) -> Self {
        let mut snapshot = Self {
            state: word.state(),
            generation: word.generation(),
            consecutive_failures: 0,
            reopenings: 0,
            probes_in_flight: 0,
            probes_succeeded: 0,
            stamp: word.stamp(),
        };
        match snapshot.state {
            State::Closed => snapshot.consecutive_failures = word.count() as u16,
            State::Open => snapshot.reopenings = word.count() as u8,
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

/// How often things happened to a breaker since it was made. They wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// Failures that were recorded; stale ones and those reported while
    /// disabled or forced open are not.
    pub failures: u64,
    /// Calls that were turned away.
    pub rejections: u64,
    /// Openings, forced ones among them.
    pub openings: u64,
    /// Calls that were admitted, where they are counted: with
    /// [`CountCalls`](crate::CountCalls) or the feature `count-calls`. 0
    /// elsewhere.
    pub calls: u64,
    /// Further attempts that a retry in the same pipeline, or under the same
    /// attributes, decided on; or one that observes through a
    /// [`Tally`](crate::Tally). The same holds for the next two.
    pub retries: u64,
    /// Retries that gave up at one of their limits.
    pub exhausted: u64,
    /// Calls that failed or were turned away, and whose fallback was asked.
    pub fallbacks: u64,
}

#[cfg(not(fusebox_compact))]
impl Counters {
    /// Nothing has happened yet.
    pub(crate) const NONE: Self = Self {
        failures: 0,
        rejections: 0,
        openings: 0,
        calls: 0,
        retries: 0,
        exhausted: 0,
        fallbacks: 0,
    };

    /// What was counted since an earlier reading of the same breaker.
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
            rejections: self.rejections.wrapping_sub(earlier.rejections),
            openings: self.openings.wrapping_sub(earlier.openings),
            calls: self.calls.wrapping_sub(earlier.calls),
            retries: self.retries.wrapping_sub(earlier.retries),
            exhausted: self.exhausted.wrapping_sub(earlier.exhausted),
            fallbacks: self.fallbacks.wrapping_sub(earlier.fallbacks),
        }
    }
}
