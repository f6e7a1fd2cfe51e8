//! Which classes of priority the last calls were of, and which of them fit into a share.
//!
//! Four words have sixteen counts of 16 bits. When one of them is full, all are halved:
//! what came long ago counts less and less.

use super::ALL;
use crate::overload::priority::Priority;

/// How many classes there are.
const CLASSES: u8 = 16;
/// How many words keep their counts.
pub(crate) const WORDS: usize = CLASSES as usize / LANES;
const LANES: usize = 4;
const LANE: usize = 16;
const LANE_MASK: u64 = (1 << LANE) - 1;

/// A count that is full.
const FULL: u64 = 256;

/// The word that has the count of a class.
#[inline]
pub(crate) const fn word_of(class: u8) -> usize {
    class as usize / LANES % WORDS
}

const fn shift(class: usize) -> usize {
    class % LANES * LANE
}

/// That word, after so many calls of the class; whether the count is full.
#[inline]
pub(crate) const fn counted(word: u64, class: u8, calls: u64) -> (u64, bool) {
    let shift = shift(class as usize);
    let count = (word >> shift & LANE_MASK) + calls;
    // Of many calls at once no more than fill it: it is halved next.
    let kept = if count < 2 * FULL { count } else { 2 * FULL };
    (word & !(LANE_MASK << shift) | kept << shift, count >= FULL)
}

/// The same after one call; none where the count is full by then.
#[inline]
pub(crate) const fn counted_one(word: u64, class: u8) -> Option<u64> {
    let shift = shift(class as usize);
    // So what is added stays within the count.
    if (word >> shift & LANE_MASK) + 1 < FULL { Some(word + (1 << shift)) } else { None }
}

/// A word with half of each count.
pub(crate) const fn halved(word: u64) -> u64 {
    word >> 1 & 0x7FFF_7FFF_7FFF_7FFF
}

/// The share of the calls that are of this class, or of a higher one.
pub(crate) fn share_from(words: [u64; WORDS], class: u8) -> u64 {
    let count = |class: u8| words[word_of(class)] >> shift(class.into()) & LANE_MASK;
    let (all, above): (u64, u64) =
        ((0..CLASSES).map(count).sum(), (class..CLASSES).map(count).sum());
    // Nobody has called yet: taken for what most are.
    (above * ALL).checked_div(all).unwrap_or(ALL)
}

/// Where the line runs if only `share` of the calls may pass: the class that it runs
/// through, and the share of that class. Those above pass, and those below do not. The
/// highest classes pass wholly, as long as they fit.
pub(crate) fn line(words: [u64; WORDS], share: u64) -> (u8, u64) {
    if share >= ALL {
        return (0, ALL);
    }
    let count = |class: u8| words[word_of(class)] >> shift(class.into()) & LANE_MASK;
    let classes = 0..CLASSES;
    let all: u64 = classes.clone().map(count).sum();
    if all == 0 {
        // Nobody has called yet: taken for what most are.
        return (Priority::DEFAULT.class(), share);
    }
    let mut room = all * share;
    for class in classes.rev() {
        let calls = count(class);
        if calls * ALL > room {
            return (class, room / calls);
        }
        room -= calls * ALL;
    }
    (0, ALL)
}
