//! Of which classes of priority the last calls were that came to a breaker's gate.

use crate::{
    overload::classes::{WORDS, counted, halved, word_of},
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

    #[cold]
    fn halve(&self) {
        for word in &self.0 {
            word.store(halved(word.load(Ordering::Relaxed)), Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self) -> [u64; WORDS] {
        self.0.each_ref().map(|word| word.load(Ordering::Relaxed))
    }
}
