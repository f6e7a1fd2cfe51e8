//! The word of a host's pressure.
//!
//! | bits | field |
//! |---|---|
//! | 63..62 | level: 0 is calm |
//! | 61..52 | share of the time in which work waited for a core, in thousandths |
//! | 51..42 | the same for memory |
//! | 41..32 | the same for input and output |
//! | 31..20 | tasks for each core, in tenths |
//! | 19..0 | stamp: when it was written, in steps of 64 ms; it wraps after 18 hours |
//!
//! All zeros: nobody has written it.

use crate::{
    machine,
    overload::pressure::{
        level::PressureLevel, reading::PressureReading, settings::PressureSettings,
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u64);

const LEVEL: u32 = 62;
const CPU: u32 = 52;
const MEMORY: u32 = 42;
const IO: u32 = 32;
const QUEUE: u32 = 20;
const SHARE: u64 = (1 << 10) - 1;
const TASKS: u64 = (1 << 12) - 1;
const STAMP: u64 = (1 << 20) - 1;
/// A stamp counts steps of 2 to this, in milliseconds.
const STEP: u32 = 6;

impl Word {
    pub(super) const NONE: Self = Self(0);

    /// Whether nobody need do without anything, however old the word is.
    #[inline]
    pub(super) const fn is_calm(self) -> bool {
        self.0 >> LEVEL == 0
    }

    pub(super) const fn level(self) -> PressureLevel {
        PressureLevel::ALL[(self.0 >> LEVEL) as usize]
    }

    #[allow(clippy::cast_possible_truncation)] // masked
    pub(super) fn reading(self) -> PressureReading {
        let share = |shift| ((self.0 >> shift & SHARE) as u16).min(1000);
        let queue = (self.0 >> QUEUE & TASKS) as u16;
        PressureReading { cpu: share(CPU), memory: share(MEMORY), io: share(IO), queue }
    }

    /// The word after a reading at this moment.
    pub(super) fn after(
        self,
        reading: PressureReading,
        settings: PressureSettings,
        now_ms: u64,
    ) -> Self {
        let PressureReading { cpu, memory, io, queue } = reading;
        let kept = |value: u16, most| u64::from(value.min(most));
        let word = kept(cpu, 1000) << CPU
            | kept(memory, 1000) << MEMORY
            | kept(io, 1000) << IO
            | kept(queue, 4095) << QUEUE
            // No word but that of nobody is 0.
            | (now_ms >> STEP & STAMP).max(1);
        // One of long ago says nothing of now.
        let before = if self.is_stale(settings, now_ms) { Self::NONE } else { self }.level();
        let level = before.after(Self(word).reading(), settings) as u64;
        Self(level << LEVEL | word)
    }

    /// Whether nobody has written it for too long, or at all.
    pub(super) fn is_stale(self, settings: PressureSettings, now_ms: u64) -> bool {
        const UNUSED: u32 = u64::BITS - STAMP.count_ones();
        if self == Self::NONE {
            return true;
        }
        let now = now_ms >> STEP;
        // Whichever way: a clock that stepped back far is no reason to keep it.
        let age = ((now.wrapping_sub(self.0)) << UNUSED).cast_signed() >> UNUSED;
        // The stamp was rounded down, by less than a step.
        age.unsigned_abs() > settings.stale_after_ms().div_ceil(1 << STEP)
    }
}

impl machine::Word for Word {
    crate::machine::bits!();
}
