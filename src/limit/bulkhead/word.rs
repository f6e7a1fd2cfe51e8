//! The rule of a bulkhead: what its word may become next.
//!
//! | bits | field |
//! |---|---|
//! | 63..48 | peak: the most that were in flight, up to 65535 |
//! | 47..24 | limit; 0 is none |
//! | 23..0 | in flight |
//!
//! Where a bulkhead counts nothing, the lowest 48 bits are [`Word::UNCOUNTED`], and the
//! others a limit that is kept for somebody else.

use crate::machine;

/// How many calls are in flight, how many may be, and how many ever were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u64);

/// The bits of a number of calls.
const BITS: u32 = 24;
/// The largest limit.
pub(super) const MOST: u32 = (1 << BITS) - 1;
const LIMIT: u32 = BITS;
const PEAK: u32 = 2 * BITS;

/// One place, to be taken off the word when its call has ended.
pub(super) const PLACE: u64 = 1;

impl Word {
    /// The bits with a limit that was checked, and nothing in flight.
    pub(super) const fn empty(limit: u32) -> u64 {
        (limit as u64) << LIMIT
    }

    /// That of a bulkhead which counts nothing: no limit, and no room for a call more. So
    /// no call writes it.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub(super) const UNCOUNTED: Self = Self(MOST as u64);

    /// Whether it counts nothing, now and later.
    #[inline]
    pub(super) const fn is_uncounted(self) -> bool {
        self.0 & !(u64::MAX << PEAK) == MOST as u64
    }

    /// That of a bulkhead which counts nothing, and keeps this limit, or 0 for none.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub(super) const fn keeping(limit: u16) -> Self {
        Self(Self::UNCOUNTED.0 | (limit as u64) << PEAK)
    }

    /// The limit that is in force or kept, or 0 for none.
    #[inline]
    pub(super) const fn in_force(self) -> u32 {
        if self.is_uncounted() { (self.0 >> PEAK) as u32 } else { self.limit() }
    }

    /// The number of calls in flight.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // masked
    pub(super) const fn in_flight(self) -> u32 {
        self.0 as u32 & MOST
    }

    /// The limit, or 0 for none.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // masked
    pub(super) const fn limit(self) -> u32 {
        (self.0 >> LIMIT) as u32 & MOST
    }

    /// The most that were in flight; from 65535 on it counts no further.
    #[inline]
    pub(super) const fn peak(self) -> u32 {
        (self.0 >> PEAK) as u32
    }

    /// Takes `places`, all or none: whether they were taken.
    #[inline]
    pub(super) const fn take(self, places: u32) -> (Self, bool) {
        let most = match self.limit() {
            0 => MOST,
            limit => limit,
        };
        self.take_of(places, most)
    }

    /// Takes one place of so many percent of the limit, rounded down, and of one at least.
    pub(super) const fn take_within(self, percent: u32) -> (Self, bool) {
        let most = match self.limit() {
            0 => MOST,
            // Of 24 bits and 7.
            limit if limit * percent >= 100 => limit * percent / 100,
            _ => 1,
        };
        self.take_of(1, most)
    }

    #[inline]
    const fn take_of(self, places: u32, most: u32) -> (Self, bool) {
        if places == 0 {
            return (self, true); // whatever it holds, nothing is written
        }
        // After a limit was lowered, more may be in flight than that.
        if places > most.saturating_sub(self.in_flight()) {
            return (self, false);
        }
        let taken = Self(self.0 + places as u64);
        (taken.raised(), true)
    }

    /// With the peak no lower than what is in flight.
    #[inline]
    const fn raised(self) -> Self {
        let (now, highest) = (self.in_flight(), self.0 >> PEAK);
        if now as u64 <= highest || highest == u16::MAX as u64 {
            return self;
        }
        let now = if now > u16::MAX as u32 { u16::MAX as u64 } else { now as u64 };
        Self(self.0 & !(u64::MAX << PEAK) | now << PEAK)
    }

    /// With another limit. What is in flight stays so.
    pub(super) const fn limited(self, limit: u32) -> Self {
        Self(self.0 & !((MOST as u64) << LIMIT) | (limit as u64) << LIMIT)
    }
}

impl machine::Word for Word {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, _: Self) -> bool {
        crate::sync::planted!(PlaceTakenByStore)
    }
}
