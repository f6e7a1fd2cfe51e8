//! Since when a breaker turns calls away.

#[cfg(not(fusebox_compact))]
use crate::sync::{Ordering, UnmodelledU64};
use crate::time::Tick;

/// The moment at which a breaker left Closed for Open. The word itself forgets
/// it at the first probe that fails. Written after the word, by whoever changed
/// that: in a race, or after a crash between the two, it is the moment of an
/// opening nearby, or missing. Nothing is decided by it.
#[cfg(not(fusebox_compact))]
#[derive(Debug)]
pub(crate) struct Opened(UnmodelledU64);

/// Set where there is a moment: tick 0 is one.
#[cfg(not(fusebox_compact))]
const THERE: u64 = 1 << Tick::BITS;

#[cfg(not(fusebox_compact))]
impl Opened {
    pub(crate) const fn new() -> Self {
        Self(UnmodelledU64::new(0))
    }

    pub(crate) fn set(&self, at: Tick) {
        // A statistic: relaxed.
        self.0.store(at.as_millis() & Tick::MASK | THERE, Ordering::Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// As [`set`](Self::set), where there is a moment.
    pub(crate) fn restamp(&self, now: Tick) {
        if self.get().is_some() {
            self.set(now);
        }
    }

    pub(crate) fn get(&self) -> Option<Tick> {
        let at = self.0.load(Ordering::Relaxed);
        (at & THERE != 0).then(|| Tick::from_millis(at & Tick::MASK))
    }
}

/// A compact slot has no room for it.
#[cfg(fusebox_compact)]
#[derive(Debug)]
pub(crate) struct Opened;

#[cfg(fusebox_compact)]
#[allow(clippy::unused_self)] // as the other's
impl Opened {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) const fn set(&self, _at: Tick) {}

    pub(crate) const fn clear(&self) {}

    pub(crate) const fn restamp(&self, _now: Tick) {}
}
