//! The first bytes of a panel's file: what the rest is, and whose clock stamped
//! it.
//!
//! | word | content |
//! |---|---|
//! | 0 | magic: `fusebox` and a byte that no text holds |
//! | 1 | byte order: a number that reads the same in no other order |
//! | 2 | version of the layout |
//! | 3 | bytes of a slot |
//! | 4 | number of slots |
//! | 5 | checksum of the words before |
//! | 6 | epoch: the only word that ever changes, see `epoch.rs` |
//! | 7 to 15 | zeros |
//!
//! The slots follow, and nothing after them. All words are in the host's own
//! byte order.

use fusebox::CircuitBreaker;

use crate::{epoch::Epoch, error::Problem};

/// Bytes of the header: as many as a slot's alignment asks for at most.
pub(crate) const SIZE: usize = 128;
/// The byte at which the epoch lies.
pub(crate) const EPOCH_AT: usize = 6 * size_of::<u64>();

/// Changes with the meaning of anything in a slot or in this header, the hash
/// of names included.
const VERSION: u64 = 3;
const SLOT: usize = size_of::<CircuitBreaker>();
const MAGIC: u64 = u64::from_ne_bytes(*b"fusebox\xFF");
const ORDER: u64 = 0x0102_0304_0506_0708;

/// The words that are checked.
type Words = [u64; 6];

/// The bytes of a file of this many slots; none if no file has so many.
pub(crate) const fn file_size(slots: usize) -> Option<usize> {
    match slots.checked_mul(SLOT) {
        Some(size) => size.checked_add(SIZE),
        None => None,
    }
}

/// The header of a new file.
pub(crate) fn bytes(slots: usize, epoch: Epoch) -> [u8; SIZE] {
    let mut words: Words = [MAGIC, ORDER, VERSION, SLOT as u64, slots as u64, 0];
    words[5] = checksum(&words);
    let mut bytes = [0; SIZE];
    for (to, word) in bytes.as_chunks_mut().0.iter_mut().zip(words.iter().chain([&epoch.0])) {
        *to = word.to_ne_bytes();
    }
    bytes
}

/// The number of slots and the epoch, if this is the header of a file of `len`
/// bytes, whose slots have the layout of this program's.
pub(crate) fn read(bytes: &[u8; SIZE], len: u64) -> Result<(usize, Epoch), Problem> {
    let word = |at: usize| u64::from_ne_bytes(bytes.as_chunks().0[at]);
    let words: Words = core::array::from_fn(word);
    let [magic, order, version, slot, slots, sum] = words;
    if magic != MAGIC {
        return Err(Problem::NotAPanel);
    }
    if order == ORDER.swap_bytes() {
        return Err(Problem::ByteOrder);
    }
    if order == ORDER && version != VERSION {
        return Err(Problem::Version { found: version, own: VERSION });
    }
    if order != ORDER || sum != checksum(&words) || slots == 0 {
        return Err(Problem::Damaged);
    }
    if slot != SLOT as u64 {
        return Err(Problem::SlotSize { found: slot, own: SLOT as u64 });
    }
    let slots = usize::try_from(slots).map_err(|_| Problem::Damaged)?;
    let expected = file_size(slots).ok_or(Problem::Damaged)? as u64;
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
