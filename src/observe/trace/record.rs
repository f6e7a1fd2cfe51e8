//! What 64 bits of a trace say. Pure functions: no atomics here.
//!
//! | bits | field |
//! |---|---|
//! | 63 | the lap's: told apart, a record of this lap and one of the lap before |
//! | 62..59 | kind |
//! | 58..55 | the low bits of a generation |
//! | 54..43 | the number of the breaker, from 1 |
//! | 42..32 | detail |
//! | 31..0 | the low bits of a tick, or of what a note says |
//!
//! The detail of an end: 8 bits of how long the call took, 2 of its pace, and whether
//! its report was stale. What does not fit is said by notes, which go before.

use core::time::Duration;

use crate::{
    state::{Outcome, State, Verdict},
    time::Tick,
};

/// One record, without its lap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record(u64);

pub(super) const LAP: u64 = 1 << 63;
const KIND: u32 = 59;
const GENERATION: u32 = 55;
const BREAKER: u32 = 43;
const DETAIL: u32 = 32;
const DETAILS: u64 = (1 << (BREAKER - DETAIL)) - 1;
const STALE: u64 = 1;
/// Above the code of a state.
const FORCED: u64 = 8;

/// What a record is about; 0 is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Success = 1,
    Failure,
    Ignore,
    /// One note goes before: the percent.
    Weighs,
    /// One note goes before: the milliseconds.
    Opens,
    Rejected,
    Probe,
    Hung,
    Changed,
    /// [`Checkpoint::NOTES`](super::Checkpoint) notes go before.
    Checkpoint,
    Note,
    Overload,
}

const KINDS: [Kind; 12] = [
    Kind::Success,
    Kind::Failure,
    Kind::Ignore,
    Kind::Weighs,
    Kind::Opens,
    Kind::Rejected,
    Kind::Probe,
    Kind::Hung,
    Kind::Changed,
    Kind::Checkpoint,
    Kind::Note,
    Kind::Overload,
];

/// Whether a call took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It did not, or nobody knows.
    Fine,
    Slow,
    /// It did, and was charged with that before its end.
    Charged,
}

/// The end of a call, as it is recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
    pub(crate) pace: Pace,
    /// `None` where one verdict was given on many calls.
    pub(crate) verdict: Option<Verdict>,
}

/// Of the two bits of the pace: one of a batch, whose verdict is not known.
const OF_A_BATCH: u64 = 3;

const STATES: [State; 5] =
    [State::Closed, State::Open, State::HalfOpen, State::ForcedOpen, State::Disabled];

impl Record {
    /// The largest number of a breaker.
    pub(crate) const MOST: u16 = (1 << (GENERATION - BREAKER)) - 1;

    const fn new(kind: Kind, breaker: u16, generation: u16, detail: u64, low: u64) -> Self {
        Self(
            (kind as u64) << KIND
                | (generation as u64 & 0xF) << GENERATION
                | (breaker as u64 & Self::MOST as u64) << BREAKER
                | (detail & DETAILS) << DETAIL
                | low & 0xFFFF_FFFF,
        )
    }

    /// The end of a call that was admitted in this generation; the note that goes
    /// before, if there is one.
    pub(crate) fn ended(breaker: u16, generation: u16, end: End, at: Tick) -> (Option<Self>, Self) {
        let (kind, note) = match end.outcome {
            Outcome::Success => (Kind::Success, None),
            Outcome::Failure => (Kind::Failure, None),
            Outcome::Overload => (Kind::Overload, None),
            Outcome::Ignore => (Kind::Ignore, None),
            Outcome::Weighs { percent } => (Kind::Weighs, Some(percent.into())),
            Outcome::Opens { millis } => (Kind::Opens, Some(millis)),
        };
        let (pace, stale) = match end.verdict {
            Some(verdict) => (end.pace as u64, u64::from(verdict == Verdict::Stale)),
            None => (OF_A_BATCH, 0),
        };
        let detail = length::encode(end.took) << 3 | pace << 1 | stale;
        let record = Self::new(kind, breaker, generation, detail, at.as_millis());
        (note.map(|note| Self::note(breaker, note)), record)
    }

    /// A call was turned away.
    pub(crate) fn rejected(breaker: u16, generation: u16, state: State, at: Tick) -> Self {
        Self::new(Kind::Rejected, breaker, generation, code(state), at.as_millis())
    }

    /// A call was admitted as a probe.
    pub(crate) const fn probe(breaker: u16, generation: u16, at: Tick) -> Self {
        Self::new(Kind::Probe, breaker, generation, 0, at.as_millis())
    }

    /// A call that has not ended was charged as slow.
    pub(crate) const fn hung(breaker: u16, generation: u16, at: Tick) -> Self {
        Self::new(Kind::Hung, breaker, generation, 0, at.as_millis())
    }

    /// The breaker is in another state, by itself or by hand.
    pub(crate) fn changed(
        breaker: u16,
        generation: u16,
        to: State,
        forced: bool,
        at: Tick,
    ) -> Self {
        let detail = code(to) | if forced { FORCED } else { 0 };
        Self::new(Kind::Changed, breaker, generation, detail, at.as_millis())
    }

    /// The last record of a checkpoint: why it was made, and the whole tick.
    pub(super) const fn checkpoint(breaker: u16, cause: u64, at: Tick) -> Self {
        // Of the 40 bits of a tick, the upper 8.
        let upper = (at.as_millis() >> 32) & 0xFF;
        Self::new(Kind::Checkpoint, breaker, 0, cause << 8 | upper, at.as_millis())
    }

    /// 32 bits more of the record that comes next.
    pub(super) const fn note(breaker: u16, said: u32) -> Self {
        Self::new(Kind::Note, breaker, 0, 0, said as u64)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits & !LAP)
    }

    /// `None` of what no program writes.
    pub(super) fn kind(self) -> Option<Kind> {
        let code = self.0 >> KIND & 0xF;
        KINDS.into_iter().find(|kind| *kind as u64 == code)
    }

    #[allow(clippy::cast_possible_truncation)] // 12 bits
    pub(super) const fn breaker(self) -> u16 {
        (self.0 >> BREAKER) as u16 & Self::MOST
    }

    #[allow(clippy::cast_possible_truncation)] // 4 bits
    pub(super) const fn generation(self) -> u8 {
        (self.0 >> GENERATION) as u8 & 0xF
    }

    /// The low half: of a tick, or what a note says.
    #[allow(clippy::cast_possible_truncation)]
    pub(super) const fn low(self) -> u32 {
        self.0 as u32
    }

    pub(super) const fn detail(self) -> u64 {
        self.0 >> DETAIL & DETAILS
    }

    /// The state that a rejection or a change names.
    #[allow(clippy::cast_possible_truncation)] // 11 bits
    pub(super) fn state(self) -> Option<State> {
        STATES.get((self.detail() & !FORCED) as usize).copied()
    }

    /// Whether a change was made by hand.
    pub(super) const fn is_forced(self) -> bool {
        self.detail() & FORCED != 0
    }

    /// What an end says, of a call with this outcome.
    pub(super) fn end(self, outcome: Outcome) -> End {
        let detail = self.detail();
        let pace = detail >> 1 & 3;
        let verdict = if detail & STALE == 0 { Verdict::Recorded } else { Verdict::Stale };
        End {
            outcome,
            took: length::decode(detail >> 3),
            pace: match pace {
                1 => Pace::Slow,
                2 => Pace::Charged,
                _ => Pace::Fine,
            },
            verdict: (pace != OF_A_BATCH).then_some(verdict),
        }
    }
}

fn code(state: State) -> u64 {
    STATES.iter().position(|it| *it == state).unwrap_or_default() as u64
}

/// How long a call took, in 8 bits: exact below 16 ms, above it the four leading bits,
/// rounded down.
mod length {
    use core::time::Duration;

    pub(super) fn encode(took: Duration) -> u64 {
        let millis =
            took.as_secs().saturating_mul(1_000).saturating_add(took.subsec_millis().into());
        if millis < 16 {
            return millis;
        }
        let power = u64::from(millis.ilog2());
        let code = (power - 2) << 3 | (millis >> (power - 3)) & 7;
        code.min(0xFF)
    }

    pub(super) const fn decode(code: u64) -> Duration {
        Duration::from_millis(match code >> 3 {
            0 | 1 => code,
            power => (8 + (code & 7)) << (power - 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_length_is_kept_within_an_eighth(millis in 0..17_000_000_000_u64) {
            let kept = length::decode(length::encode(Duration::from_millis(millis)));
            let kept = u64::try_from(kept.as_millis()).unwrap();
            prop_assert!(kept <= millis && millis - kept <= millis / 8, "{millis}: {kept}");
            prop_assert!(millis >= 16 || kept == millis);
        }

        #[test]
        fn any_bits_are_a_record_or_none(bits: u64) {
            let record = Record::from_bits(bits);
            let _ = (record.kind(), record.state(), record.end(Outcome::Success));
        }
    }
}
