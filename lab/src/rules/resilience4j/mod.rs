//! resilience4j (resilience4j/resilience4j, `resilience4j-circuitbreaker`, commits
//! af9e7c979, 06b25fbd and 1a4a7164; the defaults are `CircuitBreakerConfig`'s).
//!
//! Failure rate 50 %, slow-call rate 100 % over 60 s, at least 100 calls, open for 60 s.
//! Then 10 calls are permitted, and they are decided on when 10 results are in, whichever
//! calls they are of. A half-open breaker waits for them without end. The window is of
//! the last 100 calls ([`CountWindow`]) or of the last 100 s ([`TimeWindow`]).

mod count;
mod time;

pub use count::CountWindow;
pub use time::TimeWindow;

use super::{Attempt, Ended, Rule, Ticket};
use crate::{random::Random, time::Time};
use count::Ring;

/// Calls of a window: all, failed, slow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    calls: u32,
    failed: u32,
    slow: u32,
}

/// What the closed breaker keeps.
trait Window {
    fn record(&mut self, now: Time, failed: bool, slow: bool) -> Sum;
    fn clear(&mut self);
    fn bytes(&self) -> usize;
}

#[derive(Debug, Clone)]
enum State {
    Closed,
    Open(Time),
    HalfOpen { permitted: u32, results: Ring },
}

/// The states around a window.
#[derive(Debug, Clone)]
pub struct Breaker<W> {
    window: W,
    state: State,
    writes: u64,
}

const MINIMUM: u32 = 100;
const PERMITTED: u32 = 10;
const OPEN: Time = Time::secs(60);
const SLOW: Time = Time::secs(60);

impl<W: Default> Default for Breaker<W> {
    fn default() -> Self {
        Self { window: W::default(), state: State::Closed, writes: 0 }
    }
}

impl<W> Breaker<W> {
    fn go(&mut self, state: State) {
        self.state = state;
        self.writes += 1;
    }
}

/// Whether a threshold is reached, once there are enough calls to say.
fn sick(sum: Sum, minimum: u32) -> Option<bool> {
    let failing = 2 * sum.failed >= sum.calls;
    (sum.calls >= minimum).then_some(failing || sum.slow == sum.calls)
}

impl<W: Window> Rule for Breaker<W> {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        if let State::Open(until) = self.state
            && attempt.now > until
        {
            let results = Ring::new(PERMITTED as usize);
            self.go(State::HalfOpen { permitted: PERMITTED, results });
        }
        match &mut self.state {
            State::Closed => Some(Ticket::default()),
            State::HalfOpen { permitted, .. } if *permitted > 0 => {
                *permitted -= 1;
                self.writes += 1;
                Some(Ticket::default())
            }
            _ => None,
        }
    }

    fn end(&mut self, _: Ticket, ended: Ended, _: &mut Random) {
        let (now, failed, slow) = (ended.now, ended.failed(), ended.took() > SLOW);
        self.writes += 1;
        match &mut self.state {
            State::Closed => {
                let sum = self.window.record(now, failed, slow);
                if sick(sum, MINIMUM) == Some(true) {
                    self.go(State::Open(now + OPEN));
                }
            }
            // The window of the closed state goes on counting, to no effect.
            State::Open(_) => {
                self.window.record(now, failed, slow);
            }
            State::HalfOpen { results, .. } => {
                match sick(results.record(now, failed, slow), PERMITTED) {
                    Some(true) => self.go(State::Open(now + OPEN)),
                    Some(false) => {
                        self.window.clear();
                        self.go(State::Closed);
                    }
                    None => {}
                }
            }
        }
    }

    fn bytes(&self) -> usize {
        self.window.bytes()
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}
