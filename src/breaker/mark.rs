//! Whether a breaker is recorded in a trace, and what is to be recorded next.

use crate::observe::trace::Cause;
#[cfg(not(fusebox_compact))]
use crate::{
    observe::trace::Record,
    sync::{Ordering, UnmodelledU64},
};

/// The mark of a recorded breaker: the number under which it is recorded, why its next
/// checkpoint is due, and the quarter of the ring in which the last one was written. The
/// top bit says that the breaker looks ahead. 0 is "not recorded", and "looks at nothing".
/// Where it is not 0, the breaker's word has the bit of attention, and each call that is
/// timed comes out of line when it ends.
#[cfg(not(fusebox_compact))]
#[derive(Debug)]
pub(crate) struct Mark(UnmodelledU64);

const DUE: u32 = 12;
const DUE_BITS: u64 = 0b11 << DUE;
const QUARTER: u32 = 16;
const QUARTER_MASK: u64 = (1 << (63 - QUARTER)) - 1;
const AHEAD: u64 = 1 << 63;

/// A mark that was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marked(u64);

impl Marked {
    #[cfg(not(fusebox_compact))]
    #[allow(clippy::cast_possible_truncation)] // 12 bits
    pub(crate) const fn breaker(self) -> u16 {
        self.0 as u16 & Record::MOST
    }

    /// Why a checkpoint is due, if one is by now, where the ring is written in this
    /// quarter.
    pub(crate) const fn due(self, quarter: u64) -> Option<Cause> {
        match (self.0 & DUE_BITS) >> DUE {
            0 if self.0 >> QUARTER & QUARTER_MASK == quarter & QUARTER_MASK => None,
            0 | 1 => Some(Cause::Routine),
            2 => Some(Cause::Settings),
            _ => Some(Cause::Forced),
        }
    }
}

#[cfg(not(fusebox_compact))]
impl Mark {
    pub(crate) const fn new(looks_ahead: bool) -> Self {
        Self(UnmodelledU64::new(if looks_ahead { AHEAD } else { 0 }))
    }

    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        // A lone value that publishes nothing: relaxed, here and below.
        self.0.load(Ordering::Relaxed) != 0
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<Marked> {
        match self.0.load(Ordering::Relaxed) {
            0 | AHEAD => None,
            mark => Some(Marked(mark)),
        }
    }

    /// Whether the breaker looks ahead.
    #[inline]
    pub(crate) fn looks_ahead(&self) -> bool {
        self.0.load(Ordering::Relaxed) & AHEAD != 0
    }

    /// Says whether the breaker looks ahead: by its settings, which the caller reads anew
    /// after that, until they say the same.
    pub(crate) fn look_ahead(&self, ahead: bool) {
        // Written even where it says so already, with release and acquire: whoever comes
        // later in the order of this word's values sees the settings that the earlier saw.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |mark| {
            Some(mark & !AHEAD | if ahead { AHEAD } else { 0 })
        });
    }

    /// Sets the number, and that a checkpoint is due; or takes the mark away.
    pub(crate) fn set(&self, breaker: Option<u16>) {
        let to = breaker.map_or(0, |breaker| u64::from(breaker) | 1 << DUE);
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |mark| {
            Some(mark & AHEAD | to)
        });
    }

    /// Where it is recorded, a checkpoint is due. The heavier cause stays.
    pub(crate) fn owe(&self, cause: Cause) {
        let due = (cause as u64 + 1) << DUE;
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |mark| {
            (mark & !AHEAD != 0 && mark & DUE_BITS < due).then_some(mark & !DUE_BITS | due)
        });
    }

    /// Whether it is this caller who writes the checkpoint that is due.
    pub(crate) fn settle(&self, seen: Marked, quarter: u64) -> bool {
        let quarter = (quarter & QUARTER_MASK) << QUARTER;
        let settled = u64::from(seen.breaker()) | quarter | seen.0 & AHEAD;
        self.0.compare_exchange(seen.0, settled, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// A compact slot has no room for it, and is not recorded.
#[cfg(fusebox_compact)]
#[derive(Debug)]
pub(crate) struct Mark;

#[cfg(fusebox_compact)]
#[allow(clippy::unused_self)] // as the other's
impl Mark {
    pub(crate) const fn new(_looks_ahead: bool) -> Self {
        Self
    }

    pub(crate) const fn is_set(&self) -> bool {
        false
    }

    pub(crate) const fn get(&self) -> Option<Marked> {
        None
    }

    pub(crate) const fn owe(&self, _cause: Cause) {}

    pub(crate) const fn settle(&self, _seen: Marked, _quarter: u64) -> bool {
        false
    }
}

#[cfg(fusebox_compact)]
#[allow(clippy::unused_self)] // as the other's
impl Marked {
    pub(crate) const fn breaker(self) -> u16 {
        0
    }
}
