//! What the tests drive a rule with.

use super::{Attempt, End, Ended, Rule};
use crate::{random::Random, time::Time};

/// A rule, its clock, and its chance.
pub(super) struct Rig<R> {
    pub(super) rule: R,
    pub(super) now: Time,
    random: Random,
    due: Time,
    owed: f64,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) offered: u32,
    pub(super) admitted: u32,
    pub(super) failed: u32,
    /// When the first call was refused, since the run began.
    pub(super) refused_at: Option<Time>,
    /// How many had failed before.
    pub(super) failed_before: u32,
}

impl<R: Rule> Rig<R> {
    pub(super) fn new(rule: R) -> Self {
        let due = rule.period().unwrap_or(Time::NEVER);
        Self { rule, now: Time::ZERO, random: Random::new(7, 0), due, owed: 0.0 }
    }

    /// Lets time pass, with the rule's periodic work.
    pub(super) fn wait(&mut self, time: Time) {
        let until = self.now + time;
        while self.due <= until {
            self.now = self.due;
            self.rule.update(self.due);
            self.due += self.rule.period().unwrap_or(Time::NEVER);
        }
        self.now = until;
    }

    /// A request of one attempt, which takes no time. Whether it was admitted.
    pub(super) fn call(&mut self, end: End) -> bool {
        self.rule.request(self.now);
        self.attempt(1, end, Time::ZERO)
    }

    /// So many such requests that succeed.
    pub(super) fn succeed(&mut self, calls: u32) -> bool {
        (0..calls).all(|_| self.call(End::Success))
    }

    /// So many such requests that fail.
    pub(super) fn fail(&mut self, calls: u32) -> bool {
        (0..calls).all(|_| self.call(End::Failure))
    }

    /// One attempt, which takes this long. Whether it was admitted.
    pub(super) fn attempt(&mut self, number: u32, end: End, took: Time) -> bool {
        let began = self.now;
        let attempt = Attempt::new(began, number);
        let Some(ticket) = self.rule.admit(attempt, &mut self.random) else { return false };
        self.wait(took);
        let ended = Ended { now: self.now, began, number, end };
        self.rule.end(ticket, ended, &mut self.random);
        true
    }

    /// So many calls a second for this long, of which this share fails, evenly spread.
    pub(super) fn run(&mut self, rate: u32, time: Time, share: f64) -> Ran {
        let (began, gap) = (self.now, Time::micros(1_000_000 / u64::from(rate)));
        let mut ran = Ran::default();
        while self.now.since(began) < time {
            self.owed += share;
            let fails = self.owed > 1.0 - 1e-9;
            self.owed -= f64::from(u8::from(fails));
            ran.offered += 1;
            if self.call(if fails { End::Failure } else { End::Success }) {
                ran.admitted += 1;
                ran.failed += u32::from(fails);
            } else if ran.refused_at.is_none() {
                ran.refused_at = Some(self.now.since(began));
                ran.failed_before = ran.failed;
            }
            self.wait(gap);
        }
        ran
    }
}

/// Whether a new rule rejects any of 100 calls a second for this long, of which this
/// share fails.
pub(super) fn rejects<R: Rule + Default>(time: Time, share: f64) -> bool {
    Rig::new(R::default()).run(100, time, share).refused_at.is_some()
}

/// How many of 10,000 calls a rule admits when an outage has lasted this long already.
pub(super) fn admitted_late<R: Rule + Default>(outage: Time) -> u32 {
    let mut rig = Rig::new(R::default());
    rig.run(100, outage, 1.0);
    rig.run(100, Time::secs(100), 1.0).admitted
}

/// Whether two numbers are the same but for rounding.
pub(super) fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}
