//! The word of a learned latency: what it may become next.
//!
//! | bits | field |
//! |---|---|
//! | 63 | calls of this breaker look here: they are timed, and learned from |
//! | 62 | somebody asked for that, whatever the settings say |
//! | 61 | there is a baseline |
//! | 60..58 | haste, and |
//! | 57..48 | calls since the last that outlasted the estimate: see [`Estimate`] |
//! | 47..42 | the tick of the last call that was learned from, mixed |
//! | 41..21 | the baseline; until there is one, the calls that were learned from |
//! | 20..0 | the estimate: 2^16 for a factor of two, from 1 µs |
//!
//! 0 is a latency of which nothing is known, and at which nobody looks.
//!
//! The estimate is that of a hedge's quantile. The baseline follows it, far more slowly:
//! by a 16,384th part of their difference for each call, or by two units where that is more.

#[cfg(fusebox_loom)]
use crate::sync::planted;
use crate::{
    learn::estimate::{Aim, Estimate, Level, MOST_HASTE, OCTAVE},
    machine,
    random::mix,
    time::Tick,
};

/// What is learned of the time that calls take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latency(pub(super) u64);

/// After so many calls the estimate is worth something.
const ENOUGH: u64 = 500;
/// After so many it has settled, and is the first baseline.
const SETTLED: u64 = 2_000;

const LOOKED_AT: u64 = 1 << 63;
const ASKED: u64 = 1 << 62;
const MATURE: u64 = 1 << 61;
const HASTE: u32 = 58;
const RUN: u32 = 48;
const LONGEST_RUN: u64 = (1 << 10) - 1;
const MOMENT: u32 = 42;
const MOMENT_BITS: u32 = 6;
const BASELINE: u32 = 21;
const LEVEL: u64 = (1 << BASELINE) - 1;

/// A unit of a level here, in those of an estimate: both have their own fineness.
const UNIT: u32 = 10;
/// The least level: 1.024 µs.
const LEAST: u64 = 10 * OCTAVE as u64;
const MOST: u64 = LEAST + (LEVEL << UNIT);

/// 99 of 100 calls are done before it.
const AIM: Aim = Aim::of(990, 1 << 10, 1 << 42);

/// The baseline's speed: it doubles in no less than 2^14 calls.
const PACE: u32 = 14;
const LEAST_STEP: u64 = 2;

impl Latency {
    pub(crate) const fn new(looked_at: bool) -> Self {
        Self(if looked_at { LOOKED_AT } else { 0 })
    }

    /// Whether calls look here.
    #[inline]
    pub(crate) const fn is_looked_at(self) -> bool {
        self.0 & LOOKED_AT != 0
    }

    pub(crate) const fn is_asked(self) -> bool {
        self.0 & ASKED != 0
    }

    /// Looked at, as the settings need it or somebody asked.
    pub(crate) const fn looked_at(self, needed: bool) -> Self {
        Self(if needed || self.is_asked() { self.0 | LOOKED_AT } else { self.0 & !LOOKED_AT })
    }

    pub(crate) const fn asked(self, asked: bool) -> Self {
        Self(if asked { self.0 | ASKED } else { self.0 & !ASKED })
    }

    /// With nothing known.
    pub(crate) const fn forgotten(self) -> Self {
        Self(self.0 & (LOOKED_AT | ASKED))
    }

    /// The time before which 99 of 100 calls are done, in nanoseconds.
    pub(crate) const fn quantile(self) -> Option<u64> {
        let known = self.is_mature() || self.0 & LEVEL != 0 && self.second() >= ENOUGH;
        if known { Some(nanos(self.0 & LEVEL)) } else { None }
    }

    /// What that usually is.
    pub(crate) const fn baseline(self) -> Option<u64> {
        if self.is_mature() { Some(nanos(self.second())) } else { None }
    }

    /// By any bits, of an estimate that is known.
    const fn is_mature(self) -> bool {
        self.0 & MATURE != 0 && self.0 & LEVEL != 0 && self.second() != 0
    }

    /// The baseline, or a count.
    const fn second(self) -> u64 {
        self.0 >> BASELINE & LEVEL
    }

    /// After a call that ended at this moment: of one that succeeded, the time that it
    /// took. Of each tick one call is learned from: for a second one, the word stays. A
    /// tick in 64 is taken for the last one.
    pub(crate) fn heard(self, took: Option<u64>, now: Tick) -> Self {
        let moment = mixed(now);
        if self.0 >> MOMENT & ((1 << MOMENT_BITS) - 1) == moment && self.0 & LEVEL != 0 {
            return self;
        }
        let Some(took) = took else { return self.with_moment(moment) };
        let took = Level::of(took);
        let known = self.0 & LEVEL != 0;
        let estimate =
            if known { self.estimate() } else { Estimate::of(took.0.into(), 0, MOST_HASTE, AIM) };
        let estimate = if took.0 > estimate.level(AIM).0 {
            estimate.outlasted(AIM)
        } else {
            estimate.answered(AIM)
        };
        let level = kept(estimate.level(AIM));
        let (second, mature) = if self.is_mature() {
            (followed(self.second(), level), MATURE)
        } else {
            let calls = if known && self.0 & MATURE == 0 { self.second() + 1 } else { 1 };
            if calls < SETTLED { (calls, 0) } else { (level, MATURE) }
        };
        let run = if estimate.run() < LONGEST_RUN { estimate.run() } else { LONGEST_RUN };
        let flags = self.0 & (LOOKED_AT | ASKED) | mature;
        Self(flags | estimate.haste() << HASTE | run << RUN | second << BASELINE | level)
            .with_moment(moment)
    }

    const fn with_moment(self, moment: u64) -> Self {
        Self(self.0 & !(((1 << MOMENT_BITS) - 1) << MOMENT) | moment << MOMENT)
    }

    /// The estimate, with all its bits.
    const fn estimate(self) -> Estimate {
        let haste = self.0 >> HASTE & 0b111;
        let haste = if haste < MOST_HASTE { haste } else { MOST_HASTE };
        Estimate::of(LEAST + ((self.0 & LEVEL) << UNIT), self.0 >> RUN & LONGEST_RUN, haste, AIM)
    }
}

/// A number that another tick nearly always has another of, however ticks are spaced.
fn mixed(now: Tick) -> u64 {
    mix(now.as_millis()) >> (u64::BITS - MOMENT_BITS)
}

/// A level as it is kept here; never 0.
const fn kept(level: Level) -> u64 {
    let level = level.0 as u64;
    let level = if level > MOST { MOST } else { level };
    let kept = level.saturating_sub(LEAST) >> UNIT;
    if kept == 0 { 1 } else { kept }
}

/// The nanoseconds of a level that is kept here.
#[allow(clippy::cast_possible_truncation)] // 31 bits and 10 octaves
const fn nanos(kept: u64) -> u64 {
    Level((LEAST + (kept << UNIT)) as u32).nanos()
}

/// The baseline after another call.
const fn followed(baseline: u64, level: u64) -> u64 {
    if baseline == level {
        return baseline;
    }
    let far = baseline.abs_diff(level);
    let step = if far >> PACE > LEAST_STEP { far >> PACE } else { LEAST_STEP };
    // Not past it.
    let step = if step < far { step } else { far };
    if baseline < level { baseline + step } else { baseline - step }
}

impl machine::Word for Latency {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        let _ = next;
        planted!(LatencyByStore)
    }
}
