//! Hystrix 1.5 (Netflix/Hystrix, `HystrixCircuitBreaker` at commit 001526b7,
//! `HealthCountsStream`; the defaults are `HystrixCommandProperties`').
//!
//! Error threshold 50 %, request volume 20, sleep window 5 s, rolling window 10 s, a
//! health snapshot every 500 ms. The snapshot sees the whole intervals of the window
//! only: 20 of 500 ms (the 10 buckets of 1 s are those of the other metrics). After the
//! sleep window one call passes; any result decides while it is under way. Its success
//! closes and forgets the window, its failure sleeps anew. Hystrix begins its intervals
//! anew with a closing; here they stay where they are.

use std::collections::VecDeque;

use super::{Attempt, Ended, Rule, Ticket, one_probe::OneProbe, window::Counts};
use crate::{random::Random, time::Time};

/// Hystrix' circuit breaker.
#[derive(Debug, Clone)]
pub struct Hystrix {
    threshold: f64,
    volume: u32,
    sleep: Time,
    interval: Time,
    intervals: usize,
    current: Counts,
    whole: VecDeque<Counts>,
    state: OneProbe,
    writes: u64,
}

impl Default for Hystrix {
    fn default() -> Self {
        Self {
            threshold: 0.5,
            volume: 20,
            sleep: Time::secs(5),
            interval: Time::millis(500),
            intervals: 20,
            current: Counts::default(),
            whole: VecDeque::new(),
            state: OneProbe::Closed,
            writes: 0,
        }
    }
}

impl Hystrix {
    fn open(&mut self, now: Time) {
        // The sleep has to be over by a whole millisecond.
        let until = now + self.sleep + Time::millis(1);
        self.state.set(OneProbe::Open(until), &mut self.writes);
    }
}

impl Rule for Hystrix {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        self.state.admit(attempt.now, &mut self.writes).then(Ticket::default)
    }

    fn end(&mut self, _: Ticket, ended: Ended, _: &mut Random) {
        self.current += Counts::of(ended.failed());
        self.writes += 1;
        if self.state == OneProbe::Probing && ended.failed() {
            self.open(ended.now);
        } else if self.state == OneProbe::Probing {
            self.current = Counts::default();
            self.whole.clear();
            self.state.set(OneProbe::Closed, &mut self.writes);
        }
    }

    fn period(&self) -> Option<Time> {
        Some(self.interval)
    }

    fn update(&mut self, now: Time) {
        if self.whole.len() == self.intervals {
            self.whole.pop_front();
        }
        self.whole.push_back(std::mem::take(&mut self.current));
        let mut sum = Counts::default();
        for &counts in &self.whole {
            sum += counts;
        }
        let sick = sum.all >= self.volume && sum.share() >= self.threshold;
        if self.state == OneProbe::Closed && sick {
            self.open(now);
        }
    }

    /// The health stream alone: 20 arrays of a `long` for each of the 24 kinds of event
    /// (16 + 24 x 8 bytes each), and their sums. Its Rx operators are not counted.
    fn bytes(&self) -> usize {
        (self.intervals + 1) * (16 + 24 * 8) + 64
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
    fn a_full_outage_opens_after_half_the_window() {
        let mut rig = Rig::new(Hystrix::default());
        assert_eq!(rig.run(1_000, Time::secs(20), 0.0).refused_at, None);
        let ran = rig.run(1_000, Time::secs(8), 1.0);
        assert_eq!(ran.refused_at, Some(Time::secs(5)));
    }

    #[test]
    fn under_twenty_calls_in_ten_seconds_nothing_opens() {
        let mut rig = Rig::new(Hystrix::default());
        assert!(rig.fail(19));
        rig.wait(Time::secs(20));
        assert!(rig.fail(20));
        rig.wait(Time::millis(500));
        assert!(!rig.call(End::Success));
    }

    #[test]
    fn the_window_is_of_twenty_whole_intervals() {
        for (gap, opens) in [(Time::millis(9_500), true), (Time::secs(10), false)] {
            let mut rig = Rig::new(Hystrix::default());
            assert!(rig.fail(10));
            rig.wait(gap);
            assert!(rig.fail(10));
            rig.wait(Time::millis(500));
            assert_ne!(rig.call(End::Success), opens);
        }
    }

    #[test]
    fn a_burst_is_seen_at_the_next_snapshot() {
        let mut rig = Rig::new(Hystrix::default());
        rig.wait(Time::millis(10));
        assert!(rig.fail(1_000));
        rig.wait(Time::millis(489));
        assert!(rig.fail(1));
        rig.wait(Time::millis(1));
        assert!(!rig.call(End::Success));
    }

    #[test]
    fn one_request_tests_after_the_sleep() {
        let mut rig = Rig::new(Hystrix::default());
        assert!(rig.fail(20));
        rig.wait(Time::millis(500));
        rig.wait(Time::secs(5));
        assert!(!rig.call(End::Success));
        rig.wait(Time::millis(1));
        assert!(rig.fail(1) && !rig.call(End::Success));
        rig.wait(Time::millis(5_001));
        assert!(rig.succeed(1) && rig.fail(19));
        rig.wait(Time::millis(500));
        assert!(rig.succeed(1), "the window was forgotten");
    }
}
