//! The word of an adaptive limit: who may come in, and whose time is taken.
//!
//! | bits | field |
//! |---|---|
//! | 63..59 | calls: counts those that were admitted, and wraps |
//! | 58..56 | sampling: one call of 2 to this has its time taken |
//! | 55..32 | limit, in 1/256; 0 is the initial one |
//! | 31..16 | peak: the most that were in flight in this window |
//! | 15..0 | in flight |

use crate::machine;

/// How many calls are in flight, how many may be, and how many were in this window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u64);

/// A limit in 1/256 of a call, so that it can grow by less than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fine(pub(super) u32);

impl Fine {
    const ONE: u32 = 1 << 8;

    pub(super) const fn of(calls: u32) -> Self {
        Self(calls * Self::ONE)
    }

    /// The nearest whole number of calls, and one at least.
    #[inline]
    pub(super) const fn whole(self) -> u32 {
        let whole = (self.0 + Self::ONE / 2) / Self::ONE;
        if whole == 0 { 1 } else { whole }
    }
}

/// One place, to be taken off the word when its call has ended.
pub(super) const PLACE: u64 = 1;

const PEAK: u32 = 16;
const LIMIT: u32 = 32;
const SAMPLING: u32 = 56;
const CALLS: u32 = 59;
const FIELD: u64 = 0xFFFF;
/// The least sampling: one call of 32.
pub(super) const RAREST: u32 = 5;

/// What a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// It may come in, and its time is not taken.
    Admitted,
    /// It may come in, and its time stands for that of 2 to `sampling` calls.
    Sampled { sampling: u32 },
    /// There is no room.
    Full,
}

#[allow(clippy::cast_possible_truncation)] // of fields that are masked
impl Word {
    #[inline]
    pub(super) const fn in_flight(self) -> u32 {
        (self.0 & FIELD) as u32
    }

    #[inline]
    pub(super) const fn peak(self) -> u32 {
        (self.0 >> PEAK & FIELD) as u32
    }

    /// The limit, where it is still the initial one.
    #[inline]
    pub(super) const fn limit(self, initial: u32) -> Fine {
        match (self.0 >> LIMIT) as u32 & 0xFF_FFFF {
            0 => Fine::of(initial),
            limit => Fine(limit),
        }
    }

    /// Lets a call in, if there is room.
    #[inline]
    pub(super) const fn admit(self, initial: u32) -> (Self, Said) {
        let in_flight = self.in_flight();
        if in_flight >= self.limit(initial).whole() {
            return (self, Said::Full);
        }
        let mut bits = (self.0 + PLACE).wrapping_add(1 << CALLS);
        if in_flight == self.peak() {
            bits += 1 << PEAK;
        }
        let sampling = (self.0 >> SAMPLING) as u32 & 0b111;
        let said = if (self.0 >> CALLS).is_multiple_of(1 << sampling) {
            Said::Sampled { sampling }
        } else {
            Said::Admitted
        };
        (Self(bits), said)
    }

    /// Begins a window with this limit: the peak is what is in flight.
    pub(super) const fn begun(self, limit: Fine, sampling: u32) -> Self {
        let kept = self.0 & (FIELD | !0 << CALLS);
        let peak = (self.in_flight() as u64) << PEAK;
        Self(kept | peak | (limit.0 as u64) << LIMIT | (sampling as u64) << SAMPLING)
    }
}

impl machine::Word for Word {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        self.limit(1) != next.limit(1) && crate::sync::planted!(LimitSetByStore)
    }
}
