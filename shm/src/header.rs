//! The first bytes of a panel's file, a trace's, or a bulkhead's: what the rest is, and
//! whose clock stamped it.
//!
//! | word | content |
//! |---|---|
//! | 0 | magic: `fusebox`, `fusetrc` or `fusebkh`, and a byte that no text holds |
//! | 1 | byte order: a number that reads the same in no other order |
//! | 2 | version of the layout |
//! | 3 | bytes of a slot: of its breaker, its limits and its places; of a trace or a bulkhead, of a word |
//! | 4 | number of slots, or of words |
//! | 5 | checksum of the words before |
//! | 6 | epoch, which changes after a reboot: see `epoch.rs` |
//! | 7 | zero |
//! | 8 and 9 | of a panel: the host's pressure, and its settings; zeros where nobody samples it |
//! | 10 | of a panel: whether tuning is frozen; any other number than 0 is that it is |
//! | 11 to 15 | zeros |
//!
//! The slots follow, and nothing after them: of a panel, the breakers of all slots, then
//! the limits of all, then the [`PlaceWords`] of all. All words are in the host's own byte
//! order.

use core::sync::atomic::AtomicU64;

use fusebox::{CircuitBreaker, Limits, Trace, TraceWord};

use crate::{epoch::Epoch, error::Problem};

/// Bytes of the header: as many as a slot's alignment asks for at most.
pub(crate) const SIZE: usize = 128;
/// The byte at which the epoch lies.
pub(crate) const EPOCH_AT: usize = 6 * size_of::<u64>();
/// The byte at which the host's pressure lies: in a line that nobody else writes.
pub(crate) const PRESSURE_AT: usize = EPOCH_AT + 2 * size_of::<u64>();
/// The byte at which the switch lies that freezes tuning.
pub(crate) const FREEZE_AT: usize = PRESSURE_AT + 2 * size_of::<u64>();

/// The words of a slot's bulkhead in a panel, as `bulkhead/places.rs` has them.
pub(crate) type PlaceWords = [AtomicU64; 64];

/// What a file is.
#[derive(Debug)]
pub(crate) struct Kind {
    magic: u64,
    /// Changes with the meaning of anything in a slot or in this header, the hash of
    /// names included.
    version: u64,
    /// Bytes of a slot, wherever its parts lie.
    slot: usize,
    /// The least number of slots.
    least: u64,
    /// What is wrong with a file of another kind.
    pub(crate) other: fn() -> Problem,
}

impl Kind {
    pub(crate) const fn slot(&self) -> usize {
        self.slot
    }
}

pub(crate) const PANEL: Kind = Kind {
    magic: u64::from_ne_bytes(*b"fusebox\xFF"),
    version: 6,
    slot: size_of::<CircuitBreaker>() + size_of::<Limits>() + size_of::<PlaceWords>(),
    least: 1,
    other: || Problem::NotAPanel,
};

pub(crate) const TRACE: Kind = Kind {
    magic: u64::from_ne_bytes(*b"fusetrc\xFF"),
    version: 1,
    slot: size_of::<TraceWord>(),
    least: Trace::words(Trace::LEAST) as u64,
    other: || Problem::NotATrace,
};

pub(crate) const BULKHEAD: Kind = Kind {
    magic: u64::from_ne_bytes(*b"fusebkh\xFF"),
    version: 1,
    slot: size_of::<AtomicU64>(),
    // See `bulkhead/places.rs`: one place.
    least: 3,
    other: || Problem::NotABulkhead,
};

const ORDER: u64 = 0x0102_0304_0506_0708;

/// The words that are checked.
type Words = [u64; 6];

/// The bytes of a file of this many slots; none if no file has so many.
pub(crate) const fn file_size(kind: &Kind, slots: usize) -> Option<usize> {
    match slots.checked_mul(kind.slot) {
        Some(size) => size.checked_add(SIZE),
        None => None,
    }
}

/// The header of a new file.
pub(crate) fn bytes(kind: &Kind, slots: usize, epoch: Epoch) -> [u8; SIZE] {
    let Kind { magic, version, slot, .. } = *kind;
    let mut words: Words = [magic, ORDER, version, slot as u64, slots as u64, 0];
    words[5] = checksum(&words);
    let mut bytes = [0; SIZE];
    for (to, word) in bytes.as_chunks_mut().0.iter_mut().zip(words.iter().chain([&epoch.0])) {
        *to = word.to_ne_bytes();
    }
    bytes
}

/// The number of slots and the epoch, if this is the header of a file of this kind and
/// of `len` bytes, whose slots have the layout of this program's.
pub(crate) fn read(kind: &Kind, bytes: &[u8; SIZE], len: u64) -> Result<(usize, Epoch), Problem> {
    let word = |at: usize| u64::from_ne_bytes(bytes.as_chunks().0[at]);
    let words: Words = core::array::from_fn(word);
    let [magic, order, version, slot, slots, sum] = words;
    if magic != kind.magic {
        return Err((kind.other)());
    }
    if order == ORDER.swap_bytes() {
        return Err(Problem::ByteOrder);
    }
    if order == ORDER && version != kind.version {
        return Err(Problem::Version { found: version, own: kind.version });
    }
    if order != ORDER || sum != checksum(&words) || slots < kind.least {
        return Err(Problem::Damaged);
    }
    if slot != kind.slot as u64 {
        return Err(Problem::SlotSize { found: slot, own: kind.slot as u64 });
    }
    let slots = usize::try_from(slots).map_err(|_| Problem::Damaged)?;
    let expected = file_size(kind, slots).ok_or(Problem::Damaged)? as u64;
    if len != expected {
        return Err(Problem::Length { found: len, expected });
    }
    Ok((slots, Epoch(word(EPOCH_AT / size_of::<u64>()))))
}

fn checksum(words: &Words) -> u64 {
    let mut hasher = crc32fast::Hasher::new();
    for word in &words[..5] {
        hasher.update(&word.to_ne_bytes());
    }
    hasher.finalize().into()
}
