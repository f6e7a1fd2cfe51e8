//! The name of a breaker: a few bytes, held by value.

use core::{error::Error, fmt, str};

/// Words of eight bytes that hold a name.
pub(crate) const WORDS: usize = Name::MAX_LEN / 8;

/// A breaker's name: 1 to 64 bytes of UTF-8 without control characters, held
/// by value, so that errors can carry it without borrowing or allocating. Where
/// slots are compact (see the crate's docs) it has 1 to 8 bytes.
///
/// ```
/// use fusebox::Name;
///
/// const AI: Name = Name::new("ai_provider"); // a bad name fails the compilation
/// assert_eq!(AI.as_str(), "ai_provider");
/// assert!(Name::try_new("two\nlines").is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    // The bytes in order, then zeros: no name holds a zero byte (a control
    // character), so the length is implied. A name that ends with a word has an
    // `END` after it, so that no word of a name which matters is all zeros.
    bytes: [u8; Self::MAX_LEN],
}

impl Name {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = if cfg!(fusebox_compact) { 8 } else { 64 };

    /// Checks `name` and holds it.
    ///
    /// # Panics
    /// On a name that [`try_new`](Self::try_new) refuses; in a `const` that
    /// is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &str) -> Self {
        match Self::try_new(name) {
            Ok(name) => name,
            Err(NameError::Empty) => panic!("a breaker's name is empty"),
            Err(NameError::TooLong { .. }) if cfg!(fusebox_compact) => {
                panic!("a breaker's name is longer than a compact slot's 8 bytes")
            }
            Err(NameError::TooLong { .. }) => panic!("a breaker's name is longer than 64 bytes"),
            Err(NameError::Control { .. }) => {
                panic!("a breaker's name holds a control character")
            }
        }
    }

    /// Checks `name` and holds it.
    ///
    /// # Errors
    /// [`NameError`] for a name that is empty, longer than [`MAX_LEN`](Self::MAX_LEN), or holds
    /// a control character (U+0000 to U+001F, U+007F to U+009F).
    #[inline]
    pub const fn try_new(name: &str) -> Result<Self, NameError> {
        match Self::parse(name) {
            Ok((name, _)) => Ok(name),
            Err(error) => Err(error),
        }
    }

    /// The name and its [`hash64`](Self::hash64), in one pass: a look-up by
    /// name should cost little.
    #[inline]
    pub(crate) const fn parse(name: &str) -> Result<(Self, u64), NameError> {
        let from = name.as_bytes();
        if from.is_empty() {
            return Err(NameError::Empty);
        }
        if from.len() > Self::MAX_LEN {
            return Err(NameError::TooLong { len: from.len() });
        }
        // Eight bytes at a time. Which byte is at fault matters only for the
        // error.
        let (chunks, rest) = from.as_chunks::<8>();
        let mut words = [0; WORDS];
        let mut hash = 0;
        let mut suspicious = false;
        let mut at = 0;
        while at < chunks.len() {
            words[at] = u64::from_le_bytes(chunks[at]);
            suspicious |= may_hold_control(words[at]);
            hash = fold(hash ^ words[at]);
            at += 1;
        }
        if at < WORDS {
            if rest.is_empty() {
                words[at] = END;
            } else {
                words[at] = tail(from, rest);
                // Spaces where the name has ended.
                suspicious |= may_hold_control(words[at] | (ONES * 0x20) << (8 * rest.len()));
                hash = fold(hash ^ words[at]);
            }
        }
        if suspicious && let Some(at) = first_control(from) {
            return Err(NameError::Control { at });
        }
        Ok((Self::from_words(words), finish(hash)))
    }

    /// 64 bits of the name, never 0: the same on every host.
    #[cfg_attr(fusebox_compact, allow(clippy::trivially_copy_pass_by_ref))] // one word there
    pub(crate) const fn hash64(&self) -> u64 {
        let words = self.words();
        let mut hash = 0;
        let mut at = 0;
        while at < WORDS && words[at] != 0 && words[at] != END {
            hash = fold(hash ^ words[at]);
            at += 1;
        }
        finish(hash)
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let len = self.len();
        // Words that racing or foreign writers mixed may be no UTF-8: show
        // what is readable rather than fail.
        match str::from_utf8(&self.bytes[..len]) {
            Ok(name) => name,
            Err(error) => str::from_utf8(&self.bytes[..error.valid_up_to()]).unwrap_or(""),
        }
    }

    /// The number of its bytes, be they text or not.
    #[cfg_attr(fusebox_compact, allow(clippy::trivially_copy_pass_by_ref))] // one word there
    pub(crate) fn len(&self) -> usize {
        let end = |&byte: &u8| byte == 0 || u64::from(byte) == END;
        self.bytes.iter().position(end).unwrap_or(Self::MAX_LEN)
    }

    /// Whether no word of it is missing: there is the one in which it ends.
    #[cfg_attr(fusebox_compact, allow(clippy::trivially_copy_pass_by_ref))] // one word there
    pub(crate) fn is_whole(&self) -> bool {
        // 0 is not a word in which a name ends: it was never written.
        self.words().into_iter().find(|word| ends(*word)) != Some(0)
    }

    /// Whether it is what an unnamed breaker has, which no user can build.
    #[cfg_attr(fusebox_compact, allow(clippy::trivially_copy_pass_by_ref))] // one word there
    pub(crate) const fn is_none(&self) -> bool {
        self.bytes[0] == 0
    }

    /// The bytes as words, in the host's own numbers.
    #[inline]
    #[cfg_attr(fusebox_compact, allow(clippy::trivially_copy_pass_by_ref))] // one word there
    pub(crate) const fn words(&self) -> [u64; WORDS] {
        let (chunks, _) = self.bytes.as_chunks::<8>();
        let mut words = [0; WORDS];
        let mut at = 0;
        while at < WORDS {
            words[at] = u64::from_le_bytes(chunks[at]);
            at += 1;
        }
        words
    }

    #[inline]
    pub(crate) const fn from_words(words: [u64; WORDS]) -> Self {
        let mut bytes = [0; Self::MAX_LEN];
        let (chunks, _) = bytes.as_chunks_mut::<8>();
        let mut at = 0;
        while at < WORDS {
            chunks[at] = words[at].to_le_bytes();
            at += 1;
        }
        Self { bytes }
    }
}

/// The word after a name that ends with a word: a byte that no UTF-8 holds.
const END: u64 = 0xFF;

/// Whether a name ends in this word: its last byte is then padding.
#[inline]
pub(crate) const fn ends(word: u64) -> bool {
    word >> 56 == 0
}

/// A multiplication by the golden ratio's 64 bits (Knuth's multiplicative
/// hashing), and its well-mixed high half folded over the low one. It is
/// one-to-one, so two names that differ in one word only never share a hash.
#[inline]
const fn fold(value: u64) -> u64 {
    let product = value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ (product >> 32)
}

/// Mixes once more, for the high half picks a slot; and 0 is a slot that
/// nobody claimed.
#[inline]
const fn finish(hash: u64) -> u64 {
    let hash = fold(hash);
    if hash == 0 { 1 } else { hash }
}

/// A one in each of eight bytes.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The last, incomplete word of `name`, of which `rest` are the bytes. Reads
/// that overlap take the place of a loop over bytes.
#[inline]
const fn tail(name: &[u8], rest: &[u8]) -> u64 {
    if let Some(last) = name.last_chunk::<8>() {
        return u64::from_le_bytes(*last) >> (8 * (8 - rest.len()));
    }
    if let (Some(first), Some(last)) = (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return first as u64 | (last as u64) << (8 * (rest.len() - 4));
    }
    let (middle, last) = (rest.len() / 2, rest.len() - 1);
    rest[0] as u64 | (rest[middle] as u64) << (8 * middle) | (rest[last] as u64) << (8 * last)
}

/// Whether one of eight bytes is below 0x20, is 0x7F, or is not ASCII, as the
/// control characters U+0080 to U+009F are not. A borrow or a carry into the next
/// byte comes only from such a byte.
#[inline]
const fn may_hold_control(word: u64) -> bool {
    const HIGH: u64 = ONES * 0x80;
    (word | word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES)) & HIGH != 0
}

/// Where the first control character starts.
const fn first_control(name: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < name.len() {
        let byte = name[at];
        // The second block of control characters is C2 80 to C2 9F.
        let c1 = byte == 0xC2 && name[at + 1] < 0xA0;
        if byte < 0x20 || byte == 0x7F || c1 {
            return Some(at);
        }
        at += 1;
    }
    None
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl TryFrom<&str> for Name {
    type Error = NameError;

    fn try_from(name: &str) -> Result<Self, NameError> {
        Self::try_new(name)
    }
}

/// A name is not one that a breaker can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// The name has no bytes.
    Empty,
    /// The name has more than [`Name::MAX_LEN`] bytes.
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// The name holds a control character.
    Control {
        /// The byte at which that character starts.
        at: usize,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let max = Name::MAX_LEN;
        match self {
            Self::Empty => write!(f, "a breaker's name is empty, and must have 1 to {max} bytes"),
            Self::TooLong { len } => {
                write!(f, "a breaker's name has {len} bytes, and must have 1 to {max}")
            }
            Self::Control { at } => {
                write!(f, "a breaker's name holds a control character at byte {at}")
            }
        }
    }
}

impl Error for NameError {}
