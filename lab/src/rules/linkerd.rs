//! Linkerd's failure accrual (linkerd/linkerd2-proxy, `http/breaker`: consecutive at
//! commit 12aa922b, unified at 97a7dea5, window at 5448b478; the defaults are those of
//! linkerd.io's reference on circuit breaking).
//!
//! Consecutive: 7 failures, a penalty of 1 s that doubles up to 1 min, jitter 0.5 of the
//! penalty on top (and no more than the maximum). Unified, of 2026: the same, or a
//! success rate below 0.8 of at least 5 responses in 10 s, in 10 buckets. Responses of
//! a shut gate are ignored; once the penalty is over, the first response decides,
//! whichever call it is of. Success opens the gate and forgets everything. The proxy
//! guards each endpoint, and its balancer waits a while before it refuses; here a shut
//! gate refuses at once. Answers 429 and `Retry-After` hints are left out.

use super::{
    Attempt, Ended, Rule, Ticket,
    one_probe::OneProbe,
    window::{Buckets, Counts},
};
use crate::{random::Random, time::Time};

/// Linkerd's circuit breaker.
#[derive(Debug, Clone)]
pub struct Linkerd {
    max_failures: u32,
    rate: Option<(f64, u32)>,
    window: Buckets,
    penalty: Time,
    max_penalty: Time,
    jitter: f64,
    state: OneProbe,
    failures: u32,
    penalties: u32,
    writes: u64,
}

impl Linkerd {
    /// Mode `consecutive`, at its defaults.
    #[must_use]
    pub fn consecutive() -> Self {
        Self {
            max_failures: 7,
            rate: None,
            window: Buckets::new(10, Time::secs(1)),
            penalty: Time::secs(1),
            max_penalty: Time::secs(60),
            jitter: 0.5,
            state: OneProbe::Closed,
            failures: 0,
            penalties: 0,
            writes: 0,
        }
    }

    /// Mode `unified`, at its defaults.
    #[must_use]
    pub fn unified() -> Self {
        Self { rate: Some((0.8, 5)), ..Self::consecutive() }
    }

    fn shut(&mut self, now: Time, random: &mut Random) {
        let base = self.penalty.as_secs_f64() * f64::from(1 << self.penalties.min(20));
        let base = base.min(self.max_penalty.as_secs_f64());
        let penalty = Time::from_secs_f64(base + base * self.jitter * random.share());
        self.penalties += 1;
        let until = now + penalty.min(self.max_penalty);
        self.state.set(OneProbe::Open(until), &mut self.writes);
    }

    fn trips(&self) -> bool {
        let sum = self.window.sum();
        let low = |(rate, minimum)| sum.all >= minimum && 1.0 - sum.share() < rate;
        self.failures >= self.max_failures || self.rate.is_some_and(low)
    }
}

impl Rule for Linkerd {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        self.state.admit(attempt.now, &mut self.writes).then(Ticket::default)
    }

    fn end(&mut self, _: Ticket, ended: Ended, random: &mut Random) {
        match self.state {
            OneProbe::Open(until) if ended.now < until => {}
            OneProbe::Closed => {
                // Each response is a message to the breaker's task, which counts it.
                self.writes += 2;
                self.failures = if ended.failed() { self.failures + 1 } else { 0 };
                if self.rate.is_some() {
                    self.window.add(ended.now, Counts::of(ended.failed()));
                }
                if self.trips() {
                    self.shut(ended.now, random);
                }
            }
            _ if ended.failed() => self.shut(ended.now, random),
            _ => {
                self.state.set(OneProbe::Closed, &mut self.writes);
                (self.failures, self.penalties) = (0, 0);
                self.window.clear(ended.now);
            }
        }
    }

    /// The breaker's task and its timer (384), the gate (64), and the channel of
    /// responses with one block of 32 of them (1 536): estimates, not measured. The
    /// unified one keeps 10 buckets of two `u32` besides.
    fn bytes(&self) -> usize {
        384 + 64 + 1_536 + if self.rate.is_some() { 80 } else { 0 }
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
    fn seven_failures_in_a_row_shut_the_gate() {
        let mut rig = Rig::new(Linkerd::consecutive());
        assert!(rig.fail(6) && rig.succeed(1) && rig.fail(7));
        assert!(!rig.call(End::Success));
    }

    #[test]
    fn penalties_double_up_to_a_minute() {
        let mut rig = Rig::new(Linkerd::consecutive());
        assert!(rig.fail(7));
        for base in [1, 2, 4, 8, 16, 32, 60, 60] {
            let began = rig.now;
            let OneProbe::Open(until) = rig.rule.state else { panic!("open") };
            let penalty = until.since(began).as_secs_f64();
            let base = f64::from(base);
            assert!(penalty >= base && penalty <= (base * 1.5).min(60.0), "{penalty}");
            rig.wait(until.since(began));
            assert!(rig.fail(1));
        }
        rig.wait(Time::secs(60));
        assert!(rig.succeed(1) && rig.fail(7));
        rig.wait(Time::millis(1_501));
        assert!(rig.succeed(1), "a success begins again with the first penalty");
    }

    #[test]
    fn after_the_penalty_a_straggler_decides() {
        let mut chance = Random::new(1, 1);
        for (wait, decides) in [(Time::millis(999), false), (Time::secs(2), true)] {
            let mut rig = Rig::new(Linkerd::consecutive());
            let first = Attempt::new(rig.now, 1);
            let late = rig.rule.admit(first, &mut chance).unwrap();
            assert!(rig.fail(7));
            rig.wait(wait);
            let (now, end) = (rig.now, End::Failure);
            rig.rule.end(late, Ended { now, began: Time::ZERO, number: 1, end }, &mut chance);
            // A failure that decides has doubled the penalty.
            assert_eq!(rig.rule.penalties, 1 + u32::from(decides));
        }
    }

    #[test]
    fn only_the_unified_one_sees_a_partial_failure() {
        let mut rig = Rig::new(Linkerd::consecutive());
        assert_eq!(rig.run(100, Time::secs(60), 0.5).refused_at, None);
        let mut rig = Rig::new(Linkerd::unified());
        assert_eq!(rig.run(100, Time::secs(60), 0.2).refused_at, None);
        let mut rig = Rig::new(Linkerd::unified());
        assert!(rig.run(100, Time::secs(60), 0.25).refused_at.is_some());
    }

    #[test]
    fn the_rate_needs_five_responses() {
        let mut rig = Rig::new(Linkerd::unified());
        assert!(rig.fail(2) && rig.succeed(2));
        assert!(rig.call(End::Success) && !rig.call(End::Success));
    }
}
