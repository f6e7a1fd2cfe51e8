//! failsafe-go's adaptive throttler (failsafe-go/failsafe-go, `adaptivethrottler`,
//! commits 5759a5e and 005dc771).
//!
//! Failure rate threshold 10 %, over 1 minute in 20 buckets, and at most 0.9 rejected.
//! A call is rejected with probability
//! `max(0, executions - successes / 0.9) / (executions + 1)`.
//! Executions are those that were made and have ended. The window only moves when a
//! result is recorded: while everything is rejected, it stands still.

use super::{
    Attempt, Ended, Rule, Ticket,
    throttle::rejection,
    window::{Buckets, Counts},
};
use crate::{random::Random, time::Time};

/// failsafe-go's adaptive throttler.
#[derive(Debug, Clone)]
pub struct FailsafeGoThrottler {
    success_rate: f64,
    at_most: f64,
    window: Buckets,
    writes: u64,
}

impl FailsafeGoThrottler {
    /// How probable a rejection is.
    #[must_use]
    pub fn rejection(&self) -> f64 {
        let Counts { all, part } = self.window.sum();
        rejection(all, f64::from(all - part) / self.success_rate).min(self.at_most)
    }
}

impl Default for FailsafeGoThrottler {
    fn default() -> Self {
        let window = Buckets::new(20, Time::secs(3));
        Self { success_rate: 0.9, at_most: 0.9, window, writes: 0 }
    }
}

impl Rule for FailsafeGoThrottler {
    fn admit(&mut self, _: Attempt, random: &mut Random) -> Option<Ticket> {
        // The rate is stored at each call.
        self.writes += 1;
        (!random.chance(self.rejection())).then(Ticket::default)
    }

    fn end(&mut self, _: Ticket, ended: Ended, _: &mut Random) {
        self.window.add(ended.now, Counts::of(ended.failed()));
        self.writes += 1;
    }

    /// On 64-bit Go: the throttler (48), its settings (120), the statistics with their
    /// summary (88), and 20 buckets of 16 bytes.
    fn bytes(&self) -> usize {
        48 + 120 + 88 + 20 * 16
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{admitted_late, rejects, same};

    #[test]
    fn the_formula() {
        let mut rule = FailsafeGoThrottler::default();
        rule.window.add(Time::ZERO, Counts { all: 100, part: 20 });
        assert!(same(rule.rejection(), (100.0 - 80.0 / 0.9) / 101.0));
        rule.window.add(Time::ZERO, Counts { all: 1_000_000, part: 1_000_000 });
        assert!(same(rule.rejection(), 0.9));
    }

    #[test]
    fn a_tenth_of_failures_rejects_nothing() {
        // The last call of each ten is the one that fails.
        assert!(!rejects::<FailsafeGoThrottler>(Time::secs(120), 0.1));
        assert!(rejects::<FailsafeGoThrottler>(Time::secs(120), 0.15));
    }

    #[test]
    fn one_in_ten_passes_in_a_long_outage() {
        let admitted = admitted_late::<FailsafeGoThrottler>(Time::secs(120));
        assert!((900..1_100).contains(&admitted), "{admitted}");
    }
}
