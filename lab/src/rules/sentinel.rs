//! Sentinel's circuit breakers (alibaba/Sentinel, `ExceptionCircuitBreaker` and
//! `ResponseTimeCircuitBreaker`, commits d75a6687b and 0f80698d; the defaults are
//! `DegradeRule`'s: minimum 5 requests, statistics of 1 s).
//!
//! The statistics are one bucket, which begins at each whole interval: nothing slides.
//! The breaker opens above the ratio, not at it; only a slow ratio of 1.0 also opens at
//! 1.0 (its issue 1769). After the recovery timeout one call passes, and any result
//! decides while it is under way. A threshold and a recovery timeout have to be chosen:
//! the documentation's example has an error ratio of 0.5 and 10 s, and they stand here.

use super::{
    Attempt, Ended, Rule, Ticket,
    one_probe::OneProbe,
    window::{Buckets, Counts},
};
use crate::{random::Random, time::Time};

/// Sentinel's circuit breaker, by the ratio of errors or of slow calls.
#[derive(Debug, Clone)]
pub struct Sentinel {
    slow: Option<Time>,
    ratio: f64,
    minimum: u32,
    recovery: Time,
    bucket: Buckets,
    state: OneProbe,
    writes: u64,
}

impl Sentinel {
    /// Opens above this share of errors; one call tests after the recovery timeout.
    #[must_use]
    pub fn error_ratio(ratio: f64, recovery: Time) -> Self {
        let bucket = Buckets::new(1, Time::secs(1));
        let state = OneProbe::Closed;
        Self { slow: None, ratio, minimum: 5, recovery, bucket, state, writes: 0 }
    }

    /// Opens above this share of calls that take longer than `slow`. Errors are nothing.
    #[must_use]
    pub fn slow_ratio(slow: Time, ratio: f64, recovery: Time) -> Self {
        Self { slow: Some(slow), ..Self::error_ratio(ratio, recovery) }
    }

    fn above(&self, share: f64) -> bool {
        share > self.ratio || (self.slow.is_some() && share >= 1.0 && self.ratio >= 1.0)
    }
}

impl Default for Sentinel {
    fn default() -> Self {
        Self::error_ratio(0.5, Time::secs(10))
    }
}

impl Rule for Sentinel {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        self.state.admit(attempt.now, &mut self.writes).then(Ticket::default)
    }

    fn end(&mut self, _: Ticket, ended: Ended, _: &mut Random) {
        let bad = self.slow.map_or(ended.failed(), |slow| ended.took() > slow);
        self.bucket.add(ended.now, Counts::of(bad));
        self.writes += 1 + u64::from(bad);
        let open = OneProbe::Open(ended.now + self.recovery);
        match self.state {
            OneProbe::Open(_) => {}
            OneProbe::Probing if bad => self.state.set(open, &mut self.writes),
            OneProbe::Probing => {
                self.state.set(OneProbe::Closed, &mut self.writes);
                // The bucket is emptied, and its bounds stay where they are.
                self.bucket = Buckets::new(1, Time::secs(1));
            }
            OneProbe::Closed => {
                let sum = self.bucket.sum();
                if sum.all >= self.minimum && self.above(sum.share()) {
                    self.state.set(open, &mut self.writes);
                }
            }
        }
    }

    /// On a 64-bit JVM: the breaker (40), its state (16), the array with its lock and
    /// bucket (120), and two `LongAdder`s without cells (2 x 32).
    fn bytes(&self) -> usize {
        40 + 16 + 120 + 2 * 32
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
    fn it_opens_above_the_ratio_and_from_five_calls() {
        let mut rig = Rig::new(Sentinel::default());
        assert!(rig.fail(5));
        assert!(!rig.call(End::Success));
        let mut rig = Rig::new(Sentinel::default());
        assert!(rig.succeed(3) && rig.fail(3), "one half is not above one half");
        assert!(rig.fail(1) && !rig.call(End::Success));
    }

    #[test]
    fn nothing_slides_over_a_whole_second() {
        let mut rig = Rig::new(Sentinel::default());
        rig.wait(Time::millis(999));
        assert!(rig.fail(4));
        rig.wait(Time::millis(1));
        assert!(rig.fail(4) && rig.succeed(1));
    }

    #[test]
    fn one_call_tests_after_ten_seconds() {
        let mut rig = Rig::new(Sentinel::default());
        assert!(rig.fail(5));
        rig.wait(Time::millis(9_999));
        assert!(!rig.call(End::Success));
        rig.wait(Time::millis(1));
        assert!(rig.fail(1) && !rig.call(End::Success));
        rig.wait(Time::secs(10));
        assert!(rig.succeed(1) && rig.fail(4));
    }

    #[test]
    fn slow_calls_open_and_errors_do_not() {
        let slow = || Rig::new(Sentinel::slow_ratio(Time::millis(50), 1.0, Time::secs(10)));
        let mut rig = slow();
        assert!(rig.fail(100));
        let mut rig = slow();
        for _ in 0..5 {
            assert!(rig.attempt(1, End::Success, Time::millis(51)));
        }
        assert!(!rig.call(End::Success), "a ratio of 1.0 opens at 1.0");
    }
}
