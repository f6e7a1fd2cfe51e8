//! The rule of a retry budget: what its word may become next.
//!
//! | bits | field |
//! |---|---|
//! | 63..40 | the parts that are spent |
//! | 39..0 | the tick at which they were as many |
//!
//! A withdrawal spends so many parts, and a call gives so many back: the two numbers are
//! the share, as a fraction. Each millisecond gives back some, too: the reserve. All three
//! are whole numbers, so nothing is ever rounded. A budget of which nothing is spent is 0,
//! whatever the time, and a call leaves it so.

use crate::{machine, time::Tick};

/// What is spent, and when that was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent(pub(crate) u64);

/// The settings of a budget, in parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// What a call gives back.
    pub(crate) gain: u64,
    /// What a withdrawal spends.
    pub(crate) cost: u64,
    /// What a millisecond gives back.
    pub(crate) reserve: u64,
    /// The most that may be spent.
    pub(crate) depth: u64,
}

/// The most parts that a word has room for.
pub(crate) const MOST: u64 = (1 << (u64::BITS - Tick::BITS)) - 1;

/// A clock that steps back by less than this, in milliseconds, is waited for: another
/// thread may just have read it later, and no time may count twice. If it steps back
/// further, time counts on from where it is.
const MENDS: i64 = 60_000;

impl Spent {
    /// Nothing is spent.
    pub(crate) const NONE: Self = Self(0);

    #[inline]
    pub(crate) const fn is_none(self) -> bool {
        self.parts() == 0
    }

    #[inline]
    const fn parts(self) -> u64 {
        self.0 >> Tick::BITS
    }

    #[inline]
    const fn new(parts: u64, tick: u64) -> Self {
        if parts == 0 { Self::NONE } else { Self(parts << Tick::BITS | tick & Tick::MASK) }
    }

    /// The parts that are still spent now, and the tick from which time counts on.
    #[inline]
    const fn at(self, now: Tick, terms: Terms) -> (u64, u64) {
        // Of settings that have changed, too: no more is spent than may be.
        let parts = if self.parts() < terms.depth { self.parts() } else { terms.depth };
        let tick = self.0 & Tick::MASK;
        let passed = now.signed_since(Tick::from_millis(tick));
        if passed >= 0 {
            let back = terms.reserve.saturating_mul(passed.unsigned_abs());
            (parts.saturating_sub(back), now.as_millis())
        } else if passed > -MENDS && !self.is_none() {
            (parts, tick)
        } else {
            (parts, now.as_millis())
        }
    }

    /// A call is made.
    #[inline]
    pub(crate) const fn deposit(self, now: Tick, terms: Terms) -> Self {
        let (parts, tick) = self.at(now, terms);
        Self::new(parts.saturating_sub(terms.gain), tick)
    }

    /// A retry is made, if it may be.
    #[inline]
    pub(crate) const fn withdraw(self, now: Tick, terms: Terms) -> (Self, bool) {
        let (parts, tick) = self.at(now, terms);
        let spent = parts + terms.cost;
        if spent > terms.depth { (self, false) } else { (Self::new(spent, tick), true) }
    }

    /// A retry that was allowed is not made.
    pub(crate) const fn give_back(self, terms: Terms) -> Self {
        Self::new(self.parts().saturating_sub(terms.cost), self.0)
    }

    /// How many withdrawals would be allowed now.
    pub(crate) const fn left(self, now: Tick, terms: Terms) -> u64 {
        (terms.depth - self.at(now, terms).0) / terms.cost
    }

    /// The same in other parts, rounded up.
    pub(crate) const fn in_parts(self, before: Terms, after: Terms) -> Self {
        let parts = (self.parts() * after.cost).div_ceil(before.cost);
        Self::new(if parts < after.depth { parts } else { after.depth }, self.0)
    }
}

impl machine::Word for Spent {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        if next.parts() < self.parts() {
            crate::sync::planted!(DepositByStore)
        } else {
            crate::sync::planted!(WithdrawalByStore)
        }
    }
}
