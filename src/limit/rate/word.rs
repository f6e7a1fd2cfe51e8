//! The rule of a rate limit: what its word may become next.
//!
//! The generic cell rate algorithm (ITU-T I.371, there for the cells of ATM). The word
//! has the theoretical arrival time: when the next call would come if all came evenly, in
//! nanoseconds of the limit's clock. How far it lies ahead of now is the backlog: what the
//! calls so far are worth, less what has been made up for. A call may come while the
//! backlog with it is no deeper than the burst.

use crate::machine;

/// The arrival time above, modulo 2^58 ns (9 years), and below it how often something was
/// given back, modulo 64. All zeros: the burst is unspent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival(u64);

/// The bits of the count.
const COUNT: u32 = 6;

/// What was admitted, or how long the caller must wait to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// After so long, which is 0 for a call that need not wait.
    Admitted { after: u64 },
    /// If it comes again after so long, and nobody else comes first.
    Refused { wait: u64 },
}

/// The longest wait of a reservation, in nanoseconds: an hour. A backlog that is deeper
/// than the burst and this was written before the clock stepped back.
pub(super) const LONGEST_WAIT: u64 = 3_600 * 1_000_000_000;

impl Arrival {
    pub(super) const UNSPENT: Self = Self(0);

    /// Takes calls that are worth `cost` together at the time `now`, of a burst that is
    /// worth `depth` and no less, if they need not wait for longer than `patience`.
    #[inline]
    pub(super) const fn take(self, now: u64, cost: u64, depth: u64, patience: u64) -> (Self, Said) {
        let backlog = self.backlog(now, depth);
        let deeper = backlog + cost;
        if deeper <= depth {
            return (self.at(now, deeper), Said::Admitted { after: 0 });
        }
        let wait = deeper - depth;
        if wait <= patience {
            (self.at(now, deeper), Said::Admitted { after: wait })
        } else if backlog == depth && self.ahead_of(now) != depth.cast_signed() {
            // The clock stepped back: from now on the backlog shrinks again.
            (self.at(now, depth), Said::Refused { wait })
        } else {
            (self, Said::Refused { wait })
        }
    }

    /// Takes calls that are worth `cost` together at the time `now`, each of them after
    /// the backlog, and leaves no more of one than `end`. A backlog is none that `depth`
    /// cannot explain.
    pub(super) const fn take_spaced(
        self,
        now: u64,
        cost: u64,
        depth: u64,
        end: u64,
        patience: u64,
    ) -> (Self, Said) {
        let wait = smaller(self.backlog(now, depth), end);
        if wait <= patience {
            let backlog = smaller(wait.saturating_add(cost), end);
            (self.at(now, backlog), Said::Admitted { after: wait })
        } else {
            (self, Said::Refused { wait })
        }
    }

    /// Admits nobody for so long, without a burst.
    pub(super) const fn not_before(self, now: u64, wait: u64, depth: u64) -> Self {
        if self.backlog(now, depth) < wait { self.at(now, wait) } else { self }
    }

    /// What the calls so far are worth, less what has been made up for.
    #[inline]
    const fn backlog(self, now: u64, depth: u64) -> u64 {
        let ahead = self.ahead_of(now);
        if ahead <= 0 {
            0
        } else if ahead.unsigned_abs() <= depth + LONGEST_WAIT {
            ahead.unsigned_abs()
        } else if self.0 == 0 {
            0 // no call so far, and a clock far from its origin
        } else {
            // The clock stepped back since: as if the whole burst were spent now.
            depth
        }
    }

    /// How far the arrival lies ahead of `now`; negative where it is past.
    #[inline]
    const fn ahead_of(self, now: u64) -> i64 {
        // Shifted up, the count falls out, and the top bit is the sign.
        (self.0 >> COUNT).wrapping_sub(now).wrapping_shl(COUNT).cast_signed() >> COUNT
    }

    /// The word with the arrival so far ahead of `now`.
    #[inline]
    const fn at(self, now: u64, backlog: u64) -> Self {
        Self(now.wrapping_add(backlog) << COUNT | self.0 & ((1 << COUNT) - 1))
    }

    /// Gives back calls that were worth `cost`, after which the word was `end`.
    ///
    /// What has been made up for since then is not given back: somebody else may have had
    /// it. Nor is what others have taken since, while any of them waits: they come when
    /// they were told to, and not sooner, and would meet whoever got their place. And
    /// nothing is where somebody else has given back since: then nobody knows any more
    /// which part of the backlog these calls are.
    ///
    /// Without the calls, the backlog would be less by their worth, less the time that it
    /// would have been 0 since. It would have been 0 from `end - cost` at the earliest. So
    /// the backlog is never less than it would be without them.
    #[inline]
    pub(super) const fn give_back(self, now: u64, cost: u64, end: Self, depth: u64) -> Self {
        let count = self.0 & ((1 << COUNT) - 1);
        if count != end.0 & ((1 << COUNT) - 1) {
            return self;
        }
        let left = smaller(positive(end.ahead_of(now)), cost);
        let backlog = positive(self.ahead_of(now));
        let since = if backlog > depth { positive(self.ahead_of(end.0 >> COUNT)) } else { 0 };
        let back = smaller(left.saturating_sub(since), backlog);
        if back == 0 {
            return self;
        }
        let Self(word) = self.at(now, backlog - back);
        Self(word & !((1 << COUNT) - 1) | count.wrapping_add(1) & ((1 << COUNT) - 1))
    }
}

const fn positive(time: i64) -> u64 {
    if time > 0 { time.unsigned_abs() } else { 0 }
}

const fn smaller(a: u64, b: u64) -> u64 {
    if a < b { a } else { b }
}

impl machine::Word for Arrival {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        let counts = (1 << COUNT) - 1;
        if next.0 & counts == self.0 & counts {
            crate::sync::planted!(RateTakenByStore)
        } else {
            crate::sync::planted!(RateGivenBackByStore)
        }
    }
}
