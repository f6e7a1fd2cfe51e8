//! A service of some workers with a queue, and callers who want more than it can do.

use core::time::Duration;
use std::{
    cell::Cell,
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use fusebox::{Clock, Tick};

use super::{Ended, Limiter};
use crate::random::Random;

/// A clock that tells microseconds, and stands still until it is set.
#[derive(Debug, Default)]
pub struct Micros(Cell<u64>);

impl Micros {
    /// Sets the time.
    pub fn set(&self, micros: u64) {
        self.0.set(micros);
    }
}

impl Clock for Micros {
    fn now(&self) -> Tick {
        Tick::from_millis(self.0.get() / 1_000)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.0.get())
    }
}

/// How many calls come, and what they ask for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// What a call takes by itself, in microseconds, on average.
    pub micros: f64,
    /// Whether that is distributed exponentially; else all take the same.
    pub varies: bool,
    /// How many come, in parts of what the service can do; at times by chance (Poisson).
    pub load: f64,
}

impl Demand {
    /// Twice as much as the service can do, of calls that take 50 ms.
    pub const USUAL: Self = Self { micros: 50_000.0, varies: true, load: 2.0 };
}

/// A service under a limiter, in virtual time.
pub struct Service<'l, L: Limiter> {
    limiter: &'l L,
    clock: &'l Micros,
    /// How many calls it does at a time: its knee.
    pub workers: usize,
    demand: Demand,
    random: Random,
    now: u64,
    next: u64,
    /// The ends of calls that are being done.
    busy: BinaryHeap<Reverse<(u64, usize)>>,
    queue: VecDeque<usize>,
    /// What each call holds, and when it began.
    calls: Vec<Option<(L::Held<'l>, u64)>>,
    free: Vec<usize>,
}

impl<'l, L: Limiter> Service<'l, L> {
    /// A service in which nothing is under way.
    #[must_use]
    pub fn new(
        limiter: &'l L,
        clock: &'l Micros,
        workers: usize,
        demand: Demand,
        seed: u64,
    ) -> Self {
        Self {
            limiter,
            clock,
            workers,
            demand,
            random: Random::new(seed, 0),
            now: 0,
            next: 0,
            busy: BinaryHeap::new(),
            queue: VecDeque::new(),
            calls: Vec::new(),
            free: Vec::new(),
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
    fn time(&mut self, mean: f64) -> u64 {
        self.random.exponential(mean) as u64 + 1
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
    fn begin(&mut self) {
        while self.busy.len() < self.workers
            && let Some(call) = self.queue.pop_front()
        {
            let Demand { micros, varies, .. } = self.demand;
            let takes = if varies { self.time(micros) } else { micros as u64 };
            self.busy.push(Reverse((self.now + takes, call)));
        }
    }

    /// Goes on for so many microseconds.
    #[allow(clippy::cast_precision_loss)] // small numbers
    pub fn run(&mut self, micros: u64) {
        let end = self.now + micros;
        loop {
            let done = self.busy.peek().map_or(u64::MAX, |Reverse((at, _))| *at);
            let now = done.min(self.next).min(end);
            self.now = now;
            self.clock.set(now);
            if now == end {
                return;
            }
            if now == done {
                if let Some(Reverse((_, call))) = self.busy.pop() {
                    if let Some((held, since)) = self.calls[call].take() {
                        self.limiter.end(held, Ended { now, micros: now - since });
                    }
                    self.free.push(call);
                }
            } else {
                if let Some(held) = self.limiter.admit() {
                    let call = self.free.pop().unwrap_or_else(|| {
                        self.calls.push(None);
                        self.calls.len() - 1
                    });
                    self.calls[call] = Some((held, now));
                    self.queue.push_back(call);
                }
                let between = self.demand.micros / (self.workers as f64 * self.demand.load);
                self.next = now + self.time(between);
            }
            self.begin();
        }
    }
}
