//! How a breaker that has closed lets calls back, and what a failure means meanwhile.

use crate::{
    breaker::{CircuitBreaker, score::Evidence, settings::BreakerSettings, word::Word},
    overload::{ALL, classes::line, gate::Gate, ramp::Ramp},
    state::State,
    sync::planted,
    time::{Clock, Tick},
};

/// A ramp in force.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ramped {
    /// The closed word of it.
    word: Word,
    /// The share of calls that it admits.
    share: u64,
    /// The probes that had failed in a row before it.
    reopenings: u64,
}

/// The most calls of a window that a failure counts as.
const MOST_CALLS: u64 = 64;

impl Ramped {
    /// Whether it holds for this word.
    fn is_of(self, word: Word) -> bool {
        word.is_closed() && word.same_generation(self.word)
    }

    /// A failure stands for the calls that were not admitted, too.
    pub(super) fn weigh(self, evidence: Evidence) -> Evidence {
        match evidence {
            Evidence::Against { points } => Evidence::Against { points: points * ALL / self.share },
            other => other,
        }
    }

    /// As how many of the last calls a failure counts.
    pub(super) fn calls(self) -> u64 {
        (ALL / self.share).min(MOST_CALLS)
    }
}

impl<C: Clock, O> CircuitBreaker<C, O> {
    /// The ramp in force at this word.
    #[inline(never)]
    pub(super) fn ramped(&self, seen: Word) -> Option<Ramped> {
        if !seen.has_attention() || !seen.is_closed() {
            return None;
        }
        let ramp = self.ramp_of(seen)?;
        let share = ramp.share(self.clock.now(), self.slope())?;
        // A foreign writer's settings may begin with none.
        Some(Ramped { word: seen, share: share.max(1), reopenings: ramp.reopenings() })
    }

    /// What evidence makes of a word, with what a ramp makes of that. Called before each
    /// try to take that step.
    #[inline]
    pub(super) fn with_ramp(
        &self,
        from: Word,
        to: Word,
        ramped: Option<Ramped>,
        settings: BreakerSettings,
    ) -> Word {
        match (from.state(), to.state()) {
            (State::HalfOpen, State::Closed) => {
                if settings.ramp_up_ms() != 0 && !planted!(RampAfterClosing) {
                    self.begin_ramp(from, to);
                }
                to
            }
            (State::Closed, State::Open) => match ramped {
                Some(ramped) if ramped.is_of(from) => to.reopened_after(ramped.reopenings),
                _ => to,
            },
            _ => to,
        }
    }

    /// Before the step that closes: so nobody sees the breaker closed, and no ramp. If the
    /// step is not taken, this is the ramp of a generation that is none.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_ramp(&self, from: Word, to: Word) {
        let now = to.stamp();
        let ramp = Ramp::new(to.generation(), from.probes().reopenings, now);
        self.cell.ramp.step(self.cell.ramp.load(), |_: Ramp| (ramp, ()));
        let share = ramp.share(now, self.slope()).unwrap_or(ALL);
        let gate = Gate::new(line(self.cell.mix.get(), share), true, false, now);
        self.cell.gate.step(self.cell.gate.load(), |it: Gate| (gate.watched(it.is_watched()), ()));
    }

    /// The clock has begun anew: what began, began now.
    pub(super) fn restamp_load(&self, now: Tick) {
        self.cell.ramp.step(self.cell.ramp.load(), |it: Ramp| (it.restamped(now), ()));
        let shed = |it: crate::overload::shed::Shed| (it.restamped(now), ());
        self.cell.shed.step(self.cell.shed.load(), shed);
        self.restamp_foresight(now);
        if !self.cell.gate.load::<Gate>().is_open() {
            self.make_gate(now);
        }
    }
}
