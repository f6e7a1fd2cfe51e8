//! What a trace says, entry by entry.

use core::time::Duration;

use super::{
    Checkpoint,
    record::{End, Kind, Pace, Record},
    ring::Trace,
};
use crate::{
    state::{Outcome, State, Verdict},
    time::Tick,
};

/// One thing that happened to a recorded breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its place in all that was ever written: numbers that are missing were written
    /// over, are being written, or are parts of other entries.
    pub position: u64,
    /// The number under which the breaker is recorded.
    pub breaker: u16,
    /// The low 32 bits of the tick at which it happened; of a checkpoint, all 40.
    pub at: Tick,
    /// The low 4 bits of the breaker's generation: of an end, the one in which the call
    /// was admitted.
    pub generation: u8,
    /// What happened.
    pub what: What,
}

/// What happened to a recorded breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A call ended.
    Ended {
        /// What came of it.
        outcome: Outcome,
        /// How long it took, rounded down: exact below 16 ms, above that within an
        /// eighth. Zero where nobody knows.
        took: Duration,
        /// Whether it took longer than the settings allow.
        slow: bool,
        /// Whether it was charged with that before its end.
        charged: bool,
        /// What became of the report; `None` of a call in a batch.
        verdict: Option<Verdict>,
    },
    /// A call was turned away.
    Rejected {
        /// The breaker's state.
        state: State,
    },
    /// A call was admitted as a probe.
    Probe,
    /// A call that has not ended was charged as slow.
    Hung,
    /// The breaker's state is another one.
    Changed {
        /// The new state.
        to: State,
        /// Whether it was made by hand.
        forced: bool,
    },
    /// All that the breaker knew, before what comes next.
    Checkpoint(Checkpoint),
}

/// The entries of a [`Trace`], from the oldest to the latest.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    trace: Trace<'a>,
    next: u64,
    end: u64,
    notes: Notes,
}

/// Notes in a row, of one breaker.
#[derive(Debug, Clone, Default)]
struct Notes {
    breaker: u16,
    said: [u32; Checkpoint::NOTES],
    count: usize,
}

impl Notes {
    fn add(&mut self, note: Record) {
        if self.breaker != note.breaker() {
            *self = Self { breaker: note.breaker(), ..Self::default() };
        }
        // The latest come last; of more than are ever written, the first go.
        if self.count == Checkpoint::NOTES {
            self.said.rotate_left(1);
            self.count -= 1;
        }
        self.said[self.count] = note.low();
        self.count += 1;
    }

    /// The one note of a record.
    fn one(&self, breaker: u16) -> Option<u32> {
        let last = self.count.checked_sub(1)?;
        (self.breaker == breaker).then(|| self.said[last])
    }

    /// Those of a checkpoint.
    fn all(&self, breaker: u16) -> Option<[u32; Checkpoint::NOTES]> {
        (self.breaker == breaker && self.count == Checkpoint::NOTES).then_some(self.said)
    }
}

impl<'a> Entries<'a> {
    pub(super) fn new(trace: Trace<'a>, end: u64) -> Self {
        let next = end.saturating_sub(trace.capacity() as u64);
        Self { trace, next, end, notes: Notes::default() }
    }

    /// `None` of a note, and of what lacks its notes.
    fn entry(&mut self, position: u64, record: Record) -> Option<Entry> {
        let breaker = record.breaker();
        let mut at = Tick::from_millis(record.low().into());
        let ended = |outcome| {
            let End { outcome, took, pace, verdict } = record.end(outcome);
            let (slow, charged) = (pace != Pace::Fine, pace == Pace::Charged);
            What::Ended { outcome, took, slow, charged, verdict }
        };
        let notes = core::mem::take(&mut self.notes);
        let what = match record.kind()? {
            Kind::Success => ended(Outcome::Success),
            Kind::Failure => ended(Outcome::Failure),
            Kind::Overload => ended(Outcome::Overload),
            Kind::Ignore => ended(Outcome::Ignore),
            Kind::Weighs => {
                let percent = u16::try_from(notes.one(breaker)?).ok()?;
                ended(Outcome::Weighs { percent })
            }
            Kind::Opens => ended(Outcome::Opens { millis: notes.one(breaker)? }),
            Kind::Rejected => What::Rejected { state: record.state()? },
            Kind::Probe => What::Probe,
            Kind::Hung => What::Hung,
            Kind::Changed => What::Changed { to: record.state()?, forced: record.is_forced() },
            Kind::Checkpoint => {
                let detail = record.detail();
                at = Tick::from_millis((detail & 0xFF) << 32 | at.as_millis());
                What::Checkpoint(Checkpoint::of(notes.all(breaker)?, detail >> 8))
            }
            Kind::Note => {
                self.notes = notes;
                self.notes.add(record);
                return None;
            }
        };
        Some(Entry { position, breaker, at, generation: record.generation(), what })
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        while self.next < self.end {
            let position = self.next;
            self.next += 1;
            match self.trace.read(position) {
                Some(record) => {
                    if let Some(entry) = self.entry(position, record) {
                        return Some(entry);
                    }
                }
                // What comes next may lack a note.
                None => self.notes = Notes::default(),
            }
        }
        None
    }
}
