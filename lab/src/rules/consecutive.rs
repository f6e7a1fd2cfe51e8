//! So many failures in a row: the plain model that textbooks have.
//!
//! A success sets the count back. The breaker opens at the threshold, refuses calls for
//! the open time, and then sends one probe at a time: its success closes, its failure
//! opens anew. What was admitted before a change of the state says nothing after it.
//! The defaults, 5 failures and 5 s, are those of the comparisons in `FIELD.md`,
//! section 0.2; no project publishes them.

use super::{Attempt, Ended, Rule, Ticket, one_probe::OneProbe};
use crate::{random::Random, time::Time};

/// The breaker of consecutive failures.
#[derive(Debug, Clone)]
pub struct Consecutive {
    threshold: u32,
    open: Time,
    state: OneProbe,
    failures: u32,
    generation: u64,
    writes: u64,
}

impl Consecutive {
    /// Opens at so many failures in a row, for this long.
    #[must_use]
    pub fn new(threshold: u32, open: Time) -> Self {
        let state = OneProbe::Closed;
        Self { threshold, open, state, failures: 0, generation: 0, writes: 0 }
    }

    fn go(&mut self, state: OneProbe) {
        self.state.set(state, &mut self.writes);
        self.failures = 0;
        self.generation += 1;
    }
}

impl Default for Consecutive {
    fn default() -> Self {
        Self::new(5, Time::secs(5))
    }
}

impl Rule for Consecutive {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        let before = self.state;
        let admitted = self.state.admit(attempt.now, &mut self.writes);
        self.generation += u64::from(before != self.state);
        admitted.then_some(Ticket(self.generation))
    }

    fn end(&mut self, ticket: Ticket, ended: Ended, _: &mut Random) {
        if ticket.0 != self.generation {
            return;
        }
        let open = OneProbe::Open(ended.now + self.open);
        match (self.state, ended.failed()) {
            (OneProbe::Closed, true) => {
                self.failures += 1;
                self.writes += 1;
                if self.failures >= self.threshold {
                    self.go(open);
                }
            }
            (OneProbe::Closed, false) => {
                self.writes += u64::from(self.failures > 0);
                self.failures = 0;
            }
            (_, true) => self.go(open),
            (_, false) => self.go(OneProbe::Closed),
        }
    }

    /// A state, a count, a time and a generation, of 8 bytes at most each.
    fn bytes(&self) -> usize {
        32
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{End, testing::Rig};

    #[test]
    fn a_success_sets_the_count_back() {
        let mut rig = Rig::new(Consecutive::default());
        for _ in 0..100 {
            assert!(rig.fail(4) && rig.succeed(1));
        }
        assert!(rig.fail(5));
        assert!(!rig.call(End::Success));
    }

    #[test]
    fn one_probe_at_a_time() {
        let mut rig = Rig::new(Consecutive::new(2, Time::secs(5)));
        assert!(rig.fail(2));
        rig.wait(Time::secs(5));
        let mut chance = Random::new(1, 1);
        let attempt = Attempt::new(rig.now, 1);
        let probe = rig.rule.admit(attempt, &mut chance);
        assert!(probe.is_some() && rig.rule.admit(attempt, &mut chance).is_none());
        let ended = Ended { now: rig.now, began: rig.now, number: 1, end: End::Failure };
        rig.rule.end(probe.unwrap(), ended, &mut chance);
        rig.wait(Time::millis(4_999));
        assert!(!rig.call(End::Success));
        rig.wait(Time::millis(1));
        assert!(rig.succeed(3));
    }

    #[test]
    fn a_late_result_says_nothing() {
        let mut rig = Rig::new(Consecutive::new(1, Time::secs(5)));
        let mut chance = Random::new(1, 1);
        let late = rig.rule.admit(Attempt::new(rig.now, 1), &mut chance).unwrap();
        assert!(rig.fail(1));
        rig.wait(Time::secs(5));
        assert!(rig.call(End::Failure));
        let ended = Ended { now: rig.now, began: Time::ZERO, number: 1, end: End::Success };
        rig.rule.end(late, ended, &mut chance);
        assert!(!rig.call(End::Success));
    }

    #[test]
    fn healthy_calls_write_nothing() {
        let mut rig = Rig::new(Consecutive::default());
        assert!(rig.succeed(1_000));
        assert_eq!(rig.rule.writes(), 0);
    }
}
