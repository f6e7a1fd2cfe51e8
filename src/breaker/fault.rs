//! What no program of this version writes into a breaker's memory.

use core::fmt;

use crate::{
    breaker::{CircuitBreaker, cell::Cell, length, word::Word},
    state::State,
    sync::Ordering,
    time::{Clock, Tick},
};

/// Something in a breaker's memory that no program of this version writes
/// there. Memory that is shared with others can hold anything; whatever it
/// holds, every operation is safe, and the breaker goes on by the nearest
/// meaning: settings out of range as the nearest legal ones, a stamp that lies
/// ahead as now. [`close`](crate::CircuitBreaker::close) and
/// [`set_settings`](crate::CircuitBreaker::set_settings) write it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The slot is claimed and its name is not complete: whoever registered it
    /// died half-way, and nobody has registered that name since. Harmless.
    Nameless,
    /// The name is not the one that the slot's key was made from.
    Name,
    /// A setting is out of its range.
    Settings,
    /// The word counts what cannot be counted.
    Word,
    /// The word is stamped with a time that has not come: clocks differ.
    Stamp,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nameless => "its name was never completed",
            Self::Name => "its name does not belong to its key",
            Self::Settings => "a setting is out of range",
            Self::Word => "its word is impossible",
            Self::Stamp => "its stamp lies in the future",
        })
    }
}

impl<C: Clock, O> CircuitBreaker<C, O> {
    /// Returns what is wrong with the breaker's memory, or `None` if nothing
    /// is.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        Fault::of(&self.cell, self.clock.now())
    }
}

/// How far a stamp may lie ahead: clocks of two processes are read one after
/// another, and coarsely.
const LEEWAY_MS: i64 = 1_000;

impl Fault {
    /// The first fault of a cell, if it has any.
    pub(crate) fn of(cell: &Cell, now: Tick) -> Option<Self> {
        let key = cell.key.load(Ordering::Relaxed);
        if key != 0 {
            match cell.name() {
                name if name.is_none() => return Some(Self::Nameless),
                name if name.hash64() != key => {
                    // A part of the name may be missing, or it is another's.
                    return Some(if name.is_whole() { Self::Name } else { Self::Nameless });
                }
                _ => {}
            }
        }
        if !cell.settings().is_legal() {
            return Some(Self::Settings);
        }
        Self::of_word(cell.word.load(), now)
    }

    fn of_word(word: Word, now: Tick) -> Option<Self> {
        let (impossible, waits) = match word.state() {
            State::Closed => (false, false),
            State::Open => (word.length() > length::LARGEST, true),
            State::HalfOpen => (false, true),
            State::ForcedOpen | State::Disabled => (word.count() != 0, false),
        };
        if impossible {
            Some(Self::Word)
        } else if waits && word.elapsed(now) < -LEEWAY_MS {
            Some(Self::Stamp)
        } else {
            None
        }
    }
}

#[cfg(all(test, not(fusebox_loom), not(fusebox_compact)))]
mod tests {
    use super::*;
    use crate::{breaker::settings::BreakerSettings, name::Name};

    const NOW: Tick = Tick::from_millis(1_000_000);

    fn named(name: &str) -> Cell {
        let name = Name::new(name);
        Cell::owned(name.hash64(), Some(name), BreakerSettings::DEFAULT)
    }

    fn fault_of(cell: &Cell) -> Option<Fault> {
        Fault::of(cell, NOW)
    }

    #[test]
    fn what_the_crate_writes_has_no_fault() {
        assert_eq!(fault_of(&Cell::vacant()), None);
        assert_eq!(
            fault_of(&Cell::owned(0, None, BreakerSettings::DEFAULT)),
            None,
            "no name, no key"
        );
        for name in
            ["a", "12345678", "a name of sixty-four bytes, which is the longest that there is:)"]
        {
            assert_eq!(fault_of(&named(name)), None, "{name}");
        }
    }

    #[test]
    fn names_that_are_missing_partial_or_anothers() {
        let cell = Cell::vacant();
        cell.key.store(7, Ordering::Relaxed);
        assert_eq!(fault_of(&cell), Some(Fault::Nameless));

        let partial = named("a name of three words");
        partial.name.words()[2].store(0, Ordering::Relaxed);
        assert_eq!(fault_of(&partial), Some(Fault::Nameless), "the claimer died half-way");

        let others = named("shop");
        others.key.store(7, Ordering::Relaxed);
        assert_eq!(fault_of(&others), Some(Fault::Name));
    }

    #[test]
    fn settings_out_of_range() {
        let [wait, ..] = BreakerSettings::DEFAULT.pack();
        for impossible in [1, u64::MAX, 1 << 63, wait & !(0xFF << 21)] {
            let cell = named("shop");
            cell.set_settings(BreakerSettings::unpack([impossible, 0, 0]));
            assert_eq!(fault_of(&cell), Some(Fault::Settings), "{impossible:#x}");
        }
    }

    #[test]
    fn words_that_no_rule_makes() {
        let of = |word| Fault::of_word(Word(word), NOW);
        let open = |count: u64, stamp: u64| 1 << 62 | count << 40 | stamp;
        let now = NOW.as_millis();
        assert_eq!(of(open(15, now)), None);
        assert_eq!(of(open(length::LARGEST << 4 | 15, now)), None, "tripped for 24 days");
        assert_eq!(of(open((length::LARGEST + 1) << 4, now)), Some(Fault::Word), "for longer");
        assert_eq!(of(open(1, Tick::MASK)), Some(Fault::Word), "forced open counts nothing");
        assert_eq!(of(3 << 62 | 1 << 40), Some(Fault::Word), "and so does disabled");
        assert_eq!(of(open(0, now + 1_000)), None, "two clocks may differ a little");
        assert_eq!(of(open(0, now + 1_001)), Some(Fault::Stamp));
        assert_eq!(of((2 << 62) | (now + 5_000)), Some(Fault::Stamp), "half-open waits, too");
        assert_eq!(of(open(0, Tick::MASK)), None, "forced open");
        assert_eq!(of(now + 5_000), None, "closed waits for nothing");
    }

    #[test]
    fn a_text_for_each() {
        for fault in [Fault::Nameless, Fault::Name, Fault::Settings, Fault::Word, Fault::Stamp] {
            assert!(std::format!("{fault}").starts_with("its ") || fault == Fault::Settings);
        }
    }
}
