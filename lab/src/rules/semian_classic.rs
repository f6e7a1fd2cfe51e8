//! Semian's classic circuit breaker (Shopify/semian, `lib/semian/circuit_breaker.rb` and
//! `simple_sliding_window.rb`, commit 8835b3da). Semian has no defaults for it; those
//! here are of Shopify's published experiments (`experiments/`): success threshold 2,
//! error threshold 12 within 20 s, error timeout 15 s.
//!
//! Each error drops the times older than `error_threshold_timeout` and keeps its own, in
//! every state; no more times are kept than the threshold. A closed circuit opens when
//! they are that many. It is open until `error_timeout` after the *last* error, so that
//! an error of a call that was under way prolongs it. Then it is half-open for all
//! calls: one error opens it, and `success_threshold` successes close it, whichever
//! calls they are of. Closing forgets the errors; successes count from the half-opening.
//! Both times have to be exceeded, not just reached. `lumping_interval` is 0, and the
//! timeout has no exponential backoff, both as by default.

use std::collections::VecDeque;

use super::{Attempt, Ended, Rule, Ticket};
use crate::{random::Random, time::Time};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open,
    HalfOpen,
}

/// Semian's classic circuit breaker.
#[derive(Debug, Clone)]
pub struct SemianClassic {
    success_threshold: u32,
    error_threshold: usize,
    error_threshold_timeout: Time,
    error_timeout: Time,
    state: State,
    errors: VecDeque<Time>,
    successes: u32,
    writes: u64,
}

impl SemianClassic {
    /// With the settings that Semian calls so.
    #[must_use]
    pub fn new(
        success_threshold: u32,
        error_threshold: usize,
        error_threshold_timeout: Time,
        error_timeout: Time,
    ) -> Self {
        Self {
            success_threshold,
            error_threshold,
            error_threshold_timeout,
            error_timeout,
            state: State::Closed,
            errors: VecDeque::new(),
            successes: 0,
            writes: 0,
        }
    }

    fn go(&mut self, state: State) {
        self.state = state;
        self.writes += 1;
    }

    fn push(&mut self, now: Time) {
        let timeout = self.error_threshold_timeout;
        self.errors.retain(|&error| error + timeout >= now);
        if self.errors.len() == self.error_threshold {
            self.errors.pop_front();
        }
        self.errors.push_back(now);
        self.writes += 1;
    }
}

impl Default for SemianClassic {
    fn default() -> Self {
        Self::new(2, 12, Time::secs(20), Time::secs(15))
    }
}

impl Rule for SemianClassic {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        let last = self.errors.back();
        let expired = last.is_some_and(|&last| last + self.error_timeout < attempt.now);
        if self.state == State::Open && expired {
            self.go(State::HalfOpen);
            self.successes = 0;
            self.writes += 1;
        }
        (self.state != State::Open).then(Ticket::default)
    }

    fn end(&mut self, _: Ticket, ended: Ended, _: &mut Random) {
        if ended.failed() {
            self.push(ended.now);
            let full = self.errors.len() == self.error_threshold;
            if self.state == State::HalfOpen || (self.state == State::Closed && full) {
                self.go(State::Open);
            }
        } else if self.state == State::HalfOpen {
            self.successes += 1;
            self.writes += 1;
            if self.successes >= self.success_threshold {
                self.go(State::Closed);
                self.errors.clear();
                self.writes += 1;
            }
        }
    }

    /// On 64-bit Ruby: the breaker, its state, window and successes (160 + 4 x 40), and
    /// a time of 8 bytes for each error of the threshold.
    fn bytes(&self) -> usize {
        160 + 4 * 40 + self.error_threshold * 8
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
    fn the_twelfth_error_in_twenty_seconds_opens() {
        let mut rig = Rig::new(SemianClassic::default());
        for _ in 0..11 {
            assert!(rig.fail(1) && rig.succeed(100));
            rig.wait(Time::micros(20_000_000 / 11));
        }
        assert!(rig.fail(1));
        assert!(!rig.call(End::Success));
    }

    #[test]
    fn errors_spread_wider_never_open() {
        let mut rig = Rig::new(SemianClassic::default());
        for _ in 0..1_000 {
            assert!(rig.fail(1));
            rig.wait(Time::micros(20_000_000 / 11 + 1));
        }
    }

    #[test]
    fn an_error_counts_until_it_is_older_than_the_timeout() {
        for (late, opens) in [(Time::ZERO, true), (Time::micros(1), false)] {
            let mut rig = Rig::new(SemianClassic::default());
            assert!(rig.fail(11));
            rig.wait(Time::secs(20) + late);
            assert!(rig.fail(1));
            assert_ne!(rig.call(End::Success), opens);
        }
    }

    #[test]
    fn it_is_open_from_the_last_error_on() {
        let mut rig = Rig::new(SemianClassic::default());
        let mut chance = Random::new(1, 1);
        let late = rig.rule.admit(Attempt::new(rig.now, 1), &mut chance).unwrap();
        assert!(rig.fail(12));
        rig.wait(Time::secs(10));
        let ended = Ended { now: rig.now, began: Time::ZERO, number: 1, end: End::Timeout };
        rig.rule.end(late, ended, &mut chance);
        rig.wait(Time::secs(15));
        assert!(!rig.call(End::Success), "15 s have to be exceeded");
        rig.wait(Time::micros(1));
        assert!(rig.call(End::Success));
    }

    #[test]
    fn half_open_admits_everybody() {
        let mut rig = Rig::new(SemianClassic::default());
        assert!(rig.fail(12));
        rig.wait(Time::micros(15_000_001));
        let mut chance = Random::new(1, 1);
        let attempt = Attempt::new(rig.now, 1);
        assert!((0..1_000).all(|_| rig.rule.admit(attempt, &mut chance).is_some()));
    }

    #[test]
    fn one_error_opens_and_two_successes_close_a_half_open_one() {
        let mut rig = Rig::new(SemianClassic::default());
        assert!(rig.fail(12));
        rig.wait(Time::micros(15_000_001));
        for _ in 0..3 {
            assert!(rig.succeed(1) && rig.fail(1) && !rig.call(End::Success));
            rig.wait(Time::micros(15_000_001));
        }
        assert!(rig.succeed(2) && rig.fail(11), "closing forgot the errors");
        assert!(rig.fail(1) && !rig.call(End::Success));
    }
}
