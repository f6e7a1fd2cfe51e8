//! Google's client-side throttling (Site Reliability Engineering, chapter 21, "Handling
//! Overload": sre.google/sre-book/handling-overload).
//!
//! A client keeps, for the last two minutes, the requests that it wanted to make and
//! those that the backend accepted. It rejects a new one with probability
//! `max(0, (requests - K accepts) / (requests + 1))`, with K = 2. Its own rejections are
//! requests too. The book does not say how the two minutes are kept: here in buckets of
//! 1 s. Whatever does not succeed counts as not accepted.

use super::{
    Attempt, Ended, Rule, Ticket,
    throttle::rejection,
    window::{Buckets, Counts},
};
use crate::{random::Random, time::Time};

/// Google's client-side throttling.
#[derive(Debug, Clone)]
pub struct GoogleThrottling {
    k: f64,
    window: Buckets,
    writes: u64,
}

impl GoogleThrottling {
    /// With this K.
    #[must_use]
    pub fn new(k: f64) -> Self {
        Self { k, window: Buckets::new(120, Time::secs(1)), writes: 0 }
    }

    /// How probable a rejection is.
    #[must_use]
    pub fn rejection(&self) -> f64 {
        // The part of the requests that was accepted.
        let Counts { all, part } = self.window.sum();
        rejection(all, self.k * f64::from(part))
    }
}

impl Default for GoogleThrottling {
    fn default() -> Self {
        Self::new(2.0)
    }
}

impl Rule for GoogleThrottling {
    fn admit(&mut self, attempt: Attempt, random: &mut Random) -> Option<Ticket> {
        self.window.roll(attempt.now);
        let rejected = random.chance(self.rejection());
        self.window.add(attempt.now, Counts { all: 1, part: 0 });
        self.writes += 1;
        (!rejected).then(Ticket::default)
    }

    fn end(&mut self, _: Ticket, ended: Ended, _: &mut Random) {
        if !ended.failed() {
            self.window.add(ended.now, Counts { all: 0, part: 1 });
            self.writes += 1;
        }
    }

    /// Two counts of 4 bytes for each of 120 seconds, their sums, and a time.
    fn bytes(&self) -> usize {
        120 * 8 + 8 + 8
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Rig, same};

    #[test]
    fn the_formula() {
        let mut rule = GoogleThrottling::default();
        assert!(same(rule.rejection(), 0.0));
        rule.window.add(Time::ZERO, Counts { all: 100, part: 30 });
        assert!(same(rule.rejection(), 40.0 / 101.0));
        rule.window.add(Time::ZERO, Counts { all: 0, part: 20 });
        assert!(same(rule.rejection(), 0.0));
    }

    #[test]
    fn half_of_the_calls_may_fail() {
        let mut rig = Rig::new(GoogleThrottling::default());
        rig.run(100, Time::secs(120), 0.0);
        assert_eq!(rig.run(100, Time::secs(200), 0.5).refused_at, None);
        assert!(rig.run(100, Time::secs(200), 0.6).refused_at.is_some());
    }

    #[test]
    fn the_healthy_past_hides_an_outage_for_a_minute() {
        let mut rig = Rig::new(GoogleThrottling::default());
        rig.run(100, Time::secs(150), 0.0);
        let after = rig.run(100, Time::secs(90), 1.0).refused_at.unwrap();
        assert!(after >= Time::secs(59) && after < Time::secs(62), "{after}");
    }

    #[test]
    fn rejections_are_requests() {
        let mut rig = Rig::new(GoogleThrottling::default());
        rig.run(100, Time::secs(10), 1.0);
        assert_eq!(rig.rule.window.sum(), Counts { all: 1_000, part: 0 });
    }
}
