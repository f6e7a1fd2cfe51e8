//! This process as a holder of places.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use fusebox::{Clock, StdClock};

use crate::{
    bulkhead::{
        owner::{Owner, numbering},
        places::Places,
    },
    epoch::Epoch,
    error::Problem,
    open::system,
};

/// Takes places for this process.
#[derive(Debug)]
pub(super) struct Holder {
    boot: Epoch,
    /// This process, as far as it has not been forked since.
    own: AtomicU64,
    /// Where a free place was last.
    hint: AtomicUsize,
}

impl Holder {
    pub(super) fn new(boot: Epoch) -> Result<Self, Problem> {
        let own = Owner::current(boot).map_err(system("tell when this process began"))?;
        Ok(Self { boot, own: AtomicU64::new(own.0), hint: AtomicUsize::new(0) })
    }

    /// Sees to it that all who take these places number processes alike.
    pub(super) fn agree(&self, places: Places<'_>) -> Result<(), Problem> {
        let own = numbering(self.boot).map_err(system("tell how processes are numbered"))?;
        places.agree(own)
    }

    /// Takes a place: one that is free, or a dead process's.
    pub(super) fn take<'a>(&self, places: Places<'a>) -> Option<Held<'a>> {
        let owner = self.own()?;
        // A hint, which orders nothing: relaxed.
        let at = places
            .take(self.hint.load(Relaxed), owner)
            .or_else(|| places.inherit(StdClock.now().as_millis(), owner, self.boot))?;
        self.hint.store(at, Relaxed);
        Some(Held { places, at, owner })
    }

    /// This process: another one than it was, should it have been forked.
    fn own(&self) -> Option<Owner> {
        // Of one process all threads write the same: relaxed.
        let known = Owner(self.own.load(Relaxed));
        if known.is_this_process() {
            return Some(known);
        }
        let own = Owner::current(self.boot).ok()?;
        self.own.store(own.0, Relaxed);
        Some(own)
    }
}

/// A place that is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Held<'a> {
    places: Places<'a>,
    at: usize,
    owner: Owner,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.places.give_back(self.at, self.owner);
    }
}
