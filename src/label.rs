//! A name in atomic words, as a slot keeps it.

use crate::{
    name::{self, Name},
    sync::{AtomicU64, Ordering, const_fn},
};

/// A name in words: 0 is "not published", and no word of a name that matters is 0. Each
/// word is written once, and means something alone.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Label([AtomicU64; name::WORDS]);

impl Label {
    const_fn! {
        pub(crate) fn of(name: Option<Name>) -> Self {
            let words = match name {
                Some(name) => name.words(),
                None => [0; name::WORDS],
            };
            // One by one: `array::map` is not `const`.
            Self([
                AtomicU64::new(words[0]),
                #[cfg(not(fusebox_compact))]
                AtomicU64::new(words[1]),
                #[cfg(not(fusebox_compact))]
                AtomicU64::new(words[2]),
                #[cfg(not(fusebox_compact))]
                AtomicU64::new(words[3]),
                #[cfg(not(fusebox_compact))]
                AtomicU64::new(words[4]),
                #[cfg(not(fusebox_compact))]
                AtomicU64::new(words[5]),
                #[cfg(not(fusebox_compact))]
                AtomicU64::new(words[6]),
                #[cfg(not(fusebox_compact))]
                AtomicU64::new(words[7]),
            ])
        }
    }

    /// Publishes the name where there is none yet. Whoever stops half-way is helped by the
    /// next, as all who do it for one slot have the same name.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub(crate) fn publish(&self, name: &Name) {
        for (word, own) in self.0.iter().zip(name.words()) {
            // Each word means something alone: relaxed.
            if word.load(Ordering::Relaxed) == 0 {
                word.store(own, Ordering::Relaxed);
            }
            if name::ends(own) {
                break;
            }
        }
    }

    /// Its words, for whoever claims a slot by them.
    pub(crate) const fn words(&self) -> &[AtomicU64; name::WORDS] {
        &self.0
    }

    /// The name, as far as it is published; empty where there is none.
    pub(crate) fn get(&self) -> Name {
        // Each word is written once and means something alone: relaxed.
        Name::from_words(self.0.each_ref().map(|word| word.load(Ordering::Relaxed)))
    }
}
