//! A server of some workers with one line, callers of four levels, and a load that steps.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use super::{Call, Guard, LEVELS};
use crate::{limits::Micros, random::Random};

/// What a call takes a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// All take the same.
    Even,
    /// Exponentially distributed.
    Exponential,
    /// From a log-normal distribution whose deviation is twice its mean.
    Heavy,
}

impl Work {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Even, Self::Exponential, Self::Heavy];

    /// What a table calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Exponential => "exponential",
            Self::Heavy => "heavy",
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
    fn draw(self, mean: f64, random: &mut Random) -> u64 {
        let takes = match self {
            Self::Even => mean,
            Self::Exponential => random.exponential(mean),
            Self::Heavy => random.log_normal(mean, 2.0 * mean),
        };
        takes as u64 + 1
    }
}

/// The server, and the calls that come to it.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// So many calls are at work at a time.
    pub workers: usize,
    /// What a call takes a worker on average, in microseconds.
    pub micros: f64,
    /// How that is distributed.
    pub work: Work,
    /// The shares of the calls that have each of the levels.
    pub mix: [f64; LEVELS.len()],
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was refused, when it came or when a worker took it.
    Refused,
    /// It was answered, after so many microseconds.
    Answered(u64),
}

/// A call that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came {
    /// When, in microseconds.
    pub at: u64,
    /// Which of the levels it had.
    pub level: usize,
    /// How it ended; `None` if it was still in the server at the end.
    pub end: Option<End>,
}

/// A server under a guard, in virtual time.
pub struct Server<'g, G> {
    guard: G,
    clock: &'g Micros,
    load: Load,
    random: Random,
    now: u64,
    next: u64,
    /// The ends of calls that are at work.
    busy: BinaryHeap<Reverse<(u64, usize)>>,
    line: VecDeque<usize>,
    /// The calls that are in the server, each with its place among all.
    calls: Vec<(Call, usize)>,
    free: Vec<usize>,
    all: Vec<Came>,
}

impl<'g, G: Guard> Server<'g, G> {
    /// A server to which no call has come.
    #[must_use]
    pub fn new(guard: G, clock: &'g Micros, load: Load, seed: u64) -> Self {
        Self {
            guard,
            clock,
            load,
            random: Random::new(seed, 0),
            now: 0,
            next: 0,
            busy: BinaryHeap::new(),
            line: VecDeque::new(),
            calls: Vec::new(),
            free: Vec::new(),
            all: Vec::new(),
        }
    }

    /// All calls that came.
    #[must_use]
    pub fn all(self) -> Vec<Came> {
        self.all
    }

    /// Goes on for so many microseconds; calls come at times by chance (Poisson), so many
    /// in parts of what the server can do.
    #[allow(clippy::cast_precision_loss)] // small numbers
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
    pub fn run(&mut self, micros: u64, load: f64) {
        let end = self.now + micros;
        let between = self.load.micros / (self.load.workers as f64 * load);
        loop {
            let done = self.busy.peek().map_or(u64::MAX, |Reverse((at, _))| *at);
            self.now = done.min(self.next).min(end);
            self.clock.set(self.now);
            if self.now == end {
                return;
            }
            if self.now == done {
                self.end();
            } else {
                self.come();
                // To the nearest microsecond, so that the mean is as it should be.
                self.next = self.now + (self.random.exponential(between) + 0.5) as u64;
            }
            self.begin();
        }
    }

    fn come(&mut self) {
        let mut drawn = self.random.share();
        let level = self.load.mix.iter().position(|share| {
            drawn -= share;
            drawn < 0.0
        });
        let level = level.unwrap_or(LEVELS.len() - 1);
        let user = u8::try_from(self.random.below(128)).unwrap_or(0);
        let slot = self.free.pop().unwrap_or(self.calls.len());
        let call = Call { slot, level, user };
        let place = self.all.len();
        if slot == self.calls.len() {
            self.calls.push((call, place));
        } else {
            self.calls[slot] = (call, place);
        }
        let is_in = self.guard.comes(self.now, call);
        let end = (!is_in).then_some(End::Refused);
        self.all.push(Came { at: self.now, level, end });
        if is_in {
            self.line.push_back(slot);
        } else {
            self.free.push(slot);
        }
    }

    fn begin(&mut self) {
        while self.busy.len() < self.load.workers
            && let Some(slot) = self.line.pop_front()
        {
            let (call, place) = self.calls[slot];
            if self.guard.begins(self.now, call, self.now - self.all[place].at) {
                let takes = self.load.work.draw(self.load.micros, &mut self.random);
                self.busy.push(Reverse((self.now + takes, slot)));
            } else {
                self.all[place].end = Some(End::Refused);
                self.free.push(slot);
            }
        }
    }

    fn end(&mut self) {
        let Some(Reverse((_, slot))) = self.busy.pop() else { return };
        let (call, place) = self.calls[slot];
        self.guard.ends(self.now, call);
        let came = &mut self.all[place];
        came.end = Some(End::Answered(self.now - came.at));
        self.free.push(slot);
    }
}
