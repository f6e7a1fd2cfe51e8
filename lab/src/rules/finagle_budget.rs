//! Finagle's retry budget (twitter/finagle, `RetryBudget.scala` at commits 4feb34cb9 and
//! 0e26b576, and `TokenBucket` of twitter/util).
//!
//! Each request deposits 1 000, each retry withdraws 5 000 (20 %), and both are
//! forgotten after 10 s. A reserve of 10 retries a second, for these 10 s, is always
//! there besides: 100 retries. The 10 s lie in 10 slices. Finagle's slices stretch where
//! calls are rare; here they are whole seconds.

use super::{
    Attempt, Ended, Rule, Ticket,
    window::{Buckets, Counts},
};
use crate::{random::Random, time::Time};

const DEPOSIT: i64 = 1_000;
const WITHDRAWAL: i64 = 5_000;
const RESERVE: i64 = 10 * 10 * WITHDRAWAL;

/// Finagle's retry budget.
#[derive(Debug, Clone)]
pub struct FinagleBudget {
    /// Of all requests and retries, the part that is retries.
    window: Buckets,
    writes: u64,
}

impl Default for FinagleBudget {
    fn default() -> Self {
        Self { window: Buckets::new(10, Time::secs(1)), writes: 0 }
    }
}

impl FinagleBudget {
    /// The retries that could be made now.
    pub fn balance(&mut self, now: Time) -> i64 {
        self.window.roll(now);
        let Counts { all, part } = self.window.sum();
        let (requests, retries) = (i64::from(all - part), i64::from(part));
        (requests * DEPOSIT - retries * WITHDRAWAL + RESERVE) / WITHDRAWAL
    }
}

impl Rule for FinagleBudget {
    fn request(&mut self, now: Time) {
        self.window.add(now, Counts::of(false));
        self.writes += 1;
    }

    fn admit(&mut self, _: Attempt, _: &mut Random) -> Option<Ticket> {
        Some(Ticket::default())
    }

    fn end(&mut self, _: Ticket, _: Ended, _: &mut Random) {}

    fn may_retry(&mut self, now: Time) -> bool {
        let enough = self.balance(now) >= 1;
        if enough {
            self.window.add(now, Counts::of(true));
            self.writes += 1;
        }
        enough
    }

    /// On a 64-bit JVM: the budget and its bucket (24 + 24), and the adder: 10 slices of
    /// 8 bytes with their array and counter (80 + 16 + 96).
    fn bytes(&self) -> usize {
        24 + 24 + 80 + 16 + 96
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Rig;

    fn retries(rig: &mut Rig<FinagleBudget>) -> u32 {
        let now = rig.now;
        (0..100_000).take_while(|_| rig.rule.may_retry(now)).map(|_| 1).sum()
    }

    #[test]
    fn the_reserve_is_a_hundred_retries() {
        let mut rig = Rig::new(FinagleBudget::default());
        assert_eq!(retries(&mut rig), 100);
        rig.wait(Time::millis(9_999));
        assert_eq!(retries(&mut rig), 0);
        rig.wait(Time::millis(1));
        assert_eq!(retries(&mut rig), 100);
    }

    #[test]
    fn a_fifth_of_the_requests_may_be_retried_besides() {
        let mut rig = Rig::new(FinagleBudget::default());
        assert!(rig.fail(1_000));
        assert_eq!(retries(&mut rig), 100 + 200);
    }

    #[test]
    fn deposits_expire_after_ten_seconds() {
        let mut rig = Rig::new(FinagleBudget::default());
        assert!(rig.fail(1_000));
        rig.wait(Time::secs(10));
        assert_eq!(retries(&mut rig), 100);
    }

    #[test]
    fn in_the_long_run_a_fifth_and_ten_a_second() {
        let mut rig = Rig::new(FinagleBudget::default());
        let mut allowed = 0;
        for _ in 0..1_000 {
            for _ in 0..100 {
                assert!(rig.fail(1));
                allowed += u32::from(rig.rule.may_retry(rig.now));
            }
            rig.wait(Time::secs(1));
        }
        // 100 requests a second: 20 by their deposits, 10 by the reserve.
        assert!((29_000..31_000).contains(&allowed), "{allowed}");
    }
}
