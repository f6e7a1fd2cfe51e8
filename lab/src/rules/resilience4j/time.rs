//! `TIME_BASED`: the last 100 s, a bucket for each second.

use super::{Breaker, Sum, Window};
use crate::{
    rules::window::{Buckets, Counts},
    time::Time,
};

/// Failures and slow calls by whole seconds.
#[derive(Debug, Clone)]
pub struct Seconds {
    failures: Buckets,
    slow: Buckets,
}

impl Default for Seconds {
    fn default() -> Self {
        let buckets = Buckets::new(100, Time::secs(1));
        Self { failures: buckets.clone(), slow: buckets }
    }
}

impl Window for Seconds {
    fn record(&mut self, now: Time, failed: bool, slow: bool) -> Sum {
        self.failures.add(now, Counts::of(failed));
        self.slow.add(now, Counts::of(slow));
        let Counts { all, part } = self.failures.sum();
        Sum { calls: all, failed: part, slow: self.slow.sum().part }
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    /// On a 64-bit JVM: a bucket of 48 bytes and a reference of 4 for each second, and
    /// the total, the array and the breaker (40 + 16 + 160).
    fn bytes(&self) -> usize {
        100 * (48 + 4) + 40 + 16 + 160
    }
}

/// resilience4j with a window of the last 100 seconds.
pub type TimeWindow = Breaker<Seconds>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{End, testing::Rig};

    #[test]
    fn the_healthy_past_hides_an_outage_for_fifty_seconds() {
        let mut rig = Rig::new(TimeWindow::default());
        assert_eq!(rig.run(100, Time::secs(150), 0.0).refused_at, None);
        let ran = rig.run(100, Time::secs(60), 1.0);
        let after = ran.refused_at.unwrap();
        assert!(after > Time::secs(49) && after <= Time::secs(50), "{after}");
    }

    #[test]
    fn a_hundred_calls_come_first() {
        let mut rig = Rig::new(TimeWindow::default());
        assert!(rig.fail(99));
        rig.wait(Time::secs(99));
        assert!(rig.fail(1) && !rig.call(End::Success));
        let mut rig = Rig::new(TimeWindow::default());
        assert!(rig.fail(99));
        rig.wait(Time::secs(100));
        assert!(rig.fail(1) && rig.call(End::Success), "the first second has gone");
    }
}
