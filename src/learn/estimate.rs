//! The rule of a learned quantile: what its word may become next.
//!
//! It is stochastic approximation (Robbins and Monro, 1951) of a quantile, on the logarithm
//! of a time. A call that outlasts the estimate moves it up by a large step, one that does
//! not moves it down by a small one, in the ratio of the two shares. So the estimate stands
//! still where that share of calls outlasts it, whatever the distribution. It needs no
//! latency, only on which side of the estimate it was.
//!
//! The steps themselves grow where the estimate is far off: after a long run of calls on
//! one side. Each call on the other side halves them again.

use crate::machine;
#[cfg(fusebox_loom)]
use crate::sync::planted;

/// | bits | field |
/// |---|---|
/// | 63 | whether anything is known |
/// | 50..48 | haste: a step is twice as large for each |
/// | 47..32 | calls since the last that outlasted the estimate |
/// | 31..0 | the estimate, as [`Level`] |
///
/// 0 is an estimate of which nothing is known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Estimate(pub(crate) u64);

const KNOWN: u64 = 1 << 63;
const RUN_BITS: u32 = 16;
const LONGEST_RUN: u64 = (1 << RUN_BITS) - 1;

/// With it, one call that outlasts the estimate moves it by a factor of nearly two; without,
/// by the 32nd root of that.
pub(crate) const MOST_HASTE: u64 = 5;

/// A time on a scale of its logarithm: 2^26 for a factor of two, and straight lines between
/// the powers of two. The scale keeps the order of times, which is all that a quantile needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Level(pub(crate) u32);

pub(crate) const OCTAVE: u32 = 1 << 26;

impl Level {
    /// That of a time in nanoseconds.
    #[allow(clippy::cast_possible_truncation)] // 6 bits above 26
    pub(crate) const fn of(nanos: u64) -> Self {
        let nanos = if nanos == 0 { 1 } else { nanos };
        let exponent = nanos.ilog2();
        // The bits below the leading one, at the left.
        let fraction = (nanos << (63 - exponent)) << 1;
        Self(exponent * OCTAVE + (fraction >> 38) as u32)
    }

    /// The nanoseconds.
    #[allow(clippy::cast_possible_truncation)] // below 2^64: see there
    pub(crate) const fn nanos(self) -> u64 {
        let (exponent, fraction) = (self.0 / OCTAVE, self.0 % OCTAVE);
        // Below 2^27 · 2^63 before the shift, and so below 2^64 after it.
        ((((OCTAVE + fraction) as u128) << exponent) >> 26) as u64
    }
}

/// What an estimate aims at, as its rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Aim {
    /// The share of calls that outlast the estimate, in 2^-26.
    pub(crate) share: u32,
    pub(crate) least: Level,
    pub(crate) most: Level,
}

impl Aim {
    #[allow(clippy::cast_possible_truncation)] // below 2^26
    pub(crate) const fn of(thousandths: u32, least: u64, most: u64) -> Self {
        let share = ((1_000 - thousandths as u64) << 26) / 1_000;
        Self { share: share as u32, least: Level::of(least), most: Level::of(most) }
    }

    /// The number of calls in which one outlasts the estimate.
    pub(crate) const fn usual_run(self) -> u64 {
        (1 << 26) / self.share as u64
    }
}

impl Estimate {
    /// The estimate; where nothing is known, the shortest that there may be. From below it
    /// finds its place in a few calls; from above, stalls as frequent as the calls that
    /// should outlast it would hold it up.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // the low half
    pub(crate) const fn level(self, aim: Aim) -> Level {
        if self.0 & KNOWN == 0 {
            return aim.least;
        }
        // Within its bounds also where the word was written under others.
        let level = self.0 as u32;
        if level > aim.most.0 {
            aim.most
        } else if level < aim.least.0 {
            aim.least
        } else {
            Level(level)
        }
    }

    pub(crate) const fn haste(self) -> u64 {
        if self.0 & KNOWN == 0 { MOST_HASTE } else { self.0 >> 48 & 0b111 }
    }

    pub(crate) const fn run(self) -> u64 {
        self.0 >> 32 & LONGEST_RUN
    }

    /// An estimate that is kept in fewer bits elsewhere.
    pub(crate) const fn of(level: u64, run: u64, haste: u64, aim: Aim) -> Self {
        let (least, most) = (aim.least.0 as u64, aim.most.0 as u64);
        let level = if level < least {
            least
        } else if level > most {
            most
        } else {
            level
        };
        Self(KNOWN | haste << 48 | run << 32 | level)
    }

    /// After a call that was done before the estimate.
    #[inline]
    pub(crate) const fn answered(self, aim: Aim) -> Self {
        let run = if self.run() < LONGEST_RUN { self.run() + 1 } else { LONGEST_RUN };
        let step = (aim.share as u64) << self.haste() >> MOST_HASTE;
        let level = (self.level(aim).0 as u64).saturating_sub(step);
        // Four times the usual run happens once in 55 where the estimate is right.
        let usual = aim.usual_run();
        let is_far = run >= 4 * usual && run.is_multiple_of(2 * usual);
        let haste =
            if is_far && self.haste() < MOST_HASTE { self.haste() + 1 } else { self.haste() };
        Self::of(level, run, haste, aim)
    }

    /// After a call that outlasted the estimate.
    #[inline]
    pub(crate) const fn outlasted(self, aim: Aim) -> Self {
        let step = ((OCTAVE - aim.share) as u64) << self.haste() >> MOST_HASTE;
        let level = self.level(aim).0 as u64 + step;
        // So soon after the last one: once in 16 where the estimate is right.
        let is_far = self.run() * 16 < aim.usual_run();
        let haste = match self.haste() {
            haste if is_far && haste < MOST_HASTE => haste + 1,
            haste if is_far => haste,
            haste => haste.saturating_sub(1),
        };
        Self::of(level, 0, haste, aim)
    }
}

impl machine::Word for Estimate {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, _: Self) -> bool {
        planted!(LearnedByStore)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_level_is_its_time_to_a_part_in_two_to_the_26(nanos in 1..u64::MAX) {
            let back = Level::of(nanos).nanos();
            prop_assert!(back <= nanos && nanos - back <= nanos >> 26, "{nanos} -> {back}");
        }

        #[test]
        fn levels_keep_the_order_of_times(one in any::<u64>(), two in any::<u64>()) {
            let (short, long) = (one.min(two), one.max(two));
            prop_assert!(Level::of(short) <= Level::of(long));
        }

        /// Also a word that nobody wrote.
        #[test]
        fn no_word_makes_it_panic_or_leave_its_bounds(bits in any::<u64>(), below in any::<bool>()) {
            let aim = Aim::of(985, 1_000, 1_000_000_000);
            let from = Estimate(bits);
            let to = if below { from.answered(aim) } else { from.outlasted(aim) };
            for estimate in [from, to] {
                let level = estimate.level(aim);
                prop_assert!(aim.least <= level && level <= aim.most);
            }
            let moves = if below { to.level(aim) <= from.level(aim) } else { to.level(aim) >= from.level(aim) };
            prop_assert!(moves);
        }
    }
}
