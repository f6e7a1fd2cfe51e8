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
        let wanted = f64::from(all) - f64::from(all - part) / self.success_rate;
        (wanted.max(0.0) / (f64::from(all) + 1.0)).min(self.at_most)
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
    use crate::rules::testing::{Rig, same};

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
        let mut rig = Rig::new(FailsafeGoThrottler::default());
        // The last call of each ten is the one that fails.
        assert_eq!(rig.run(100, Time::secs(120), 0.1).refused_at, None);
        let mut rig = Rig::new(FailsafeGoThrottler::default());
        assert!(rig.run(100, Time::secs(120), 0.15).refused_at.is_some());
    }

    #[test]
    fn one_in_ten_passes_in_a_long_outage() {
        let mut rig = Rig::new(FailsafeGoThrottler::default());
        rig.run(100, Time::secs(120), 1.0);
        let ran = rig.run(100, Time::secs(100), 1.0);
        assert!((900..1_100).contains(&ran.admitted), "{ran:?}");
    }
}
