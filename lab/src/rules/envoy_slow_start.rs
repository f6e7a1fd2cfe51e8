//! Envoy's slow start (envoyproxy/envoy, `applySlowStartFactor` of its balancers and the
//! documentation, "Slow start mode"), after its outlier detection.
//!
//! The weight of a host that is new among the healthy ones is that of the others times
//! `max(10 %, (t / window) ^ (1 / aggression))`, where t is 1 s at least; the aggression
//! is 1.0 by default, and the window has no default. A host with many others gets that
//! share of its usual calls; the rest goes to them. Here is one host, and the rest is
//! refused. Envoy begins the window when an active health check passes; here it begins
//! when the host is put back.

use super::{Attempt, Ended, EnvoyOutlier, Rule, Ticket};
use crate::{random::Random, time::Time};

const LEAST_WEIGHT: f64 = 0.1;

/// Envoy's outlier detection with a slow start, of a single host.
#[derive(Debug, Clone)]
pub struct EnvoySlowStart {
    outlier: EnvoyOutlier,
    window: Time,
}

impl EnvoySlowStart {
    /// With a window of this length.
    #[must_use]
    pub fn new(window: Time) -> Self {
        Self { outlier: EnvoyOutlier::default(), window }
    }

    /// The share of its usual calls that the host gets, if it is in.
    #[must_use]
    pub fn weight(&self, now: Time) -> f64 {
        let Some(back) = self.outlier.back() else { return 1.0 };
        let time = now.since(back).max(Time::secs(1));
        (time.as_secs_f64() / self.window.as_secs_f64()).clamp(LEAST_WEIGHT, 1.0)
    }
}

impl Rule for EnvoySlowStart {
    fn admit(&mut self, attempt: Attempt, random: &mut Random) -> Option<Ticket> {
        let ticket = self.outlier.admit(attempt, random)?;
        random.chance(self.weight(attempt.now)).then_some(ticket)
    }

    fn end(&mut self, ticket: Ticket, ended: Ended, random: &mut Random) {
        self.outlier.end(ticket, ended, random);
    }

    fn period(&self) -> Option<Time> {
        self.outlier.period()
    }

    fn update(&mut self, now: Time) {
        self.outlier.update(now);
    }

    /// The host's, and when its window began.
    fn bytes(&self) -> usize {
        self.outlier.bytes() + 8
    }

    fn writes(&self) -> u64 {
        self.outlier.writes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Rig, same};

    #[test]
    fn the_weight_grows_from_a_tenth_over_the_window() {
        let mut rig = Rig::new(EnvoySlowStart::new(Time::secs(20)));
        assert!(same(rig.rule.weight(Time::secs(100)), 1.0), "it was always in");
        assert!(rig.fail(5));
        rig.wait(Time::secs(30));
        for (after, weight) in [(0, 0.1), (1_500, 0.1), (2_000, 0.1), (10_000, 0.5), (20_000, 1.0)]
        {
            let at = Time::secs(30) + Time::millis(after);
            assert!(same(rig.rule.weight(at), weight), "{after}");
        }
    }

    #[test]
    fn the_first_second_counts_as_a_whole_one() {
        let mut rig = Rig::new(EnvoySlowStart::new(Time::secs(5)));
        assert!(rig.fail(5));
        rig.wait(Time::secs(30));
        assert!(same(rig.rule.weight(Time::secs(30)), 0.2));
    }

    #[test]
    fn half_of_the_calls_pass_in_a_window() {
        let mut rig = Rig::new(EnvoySlowStart::new(Time::secs(20)));
        assert!(rig.fail(5));
        rig.wait(Time::secs(30));
        let ran = rig.run(100, Time::secs(20), 0.0);
        assert!(ran.admitted.abs_diff(1_010) < 80, "{}", ran.admitted);
    }
}
