//! How calls are let back after an outage: the rule, without atomics.
//!
//! | bits | field |
//! |---|---|
//! | 63 | there is a ramp |
//! | 62..54 | 0 |
//! | 53..44 | the generation of the breaker that lets calls back |
//! | 43..40 | the probes that had failed in a row |
//! | 39..0 | the tick at which it began |
//!
//! The share that is admitted grows in a straight line, from what the settings begin
//! with to all calls. The word itself never changes: it is written once, and cleared
//! when the ramp is over.

use super::{ALL, MENDS};
use crate::{machine, time::Tick};

/// A ramp. 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ramp(u64);

/// The settings of a ramp.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slope {
    /// The share that it begins with, in percent.
    pub(crate) from: u64,
    /// How long it is, in milliseconds; 0 is no ramp at all.
    pub(crate) length: u64,
}

const THERE: u64 = 1 << 63;
const GENERATION: u32 = 44;
const GENERATION_MASK: u64 = (1 << 10) - 1;
const REOPENINGS: u32 = 40;
const REOPENINGS_MAX: u64 = (1 << 4) - 1;

impl Ramp {
    pub(crate) const NONE: Self = Self(0);

    /// Of a breaker that closes as this generation, after so many probes that failed.
    pub(crate) const fn new(generation: u16, reopenings: u64, now: Tick) -> Self {
        let generation = generation as u64 & GENERATION_MASK;
        let reopenings = if reopenings < REOPENINGS_MAX { reopenings } else { REOPENINGS_MAX };
        let began = now.as_millis() & Tick::MASK;
        Self(THERE | generation << GENERATION | reopenings << REOPENINGS | began)
    }

    /// Whether it is the ramp of this generation. One of another is none.
    pub(crate) const fn is_of(self, generation: u16) -> bool {
        self.0 & THERE != 0 && (self.0 >> GENERATION ^ generation as u64) & GENERATION_MASK == 0
    }

    /// The probes that had failed in a row before it.
    pub(crate) const fn reopenings(self) -> u64 {
        self.0 >> REOPENINGS & REOPENINGS_MAX
    }

    /// The milliseconds since it began; `None` where it is over, or where it began in a
    /// future that is not waited for.
    const fn elapsed(self, now: Tick, slope: Slope) -> Option<u64> {
        let elapsed = now.signed_since(Tick::from_millis(self.0 & Tick::MASK));
        let passed = if elapsed < 0 { 0 } else { elapsed.unsigned_abs() };
        if elapsed <= -MENDS || passed >= slope.length { None } else { Some(passed) }
    }

    /// The share that it admits now; `None` where it is over.
    pub(crate) const fn share(self, now: Tick, slope: Slope) -> Option<u64> {
        // A foreign writer's settings may begin with more than all.
        let from = ALL * (if slope.from < 100 { slope.from } else { 100 }) / 100;
        match self.elapsed(now, slope) {
            Some(passed) => Some(from + (ALL - from) * passed / slope.length),
            None => None,
        }
    }

    /// The milliseconds until it is over.
    pub(crate) const fn left_ms(self, now: Tick, slope: Slope) -> Option<u64> {
        match self.elapsed(now, slope) {
            Some(passed) => Some(slope.length - passed),
            None => None,
        }
    }

    /// As if it had begun now.
    pub(crate) const fn restamped(self, now: Tick) -> Self {
        if self.0 & THERE == 0 {
            return self;
        }
        Self(self.0 & !Tick::MASK | now.as_millis() & Tick::MASK)
    }
}

impl Ramp {
    /// As if the clock had stepped by so many milliseconds.
    pub(crate) const fn stepped(self, by: i64) -> Self {
        self.restamped(Tick::from_millis((self.0 & Tick::MASK).wrapping_sub(by.cast_unsigned())))
    }
}

impl machine::Word for Ramp {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        next == Self::NONE && crate::sync::planted!(RampClearedByStore)
    }
}
