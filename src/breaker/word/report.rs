//! The rules: what the end of a call makes of a word.

use super::{CLOSED, COUNT, MOMENT, OPEN, PROBES_MAX, STAMP, Word, attends_at_first};
use crate::{
    breaker::{
        score::{Climb, Evidence, Rule},
        settings::BreakerSettings,
    },
    state::{State, Verdict},
    sync::planted,
    time::Tick,
};

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Report {
    /// The rules of its state judged it.
    Counted,
    /// Its state counts no outcomes.
    Uncounted,
    /// The state has changed since the call was admitted.
    Stale,
}

impl Report {
    /// What the caller hears of it.
    pub(crate) const fn verdict(self) -> Verdict {
        match self {
            Self::Counted | Self::Uncounted => Verdict::Recorded,
            Self::Stale => Verdict::Stale,
        }
    }
}

impl Word {
    /// A call that was admitted under `permit` reports.
    pub(crate) fn report(
        self,
        permit: Self,
        evidence: Evidence,
        settings: BreakerSettings,
        now: impl FnOnce() -> Tick,
    ) -> (Self, Report) {
        if !self.same_generation(permit) && !planted!(NoGenerationCheck) {
            return (self, Report::Stale);
        }
        match self.state() {
            State::Closed => (self.report_closed(evidence, settings, now), Report::Counted),
            State::HalfOpen => (self.report_probe(evidence, settings, now), Report::Counted),
            // Nothing is counted while disabled. An open word has admitted
            // nobody in its generation: only a permit kept over exactly 1024
            // changes of state comes here.
            State::Open | State::ForcedOpen | State::Disabled => (self, Report::Uncounted),
        }
    }

    fn report_closed(
        self,
        evidence: Evidence,
        settings: BreakerSettings,
        now: impl FnOnce() -> Tick,
    ) -> Self {
        match evidence {
            Evidence::Success => self.relieved(settings, 1),
            Evidence::Nothing => self,
            #[cfg(not(fusebox_compact))]
            Evidence::Spared => self,
            Evidence::Against { points } => {
                let now = now();
                let since = self.elapsed(now);
                match Rule::of(settings).climb(self.score(), points, since) {
                    Climb::Opens => self.enter(OPEN, 0, now),
                    Climb::To(score) => self.failed(score, now),
                    // The clock stepped back: from here on it counts anew.
                    Climb::Capped(score) if since < 0 => self.failed(score, now),
                    Climb::Capped(score) => self.with_score(score),
                }
            }
            Evidence::Enough { millis } => self.trip(millis, settings, now()),
        }
    }

    /// An open word whose breaker had not recovered yet, after so many failed probes: it
    /// has one more of them.
    #[cfg(not(fusebox_compact))]
    pub(crate) const fn reopened_after(self, reopenings: u64) -> Self {
        const MOST: u64 = super::REOPENINGS_MAX;
        let more = if reopenings < MOST { reopenings + 1 } else { MOST };
        self.with_count(self.count() & !MOST | more)
    }

    /// A closed word with a score and the moment of the failure that made it.
    #[inline]
    pub(crate) const fn failed(self, score: u64, now: Tick) -> Self {
        self.with_score(score).with_stamp(now)
    }

    /// Stamped with the moment of a failure that the last calls count, while closed.
    pub(crate) const fn failed_at(self, permit: Self, now: Tick) -> Self {
        if self.is_closed() && self.same_generation(permit) { self.with_stamp(now) } else { self }
    }

    /// So many calls in a row succeeded, while closed.
    #[inline]
    pub(crate) fn relieved(self, settings: BreakerSettings, successes: u64) -> Self {
        if planted!(AttentionLost) {
            return self.with_count(0);
        }
        self.with_score(Rule::of(settings).relieved(self.score(), successes))
    }

    // Out of line: what a closed breaker's failure needs is less.
    #[cold]
    #[inline(never)]
    fn report_probe(
        self,
        evidence: Evidence,
        settings: BreakerSettings,
        now: impl FnOnce() -> Tick,
    ) -> Self {
        let mut probes = self.probes();
        // At 0 it reports a place that was given away: it was only slow.
        probes.in_flight = probes.in_flight.saturating_sub(1);
        match evidence {
            Evidence::Success => {
                probes.succeeded = (probes.succeeded + 1).min(PROBES_MAX);
                if probes.succeeded >= u64::from(settings.successes_to_close()) {
                    self.enter(CLOSED, 0, now()).attending(attends_at_first(settings))
                } else {
                    self.with_probes(probes, now())
                }
            }
            Evidence::Against { .. } => self.reopened(now()),
            Evidence::Enough { millis } => self.trip(millis, settings, now()),
            #[cfg(not(fusebox_compact))]
            Evidence::Spared => self.with(COUNT | STAMP & !MOMENT, probes.bits()),
            Evidence::Nothing => self.with(COUNT | STAMP & !MOMENT, probes.bits()),
        }
    }
}
