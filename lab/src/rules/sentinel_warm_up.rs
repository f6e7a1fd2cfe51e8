//! Sentinel's warm-up (alibaba/Sentinel, `WarmUpController` at commit 2c0654ca, after
//! Guava's `SmoothWarmingUp`), in front of its circuit breaker.
//!
//! A bucket fills by `count` tokens a second while less than a third of `count` passes,
//! and empties by what passes. Full means cold: a third of `count` (the cold factor is 3)
//! may pass in a second. The emptier it is, the more, up to `count`; that takes the warm-up
//! period, of 10 s by default. What passes is counted over the last second, in two
//! buckets. Both rules of a resource decide: what the breaker refuses has not passed, so
//! the bucket fills while the breaker is open. `count` has no default.

use super::{
    Attempt, Ended, Rule, Sentinel, Ticket,
    window::{Buckets, Counts},
};
use crate::{random::Random, time::Time};

const COLD_FACTOR: f64 = 3.0;

/// Sentinel's warm-up in front of its breaker.
#[derive(Debug, Clone)]
pub struct SentinelWarmUp {
    breaker: Sentinel,
    /// Calls a second once it is warm.
    count: f64,
    warning: f64,
    most: f64,
    stored: f64,
    /// The second that tokens were last added in; none before the first call.
    filled: Option<u64>,
    passed: Buckets,
    /// A second, what passed in it so far, and what did in the one before.
    second: (u64, u32, u32),
    writes: u64,
}

impl SentinelWarmUp {
    /// At most so many calls a second, after so many seconds of warming up.
    #[must_use]
    pub fn new(count: f64, period: u32, breaker: Sentinel) -> Self {
        let warning = (f64::from(period) * count / (COLD_FACTOR - 1.0)).trunc();
        let most = warning + (2.0 * f64::from(period) * count / (1.0 + COLD_FACTOR)).trunc();
        Self {
            breaker,
            count,
            warning,
            most,
            stored: 0.0,
            filled: None,
            passed: Buckets::new(2, Time::millis(500)),
            second: (0, 0, 0),
            writes: 0,
        }
    }

    /// Brings what passed in this second and in the one before up to now.
    fn turn(&mut self, second: u64) {
        let (at, passed, _) = self.second;
        if second > at {
            self.second = (second, 0, if second == at + 1 { passed } else { 0 });
        }
    }

    /// Once a second: tokens come, and those of what passed in the last one go.
    #[allow(clippy::cast_precision_loss)] // seconds
    fn fill(&mut self, second: u64) {
        let before = f64::from(self.second.2);
        if self.filled.is_some_and(|filled| second <= filled) {
            return;
        }
        let more = self.filled.map_or(f64::INFINITY, |at| (second - at) as f64 * self.count);
        let idle = before < (self.count / COLD_FACTOR).trunc();
        if self.stored < self.warning || (self.stored > self.warning && idle) {
            self.stored = (self.stored + more).min(self.most);
        }
        self.stored = (self.stored - before).max(0.0);
        self.filled = Some(second);
        self.writes += 2;
    }

    /// How many calls may pass in a second now.
    #[must_use]
    pub fn allowed(&self) -> f64 {
        let above = self.stored - self.warning;
        if above < 0.0 {
            return self.count;
        }
        let slope = (COLD_FACTOR - 1.0) / self.count / (self.most - self.warning);
        1.0 / (above * slope + 1.0 / self.count)
    }
}

impl Rule for SentinelWarmUp {
    fn admit(&mut self, attempt: Attempt, random: &mut Random) -> Option<Ticket> {
        let now = attempt.now;
        let second = now.as_micros() / 1_000_000;
        self.turn(second);
        self.passed.roll(now);
        self.fill(second);
        if f64::from(self.passed.sum().all) + 1.0 > self.allowed() {
            return None;
        }
        let ticket = self.breaker.admit(attempt, random)?;
        self.passed.add(now, Counts::of(false));
        self.second.1 += 1;
        self.writes += 2;
        Some(ticket)
    }

    fn end(&mut self, ticket: Ticket, ended: Ended, random: &mut Random) {
        self.breaker.end(ticket, ended, random);
    }

    /// The breaker, and on a 64-bit JVM the controller (56), its two counts (2 x 24), and
    /// the node's windows of two and of sixty buckets (62 x 88).
    fn bytes(&self) -> usize {
        self.breaker.bytes() + 56 + 2 * 24 + 62 * 88
    }

    fn writes(&self) -> u64 {
        self.writes + self.breaker.writes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{End, testing::Rig};

    fn rig() -> Rig<SentinelWarmUp> {
        Rig::new(SentinelWarmUp::new(300.0, 10, Sentinel::default()))
    }

    /// How many of 600 calls a second pass in each second.
    fn passes(rig: &mut Rig<SentinelWarmUp>, seconds: u32) -> Vec<u32> {
        (0..seconds).map(|_| rig.run(600, Time::secs(1), 0.0).admitted).collect()
    }

    #[test]
    fn it_begins_with_a_third_and_ends_with_all() {
        let seconds = passes(&mut rig(), 20);
        assert!(seconds[0].abs_diff(100) <= 2, "{seconds:?}");
        assert!(seconds.is_sorted_by(|one, next| *next + 40 >= *one), "{seconds:?}");
        assert!(seconds[19].abs_diff(300) <= 2, "{seconds:?}");
        // Half of the tokens are above the warning; they take the warm-up period.
        let warm = seconds.iter().position(|it| *it >= 290).unwrap();
        assert!((7..=12).contains(&warm), "{seconds:?}");
    }

    #[test]
    fn a_silence_makes_it_cold_again() {
        let mut rig = rig();
        passes(&mut rig, 20);
        rig.wait(Time::secs(30));
        // The first second of calls may reach into the next one of the clock.
        let first = passes(&mut rig, 1)[0];
        assert!((98..=120).contains(&first), "{first}");
    }

    #[test]
    fn what_the_breaker_refuses_has_not_passed() {
        let mut rig = rig();
        passes(&mut rig, 20);
        assert!(rig.rule.allowed() > 299.0);
        rig.wait(Time::secs(1));
        assert!(rig.fail(5) && !rig.call(End::Success));
        for _ in 0..12 {
            rig.wait(Time::millis(750));
            rig.call(End::Success);
        }
        assert!(rig.rule.allowed() < 150.0, "{}", rig.rule.allowed());
    }
}
