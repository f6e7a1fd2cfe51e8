//! Which calls a closed breaker admits, where not all: the word that each call looks at.
//!
//! | bits | field |
//! |---|---|
//! | 63..60 | the class of priority that the line runs through |
//! | 59..43 | the share of that class that is admitted |
//! | 42 | it is made for a ramp |
//! | 41 | it is made as load is shed |
//! | 40 | somebody watches: each call looks further |
//! | 39..0 | the tick at which it was made |
//!
//! Of a class above the line all calls pass, of one below it none. So by one word no call
//! is turned away while one of a lower class is admitted.

use super::ALL;
use crate::{machine, time::Tick};

/// A gate. 0 stands open to all, and nobody watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gate(u64);

const CLASS: u32 = 60;
const SHARE: u32 = 43;
const SHARE_MASK: u64 = (1 << 17) - 1;
const RAMP: u64 = 1 << 42;
const SHED: u64 = 1 << 41;
const WATCHED: u64 = 1 << 40;

/// So long a gate serves, in milliseconds, where load is shed.
const LASTS: u64 = 8;

impl Gate {
    pub(crate) const OPEN: Self = Self(0);

    /// For a ramp, or as load is shed, or both. For neither it is open.
    pub(crate) const fn new(line: (u8, u64), ramp: bool, shed: bool, now: Tick) -> Self {
        if !ramp && !shed {
            return Self::OPEN;
        }
        let (class, share) = line;
        let reasons = if ramp { RAMP } else { 0 } | if shed { SHED } else { 0 };
        let made = now.as_millis() & Tick::MASK;
        Self((class as u64) << CLASS | (share & SHARE_MASK) << SHARE | reasons | made)
    }

    /// Whether every call passes.
    #[inline]
    pub(crate) const fn is_open(self) -> bool {
        self.0 & (RAMP | SHED) == 0
    }

    /// Whether there is nothing to look at: every call passes, and nobody watches.
    #[inline]
    pub(crate) const fn is_clear(self) -> bool {
        self.0 == 0
    }

    /// Whether somebody watches the calls, be they all admitted or not: a drill, a
    /// shadow, whoever draws the map.
    #[inline]
    pub(crate) const fn is_watched(self) -> bool {
        self.0 & WATCHED != 0
    }

    /// The same gate, watched or not.
    pub(crate) const fn watched(self, watched: bool) -> Self {
        match (watched, self.is_open()) {
            (false, true) => Self::OPEN,
            (false, false) => Self(self.0 & !WATCHED),
            // It says for itself that all pass.
            (true, true) => Self(ALL << SHARE | WATCHED),
            (true, false) => Self(self.0 | WATCHED),
        }
    }

    #[inline]
    pub(crate) const fn is_for_ramp(self) -> bool {
        self.0 & RAMP != 0
    }

    /// Whether it is made as load is shed, and for nothing else.
    #[inline]
    pub(crate) const fn is_for_load(self) -> bool {
        self.0 & (RAMP | SHED | WATCHED) == SHED
    }

    /// The share of a class that is admitted.
    #[inline]
    pub(crate) const fn share_of(self, class: u8) -> u64 {
        let line = self.0 >> CLASS;
        if self.is_clear() || class as u64 > line {
            ALL
        } else if (class as u64) < line {
            0
        } else {
            // A foreign writer's share may be more.
            let share = self.0 >> SHARE & SHARE_MASK;
            if share < ALL { share } else { ALL }
        }
    }

    /// The lowest class of which any call is admitted.
    pub(crate) const fn lowest(self) -> u8 {
        let line = (self.0 >> CLASS) as u8;
        if self.share_of(line) == 0 && line < 15 { line + 1 } else { line }
    }

    /// Whether it is to be made anew: that of a ramp each millisecond, as more calls
    /// pass; another one after some.
    #[inline]
    pub(crate) const fn is_old(self, now: Tick) -> bool {
        let since = (now.as_millis().wrapping_sub(self.0)) & Tick::MASK;
        since >= if self.is_for_ramp() { 1 } else { LASTS }
    }
}

impl machine::Word for Gate {
    crate::machine::bits!();
}
