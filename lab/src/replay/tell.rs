//! A story, lived through by a breaker of given settings.

use std::{collections::HashMap, time::Duration};

use fusebox::{
    BreakerSettings, Checkpoint, CircuitBreaker, DefaultObserver, ManualClock, Outcome, Permits,
    Rejected, State, Tick, Verdict,
};

use super::{
    outcome::hung,
    story::{Happened, Step, Story},
};

/// How the calls end that were never made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// All of them fail.
    Fail,
    /// All of them succeed.
    Succeed,
}

/// What a breaker did to the calls of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// The calls that somebody wanted to make.
    pub calls: u64,
    /// Those that were admitted.
    pub admitted: u64,
    /// Those that were turned away.
    pub refused: u64,
    /// Of those, the ones that are known to have failed.
    pub saved: u64,
    /// Of those, the ones that are known to have succeeded.
    pub lost: u64,
    /// Of the calls that were admitted, those that failed.
    pub failed: u64,
    /// The calls that were admitted and whose end nobody knows: the live breaker had
    /// turned them away.
    pub unknown: u64,
    /// How often the breaker opened by itself.
    pub openings: u64,
    /// How long it was open.
    pub open: Duration,
    /// Where this differs from what was recorded: calls that were turned away and not
    /// admitted, or the other way round; by the live settings, also verdicts, states and
    /// the number of openings.
    pub differing: u64,
}

/// A breaker that lives through a story.
struct Teller<'s, 'c> {
    story: &'s Story,
    breaker: &'c CircuitBreaker<&'c ManualClock, DefaultObserver>,
    clock: &'c ManualClock,
    unknown: Unknown,
    /// Whether it has the live settings, whatever they become.
    is_live: bool,
    permits: HashMap<usize, Permits<'c, &'c ManualClock, DefaultObserver>>,
    told: Told,
    open_since: Option<Tick>,
}

impl Story {
    /// What these settings would have done.
    #[must_use]
    pub fn tell(&self, settings: BreakerSettings, unknown: Unknown) -> Told {
        self.told(settings, unknown, settings == self.settings())
    }

    /// What the live settings did, as the same code tells it.
    #[must_use]
    pub fn live(&self) -> Told {
        self.told(self.settings(), Unknown::Fail, true)
    }

    fn told(&self, settings: BreakerSettings, unknown: Unknown, is_live: bool) -> Told {
        let clock = ManualClock::new();
        let (began, start) = &self.start;
        clock.set(*began);
        let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
        let permits = self.in_flight.iter().copied().zip(breaker.resume(*start)).collect();
        let mut teller = Teller {
            story: self,
            breaker: &breaker,
            clock: &clock,
            unknown,
            is_live,
            permits,
            told: Told::default(),
            open_since: None,
        };
        teller.watch(*began);
        for step in &self.steps {
            clock.set(step.at);
            teller.step(step);
            teller.watch(step.at);
        }
        teller.end()
    }
}

impl<'c> Teller<'_, 'c> {
    fn step(&mut self, step: &Step) {
        match step.what {
            Happened::Began(call) => match self.admit() {
                Ok(permit) => {
                    self.told.admitted += 1;
                    self.permits.insert(call, permit);
                }
                Err(_) => self.refuse(call),
            },
            Happened::Ended(call) => self.ended(call),
            Happened::Refused => self.refused(),
            Happened::Hung => {
                if self.is_live && self.breaker.state() == State::Closed {
                    self.report_at_once(hung(self.breaker.settings()));
                }
            }
            Happened::Checkpoint(checkpoint) => self.checkpoint(&checkpoint),
        }
    }

    /// The live breaker had admitted a call: where it is closed by now, it was that then,
    /// and its share is not asked for again.
    fn admit(&self) -> Result<Permits<'c, &'c ManualClock, DefaultObserver>, Rejected> {
        let again = if self.is_live { self.breaker.resume_call() } else { None };
        again.map_or_else(|| self.breaker.acquire_many(1), Ok)
    }

    /// The live breaker had admitted it.
    fn refuse(&mut self, call: usize) {
        self.told.refused += 1;
        self.told.differing += 1;
        if let Some(end) = self.story.calls[call].end {
            self.told.saved += u64::from(end.is_failure());
            self.told.lost += u64::from(end.is_success());
        }
    }

    fn ended(&mut self, call: usize) {
        let recorded = self.story.calls[call];
        if let (Some(permit), Some(end)) = (self.permits.remove(&call), recorded.end) {
            let outcome = end.judged(self.breaker.settings(), self.is_live);
            let verdict = permit.report_all(&[outcome]);
            self.told.failed += u64::from(end.is_failure());
            let differs = recorded.verdict.is_some_and(|it| it != verdict);
            self.told.differing += u64::from(self.is_live && differs);
        }
    }

    /// The live breaker had turned it away.
    fn refused(&mut self) {
        if self.is_live && self.sheds() {
            self.told.refused += 1;
            return;
        }
        let Ok(permit) = self.breaker.acquire_many(1) else {
            self.told.refused += 1;
            return;
        };
        self.told.admitted += 1;
        self.told.unknown += 1;
        self.told.differing += 1;
        let fails = self.unknown == Unknown::Fail;
        self.told.failed += u64::from(fails);
        permit.report_all(&[if fails { Outcome::Failure } else { Outcome::Success }]);
    }

    /// Whether a closed breaker of these settings turns calls away: now, or where it is
    /// overloaded.
    fn sheds(&self) -> bool {
        let settings = self.breaker.settings();
        self.breaker.state() == State::Closed
            && (settings.max_shed() > 0 || self.breaker.reading().ramp_left.is_some())
    }

    fn report_at_once(&self, outcome: Outcome) -> Option<Verdict> {
        self.admit().ok().map(|permit| permit.report_all(&[outcome]))
    }

    /// What an operator did to the state is done to any breaker, and what he did to the
    /// settings to that of the live ones.
    fn checkpoint(&mut self, recorded: &Checkpoint) {
        if self.is_live {
            self.breaker.set_settings(recorded.settings());
        }
        if recorded.is_forced() {
            drop(self.breaker.resume(*recorded));
        } else if self.is_live {
            let (own, there) = (self.breaker.snapshot(), recorded.snapshot());
            let same = (own.state, own.score, own.stamp) == (there.state, there.score, there.stamp)
                && own.probes_in_flight == there.probes_in_flight;
            if !same {
                self.told.differing += 1;
                drop(self.breaker.resume(*recorded));
            }
        }
    }

    /// Counts openings, and the time in which it is open.
    fn watch(&mut self, now: Tick) {
        let is_open = matches!(self.breaker.state(), State::Open | State::ForcedOpen);
        match self.open_since {
            None if is_open => self.open_since = Some(now),
            Some(since) if !is_open => {
                self.told.open += now.since(since);
                self.open_since = None;
            }
            _ => {}
        }
    }

    fn end(mut self) -> Told {
        // A probe that has not ended has not given its place back.
        for (_, permit) in self.permits.drain() {
            core::mem::forget(permit);
        }
        if let Some(since) = self.open_since {
            let now = fusebox::Clock::now(self.clock);
            self.told.open += now.since(since);
        }
        self.told.openings = self.breaker.counters().openings;
        self.told.calls = self.told.admitted + self.told.refused;
        if self.is_live {
            self.told.differing += self.told.openings.abs_diff(self.story.openings);
        }
        self.told
    }
}
