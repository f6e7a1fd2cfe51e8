//! The rule of a rate limit: what its word may become next.
//!
//! The generic cell rate algorithm (ITU-T I.371, there for the cells of ATM). The word
//! is the theoretical arrival time: when the next call would come if all came evenly, in
//! nanoseconds of the limit's clock. A call may come before that by as much as the burst
//! allows.

use crate::machine;

/// The theoretical arrival time. 0 is before every call: the burst is unspent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival(pub(super) u64);

/// What was admitted, or how long the caller must wait to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// After so long, which is 0 for a call that need not wait.
    Admitted { after: u64 },
    /// If it comes again after so long, and nobody else comes first.
    Refused { wait: u64 },
}

/// The longest wait of a reservation, in nanoseconds: an hour. What lies further ahead
/// was written before the clock stepped back.
pub(super) const LONGEST_WAIT: u64 = 3_600 * 1_000_000_000;

impl Arrival {
    /// Takes calls that are worth `cost` together at the time `now`, of a burst that is
    /// worth `depth`, if they need not wait for longer than `patience`.
    #[inline]
    pub(super) const fn take(self, now: u64, cost: u64, depth: u64, patience: u64) -> (Self, Said) {
        let horizon = now.saturating_add(depth);
        let known = self.known(horizon);
        let begin = if known.0 > now { known.0 } else { now };
        let end = begin.saturating_add(cost);
        if end <= horizon {
            return (Self(end), Said::Admitted { after: 0 });
        }
        let wait = end - horizon;
        if wait <= patience {
            (Self(end), Said::Admitted { after: wait })
        } else {
            (known, Said::Refused { wait })
        }
    }

    /// The word, if calls can have brought it about. If not, the clock has stepped back
    /// since: then it is as if the whole burst had been spent now.
    #[inline]
    const fn known(self, horizon: u64) -> Self {
        if self.0 > horizon.saturating_add(LONGEST_WAIT) { Self(horizon) } else { self }
    }

    /// Gives back calls that were worth `cost` and brought the word to `end`. What has
    /// been made up for since then is not given back: somebody else may have had it.
    ///
    /// The word is then no earlier than it would be if they had never been taken. For
    /// without them it stands still, at `now`, for as long as it would have been behind;
    /// that is `now - (end - cost)` at most, and is what is kept back.
    #[inline]
    pub(super) const fn give_back(self, now: u64, cost: u64, end: u64) -> Self {
        let left = end.saturating_sub(now);
        Self(self.0.saturating_sub(if left < cost { left } else { cost }))
    }
}

impl machine::Word for Arrival {
    #[inline]
    fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    fn bits(self) -> u64 {
        self.0
    }

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        if next.0 < self.0 {
            crate::sync::planted!(RateGivenBackByStore)
        } else {
            crate::sync::planted!(RateTakenByStore)
        }
    }
}
