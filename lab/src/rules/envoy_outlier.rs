//! Envoy's outlier detection (envoyproxy/envoy, `outlier_detection_impl.cc` at commit
//! 00c7146d; the defaults are `outlier_detection.proto`'s).
//!
//! 5 consecutive 5xx eject the host. A sweep each 10 s puts it back when it has been out
//! for 30 s x the times that it was ejected, and 300 s at most. The sweep also takes one
//! off those times, for each whole interval that the host was back. There is no probe:
//! a host that is put back gets all calls. Jitter is 0 by default.
//!
//! Here is one host, and so some of Envoy says nothing. The success-rate and the
//! failure-percentage detectors compare 5 hosts at least. The default maximum, 10 % of
//! the hosts ejected, would eject none of one: this is `always_eject_one_host`. And the
//! panic threshold, which ignores the ejections when over half of the hosts are out, is
//! taken as 0.

use super::{Attempt, Ended, Rule, Ticket};
use crate::{random::Random, time::Time};

/// Envoy's outlier detection, of a single host.
#[derive(Debug, Clone)]
pub struct EnvoyOutlier {
    consecutive: u32,
    interval: Time,
    base: Time,
    at_most: Time,
    failures: u32,
    times: u32,
    ejected: Option<Time>,
    back: Option<Time>,
    writes: u64,
}

impl Default for EnvoyOutlier {
    fn default() -> Self {
        Self {
            consecutive: 5,
            interval: Time::secs(10),
            base: Time::secs(30),
            at_most: Time::secs(300),
            failures: 0,
            times: 0,
            ejected: None,
            back: None,
            writes: 0,
        }
    }
}

impl EnvoyOutlier {
    fn ejection(&self, times: u32) -> Time {
        Time::micros(self.base.as_micros() * u64::from(times))
    }

    /// When the host was last put back.
    pub(super) const fn back(&self) -> Option<Time> {
        self.back
    }
}

impl Rule for EnvoyOutlier {
    fn admit(&mut self, _: Attempt, _: &mut Random) -> Option<Ticket> {
        self.ejected.is_none().then(Ticket::default)
    }

    fn end(&mut self, _: Ticket, ended: Ended, _: &mut Random) {
        // The counters of the success rate, and that of the row.
        self.writes += 2;
        self.failures = if ended.failed() { self.failures + 1 } else { 0 };
        if self.failures == self.consecutive && self.ejected.is_none() {
            self.ejected = Some(ended.now);
            self.failures = 0;
            if self.ejection(self.times) < self.at_most + self.base {
                self.times += 1;
            }
            self.writes += 1;
        }
    }

    fn period(&self) -> Option<Time> {
        Some(self.interval)
    }

    fn update(&mut self, now: Time) {
        if let Some(since) = self.ejected
            && self.ejection(self.times).min(self.at_most) <= now.since(since)
        {
            (self.ejected, self.back, self.failures) = (None, Some(now), 0);
            self.writes += 1;
        }
        let healthy = self.back.is_some_and(|back| now.since(back) >= self.interval);
        if self.ejected.is_none() && healthy && self.times > 0 {
            self.times -= 1;
            self.writes += 1;
        }
    }

    /// A host's monitor of 64-bit C++: its counters and times (104), two success-rate
    /// monitors of two buckets each (2 x 72), and its place in the map (56).
    fn bytes(&self) -> usize {
        104 + 2 * 72 + 56
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{End, testing::Rig};

    /// Ejects the host now, and tells for how many seconds it is out.
    fn out(rig: &mut Rig<EnvoyOutlier>) -> u64 {
        assert!(rig.fail(5));
        let began = rig.now;
        while !rig.call(End::Success) {
            rig.wait(Time::secs(1));
        }
        rig.now.since(began).as_micros() / 1_000_000
    }

    #[test]
    fn five_in_a_row_eject() {
        let mut rig = Rig::new(EnvoyOutlier::default());
        assert!(rig.fail(4) && rig.succeed(1) && rig.fail(5));
        assert!(!rig.call(End::Success));
    }

    #[test]
    fn each_ejection_is_thirty_seconds_longer_up_to_five_minutes() {
        let mut rig = Rig::new(EnvoyOutlier::default());
        for n in 1..=10 {
            assert_eq!(out(&mut rig), 30 * n);
        }
        assert_eq!((out(&mut rig), out(&mut rig)), (300, 300));
    }

    #[test]
    fn only_a_sweep_puts_back() {
        let mut rig = Rig::new(EnvoyOutlier::default());
        rig.wait(Time::secs(1));
        assert_eq!(out(&mut rig), 39);
    }

    #[test]
    fn healthy_intervals_shorten_the_next() {
        let mut rig = Rig::new(EnvoyOutlier::default());
        assert_eq!([out(&mut rig), out(&mut rig), out(&mut rig)], [30, 60, 90]);
        rig.wait(Time::secs(20));
        assert_eq!(out(&mut rig), 60);
        rig.wait(Time::secs(600));
        assert_eq!(out(&mut rig), 30);
    }
}
