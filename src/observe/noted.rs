//! The text of the last error, where somebody keeps it.

#[cfg(not(fusebox_compact))]
use core::fmt::Write;
use core::fmt::{self, Debug, Display, Formatter};

#[cfg(not(fusebox_compact))]
use crate::{
    observe::text::Kept,
    random::mix,
    sync::{AtomicU64, Ordering, const_fn, planted},
};

/// The text of an error: one line of at most 48 bytes. A longer text ends with
/// "…".
///
/// [`CircuitBreaker::note_error`](crate::CircuitBreaker::note_error) keeps it, and
/// [`last_error`](crate::CircuitBreaker::last_error) gives it out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LastError {
    // The text, then zeros.
    bytes: [u8; Self::MAX_LEN],
}

impl LastError {
    /// The longest text, in bytes.
    pub const MAX_LEN: usize = if cfg!(fusebox_loom) { 16 } else { 48 };

    /// Makes the text of an error: what its `Display` writes, with spaces in
    /// place of control characters.
    #[cfg(not(fusebox_compact))]
    pub(crate) fn of(error: &dyn Display) -> Self {
        let mut kept = Kept::<{ Self::MAX_LEN }>::NOTHING;
        // What an error has written before it failed is its text.
        let _ = write!(kept, "{error}");
        Self { bytes: kept.into_line() }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let len = self.bytes.iter().position(|byte| *byte == 0).unwrap_or(Self::MAX_LEN);
        // Whoever writes into shared memory can leave there anything.
        core::str::from_utf8(&self.bytes[..len]).unwrap_or_default()
    }
}

impl Display for LastError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Debug for LastError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(self.as_str(), f)
    }
}

#[cfg(not(fusebox_compact))]
const WORDS: usize = LastError::MAX_LEN / 8;

/// A text and what shows that it is whole. Whoever reads while
/// others write, or after one that died half-way, sees a whole text or none.
/// Nothing is locked.
#[cfg(not(fusebox_compact))]
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Noted {
    /// The hash of the words, never 0.
    check: AtomicU64,
    words: [AtomicU64; WORDS],
}

#[cfg(not(fusebox_compact))]
impl Noted {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self {
                check: AtomicU64::new(0),
                #[cfg(not(fusebox_loom))]
                words: [const { AtomicU64::new(0) }; WORDS],
                #[cfg(fusebox_loom)]
                words: core::array::from_fn(|_| AtomicU64::new(0)),
            }
        }
    }

    pub(crate) fn note(&self, error: &dyn Display) {
        let text = LastError::of(error);
        let (words, _) = text.bytes.as_chunks();
        let words: [u64; WORDS] = core::array::from_fn(|at| u64::from_le_bytes(words[at]));
        // Whatever order others see these in: the hash tells a whole text from a
        // mixed one. Relaxed.
        for (to, word) in self.words.iter().zip(words) {
            to.store(word, Ordering::Relaxed);
        }
        self.check.store(hash(words), Ordering::Relaxed);
    }

    /// The last text that was noted. `None` if there is none, and in the moments
    /// in which one is written.
    pub(crate) fn get(&self) -> Option<LastError> {
        let check = self.check.load(Ordering::Relaxed);
        if check == 0 {
            return None;
        }
        let words = self.words.each_ref().map(|word| word.load(Ordering::Relaxed));
        let mut text = LastError { bytes: [0; LastError::MAX_LEN] };
        for (to, word) in text.bytes.as_chunks_mut().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        (hash(words) == check || planted!(MixedTextIsShown)).then_some(text)
    }

    pub(crate) fn clear(&self) {
        self.check.store(0, Ordering::Relaxed);
    }
}

/// 64 bits of a text, never 0.
#[cfg(not(fusebox_compact))]
fn hash(words: [u64; WORDS]) -> u64 {
    words.into_iter().fold(1, |hash, word| mix(hash ^ word)).max(1)
}

/// A compact slot has no room for it.
#[cfg(fusebox_compact)]
#[derive(Debug)]
pub(crate) struct Noted;

#[cfg(fusebox_compact)]
#[allow(clippy::unused_self)] // as the other's
impl Noted {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) const fn get(&self) -> Option<LastError> {
        None
    }

    pub(crate) const fn clear(&self) {}
}
