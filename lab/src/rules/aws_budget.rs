//! The retry quota of the AWS SDKs, mode `standard` (boto/botocore,
//! `botocore/retries/standard.py`, `RetryQuotaChecker`; the SDKs' reference on retry
//! behaviour has the same figures).
//!
//! The bucket has 500 tokens, and is full at first. A retry costs 5, or 10 after a
//! timeout. A request that succeeds gives back the cost of its last retry, or 1 where it
//! had none. First attempts are always made.
//!
//! A retry's cost is known when it is allowed, and given back when its attempt succeeds.
//! The two are told together in the order of the permissions: where backoffs differ, two
//! costs can be swapped, and the sum stays right.

use std::collections::VecDeque;

use super::{Attempt, End, Ended, Rule, Ticket};
use crate::{random::Random, time::Time};

const FULL: u64 = 500;
const RETRY: u64 = 5;
const AFTER_TIMEOUT: u64 = 10;
const FIRST_SUCCESS: u64 = 1;

/// The AWS SDKs' retry quota.
#[derive(Debug, Clone)]
pub struct AwsBudget {
    tokens: u64,
    next_cost: u64,
    allowed: VecDeque<u64>,
    writes: u64,
}

impl AwsBudget {
    /// What is left.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.tokens
    }
}

impl Default for AwsBudget {
    fn default() -> Self {
        Self { tokens: FULL, next_cost: RETRY, allowed: VecDeque::new(), writes: 0 }
    }
}

impl Rule for AwsBudget {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        let retry = attempt.number > 1;
        let cost = if retry { self.allowed.pop_front() } else { None };
        Some(Ticket(cost.unwrap_or(FIRST_SUCCESS)))
    }

    fn end(&mut self, ticket: Ticket, ended: Ended, _: &mut Random) {
        match ended.end {
            End::Success => {
                self.writes += u64::from(self.tokens < FULL);
                self.tokens = (self.tokens + ticket.0).min(FULL);
            }
            End::Failure | End::Overload => self.next_cost = RETRY,
            End::Timeout => self.next_cost = AFTER_TIMEOUT,
        }
    }

    fn may_retry(&mut self, _: Time) -> bool {
        let enough = self.tokens >= self.next_cost;
        if enough {
            self.tokens -= self.next_cost;
            self.allowed.push_back(self.next_cost);
            self.writes += 1;
        }
        enough
    }

    /// The capacity and the tokens left, of 8 bytes each.
    fn bytes(&self) -> usize {
        16
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Rig;

    /// How many retries are allowed in a row, when all of them end like this.
    fn retries(end: End) -> u32 {
        let mut rig = Rig::new(AwsBudget::default());
        assert!(rig.call(end));
        (0..10_000).take_while(|_| rig.rule.may_retry(rig.now)).map(|_| 1).sum()
    }

    #[test]
    fn five_hundred_tokens_are_a_hundred_retries() {
        assert_eq!(retries(End::Failure), 100);
        assert_eq!(retries(End::Timeout), 50);
    }

    #[test]
    fn a_retry_that_succeeds_gives_its_cost_back() {
        let mut rig = Rig::new(AwsBudget::default());
        for (end, cost) in [(End::Failure, 5), (End::Timeout, 10)] {
            assert!(rig.call(end) && rig.rule.may_retry(rig.now));
            assert_eq!(rig.rule.tokens(), 500 - cost);
            assert!(rig.attempt(2, End::Success, Time::ZERO));
            assert_eq!(rig.rule.tokens(), 500);
        }
    }

    #[test]
    fn a_first_success_gives_one() {
        let mut rig = Rig::new(AwsBudget::default());
        assert!(rig.fail(1) && rig.rule.may_retry(rig.now));
        assert!(rig.attempt(2, End::Failure, Time::ZERO) && rig.succeed(3));
        assert_eq!(rig.rule.tokens(), 498);
        assert!(rig.succeed(3));
        assert_eq!(rig.rule.tokens(), 500);
    }

    #[test]
    fn an_empty_bucket_still_admits_first_attempts() {
        let mut rig = Rig::new(AwsBudget { tokens: 4, ..AwsBudget::default() });
        assert!(rig.fail(100) && !rig.rule.may_retry(rig.now));
    }
}
