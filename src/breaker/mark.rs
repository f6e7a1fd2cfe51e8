//! Whether a breaker is recorded in a trace, and what is to be recorded next.

use crate::observe::trace::Cause;
#[cfg(not(fusebox_compact))]
use crate::{
    observe::trace::Record,
    sync::{Ordering, UnmodelledU64},
};

/// The mark of a recorded breaker: the number under which it is recorded, why its next
/// checkpoint is due, and the quarter of the ring in which the last one was written. 0
/// is "not recorded". A bit says that the breaker has a shadow, so that its calls are
/// timed and seen as those of a recorded one are. Where the mark is not 0, the breaker's
/// word has the bit of attention.
#[cfg(not(fusebox_compact))]
#[derive(Debug)]
pub(crate) struct Mark(UnmodelledU64);

const DUE: u32 = 12;
const DUE_BITS: u64 = 0b11 << DUE;
#[cfg(not(fusebox_compact))]
const SHADOWED: u64 = 1 << 14;
#[cfg(not(fusebox_compact))]
const RECORDED: u64 = Record::MOST as u64;
const QUARTER: u32 = 16;

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
            0 if self.0 >> QUARTER == quarter & (u64::MAX >> QUARTER) => None,
            0 | 1 => Some(Cause::Routine),
            2 => Some(Cause::Settings),
            _ => Some(Cause::Forced),
        }
    }
}

#[cfg(not(fusebox_compact))]
impl Mark {
    pub(crate) const fn new() -> Self {
        Self(UnmodelledU64::new(0))
    }

    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        // A lone value that publishes nothing: relaxed, here and below.
        self.0.load(Ordering::Relaxed) != 0
    }

    /// What [`is_set`](Self::is_set) compares with 0.
    #[inline]
    pub(crate) fn bits(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<Marked> {
        match self.0.load(Ordering::Relaxed) {
            mark if mark & RECORDED == 0 => None,
            mark => Some(Marked(mark)),
        }
    }

    /// Whether calls are written into a trace, be they turned away.
    #[inline]
    pub(crate) fn records(&self) -> bool {
        self.0.load(Ordering::Relaxed) & RECORDED != 0
    }

    /// Whether calls are shown to a shadow.
    #[inline]
    pub(crate) fn is_shadowed(&self) -> bool {
        self.0.load(Ordering::Relaxed) & SHADOWED != 0
    }

    /// Calls are shown to a shadow, or no longer.
    pub(crate) fn set_shadowed(&self, shadowed: bool) {
        if shadowed {
            self.0.fetch_or(SHADOWED, Ordering::Relaxed);
        } else {
            self.0.fetch_and(!SHADOWED, Ordering::Relaxed);
        }
    }

    /// Sets the number, and that a checkpoint is due; or takes the mark away.
    pub(crate) fn set(&self, breaker: Option<u16>) {
        let mark = breaker.map_or(0, |breaker| u64::from(breaker) | 1 << DUE);
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |was| Some(was & SHADOWED | mark));
    }

    /// Where it is recorded, a checkpoint is due. The heavier cause stays.
    pub(crate) fn owe(&self, cause: Cause) {
        let due = (cause as u64 + 1) << DUE;
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |mark| {
            (mark & RECORDED != 0 && mark & DUE_BITS < due).then_some(mark & !DUE_BITS | due)
        });
    }

    /// Whether it is this caller who writes the checkpoint that is due.
    pub(crate) fn settle(&self, seen: Marked, quarter: u64) -> bool {
        let settled = u64::from(seen.breaker()) | seen.0 & SHADOWED | quarter << QUARTER;
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
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) const fn is_set(&self) -> bool {
        false
    }

    pub(crate) const fn get(&self) -> Option<Marked> {
        None
    }

    pub(crate) const fn records(&self) -> bool {
        false
    }

    pub(crate) const fn is_shadowed(&self) -> bool {
        false
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
