//! What the real storms have in common: the rules, the time, and the counts.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use crate::{
    random::Random,
    rules::{Attempt, End, Ended, Rule, Ticket},
    storm::Storm,
    time::Time,
    world::Tally,
};

/// What came of a storm, phase by phase.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The phases.
    pub phases: Vec<Side>,
}

/// What came of a phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Side {
    /// Requests that came, other than those that nobody took up.
    pub attempts: u64,
    /// Attempts that succeeded.
    pub successes: u64,
    /// Attempts that failed, or took too long.
    pub failures: u64,
    /// Attempts that were refused.
    pub refused: u64,
}

impl Seen {
    /// What a simulation counted.
    #[must_use]
    pub fn of(tally: &Tally) -> Self {
        let side = |at| {
            let it = tally.phase(at);
            Side {
                attempts: it.attempts,
                successes: it.successes,
                failures: it.failures,
                refused: it.refused,
            }
        };
        Self { phases: (0..tally.phases.len()).map(side).collect() }
    }

    /// All phases together.
    #[must_use]
    pub fn total(&self) -> Side {
        self.phases.iter().fold(Side::default(), |sum, it| Side {
            attempts: sum.attempts + it.attempts,
            successes: sum.successes + it.successes,
            failures: sum.failures + it.failures,
            refused: sum.refused + it.refused,
        })
    }
}

/// A rule that threads share.
pub(crate) type Shared<'b> = Mutex<Box<dyn Rule + Send + 'b>>;

/// The rules of a storm in real time.
pub(crate) struct Live<'r, 'b> {
    pub(crate) rules: &'r [Shared<'b>],
    /// How many callers have their own.
    pub(crate) owners: usize,
    began: Instant,
    counts: Vec<[AtomicUsize; 4]>,
    ends: Vec<Time>,
    random: Mutex<Random>,
}

impl<'r, 'b> Live<'r, 'b> {
    pub(crate) fn new(rules: &'r [Shared<'b>], owners: usize, storm: &Storm) -> Self {
        let mut at = Time::ZERO;
        let ends: Vec<_> = storm
            .phases
            .iter()
            .map(|phase| {
                at += phase.lasts;
                at
            })
            .collect();
        Self {
            rules,
            owners,
            began: Instant::now(),
            counts: ends.iter().map(|_| Default::default()).collect(),
            ends,
            random: Mutex::new(Random::new(storm.seed, 4)),
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.began.elapsed().into()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ends.last().is_none_or(|end| self.now() >= *end)
    }

    pub(crate) fn instant(&self, at: Time) -> Instant {
        self.began + at.into()
    }

    /// The number of the present phase.
    pub(crate) fn phase(&self) -> usize {
        let now = self.now();
        self.ends.iter().position(|end| now < *end).unwrap_or(self.ends.len() - 1)
    }

    pub(crate) fn admit(&self, caller: usize, number: u32) -> Option<Ticket> {
        let attempt = Attempt::new(self.now(), number);
        let mut random = lock(&self.random);
        let ticket = lock(&self.rules[caller % self.owners]).admit(attempt, &mut random);
        // Of attempts, successes, failures, refused.
        self.count(if ticket.is_some() { 0 } else { 3 });
        ticket
    }

    /// An attempt has ended; whether it may be made once more, if it failed.
    pub(crate) fn end(
        &self,
        caller: usize,
        number: u32,
        ticket: Ticket,
        began: Time,
        end: End,
    ) -> bool {
        let ended = Ended { now: self.now(), began, number, end };
        self.count(if end == End::Success { 1 } else { 2 });
        let mut random = lock(&self.random);
        let mut rule = lock(&self.rules[caller % self.owners]);
        rule.end(ticket, ended, &mut random);
        end != End::Success && rule.may_retry(ended.now)
    }

    fn count(&self, what: usize) {
        if !self.is_over() {
            // A lone number, read when all threads have ended: relaxed.
            self.counts[self.phase()][what].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn seen(&self) -> Seen {
        let side = |counts: &[AtomicUsize; 4]| {
            let [attempts, successes, failures, refused] =
                counts.each_ref().map(|count| count.load(Ordering::Relaxed) as u64);
            Side { attempts, successes, failures, refused }
        };
        Seen { phases: self.counts.iter().map(side).collect() }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
