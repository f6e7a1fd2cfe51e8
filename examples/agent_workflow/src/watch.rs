//! What was degraded, where, how often and for how long.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{lock, step::Step};

/// Hears of every answer that an agent got from a system.
#[derive(Default)]
pub struct Watch {
    round: AtomicU32,
    kinds: Mutex<BTreeMap<(&'static str, &'static str), Record>>,
}

#[derive(Default)]
struct Record {
    times: u64,
    rounds: BTreeSet<u32>,
    steps: BTreeSet<Step>,
    since: Option<Instant>,
    lasted: Duration,
}

/// A way in which a system's answers were worse than they should be.
#[derive(Debug, Serialize)]
pub struct Degraded {
    pub system: &'static str,
    /// What agents got instead.
    pub instead: &'static str,
    pub times: u64,
    pub rounds: Vec<u32>,
    pub steps: Vec<Step>,
    /// From the first such answer to the next good one, added up.
    pub lasted_ms: u64,
}

impl Watch {
    pub fn enter(&self, round: u32) {
        self.round.store(round, Ordering::Relaxed);
    }

    /// The system of this name answered as it should, or else `instead`.
    pub fn answered(&self, system: &'static str, step: Step, instead: Option<&'static str>) {
        let mut kinds = lock(&self.kinds);
        let Some(instead) = instead else {
            // A kind of answer at a time: others of this system in this step.
            let same = kinds
                .iter_mut()
                .filter(|((it, _), record)| *it == system && record.steps.contains(&step));
            for (_, record) in same {
                record.end();
            }
            return;
        };
        let record = kinds.entry((system, instead)).or_default();
        record.times += 1;
        record.rounds.insert(self.round.load(Ordering::Relaxed));
        record.steps.insert(step);
        record.since.get_or_insert_with(Instant::now);
    }

    pub fn degraded(&self) -> Vec<Degraded> {
        let mut kinds = lock(&self.kinds);
        let mut all = Vec::new();
        for ((system, instead), record) in kinds.iter_mut() {
            record.end();
            all.push(Degraded {
                system,
                instead,
                times: record.times,
                rounds: record.rounds.iter().copied().collect(),
                steps: record.steps.iter().copied().collect(),
                lasted_ms: u64::try_from(record.lasted.as_millis()).unwrap_or(u64::MAX),
            });
        }
        all
    }
}

impl Record {
    fn end(&mut self) {
        if let Some(since) = self.since.take() {
            self.lasted += since.elapsed();
        }
    }
}
