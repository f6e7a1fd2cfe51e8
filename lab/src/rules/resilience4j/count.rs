//! `COUNT_BASED`: the last 100 calls.

use std::collections::VecDeque;

use super::{Breaker, Sum, Window};
use crate::time::Time;

/// The last calls, each a measurement.
#[derive(Debug, Clone)]
pub struct Ring {
    size: usize,
    calls: VecDeque<(bool, bool)>,
    sum: Sum,
}

impl Ring {
    pub(super) fn new(size: usize) -> Self {
        Self { size, calls: VecDeque::new(), sum: Sum::default() }
    }
}

/// Of the last 100 calls.
impl Default for Ring {
    fn default() -> Self {
        Self::new(100)
    }
}

impl Window for Ring {
    fn record(&mut self, _: Time, failed: bool, slow: bool) -> Sum {
        let sum = &mut self.sum;
        if self.calls.len() < self.size {
            sum.calls += 1;
        } else if let Some((failed, slow)) = self.calls.pop_front() {
            sum.failed -= u32::from(failed);
            sum.slow -= u32::from(slow);
        }
        self.calls.push_back((failed, slow));
        sum.failed += u32::from(failed);
        sum.slow += u32::from(slow);
        *sum
    }

    fn clear(&mut self) {
        *self = Self::new(self.size);
    }

    /// On a 64-bit JVM: a measurement of 40 bytes and a reference of 4 for each call,
    /// and the total, the array and the breaker (40 + 16 + 160).
    fn bytes(&self) -> usize {
        self.size * (40 + 4) + 40 + 16 + 160
    }
}

/// resilience4j with a window of the last 100 calls.
pub type CountWindow = Breaker<Ring>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{End, testing::Rig};

    #[test]
    fn a_fifth_of_errors_never_opens_it() {
        let mut rig = Rig::new(CountWindow::default());
        assert_eq!(rig.run(1_000, Time::secs(60), 0.2).refused_at, None);
    }

    #[test]
    fn a_hundred_calls_come_first() {
        let mut rig = Rig::new(CountWindow::default());
        assert!(rig.fail(100));
        assert!(!rig.call(End::Success));
    }

    #[test]
    fn a_full_outage_opens_at_the_fiftieth_failure() {
        let mut rig = Rig::new(CountWindow::default());
        assert!(rig.succeed(100) && rig.fail(50));
        assert!(!rig.call(End::Success));
    }

    #[test]
    fn ten_results_decide_after_a_minute() {
        let mut rig = Rig::new(CountWindow::default());
        assert!(rig.fail(100));
        rig.wait(Time::secs(60));
        assert!(!rig.call(End::Success));
        rig.wait(Time::micros(1));
        assert!(rig.succeed(5) && rig.fail(5) && !rig.call(End::Success));
        rig.wait(Time::millis(60_001));
        assert!(rig.fail(4) && rig.succeed(6) && rig.fail(99));
    }

    #[test]
    fn all_calls_slow_open_it() {
        let mut rig = Rig::new(CountWindow::default());
        for _ in 0..100 {
            assert!(rig.attempt(1, End::Success, Time::millis(60_001)));
        }
        assert!(!rig.call(End::Success));
    }
}
