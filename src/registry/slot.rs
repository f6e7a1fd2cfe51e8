//! How a slot gets its owner: one compare-and-swap of the key, then the name.

use crate::{
    breaker::cell::Cell,
    name::ends,
    registry::key::Key,
    sync::{Ordering, planted},
};

/// What a look at a slot says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// It is the key's.
    Own,
    /// Nobody has claimed it.
    Vacant,
    /// It is another name's.
    Foreign,
}

/// Whose `cell` is, seen from `key`.
#[inline]
pub(crate) fn look(cell: &Cell, key: &Key) -> Slot {
    // Nothing is read through the key that is not checked by itself: relaxed.
    match cell.key.load(Ordering::Relaxed) {
        0 => Slot::Vacant,
        hash if hash == key.hash() => own(cell, key),
        _ => Slot::Foreign,
    }
}

/// Claims `cell` for `key` if nobody has, and says whose it is then.
pub(crate) fn claim(cell: &Cell, key: &Key) -> Slot {
    if planted!(ClaimWithoutCas) {
        if cell.key.load(Ordering::Relaxed) == 0 {
            cell.key.store(key.hash(), Ordering::Relaxed);
            return own(cell, key);
        }
        return look(cell, key);
    }
    match cell.key.compare_exchange(0, key.hash(), Ordering::Relaxed, Ordering::Relaxed) {
        Err(other) if other != key.hash() => Slot::Foreign,
        // Claimed, or the winner had the same name: no need to wait for it.
        _ => own(cell, key),
    }
}

/// Whether a slot with this key's hash has this key's name. Publishes the
/// words that are not yet there, so that a claimer which stopped half-way
/// blocks nobody; each is written once, so that a name of the same hash finds
/// a word that is not its own, and goes on to another slot. The word in which
/// the name ends is the last that matters.
#[inline]
fn own(cell: &Cell, key: &Key) -> Slot {
    if planted!(NamesNotCompared) {
        return Slot::Own;
    }
    let words = key.name().words();
    for (word, own) in cell.name.words().iter().zip(words) {
        let found = match word.load(Ordering::Relaxed) {
            0 if planted!(UnnamedIsForeign) => return Slot::Foreign,
            0 => match word.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => own,
                Err(found) => found,
            },
            found => found,
        };
        if found != own {
            return Slot::Foreign;
        }
        if ends(own) {
            break;
        }
    }
    Slot::Own
}

#[cfg(all(test, not(fusebox_loom), not(fusebox_compact)))]
mod tests {
    use super::*;

    fn written(cell: &Cell) -> usize {
        cell.name.words().iter().filter(|word| word.load(Ordering::Relaxed) != 0).count()
    }

    #[test]
    fn another_names_claim_is_left_alone_however_far_it_is() {
        let (cell, key, other) = (Cell::vacant(), Key::new("mine"), Key::new("another's"));
        cell.key.store(other.hash(), Ordering::Relaxed); // and then it stopped
        assert_eq!((look(&cell, &key), claim(&cell, &key)), (Slot::Foreign, Slot::Foreign));
        assert_eq!(written(&cell), 0);
        assert_eq!((look(&cell, &other), written(&cell)), (Slot::Own, 2));
    }

    #[test]
    fn no_word_after_the_names_end_is_written() {
        for (name, words) in [("short", 1), ("of eight", 2), ("more than one word", 3)] {
            let (cell, key) = (Cell::vacant(), Key::new(name));
            assert_eq!((claim(&cell, &key), written(&cell)), (Slot::Own, words), "{name}");
            assert_eq!((look(&cell, &key), written(&cell)), (Slot::Own, words), "{name}");
        }
    }
}
