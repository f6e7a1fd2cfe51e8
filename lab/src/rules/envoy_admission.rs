//! Envoy's admission control (envoyproxy/envoy, the HTTP filter `admission_control`,
//! `thread_local_controller.cc` at commit 169cac73; the defaults are those of its
//! documentation).
//!
//! Sampling window 30 s, success rate threshold 95 %, aggression 1.0, no threshold of
//! requests per second, and at most 80 % rejected. A call is rejected with probability
//! `((n - s / 0.95) / (n + 1)) ^ (1 / aggression)` for the `n` responses of the window,
//! of which `s` were successes. The window has parts of 1 s; rejected calls are not in
//! it. Envoy keeps one such window for each worker thread; here is one.

use super::{
    Attempt, Ended, Rule, Ticket,
    throttle::rejection,
    window::{Counts, Parts},
};
use crate::{random::Random, time::Time};

/// Envoy's admission control.
#[derive(Debug, Clone)]
pub struct EnvoyAdmission {
    threshold: f64,
    aggression: f64,
    at_most: f64,
    window: Parts,
    writes: u64,
}

impl EnvoyAdmission {
    /// How probable a rejection is.
    #[must_use]
    pub fn rejection(&self) -> f64 {
        let Counts { all, part } = self.window.sum();
        let plain = rejection(all, f64::from(all - part) / self.threshold);
        libm::pow(plain, 1.0 / self.aggression).min(self.at_most)
    }
}

impl Default for EnvoyAdmission {
    fn default() -> Self {
        let window = Parts::new(Time::secs(30), Time::secs(1));
        Self { threshold: 0.95, aggression: 1.0, at_most: 0.8, window, writes: 0 }
    }
}

impl Rule for EnvoyAdmission {
    fn admit(&mut self, attempt: Attempt, random: &mut Random) -> Option<Ticket> {
        self.window.roll(attempt.now);
        (!random.chance(self.rejection())).then(Ticket::default)
    }

    fn end(&mut self, _: Ticket, ended: Ended, _: &mut Random) {
        self.window.add(ended.now, Counts::of(ended.failed()));
        self.writes += 1;
    }

    /// For one worker of 64-bit C++: the controller (112), and 30 parts of 16 bytes in
    /// a deque of blocks of 512.
    fn bytes(&self) -> usize {
        112 + 2 * 512
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Rig, admitted_late, rejects, same};

    #[test]
    fn the_formula() {
        let mut rule = EnvoyAdmission::default();
        rule.window.add(Time::ZERO, Counts { all: 100, part: 50 });
        assert!(same(rule.rejection(), (100.0 - 50.0 / 0.95) / 101.0));
        rule.aggression = 2.0;
        assert!(same(rule.rejection(), libm::sqrt((100.0 - 50.0 / 0.95) / 101.0)));
        rule.window.add(Time::ZERO, Counts { all: 10_000, part: 10_000 });
        assert!(same(rule.rejection(), 0.8));
    }

    #[test]
    fn a_twentieth_of_errors_rejects_nothing() {
        assert!(!rejects::<EnvoyAdmission>(Time::secs(60), 0.05));
        assert!(rejects::<EnvoyAdmission>(Time::secs(60), 0.1));
    }

    #[test]
    fn one_in_five_passes_in_a_long_outage() {
        let admitted = admitted_late::<EnvoyAdmission>(Time::secs(60));
        assert!((1_850..2_150).contains(&admitted), "{admitted}");
    }

    #[test]
    fn what_is_thirty_seconds_old_is_forgotten() {
        let mut rig = Rig::new(EnvoyAdmission::default());
        rig.run(100, Time::secs(5), 1.0);
        rig.wait(Time::secs(30));
        assert!(rig.succeed(1_000));
    }
}
