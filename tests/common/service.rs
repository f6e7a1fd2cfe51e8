//! A service of some workers with a queue, in virtual time, and callers who want more.

use core::time::Duration;
use std::{
    cell::Cell,
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use fusebox::{AdaptiveLimit, Clock, DefaultObserver, Tick, Ticket};

/// Time in microseconds.
#[derive(Debug, Default)]
pub(crate) struct Micros(Cell<u64>);

impl Micros {
    pub(crate) fn set(&self, now: u64) {
        self.0.set(now);
    }

    pub(crate) fn advance(&self, micros: u64) {
        self.0.set(self.0.get() + micros);
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

pub(crate) type Limit<'a> = AdaptiveLimit<&'a Micros, DefaultObserver>;

/// A service that does `workers` calls at a time, each in `micros` on average.
pub(crate) struct Service<'a> {
    pub(crate) limit: &'a Limit<'a>,
    pub(crate) clock: &'a Micros,
    pub(crate) workers: usize,
    pub(crate) micros: f64,
    /// Whether calls take times of all lengths (exponentially), or all the same.
    pub(crate) varies: bool,
    /// Calls that come, in parts of what the service can do.
    pub(crate) demand: f64,
    pub(crate) random: fastrand::Rng,
    now: u64,
    next: u64,
    busy: BinaryHeap<Reverse<(u64, u64)>>,
    under_way: Vec<Option<Ticket<'a, &'a Micros, DefaultObserver>>>,
    queue: VecDeque<usize>,
    free: Vec<usize>,
}

impl<'a> Service<'a> {
    pub(crate) fn new(limit: &'a Limit<'a>, clock: &'a Micros, workers: usize) -> Self {
        Self {
            limit,
            clock,
            workers,
            micros: 50_000.0,
            varies: true,
            demand: 2.0,
            random: fastrand::Rng::with_seed(1),
            now: 0,
            next: 0,
            busy: BinaryHeap::new(),
            under_way: Vec::new(),
            queue: VecDeque::new(),
            free: Vec::new(),
        }
    }

    /// A time that is `mean` on average, after which the next call comes, or one ends.
    fn time(&mut self, mean: f64, varies: bool) -> u64 {
        let factor = if varies { -(1.0 - self.random.f64()).ln() } else { 1.0 };
        (mean * factor) as u64 + 1
    }

    fn begin(&mut self) {
        while self.busy.len() < self.workers
            && let Some(call) = self.queue.pop_front()
        {
            let takes = self.time(self.micros, self.varies);
            self.busy.push(Reverse((self.now + takes, call as u64)));
        }
    }

    /// Goes on for so many microseconds.
    pub(crate) fn run(&mut self, micros: u64) {
        let end = self.now + micros;
        loop {
            let done = self.busy.peek().map_or(u64::MAX, |Reverse((at, _))| *at);
            let at = done.min(self.next).min(end);
            self.now = at;
            self.clock.set(at);
            if at == end {
                return;
            }
            if at == done {
                let Some(Reverse((_, call))) = self.busy.pop() else { return };
                if let Some(ticket) = self.under_way[call as usize].take() {
                    ticket.success();
                }
                self.free.push(call as usize);
            } else {
                if let Ok(ticket) = self.limit.try_acquire() {
                    let call = self.free.pop().unwrap_or_else(|| {
                        self.under_way.push(None);
                        self.under_way.len() - 1
                    });
                    self.under_way[call] = Some(ticket);
                    self.queue.push_back(call);
                }
                let between = self.micros / (self.workers as f64 * self.demand);
                self.next = at + self.time(between, true);
            }
            self.begin();
        }
    }
}
