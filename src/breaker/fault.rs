//! What no program of this version writes into a breaker's memory.

use core::fmt;

use crate::{
    breaker::{CircuitBreaker, cell::Cell, settings::Settings, word::Word},
    clock::{Clock, Tick},
    state::State,
    sync::Ordering,
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
    /// What is wrong with the breaker's memory, if anything.
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
                    let whole = name.as_str().len() % 8 != 0;
                    return Some(if whole { Self::Name } else { Self::Nameless });
                }
                _ => {}
            }
        }
        if !cell.raw_settings().is_none_or(Settings::is_legal) {
            return Some(Self::Settings);
        }
        Self::of_word(Word(cell.word.load(Ordering::Relaxed)), now)
    }

    fn of_word(word: Word, now: Tick) -> Option<Self> {
        let waits = matches!(word.state(), State::Open | State::HalfOpen);
        if word.state() == State::Open && word.count() > 15 {
            Some(Self::Word)
        } else if waits && now.signed_since(word.stamp()) < -LEEWAY_MS {
            Some(Self::Stamp)
        } else {
            None
        }
    }
}
