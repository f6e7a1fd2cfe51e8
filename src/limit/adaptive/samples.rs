//! What the calls of a window took, summed up in one word.

use crate::machine;

/// A number of calls (24 bits), and the sum of their times in microseconds (40 bits).
/// Both wrap; a window that is that full is of a limit without any use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Samples(u64);

const SUM: u32 = 40;
/// The longest time of one call that is told from longer ones: 16 s.
const LONGEST: u64 = (1 << 24) - 1;

impl Samples {
    /// What is to be added for a call that took so long, and stands for 2 to `sampling`.
    #[inline]
    pub(super) const fn one(micros: u64, sampling: u32) -> u64 {
        let micros = if micros > LONGEST { LONGEST } else { micros };
        ((1 << SUM) | micros) << sampling
    }

    /// The number of calls.
    #[inline]
    pub(super) const fn calls(self) -> u64 {
        self.0 >> SUM
    }

    /// What they took together, in microseconds.
    #[inline]
    pub(super) const fn micros(self) -> u64 {
        self.0 & ((1 << SUM) - 1)
    }
}

impl machine::Word for Samples {
    crate::machine::bits!();
}
