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
//!
//! In a panel a limit can be lowered. Places beyond it are then given to nobody, and while
//! any of them is taken, all that are taken count.

use core::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    fence,
};

use crate::{bulkhead::owner::Owner, epoch::Epoch, error::Problem};

/// Words before the places.
pub(crate) const BEFORE: usize = 2;
/// Between two looks for dead holders, in milliseconds.
const LOOK_EVERY: u64 = 10;

/// The words of a bulkhead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places<'a> {
    words: &'a [AtomicU64],
    /// So many of the places, from the first, may be taken.
    limit: usize,
}

impl<'a> Places<'a> {
    pub(crate) const fn new(words: &'a [AtomicU64]) -> Self {
        Self { words, limit: words.len() - BEFORE }
    }

    /// The same with a limit, if it is lower.
    pub(super) fn limited(self, limit: usize) -> Self {
        Self { limit: limit.min(self.limit), ..self }
    }

    fn all(self) -> &'a [AtomicU64] {
        &self.words[BEFORE..]
    }

    pub(super) fn limit(self) -> usize {
        self.limit
    }

    /// How many are taken, those beyond the limit included.
    pub(super) fn taken(self) -> usize {
        taken(self.all())
    }

    /// Frees the places whose holders say that they are of another boot: whatever process it
    /// was has ended. Nobody can have taken such a place since.
    pub(crate) fn free_other_boots(self, boot: Epoch) {
        for place in self.all() {
            let holder = Owner(place.load(Relaxed));
            if holder.0 != 0 && !holder.is_of(boot) {
                // Acquire and release: as in `inherit`.
                let _ = place.compare_exchange(holder.0, 0, AcqRel, Relaxed);
            }
        }
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
        if self.is_draining() { self.take_while_draining(owner) } else { self.find(from, owner) }
    }

    fn find(self, from: usize, owner: Owner) -> Option<usize> {
        let places = &self.all()[..self.limit];
        let from = from % places.len().max(1);
        (from..places.len()).chain(0..from).find(|&at| {
            places[at].load(Relaxed) == 0
                // Acquire: whoever takes a place sees all that was written while it was held.
                && places[at].compare_exchange(0, owner.0, Acquire, Relaxed).is_ok()
        })
    }

    /// Whether places beyond the limit are taken: it was lowered.
    fn is_draining(self) -> bool {
        taken(&self.all()[self.limit..]) > 0
    }

    /// Takes a place if no more than the limit are taken then, wherever they lie. Of several
    /// who do so at once, each may see the others' places and give up its own.
    #[cold]
    fn take_while_draining(self, owner: Owner) -> Option<usize> {
        if self.taken() >= self.limit {
            return None;
        }
        let at = self.find(0, owner)?;
        // Each counts after it has taken: of two, at least one sees the other's place.
        fence(SeqCst);
        if self.taken() <= self.limit {
            return Some(at);
        }
        self.give_back(at, owner);
        None
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
        // Where more are taken than may be, a dead one's place is given to nobody.
        let takes = !self.is_draining();
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
                let takes = takes && at < self.limit && found.is_none();
                let next = if takes { owner.0 } else { 0 };
                // Another may have looked, too: the place is still the dead one's, or not.
                if place.compare_exchange(holder.0, next, AcqRel, Relaxed).is_ok() && takes {
                    found = Some(at);
                }
            }
        }
        if takes { found } else { self.take(0, owner) }
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

fn taken(places: &[AtomicU64]) -> usize {
    places.iter().filter(|place| place.load(Relaxed) != 0).count()
}
