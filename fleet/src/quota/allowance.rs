//! The rule of what was leased: cells, and until when they count.

use fusebox::Tick;

/// Cells above, 24 bits; below them, the tick at which they are over, 40 bits. All zeros:
/// nothing was ever leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance(u64);

/// What a call finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// A cell; the word without it.
    Cell(Allowance),
    /// No cell, of a lease that counts.
    Nothing,
    /// No lease that counts.
    Expired,
}

const TICK: u32 = 40;
/// The most cells of a lease.
pub(super) const MOST: u64 = (1 << (u64::BITS - TICK)) - 1;

impl Allowance {
    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    /// So many cells, which are over at this tick.
    pub(super) fn of(cells: u64, until: Tick) -> Self {
        Self(cells.min(MOST) << TICK | until.as_millis() & ((1 << TICK) - 1))
    }

    pub(super) const fn cells(self) -> u64 {
        self.0 >> TICK
    }

    /// Whether it counts no more. A clock that stepped back far makes it over, too.
    pub(super) fn is_over(self, now: Tick) -> bool {
        const UNUSED: u32 = u64::BITS - TICK;
        let left = (self.0.wrapping_sub(now.as_millis()) << UNUSED).cast_signed() >> UNUSED;
        left <= 0 || left.unsigned_abs() > FAR
    }

    pub(super) fn take(self, now: Tick) -> Taken {
        if self.is_over(now) {
            Taken::Expired
        } else if self.cells() == 0 {
            Taken::Nothing
        } else {
            Taken::Cell(Self(self.0 - (1 << TICK)))
        }
    }
}

/// No lease is this long, in milliseconds.
const FAR: u64 = 10_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cells_are_spent_one_by_one(cells in 0..=MOST, now: u64, lasts in 1..FAR) {
            let (now, until) = (Tick::from_millis(now), Tick::from_millis(now.wrapping_add(lasts)));
            let allowance = Allowance::of(cells, until);
            prop_assert_eq!(allowance.cells(), cells);
            prop_assert!(!allowance.is_over(now) && allowance.is_over(until));
            match allowance.take(now) {
                Taken::Cell(left) => {
                    prop_assert_eq!(left.cells() + 1, cells);
                    prop_assert!(!left.is_over(now) && left.is_over(until));
                }
                Taken::Nothing => prop_assert_eq!(cells, 0),
                Taken::Expired => prop_assert!(false, "it is not over"),
            }
            prop_assert_eq!(allowance.take(until), Taken::Expired);
        }
    }
}
