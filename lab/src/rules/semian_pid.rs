//! Semian's adaptive circuit breaker (Shopify/semian, `adaptive_circuit_breaker.rb`,
//! `pid_controller.rb`, `simple_exponential_smoother.rb` and the defaults of
//! `lib/semian.rb`, commit 8835b3da; the README calls it experimental).
//!
//! Each second a controller looks at the errors' share `e` of the calls that were made
//! in the last 10 s, and at the ideal share `i`. With `d = e - i`, or 0 where `d` is
//! above 0 by no more than 0.25 `i`, and the rejection rate `r`:
//!
//! - `p = d - (1 - d) r`, and the integral grows by `p`;
//! - `r` grows by 1.0 `p` + 0.2 times the integral + 0.0 times the change of `p`, and
//!   stays within 0 and 1;
//! - only then is the integral held within -10 and 10.
//!
//! The ideal share begins at 0.05 and follows `e`, before `p` is computed, unless `e` is
//! above 0.1: it rises by 0.0017 of the difference, or falls by 0.078 of it; from the
//! 1 800th such observation (30 minutes) on by 0.0009 and 0.039. Each window keeps the
//! last 2 000 times. A window of 0 calls has no errors.

use std::collections::VecDeque;

use super::{Attempt, Ended, Rule, Ticket};
use crate::{random::Random, time::Time};

const KP: f64 = 1.0;
const KI: f64 = 0.2;
const KD: f64 = 0.0;
const WINDOW: Time = Time::secs(10);
const KEPT: usize = 2_000;
const DEAD_ZONE: f64 = 0.25;
const CAP: f64 = 0.1;

/// What Semian takes for the usual share of errors.
#[derive(Debug, Clone, Copy)]
struct Smoother {
    value: f64,
    observations: u32,
}

impl Smoother {
    fn observe(&mut self, share: f64) {
        if share > CAP {
            return;
        }
        self.observations = self.observations.saturating_add(1);
        let alpha = match (self.observations < 1_800, share > self.value) {
            (true, true) => 0.0017,
            (true, false) => 0.078,
            (false, true) => 0.0009,
            (false, false) => 0.039,
        };
        self.value = alpha * share + (1.0 - alpha) * self.value;
    }
}

/// Semian's adaptive circuit breaker.
#[derive(Debug, Clone)]
pub struct SemianPid {
    smoother: Smoother,
    rejection: f64,
    integral: f64,
    p: f64,
    errors: VecDeque<Time>,
    successes: VecDeque<Time>,
    rejections: VecDeque<Time>,
    writes: u64,
}

impl Default for SemianPid {
    fn default() -> Self {
        Self {
            smoother: Smoother { value: 0.05, observations: 0 },
            rejection: 0.0,
            integral: 0.0,
            p: 0.0,
            errors: VecDeque::new(),
            successes: VecDeque::new(),
            rejections: VecDeque::new(),
            writes: 0,
        }
    }
}

impl SemianPid {
    /// The share of calls that are rejected.
    #[must_use]
    pub fn rejection(&self) -> f64 {
        self.rejection
    }

    /// The share of errors that is taken for usual.
    #[must_use]
    pub fn ideal(&self) -> f64 {
        self.smoother.value
    }

    /// The integral, and the last `p`.
    #[must_use]
    pub fn terms(&self) -> (f64, f64) {
        (self.integral, self.p)
    }

    #[allow(clippy::cast_precision_loss)] // 2 000 at most
    fn error_share(&mut self, now: Time) -> f64 {
        let old = |&time: &Time| time + WINDOW < now;
        for window in [&mut self.errors, &mut self.successes, &mut self.rejections] {
            while window.front().is_some_and(old) {
                window.pop_front();
            }
        }
        let (errors, made) = (self.errors.len(), self.errors.len() + self.successes.len());
        if made == 0 { 0.0 } else { errors as f64 / made as f64 }
    }

    /// The controller's step, at this share of errors.
    fn step(&mut self, share: f64) {
        let before = self.p;
        self.smoother.observe(share);
        let ideal = self.smoother.value;
        let delta = share - ideal;
        let noise = delta > 0.0 && delta <= ideal * DEAD_ZONE;
        let delta = if noise { 0.0 } else { delta };
        self.p = delta - (1.0 - delta) * self.rejection;
        self.integral += self.p;
        let signal = KP * self.p + KI * self.integral + KD * (self.p - before);
        self.rejection = (self.rejection + signal).clamp(0.0, 1.0);
        self.integral = self.integral.clamp(-10.0, 10.0);
    }
}

fn push(window: &mut VecDeque<Time>, now: Time) {
    if window.len() == KEPT {
        window.pop_front();
    }
    window.push_back(now);
}

impl Rule for SemianPid {
    fn admit(&mut self, attempt: Attempt, random: &mut Random) -> Option<Ticket> {
        if random.chance(self.rejection) {
            push(&mut self.rejections, attempt.now);
            self.writes += 1;
            return None;
        }
        Some(Ticket::default())
    }

    fn end(&mut self, _: Ticket, ended: Ended, _: &mut Random) {
        let window = if ended.failed() { &mut self.errors } else { &mut self.successes };
        push(window, ended.now);
        self.writes += 1;
    }

    fn period(&self) -> Option<Time> {
        Some(Time::secs(1))
    }

    fn update(&mut self, now: Time) {
        let share = self.error_share(now);
        self.step(share);
        self.writes += 1;
    }

    /// On 64-bit Ruby: the breaker, the controller, its lock and the smoother
    /// (4 x 40 + 200), and three windows of up to 2 000 times of 8 bytes.
    fn bytes(&self) -> usize {
        4 * 40 + 200 + 3 * (40 + KEPT * 8)
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}

#[cfg(test)]
mod tests;
