//! Finagle's failure accrual (twitter/finagle, `FailureAccrualPolicy` at commits
//! 4feb34cb9 and 91d24c33, `FailureAccrualFactory` at 91d24c33, `Ema` at 0e26b576).
//!
//! The hybrid default: 5 consecutive failures, or a success rate under 0.8, which is a
//! moving average over time: a sample weighs 1 - exp(-gap / 30 s). The rate acts after
//! the first 30 s, with at least 5 requests in 30 s. Either marks the endpoint dead, for
//! 5 s, then 5 to 10, 10 to 20 and so on (equal jitter), and 300 s from the first that
//! would be longer; each of the two has its own backoff, and the longer one counts.
//! Then one request probes, and any result decides while it is under way. Success
//! forgets everything. The source says that the rate finds a full outage after
//! window x (1 - threshold) = 6 s; the average itself gives 30 s x ln 1.25 = 6.7 s.
//!
//! In Finagle the balancer avoids a dead endpoint, and sends to it all the same where all
//! are dead. Here is one endpoint, and it refuses calls while it is dead.

use super::{
    Attempt, Ended, Rule, Ticket,
    one_probe::OneProbe,
    window::{Buckets, Counts},
};
use crate::{random::Random, time::Time};

const MAX_BACKOFF: Time = Time::secs(300);

/// 5 s, and then half of what doubles, and up to as much again.
#[derive(Debug, Clone, Copy, Default)]
struct Backoff {
    steps: u32,
    at_most: bool,
}

impl Backoff {
    fn next(&mut self, random: &mut Random) -> Time {
        self.steps += 1;
        if self.steps == 1 {
            return Time::secs(5);
        }
        let half = 5.0 * f64::from(1u32 << (self.steps - 2).min(20));
        let backoff = Time::from_secs_f64(half + half * random.share());
        self.at_most |= backoff >= MAX_BACKOFF;
        if self.at_most { MAX_BACKOFF } else { backoff }
    }
}

/// A moving average of successes, by milliseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Ema {
    at: Option<u64>,
    rate: f64,
}

impl Ema {
    fn update(&mut self, at: u64, success: bool, window: Time) {
        let sample = f64::from(u8::from(success));
        let gap = self.at.map(|last| Time::millis(at - last).as_secs_f64());
        let kept = gap.map_or(0.0, |gap| libm::exp(-gap / window.as_secs_f64()));
        self.rate = sample * (1.0 - kept) + self.rate * kept;
        self.at = Some(at);
    }
}

/// Finagle's failure accrual.
#[derive(Debug, Clone)]
pub struct Finagle {
    consecutive: u32,
    window: Time,
    failures: u32,
    since: Time,
    ema: Ema,
    requests: Buckets,
    backoffs: [Backoff; 2],
    state: OneProbe,
    writes: u64,
}

impl Default for Finagle {
    fn default() -> Self {
        Self {
            consecutive: 5,
            window: Time::secs(30),
            failures: 0,
            since: Time::ZERO,
            ema: Ema::default(),
            requests: Buckets::new(5, Time::secs(6)),
            backoffs: [Backoff::default(); 2],
            state: OneProbe::Closed,
            writes: 0,
        }
    }
}

impl Finagle {
    /// Only the success rate, without the consecutive failures.
    #[must_use]
    pub fn success_rate() -> Self {
        Self { consecutive: u32::MAX, ..Self::default() }
    }

    fn record(&mut self, now: Time, success: bool) {
        self.failures = if success { 0 } else { self.failures.saturating_add(1) };
        self.requests.add(now, Counts::of(!success));
        self.ema.update(now.since(self.since).as_millis(), success, self.window);
        // The counter of the row, the slice of requests, the average.
        self.writes += 3;
    }

    /// How long the endpoint is dead, if it is.
    fn dead_for(&mut self, now: Time, random: &mut Random) -> Option<Time> {
        let low = self.ema.rate < 0.8 && self.requests.sum().all >= 5;
        let low = low && now.since(self.since) >= self.window;
        let row = self.failures >= self.consecutive;
        let [by_rate, by_row] = &mut self.backoffs;
        low.then(|| by_rate.next(random)).max(row.then(|| by_row.next(random)))
    }
}

impl Rule for Finagle {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        self.state.admit(attempt.now, &mut self.writes).then(Ticket::default)
    }

    fn end(&mut self, _: Ticket, ended: Ended, random: &mut Random) {
        let now = ended.now;
        let probing = self.state == OneProbe::Probing;
        if !ended.failed() {
            if probing {
                self.state.set(OneProbe::Closed, &mut self.writes);
                self.backoffs = [Backoff::default(); 2];
                (self.failures, self.since, self.ema) = (0, now, Ema::default());
                self.requests.clear(now);
            }
            self.record(now, true);
        } else if probing || self.state == OneProbe::Closed {
            self.record(now, false);
            if let Some(time) = self.dead_for(now, random) {
                self.state.set(OneProbe::Open(now + time), &mut self.writes);
            } else if probing {
                // Nothing speaks against it: the next request probes.
                self.state.set(OneProbe::Open(now), &mut self.writes);
            }
        }
    }

    /// On a 64-bit JVM: the factory (64), the two policies and their union (120), the
    /// average (32), the adder of 5 slices (160), and two backoffs (80).
    fn bytes(&self) -> usize {
        64 + 120 + 32 + 160 + 80
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
    fn five_in_a_row_mark_it_dead() {
        let mut rig = Rig::new(Finagle::default());
        assert!(rig.fail(4) && rig.succeed(1) && rig.fail(5));
        rig.wait(Time::millis(4_999));
        assert!(!rig.call(End::Success));
        rig.wait(Time::millis(1));
        assert!(rig.succeed(2));
    }

    #[test]
    fn the_average_alone_finds_an_outage_after_six_seconds() {
        let mut rig = Rig::new(Finagle::success_rate());
        assert_eq!(rig.run(1_000, Time::secs(60), 0.0).refused_at, None);
        let ran = rig.run(1_000, Time::secs(10), 1.0);
        let after = ran.refused_at.unwrap().as_secs_f64();
        assert!((after - 30.0 * libm::log(1.25)).abs() < 0.01, "{after}");
        assert!(after > 6.0 && after < 7.0);
    }

    #[test]
    fn the_average_says_nothing_in_the_first_window() {
        let mut rig = Rig::new(Finagle::success_rate());
        let ran = rig.run(100, Time::secs(40), 1.0);
        assert_eq!(ran.refused_at, Some(Time::millis(30_010)));
    }

    #[test]
    fn backoffs_grow_with_equal_jitter() {
        let mut backoff = Backoff::default();
        let mut random = Random::new(3, 3);
        assert_eq!(backoff.next(&mut random), Time::secs(5));
        for half in [5, 10, 20, 40, 80] {
            let next = backoff.next(&mut random);
            assert!(next >= Time::secs(half) && next <= Time::secs(2 * half), "{next}");
        }
        let last = [(); 3].map(|()| backoff.next(&mut random));
        assert!(last[0] >= Time::secs(160) && last[0] <= MAX_BACKOFF);
        assert_eq!(last[1..], [MAX_BACKOFF; 2]);
    }

    #[test]
    fn an_undecided_probe_is_followed_by_another() {
        let mut rig = Rig::new(Finagle::default());
        rig.rule.state = OneProbe::Open(Time::ZERO);
        assert!(rig.fail(1) && rig.succeed(1));
        assert_eq!(rig.rule.state, OneProbe::Closed);
    }
}
