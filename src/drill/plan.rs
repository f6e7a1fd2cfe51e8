//! The four words of a drill.
//!
//! | word | bits 63.. | | |
//! |---|---|---|---|
//! | plan | by how much a slow call is slower, in ms (20) | tag (4) | the tick of its end (40); 0 is no drill |
//! | shares | tag (4) | fail, hang, panic, slow, in hundredths of a percent (14 each) | 0 (4) |
//! | source | calls that got a fault (28) | tag (4) | seed (32) |
//! | calls | tag (4) | calls that were numbered (60) | |
//!
//! Each drill has a tag, the next after the last one's. Words of two tags are of two drills,
//! and together they say nothing.

use crate::{
    drill::config::{ALL, Drill, LONGEST},
    machine,
    observe::DrillFault,
    time::Tick,
};

/// What tells the words of one drill from those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag(u64);

impl Tag {
    const MASK: u64 = 0xF;

    pub(crate) const fn next(self) -> Self {
        Self((self.0 + 1) & Self::MASK)
    }

    /// Whether it was given after another one, of the last eight.
    pub(crate) const fn is_after(self, other: Self) -> bool {
        let ahead = self.0.wrapping_sub(other.0) & Self::MASK;
        ahead > 0 && ahead <= Self::MASK / 2
    }
}

/// When a drill ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan(pub(crate) u64);

impl Plan {
    const TAG: u32 = Tick::BITS;
    const SLOW: u32 = Self::TAG + 4;

    pub(crate) fn new(tag: Tag, drill: Drill, now: Tick) -> Self {
        let end = end_at(now.as_millis().wrapping_add(drill.lasts_ms.into()));
        Self(u64::from(drill.slow_ms) << Self::SLOW | tag.0 << Self::TAG | end)
    }

    pub(crate) const fn tag(self) -> Tag {
        Tag(self.0 >> Self::TAG & Tag::MASK)
    }

    #[inline]
    pub(crate) const fn is_none(self) -> bool {
        self.0 & Tick::MASK == 0
    }

    pub(crate) const fn slow_ms(self) -> u32 {
        (self.0 >> Self::SLOW) as u32
    }

    /// The milliseconds that are left; `None` where it is over. An end that lies further away
    /// than any drill lasts is none: the memory, or the clock, is not what it was.
    pub(crate) const fn left_ms(self, now: Tick) -> Option<u64> {
        if self.is_none() {
            return None;
        }
        let left = Tick::from_millis(self.0 & Tick::MASK).signed_since(now);
        let span = left.unsigned_abs();
        if left <= 0 || span as u128 > LONGEST.as_millis() { None } else { Some(span) }
    }

    /// The same drill, over as of now.
    pub(crate) const fn ending(self, now: Tick) -> Self {
        if self.is_none() { self } else { Self(self.0 & !Tick::MASK | end_at(now.as_millis())) }
    }

    /// No drill; the tag stays.
    pub(crate) const fn none_after(self) -> Self {
        Self::none(self.tag())
    }

    pub(crate) const fn none(tag: Tag) -> Self {
        Self(tag.0 << Self::TAG)
    }
}

/// 0 is none: once in 34 years one millisecond more.
const fn end_at(millis: u64) -> u64 {
    let end = millis & Tick::MASK;
    if end == 0 { 1 } else { end }
}

/// The shares of calls that get each fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares(u64);

const PART: u32 = 14;
const PART_MASK: u64 = (1 << PART) - 1;

impl Shares {
    pub(crate) fn new(tag: Tag, drill: Drill) -> Self {
        let parts = [drill.fail, drill.hang, drill.panic, drill.slow];
        Self(parts.into_iter().fold(tag.0, |bits, part| bits << PART | u64::from(part)) << 4)
    }

    pub(crate) const fn tag(self) -> Tag {
        Tag(self.0 >> 60)
    }

    /// Each fault with its share, in hundredths of a percent.
    pub(crate) const fn parts(self) -> [(u64, DrillFault); 4] {
        let [fail, hang, panic, slow] = self.hundredths();
        [
            (fail as u64, DrillFault::Error),
            (hang as u64, DrillFault::Hang),
            (panic as u64, DrillFault::Panic),
            (slow as u64, DrillFault::Latency),
        ]
    }

    /// The shares alone.
    #[allow(clippy::cast_possible_truncation)] // 14 bits
    pub(crate) const fn hundredths(self) -> [u16; 4] {
        [
            (self.0 >> (4 + 3 * PART) & PART_MASK) as u16,
            (self.0 >> (4 + 2 * PART) & PART_MASK) as u16,
            (self.0 >> (4 + PART) & PART_MASK) as u16,
            (self.0 >> 4 & PART_MASK) as u16,
        ]
    }

    /// Whether they are a drill's: a foreign writer's can be anything.
    fn are_shares(self) -> bool {
        (1..=u64::from(ALL)).contains(&self.parts().iter().map(|it| it.0).sum())
    }
}

/// The seed, and how many calls got a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source(u64);

impl Source {
    const FAULTS: u32 = 36;
    const ONE: u64 = 1 << Self::FAULTS;

    pub(crate) fn new(tag: Tag, seed: u32) -> Self {
        Self(tag.0 << 32 | u64::from(seed))
    }

    pub(crate) const fn tag(self) -> Tag {
        Tag(self.0 >> 32 & Tag::MASK)
    }

    #[allow(clippy::cast_possible_truncation)] // the lower half
    pub(crate) const fn seed(self) -> u32 {
        self.0 as u32
    }

    pub(crate) const fn faults(self) -> u64 {
        self.0 >> Self::FAULTS
    }

    /// With one more, up to 268 millions.
    pub(crate) const fn with_fault(self, tag: Tag) -> Self {
        match self.0.checked_add(Self::ONE) {
            Some(more) if self.tag().0 == tag.0 => Self(more),
            _ => self,
        }
    }
}

/// How many calls have a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Calls(u64);

impl Calls {
    const TAG: u32 = 60;

    pub(crate) const fn new(tag: Tag) -> Self {
        Self(tag.0 << Self::TAG)
    }

    pub(crate) const fn tag(self) -> Tag {
        Tag(self.0 >> Self::TAG)
    }

    pub(crate) const fn count(self) -> u64 {
        self.0 & ((1 << Self::TAG) - 1)
    }
}

/// The words of one drill, read one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) plan: Plan,
    pub(crate) shares: Shares,
    pub(crate) source: Source,
    pub(crate) calls: Calls,
}

impl Words {
    /// Whether all of them are of one drill, which has not ended.
    pub(crate) fn are_one(self, now: Tick) -> bool {
        let tag = self.plan.tag();
        self.plan.left_ms(now).is_some()
            && (self.shares.tag() == tag && self.source.tag() == tag && self.calls.tag() == tag
                || crate::sync::planted!(TagsNotCompared))
            && self.shares.are_shares()
    }
}

impl machine::Word for Plan {
    machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        next.is_none() && crate::sync::planted!(DrillEndedByStore)
    }
}

impl machine::Word for Shares {
    machine::bits!();
}

impl machine::Word for Source {
    machine::bits!();
}

impl machine::Word for Calls {
    machine::bits!();
}
