//! The rules once more, plainly: named fields, no bits, one thread. Written
//! from the design, not from the code that it checks.

use fusebox::Verdict;

/// The settings that the model knows, in plain numbers.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub threshold: u32,
    /// What a failure adds; 0 where a success takes all.
    pub weight: u32,
    /// In milliseconds.
    pub min_span: i64,
    /// 0 for any time.
    pub quiet: i64,
    pub timeout: i64,
    pub probes: u32,
    pub successes: u32,
    pub doublings: u32,
    /// In percent.
    pub growth: i64,
}

impl Rules {
    fn wait(&self, reopenings: u32, length: Option<i64>) -> i64 {
        let grown = |wait, _| wait * self.growth / 100;
        length.unwrap_or((0..reopenings.min(self.doublings)).fold(self.timeout, grown))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// `last`: when a failure last added its whole weight.
    Closed {
        score: u32,
        last: i64,
    },
    /// `length`: of a trip, where it has one.
    Open {
        reopenings: u32,
        since: i64,
        length: Option<i64>,
    },
    HalfOpen {
        reopenings: u32,
        in_flight: u32,
        succeeded: u32,
        progress: i64,
    },
    ForcedOpen,
    Disabled,
}

/// Which life of the breaker admitted a call, and whether as a probe.
#[derive(Clone, Copy, Debug)]
pub struct Ticket {
    life: u64,
    probe: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Report {
    Success,
    Failure,
    Nothing,
    /// A failure of so many percent of a failure's weight.
    Weighs(u32),
    /// It is enough, for as long as any opening.
    Enough,
}

pub struct Model {
    pub phase: Phase,
    /// Counts changes of state, without end.
    pub life: u64,
    pub rules: Rules,
}

impl Model {
    pub fn new(rules: Rules) -> Self {
        Self { phase: Self::closed(0), life: 0, rules }
    }

    pub fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.life += 1;
    }

    /// Closed, and stamped.
    pub fn closed(last: i64) -> Phase {
        Phase::Closed { score: 0, last }
    }

    /// Somebody closes it, or makes it as new.
    pub fn close(&mut self, as_new: bool) {
        let last = match self.phase {
            Phase::Closed { last, .. } if !as_new => last,
            _ => 0,
        };
        self.enter(Self::closed(last));
    }

    fn reopened(reopenings: u32, now: i64) -> Phase {
        Phase::Open { reopenings: (reopenings + 1).min(15), since: now, length: None }
    }

    /// Somebody says that the service is down, and for how long, if they know.
    pub fn trip(&mut self, asked: Option<i64>, now: i64) {
        match self.phase {
            Phase::ForcedOpen | Phase::Disabled => return,
            Phase::Closed { .. } => {
                self.enter(Phase::Open { reopenings: 0, since: now, length: None });
            }
            Phase::HalfOpen { reopenings, .. } => self.enter(Self::reopened(reopenings, now)),
            Phase::Open { .. } if asked.is_none() || self.left(now) >= asked => return,
            Phase::Open { .. } => {}
        }
        if let Phase::Open { since, length, .. } = &mut self.phase
            && asked.is_some()
        {
            (*since, *length) = (now, asked);
        }
    }

    /// The clock has begun anew: so does every wait.
    pub fn restamp(&mut self, now: i64) {
        match &mut self.phase {
            Phase::Open { since, .. } => *since = now,
            Phase::HalfOpen { progress, .. } => *progress = now,
            Phase::Closed { last, .. } => *last = now,
            Phase::ForcedOpen | Phase::Disabled => {}
        }
    }

    /// The milliseconds for which an open breaker admits nobody.
    pub fn left(&self, now: i64) -> Option<i64> {
        match self.phase {
            Phase::Open { reopenings, since, length } => {
                let wait = self.rules.wait(reopenings, length);
                Some((wait - (now - since).max(0)).max(0))
            }
            _ => None,
        }
    }

    /// A ticket, or the milliseconds left (none: for ever).
    pub fn acquire(&mut self, now: i64) -> Result<Ticket, Option<i64>> {
        let rules = self.rules;
        match &mut self.phase {
            Phase::Closed { .. } | Phase::Disabled => {}
            Phase::ForcedOpen => return Err(None),
            Phase::Open { reopenings, since, length } => {
                let reopenings = *reopenings;
                let wait = rules.wait(reopenings, *length);
                Self::wait_over(since, wait, now)?;
                self.enter(Phase::HalfOpen {
                    reopenings,
                    in_flight: 1,
                    succeeded: 0,
                    progress: now,
                });
                return Ok(Ticket { life: self.life, probe: true });
            }
            Phase::HalfOpen { in_flight, progress, .. } => {
                if *in_flight < rules.probes {
                    *in_flight += 1;
                } else {
                    // A whole timeout without progress: a place is lost, and
                    // this caller has it.
                    Self::wait_over(progress, rules.timeout, now)?;
                }
                *progress = now;
                return Ok(Ticket { life: self.life, probe: true });
            }
        }
        Ok(Ticket { life: self.life, probe: false })
    }

    /// Whether `wait` is over; a start in the future begins anew.
    fn wait_over(since: &mut i64, wait: i64, now: i64) -> Result<(), Option<i64>> {
        if now < *since {
            *since = now;
            return Err(Some(wait));
        }
        let left = wait - (now - *since);
        if left > 0 { Err(Some(left)) } else { Ok(()) }
    }

    pub fn report(&mut self, ticket: Ticket, report: Report, now: i64) -> Verdict {
        if ticket.life != self.life {
            return Verdict::Stale;
        }
        let rules = self.rules;
        let next = match &mut self.phase {
            Phase::Closed { score, last } => {
                let failure = rules.weight.max(1);
                let points = match report {
                    Report::Success => {
                        *score = if rules.weight == 0 { 0 } else { score.saturating_sub(1) };
                        0
                    }
                    Report::Nothing | Report::Enough => 0,
                    Report::Failure => failure,
                    Report::Weighs(percent) => (failure * percent / 100).max(1),
                };
                let mut opens = matches!(report, Report::Enough);
                if points > 0 {
                    let since = now - *last;
                    if rules.quiet > 0 && since > rules.quiet {
                        *score = 0;
                    }
                    let reached = *score + points;
                    *score = reached.min(rules.threshold);
                    opens = reached >= rules.threshold && since.max(0) >= rules.min_span;
                    // At its cap it waits, from the last one that was below it.
                    if reached < rules.threshold || since < 0 {
                        *last = now;
                    }
                }
                opens.then_some(Phase::Open { reopenings: 0, since: now, length: None })
            }
            Phase::HalfOpen { reopenings, in_flight, succeeded, progress } => {
                assert!(ticket.probe);
                *in_flight = in_flight.saturating_sub(1);
                match report {
                    Report::Success => {
                        *succeeded += 1;
                        *progress = now;
                        (*succeeded >= rules.successes).then_some(Self::closed(now))
                    }
                    Report::Failure | Report::Weighs(_) | Report::Enough => {
                        Some(Self::reopened(*reopenings, now))
                    }
                    Report::Nothing => None,
                }
            }
            Phase::Open { .. } | Phase::ForcedOpen | Phase::Disabled => None,
        };
        if let Some(next) = next {
            self.enter(next);
        }
        Verdict::Recorded
    }
}
