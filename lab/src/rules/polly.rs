//! Polly v8 (App-vNext/Polly, `src/Polly.Core/CircuitBreaker`, commits 173d6d1d and
//! 13428cc0; the defaults are `CircuitBreakerStrategyOptions`').
//!
//! Failure ratio 0.1, minimum throughput 100, sampling 30 s, break 5 s. The sampling
//! lies in 10 windows of 3 s. A window begins with the first call after the last one's
//! end, and goes as a whole. Each failure of a closed circuit compares the ratio. After
//! the break one call passes; while it is under way any result decides, of whichever
//! call it is. A late failure prolongs nothing; closing forgets the windows. (Polly does
//! not count a failed probe; the next closing would forget it anyway.) The single window
//! that it has for samplings under 200 ms is left out.

use super::{
    Attempt, Ended, Rule, Ticket,
    one_probe::OneProbe,
    window::{Counts, Parts},
};
use crate::{random::Random, time::Time};

/// Polly's circuit breaker.
#[derive(Debug, Clone)]
pub struct Polly {
    ratio: f64,
    minimum: u32,
    pause: Time,
    windows: Parts,
    state: OneProbe,
    writes: u64,
}

impl Polly {
    /// With this failure ratio, minimum throughput, sampling and break.
    #[must_use]
    pub fn new(ratio: f64, minimum: u32, sampling: Time, pause: Time) -> Self {
        let windows = Parts::new(sampling, Time::micros(sampling.as_micros() / 10));
        Self { ratio, minimum, pause, windows, state: OneProbe::Closed, writes: 0 }
    }
}

impl Default for Polly {
    fn default() -> Self {
        Self::new(0.1, 100, Time::secs(30), Time::secs(5))
    }
}

impl Rule for Polly {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        self.state.admit(attempt.now, &mut self.writes).then(Ticket::default)
    }

    fn end(&mut self, _: Ticket, ended: Ended, _: &mut Random) {
        let open = OneProbe::Open(ended.now + self.pause);
        let probing = self.state == OneProbe::Probing;
        self.windows.add(ended.now, Counts::of(ended.failed()));
        self.writes += 1;
        if probing && ended.failed() {
            self.state.set(open, &mut self.writes);
        } else if probing {
            self.windows.clear();
            self.state.set(OneProbe::Closed, &mut self.writes);
        } else if self.state == OneProbe::Closed && ended.failed() {
            let sum = self.windows.sum();
            if sum.all >= self.minimum && sum.share() >= self.ratio {
                self.state.set(open, &mut self.writes);
            }
        }
    }

    /// On a 64-bit .NET: the controller with its last outcome (128), the metrics (64),
    /// the queue and its array (40 + 24 + 16 x 8), and 11 windows of 40 bytes.
    fn bytes(&self) -> usize {
        128 + 64 + 40 + 24 + 16 * 8 + 11 * 40
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
    fn the_healthy_past_hides_an_outage_for_three_seconds() {
        let mut rig = Rig::new(Polly::default());
        assert_eq!(rig.run(1_000, Time::secs(30), 0.0).refused_at, None);
        let ran = rig.run(1_000, Time::secs(4), 1.0);
        assert_eq!(ran.refused_at, Some(Time::secs(3)));
        assert_eq!((ran.failed_before, ran.failed), (3_000, 3_000));
    }

    #[test]
    fn under_a_hundred_calls_nothing_opens() {
        let mut rig = Rig::new(Polly::default());
        assert!(rig.fail(100));
        assert!(!rig.call(End::Success));
        let mut rig = Rig::new(Polly::default());
        assert_eq!(rig.run(3, Time::secs(300), 1.0).refused_at, None);
    }

    #[test]
    fn nine_percent_pass_and_ten_open() {
        let mut rig = Rig::new(Polly::default());
        assert_eq!(rig.run(100, Time::secs(60), 0.09).refused_at, None);
        let mut rig = Rig::new(Polly::default());
        assert!(rig.run(100, Time::secs(60), 0.1).refused_at.is_some());
    }

    #[test]
    fn the_probe_decides_after_five_seconds() {
        let mut rig = Rig::new(Polly::default());
        assert!(rig.fail(100));
        rig.wait(Time::millis(4_999));
        assert!(!rig.call(End::Success));
        rig.wait(Time::millis(1));
        assert!(rig.fail(1));
        rig.wait(Time::secs(5));
        assert!(rig.succeed(1) && rig.fail(99));
    }
}
