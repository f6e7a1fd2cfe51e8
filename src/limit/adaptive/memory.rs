//! What the rule of an adaptive limit remembers from one window to the next, in two
//! words.

use crate::limit::adaptive::word::Fine;

/// What the rule remembers. Zeros are a limit that has seen nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Memory {
    /// The mean time of a call with few others in flight, in microseconds; 0 is not known.
    pub(super) baseline: u32,
    /// The calls in a second, in 1/256: the most in this search, or those of the last
    /// window.
    pub(super) rate: u32,
    /// The limit before this search, or of the last window; in whole calls.
    pub(super) limit: u16,
    pub(super) course: Course,
    /// Windows until the baseline is measured anew.
    pub(super) patience: u8,
    /// Windows in a row that were too slow.
    pub(super) slow: u8,
    /// Windows until the limit may grow.
    pub(super) rest: u8,
    /// By how much the limit grows next, see `rule.rs`.
    pub(super) growth: u8,
}

/// Where the rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Course {
    /// Nothing was measured yet.
    #[default]
    New,
    /// The limit is lowered on purpose, to measure the service with few calls.
    Search,
    /// The limit follows the service.
    Follow,
}

impl Memory {
    /// In two words.
    #[allow(clippy::cast_possible_truncation)]
    pub(super) const fn words(self) -> [u64; 2] {
        let course = self.course as u64;
        [
            self.baseline as u64 | (self.rate as u64) << 32,
            self.limit as u64
                | course << 16
                | (self.patience as u64) << 24
                | (self.slow as u64) << 32
                | (self.rest as u64) << 40
                | (self.growth as u64) << 48,
        ]
    }

    #[allow(clippy::cast_possible_truncation)] // each field's own bits
    pub(super) const fn of([first, second]: [u64; 2]) -> Self {
        Self {
            baseline: first as u32,
            rate: (first >> 32) as u32,
            limit: second as u16,
            course: match second >> 16 & 0b11 {
                0 => Course::New,
                1 => Course::Search,
                _ => Course::Follow,
            },
            patience: (second >> 24) as u8,
            slow: (second >> 32) as u8,
            rest: (second >> 40) as u8,
            growth: (second >> 48) as u8,
        }
    }

    /// How many times the least number of calls a window must have: what is measured in a
    /// search holds for long.
    pub(super) const fn caution(self) -> u64 {
        match self.course {
            Course::Search => 8,
            Course::New | Course::Follow => 1,
        }
    }

    /// With the limit of the window that has ended.
    #[allow(clippy::cast_possible_truncation)] // a limit has 16 bits
    pub(super) const fn at(self, limit: Fine) -> Self {
        Self { limit: limit.whole() as u16, ..self }
    }
}
