//! When each instance of a fleet makes its calls.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::random::Random;

/// The calls of a fleet: each instance's come by chance, so many a second.
#[derive(Debug)]
pub struct Calls {
    due: BinaryHeap<Reverse<(u64, usize)>>,
    random: Random,
    /// Between two calls of an instance, in milliseconds.
    mean: f64,
}

impl Calls {
    /// Of so many instances, from this millisecond on.
    #[must_use]
    pub fn new(instances: usize, per_second: f64, from: u64, seed: u64) -> Self {
        let (due, random) = (BinaryHeap::new(), Random::new(seed, 1));
        let mut calls = Self { due, random, mean: 1_000.0 / per_second };
        (0..instances).for_each(|number| calls.plan(number, from));
        calls
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // some minutes
    fn plan(&mut self, number: usize, now: u64) {
        let gap = self.random.exponential(self.mean).round() as u64;
        self.due.push(Reverse((now + gap, number)));
    }

    /// An instance that makes a call by now; `None` once all are made.
    pub fn next(&mut self, now: u64) -> Option<usize> {
        let Reverse((at, number)) = *self.due.peek().filter(|it| it.0.0 <= now)?;
        self.due.pop();
        self.plan(number, at);
        Some(number)
    }

    /// Whether one more call fails, of which so many in a hundred do.
    pub fn fails(&mut self, percent: u32) -> bool {
        self.random.chance(f64::from(percent) / 100.0)
    }
}
