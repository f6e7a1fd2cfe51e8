//! Of which classes of priority the last calls were that came to a breaker's gate.

use crate::{
    overload::classes::{WORDS, counted, counted_one, halved, word_of},
    sync::{Ordering, UnmodelledU64},
};

/// A statistic: it orders nothing, and a call that two threads count at a time may count
/// once. So it costs a load and a store.
#[derive(Debug)]
pub(crate) struct Mix([UnmodelledU64; WORDS]);

impl Mix {
    pub(crate) const fn new() -> Self {
        Self([const { UnmodelledU64::new(0) }; WORDS])
    }

    /// Counts calls of a class; whether its count is full, and all were halved.
    #[inline]
    pub(crate) fn count(&self, class: u8, calls: u64) -> bool {
        let word = &self.0[word_of(class)];
        let (now, full) = counted(word.load(Ordering::Relaxed), class, calls);
        word.store(now, Ordering::Relaxed);
        if full {
            self.halve();
        }
        full
    }

    /// Counts one call of a class, unless that fills its count: [`count`](Self::count)
    /// does it then.
    #[inline]
    pub(crate) fn count_one(&self, class: u8) -> bool {
        let word = &self.0[word_of(class)];
        let Some(now) = counted_one(word.load(Ordering::Relaxed), class) else { return false };
        word.store(now, Ordering::Relaxed);
        true
    }

    #[cold]
    fn halve(&self) {
        for word in &self.0 {
            word.store(halved(word.load(Ordering::Relaxed)), Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self) -> [u64; WORDS] {
        self.0.each_ref().map(|word| word.load(Ordering::Relaxed))
    }

    #[cfg(all(test, feature = "std", not(fusebox_loom)))]
    pub(crate) fn set(&self, words: [u64; WORDS]) {
        for (word, bits) in self.0.iter().zip(words) {
            word.store(bits, Ordering::Relaxed);
        }
    }
}
