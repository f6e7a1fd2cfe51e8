//! The one compare-and-swap loop: a word that steps by a pure rule.

#[cfg(fusebox_loom)]
use crate::sync::planted;
use crate::sync::{AtomicU64, Ordering, const_fn};

/// What a machine's 64 bits mean. What they may become next is a pure function
/// of a type that implements this, in a file without atomics.
pub(crate) trait Word: Copy + PartialEq {
    fn from_bits(bits: u64) -> Self;
    fn bits(self) -> u64;

    /// Whether a planted defect makes the step from here to `next` a plain
    /// store.
    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        let _ = next;
        false
    }
}

/// The bits of a [`Word`] that is a tuple of them, and of nothing else.
macro_rules! bits {
    () => {
        #[inline]
        fn from_bits(bits: u64) -> Self {
            Self(bits)
        }

        #[inline]
        fn bits(self) -> u64 {
            self.0
        }
    };
}
pub(crate) use bits;

/// A word that is what it is: a setting, of which each value stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bits(pub(crate) u64);

impl Word for Bits {
    bits!();
}

/// One step of a machine: the word before, the word after, and what the rule
/// said of it.
pub(crate) struct Step<W, R> {
    pub(crate) from: W,
    pub(crate) to: W,
    pub(crate) said: R,
}

/// A word that many threads step at a time.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Machine(AtomicU64);

impl Machine {
    const_fn! {
        pub(crate) fn new(bits: u64) -> Self {
            Self(AtomicU64::new(bits))
        }
    }

    /// The word as of now.
    #[inline]
    pub(crate) fn load<W: Word>(&self) -> W {
        // The word is all there is: it publishes no other memory, and what a
        // stale one decides is decided again by the compare-and-swap. Relaxed.
        W::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Writes the word again if it still is what was `seen`; else what it is. Whoever
    /// steps it after that sees all that was written before.
    pub(crate) fn confirm<W: Word>(&self, seen: W) -> Result<(), W> {
        let bits = seen.bits();
        self.0
            .compare_exchange(bits, bits, Ordering::AcqRel, Ordering::Acquire)
            .map(drop)
            .map_err(W::from_bits)
    }

    /// Overwrites the word, whatever it is. For a word of which each value
    /// stands alone; a step would be lost.
    pub(crate) fn store<W: Word>(&self, word: W) {
        // It publishes no other memory: relaxed.
        self.0.store(word.bits(), Ordering::Relaxed);
    }

    /// Takes so much off the word, whatever it is, in a field that holds as much. It is a
    /// step that cannot fail, so it needs no loop.
    #[inline]
    pub(crate) fn subtract(&self, much: u64) {
        #[cfg(fusebox_loom)]
        if planted!(SubtractedByStore) {
            return self.store(Bits(self.0.load(Ordering::Relaxed) - much));
        }
        // As in `step`: whoever steps it after that sees all that was written before.
        self.0.fetch_sub(much, Ordering::AcqRel);
    }

    /// Adds so much to the word, whatever it is, and returns what it was.
    #[inline]
    pub(crate) fn add<W: Word>(&self, much: u64) -> W {
        #[cfg(fusebox_loom)]
        if planted!(AddedByStore) {
            let was = self.load::<Bits>();
            self.store(Bits(was.0.wrapping_add(much)));
            return W::from_bits(was.0);
        }
        // A sum, which orders nothing: relaxed.
        W::from_bits(self.0.fetch_add(much, Ordering::Relaxed))
    }

    /// Sets these bits of the word, whatever it is.
    #[cfg(not(fusebox_compact))]
    pub(crate) fn set_bits(&self, bits: u64) {
        #[cfg(fusebox_loom)]
        if planted!(BitsSetByStore) {
            return self.store(Bits(self.load::<Bits>().0 | bits));
        }
        // As `add`.
        self.0.fetch_or(bits, Ordering::Relaxed);
    }

    /// Puts a zero in the word's place, and returns what it was.
    pub(crate) fn take<W: Word>(&self) -> W {
        // As `add`.
        W::from_bits(self.0.swap(0, Ordering::Relaxed))
    }

    /// Puts `to` in the place of what was `seen` a moment ago; false where that is not
    /// there any more.
    #[inline]
    pub(crate) fn replace<W: Word>(&self, seen: W, to: W) -> bool {
        #[cfg(fusebox_loom)]
        if planted!(LostUpdate) || seen.is_torn(to) {
            self.store(to);
            return true;
        }
        // As in `step`.
        let (seen, to) = (seen.bits(), to.bits());
        self.0.compare_exchange(seen, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Applies `rule` to the word, which was `seen` a moment ago, until what it
    /// was applied to is still there.
    #[inline]
    pub(crate) fn step<W: Word, R>(
        &self,
        seen: W,
        mut rule: impl FnMut(W) -> (W, R),
    ) -> Step<W, R> {
        let mut from = seen;
        loop {
            let (to, said) = rule(from);
            if to == from {
                return Step { from, to, said };
            }
            #[cfg(fusebox_loom)]
            if planted!(LostUpdate) || from.is_torn(to) {
                self.store(to);
                return Step { from, to, said };
            }
            // Release and acquire: whoever reads the clock after it has seen
            // this word reads no earlier time than the one stamped in it.
            match self.0.compare_exchange_weak(
                from.bits(),
                to.bits(),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Step { from, to, said },
                // No backing off here: measured, it gains nothing that lasts.
                Err(found) => from = W::from_bits(found),
            }
        }
    }
}
