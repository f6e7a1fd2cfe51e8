//! fusebox's own retry budget: the product's code, on a clock of its own.

use std::{
    mem::size_of,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use fusebox::{BudgetSettings, Clock, RetryBudget, Tick};

use super::{Attempt, Ended, Rule, Ticket};
use crate::{random::Random, time::Time};

/// fusebox's retry budget, without a breaker.
#[derive(Debug)]
pub struct FuseboxBudget {
    clock: Arc<Watch>,
    budget: RetryBudget<Arc<Watch>>,
    writes: u64,
}

/// The time, and how often somebody looked: a budget that is full does not.
#[derive(Debug, Default)]
struct Watch {
    millis: AtomicU64,
    looks: AtomicU64,
}

impl Clock for Watch {
    fn now(&self) -> Tick {
        // One thread looks: relaxed, as below.
        self.looks.fetch_add(1, Ordering::Relaxed);
        Tick::from_millis(self.millis.load(Ordering::Relaxed))
    }
}

impl FuseboxBudget {
    /// A full one.
    #[must_use]
    pub fn new(settings: BudgetSettings) -> Self {
        let clock = Arc::new(Watch::default());
        let budget = RetryBudget::with(settings, Arc::clone(&clock));
        Self { clock, budget, writes: 0 }
    }

    fn at(&self, now: Time) -> &RetryBudget<Arc<Watch>> {
        self.clock.millis.store(now.as_millis(), Ordering::Relaxed);
        &self.budget
    }

    fn looks(&self) -> u64 {
        self.clock.looks.load(Ordering::Relaxed)
    }
}

impl Rule for FuseboxBudget {
    fn request(&mut self, now: Time) {
        let before = self.looks();
        self.at(now).deposit();
        // Whoever needs the time to deposit also writes.
        self.writes += self.looks() - before;
    }

    fn admit(&mut self, _: Attempt, _: &mut Random) -> Option<Ticket> {
        Some(Ticket::default())
    }

    fn end(&mut self, _: Ticket, _: Ended, _: &mut Random) {}

    fn may_retry(&mut self, now: Time) -> bool {
        let enough = self.at(now).try_withdraw();
        self.writes += u64::from(enough);
        enough
    }

    fn bytes(&self) -> usize {
        size_of::<RetryBudget>()
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}

#[cfg(test)]
mod tests {
    use fusebox::BudgetConfig;

    use super::*;
    use crate::rules::testing::Rig;

    #[test]
    fn a_tenth_of_the_requests_and_ten_a_second() {
        let mut rig = Rig::new(FuseboxBudget::new(BudgetConfig::new().build()));
        let mut allowed = 0;
        for _ in 0..100 {
            for _ in 0..1_000 {
                assert!(rig.fail(1));
                allowed += u32::from(rig.rule.may_retry(rig.now));
            }
            rig.wait(Time::secs(1));
        }
        // What it began with, a tenth of all requests but the first, which came to a full
        // budget, and the reserve of all seconds but the last.
        assert_eq!(allowed, 100 + 99_999 / 10 + 99 * 10);
    }

    #[test]
    fn a_full_one_is_not_written_to() {
        let mut rig = Rig::new(FuseboxBudget::new(BudgetConfig::new().build()));
        assert!(rig.succeed(1_000));
        assert_eq!(rig.rule.writes(), 0);
        assert!(rig.fail(1) && rig.rule.may_retry(rig.now) && rig.succeed(1_000));
        assert_eq!(rig.rule.writes(), 1 + 10);
        assert_eq!(rig.rule.bytes(), 24);
    }
}
