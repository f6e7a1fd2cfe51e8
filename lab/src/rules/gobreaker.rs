//! gobreaker v2 (sony/gobreaker, `v2/gobreaker.go`, commits fed8e9e and 0a18939f).
//!
//! It trips at more than 5 consecutive failures, stays open for 60 s, and lets 1 request
//! through while half-open. The interval is 0: the counts of a closed breaker are never
//! cleared. Each change of the state begins a generation, and the results of earlier
//! ones are ignored. The open time has to be over, not just reached.

use super::{Attempt, Ended, Rule, Ticket};
use crate::{random::Random, time::Time};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open(Time),
    HalfOpen,
}

/// gobreaker's circuit breaker.
#[derive(Debug, Clone)]
pub struct Gobreaker {
    trips_above: u32,
    timeout: Time,
    max_requests: u32,
    state: State,
    generation: u64,
    requests: u32,
    failures: u32,
    successes: u32,
    writes: u64,
}

impl Gobreaker {
    /// Trips above so many failures in a row; open for this long; then so many at once.
    #[must_use]
    pub fn new(trips_above: u32, timeout: Time, max_requests: u32) -> Self {
        Self {
            trips_above,
            timeout,
            max_requests,
            state: State::Closed,
            generation: 0,
            requests: 0,
            failures: 0,
            successes: 0,
            writes: 0,
        }
    }

    fn go(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
        (self.requests, self.failures, self.successes) = (0, 0, 0);
        self.writes += 1;
    }

    fn wake(&mut self, now: Time) {
        if let State::Open(until) = self.state
            && now > until
        {
            self.go(State::HalfOpen);
        }
    }
}

impl Default for Gobreaker {
    fn default() -> Self {
        Self::new(5, Time::secs(60), 1)
    }
}

impl Rule for Gobreaker {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        self.wake(attempt.now);
        match self.state {
            State::Open(_) => return None,
            State::HalfOpen if self.requests >= self.max_requests => return None,
            _ => {}
        }
        self.requests = self.requests.saturating_add(1);
        self.writes += 1;
        Some(Ticket(self.generation))
    }

    fn end(&mut self, ticket: Ticket, ended: Ended, _: &mut Random) {
        self.wake(ended.now);
        if ticket.0 != self.generation {
            return;
        }
        self.writes += 1;
        if ended.failed() {
            (self.failures, self.successes) = (self.failures.saturating_add(1), 0);
        } else {
            (self.failures, self.successes) = (0, self.successes.saturating_add(1));
        }
        match self.state {
            State::Closed if self.failures > self.trips_above => {
                self.go(State::Open(ended.now + self.timeout));
            }
            State::HalfOpen if ended.failed() => {
                self.go(State::Open(ended.now + self.timeout));
            }
            State::HalfOpen if self.successes >= self.max_requests => self.go(State::Closed),
            _ => {}
        }
    }

    /// The struct of 64-bit Go (144), its counts with their mutex (64), the list (48),
    /// and one bucket: an element of 48 bytes and five `uint32` on the heap (24).
    fn bytes(&self) -> usize {
        144 + 64 + 48 + 48 + 24
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
    fn the_sixth_failure_in_a_row_trips() {
        let mut rig = Rig::new(Gobreaker::default());
        assert!(rig.fail(5) && rig.succeed(1) && rig.fail(6));
        assert!(!rig.call(End::Success));
    }

    #[test]
    fn half_of_the_calls_may_fail_for_ever() {
        let mut rig = Rig::new(Gobreaker::default());
        assert_eq!(rig.run(100, Time::secs(100), 0.5).refused_at, None);
    }

    #[test]
    fn it_is_open_for_a_minute() {
        let mut rig = Rig::new(Gobreaker::default());
        assert!(rig.fail(6));
        rig.wait(Time::secs(60));
        assert!(!rig.call(End::Success));
        rig.wait(Time::micros(1));
        assert!(rig.fail(1) && !rig.call(End::Success));
        rig.wait(Time::millis(60_001));
        assert!(rig.succeed(1) && rig.fail(6) && !rig.call(End::Success));
    }

    #[test]
    fn an_earlier_generation_says_nothing() {
        let mut rig = Rig::new(Gobreaker::default());
        let mut chance = Random::new(1, 1);
        let late = rig.rule.admit(Attempt::new(rig.now, 1), &mut chance).unwrap();
        assert!(rig.fail(6));
        rig.wait(Time::millis(60_001));
        let ended = Ended { now: rig.now, began: Time::ZERO, number: 1, end: End::Failure };
        rig.rule.end(late, ended, &mut chance);
        assert!(rig.succeed(2), "the late failure does not open it again");
    }
}
