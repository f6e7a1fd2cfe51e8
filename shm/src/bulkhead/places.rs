//! The places of a bulkhead: a word for each, which says who holds it.
//!
//! | word | content |
//! |---|---|
//! | 0 | in which space processes are numbered, and of which boot |
//! | 1 | when somebody last looked for dead holders, in milliseconds |
//! | from 2 | a place: 0, or who holds it |
//!
//! There are as many places as the limit allows calls, and no count beside them. So a
//! process can be killed at any instruction: what it held says so itself.

use core::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

use crate::{bulkhead::owner::Owner, epoch::Epoch, error::Problem};

/// Words before the places.
pub(super) const BEFORE: usize = 2;
/// Between two looks for dead holders, in milliseconds.
const LOOK_EVERY: u64 = 10;

/// The words of a bulkhead's file.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    words: &'a [AtomicU64],
}

impl<'a> Places<'a> {
    pub(super) const fn new(words: &'a [AtomicU64]) -> Self {
        Self { words }
    }

    fn all(self) -> &'a [AtomicU64] {
        &self.words[BEFORE..]
    }

    pub(super) fn limit(self) -> usize {
        self.all().len()
    }

    pub(super) fn taken(self) -> usize {
        self.all().iter().filter(|place| place.load(Relaxed) != 0).count()
    }

    /// Sees to it that all who use the file number processes alike.
    pub(super) fn agree(self, numbering: u64) -> Result<(), Problem> {
        let word = &self.words[0];
        let mut seen = word.load(Relaxed);
        while seen != numbering {
            // What was numbered before the host's last start has ended with that.
            if seen >> 32 == numbering >> 32 && seen != 0 {
                return Err(Problem::PidNamespace);
            }
            match word.compare_exchange(seen, numbering, Relaxed, Relaxed) {
                Ok(_) => return Ok(()),
                Err(found) => seen = found,
            }
        }
        Ok(())
    }

    /// Takes a free place, looking from the one with the number `from` on.
    pub(super) fn take(self, from: usize, owner: Owner) -> Option<usize> {
        let all = self.all();
        let from = from % all.len().max(1);
        (from..all.len()).chain(0..from).find(|&at| {
            all[at].load(Relaxed) == 0
                // Acquire: whoever takes a place sees all that was written while it was held.
                && all[at].compare_exchange(0, owner.0, Acquire, Relaxed).is_ok()
        })
    }

    /// Takes the place of a process that is dead, and frees those of all others. Looks at
    /// most once in ten milliseconds, all processes together.
    pub(super) fn inherit(self, now: u64, owner: Owner, boot: Epoch) -> Option<usize> {
        let looked = self.words[1].load(Relaxed);
        // A time ahead is one of another boot.
        if now.wrapping_sub(looked) < LOOK_EVERY {
            return None;
        }
        self.words[1].compare_exchange(looked, now, Relaxed, Relaxed).ok()?;
        let (mut found, mut last) = (None, (owner, false));
        for (at, place) in self.all().iter().enumerate() {
            let holder = Owner(place.load(Relaxed));
            if holder.0 == 0 || holder == owner {
                continue;
            }
            // Many places in a row are mostly of one process.
            if holder != last.0 {
                last = (holder, holder.is_dead(boot));
            }
            if last.1 {
                let next = if found.is_none() { owner.0 } else { 0 };
                // Another may have looked, too: the place is still the dead one's, or not.
                if place.compare_exchange(holder.0, next, AcqRel, Relaxed).is_ok() {
                    found = found.or(Some(at));
                }
            }
        }
        found
    }

    /// Gives a place back, unless it is not this owner's: a child that was forked has a
    /// copy of its parent's places, which are not its own.
    pub(super) fn give_back(self, at: usize, owner: Owner) {
        if owner.is_this_process() {
            // Release: see `take`.
            let _ = self.all()[at].compare_exchange(owner.0, 0, Release, Relaxed);
        }
    }
}
