//! All that a breaker knew at one moment: from here on its calls can be replayed.

use super::record::Record;
use crate::time::Tick;

/// What a breaker's memory held when it was recorded: its word, its settings, how its
/// last calls ended.
///
/// A trace has one where the recording of a breaker begins, after each change of its
/// settings and each change of state by hand, and one in each quarter of the ring. So
/// what is left of a trace can be replayed, however often it was written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    pub(crate) cause: Cause,
    pub(crate) word: u64,
    pub(crate) settings: [u64; 3],
    pub(crate) last: u64,
}

/// Why a checkpoint is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It was time, or nothing was recorded before.
    Routine,
    Settings,
    Forced,
}

impl Checkpoint {
    /// The notes that go before its last record.
    pub(super) const NOTES: usize = 10;

    /// Whether it was made because somebody changed the state by hand.
    #[must_use]
    pub const fn is_forced(&self) -> bool {
        matches!(self.cause, Cause::Forced)
    }

    /// Whether it was made because somebody changed the settings.
    #[must_use]
    pub const fn has_new_settings(&self) -> bool {
        matches!(self.cause, Cause::Settings)
    }

    #[allow(clippy::cast_possible_truncation)] // the halves of words
    pub(crate) fn records(&self, breaker: u16, at: Tick) -> [Record; Self::NOTES + 1] {
        let words = self.words();
        core::array::from_fn(|part| match words.get(part / 2) {
            Some(word) => Record::note(breaker, (word >> (32 * (part % 2))) as u32),
            None => Record::checkpoint(breaker, self.cause as u64, at),
        })
    }

    const fn words(&self) -> [u64; Self::NOTES / 2] {
        let [wait, rule, load] = self.settings;
        [self.word, wait, rule, load, self.last]
    }

    pub(super) fn of(notes: [u32; Self::NOTES], cause: u64) -> Self {
        let word = |at: usize| u64::from(notes[at + 1]) << 32 | u64::from(notes[at]);
        let cause = match cause {
            0 => Cause::Routine,
            1 => Cause::Settings,
            _ => Cause::Forced,
        };
        Self { cause, word: word(0), settings: [word(2), word(4), word(6)], last: word(8) }
    }
}
