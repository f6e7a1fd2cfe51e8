//! The samples of a run, added up.

use serde::Serialize;

use crate::show::{
    schedule::Schedule,
    worker::{Outcome, Sample},
};

/// What one run came to.
#[derive(Debug, Serialize)]
pub struct Figures {
    pub run: &'static str,
    pub timeout_ms: u64,
    pub workers: Vec<Worker>,
    pub answered: usize,
    /// Calls that reached for the dead server.
    pub wasted_calls: usize,
    /// The time spent waiting in them, of all workers.
    pub waited_s: f64,
    pub turned_away: usize,
    /// The first worker to see an open breaker, and when.
    pub first_to_learn: Option<First>,
}

/// The first to learn of the outage, and where the others were then.
#[derive(Debug, Serialize)]
pub struct First {
    /// From 1.
    pub worker: usize,
    /// After the outage began.
    pub after_s: f64,
    /// Workers that were in a call at that moment, which lasted until its own
    /// timeout.
    pub others_waiting: usize,
    /// Calls to the dead server that began later: probes, where the breaker is
    /// shared.
    pub later_calls: usize,
}

/// What one run came to for one worker.
#[derive(Debug, Serialize)]
pub struct Worker {
    pub wasted_calls: usize,
    pub waited_s: f64,
    pub turned_away: usize,
    /// After the outage began it saw an open breaker for the first time.
    pub learned_after_s: Option<f64>,
    /// After the server was back it got its first answer.
    pub back_after_s: Option<f64>,
}

impl Figures {
    pub fn of(run: &'static str, schedule: Schedule, samples: &[Vec<Sample>]) -> Self {
        let count = |outcome| samples.iter().flatten().filter(|s| s.outcome == outcome).count();
        let workers: Vec<_> = samples.iter().map(|own| Worker::of(schedule, own)).collect();
        Self {
            run,
            timeout_ms: schedule.timeout.as_millis() as u64,
            answered: count(Outcome::Answered),
            wasted_calls: count(Outcome::Wasted),
            waited_s: workers.iter().map(|worker| worker.waited_s).sum(),
            turned_away: count(Outcome::TurnedAway),
            first_to_learn: First::of(schedule, samples),
            workers,
        }
    }
}

impl Worker {
    fn of(schedule: Schedule, samples: &[Sample]) -> Self {
        let wasted = || samples.iter().filter(|sample| sample.outcome == Outcome::Wasted);
        let recovery = schedule.recovery().as_millis() as u64;
        let mut later = samples.iter().filter(|sample| sample.at_ms >= recovery);
        let back = later.find(|sample| sample.outcome == Outcome::Answered);
        Self {
            wasted_calls: wasted().count(),
            waited_s: seconds(wasted().map(|sample| sample.took_ms).sum()),
            turned_away: samples.iter().filter(|s| s.outcome == Outcome::TurnedAway).count(),
            learned_after_s: learned(schedule, samples).map(seconds),
            back_after_s: back.map(|sample| seconds(end(sample) - recovery)),
        }
    }
}

impl First {
    fn of(schedule: Schedule, samples: &[Vec<Sample>]) -> Option<Self> {
        let learned = samples
            .iter()
            .enumerate()
            .filter_map(|(worker, own)| Some((learned(schedule, own)?, worker)));
        let (after, worker) = learned.min()?;
        let moment = schedule.outage().as_millis() as u64 + after;
        let others = samples.iter().enumerate().filter(|(other, _)| *other != worker);
        let waits = |sample: &Sample| {
            sample.outcome == Outcome::Wasted && sample.at_ms <= moment && end(sample) >= moment
        };
        let later = |s: &&Sample| s.outcome == Outcome::Wasted && s.at_ms > moment;
        Some(Self {
            worker: worker + 1,
            after_s: seconds(after),
            others_waiting: others.filter(|(_, own)| own.iter().any(waits)).count(),
            later_calls: samples.iter().flatten().filter(later).count(),
        })
    }
}

/// When a worker saw an open breaker for the first time, in milliseconds after
/// the outage began.
fn learned(schedule: Schedule, samples: &[Sample]) -> Option<u64> {
    let first = samples.iter().find(|sample| sample.open)?;
    Some(end(first).saturating_sub(schedule.outage().as_millis() as u64))
}

fn end(sample: &Sample) -> u64 {
    sample.at_ms + sample.took_ms
}

fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}
