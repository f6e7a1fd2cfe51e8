//! The samples of a run, added up.

use std::time::Duration;

use fusebox::{Priority, State};
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{
    client::Sample,
    guard::{Answer, Change, Guard, RAMP_UP},
    schedule::{Phase, Schedule},
};

/// The width of the buckets in which the picture shows a run.
pub const BUCKET_MS: u64 = 100;

/// What one run came to.
#[derive(Debug, Serialize)]
pub struct Figures {
    pub run: &'static str,
    pub calls: usize,
    pub served: usize,
    /// Answers by the fallback: the last good ones.
    pub stale: usize,
    pub failed: usize,
    pub rejected: usize,
    /// Answers a second, over the whole run.
    pub goodput_per_s: f64,
    /// Calls that reached for the server while it was down.
    pub calls_to_dead_server: usize,
    /// Callers' time spent on calls that got no fresh answer.
    pub wasted_s: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    /// From the server's recovery to the first answer; none if none came.
    pub recovery_ms: Option<u64>,
    /// The calls while the breaker let them back.
    pub ramp: Ramp,
    pub timeline: Vec<TimelineEntry>,
    #[serde(skip)]
    pub buckets: Vec<Bucket>,
    #[serde(skip)]
    pub changes: Vec<Change>,
}

/// Of those that began in a ramp, the calls, and those that the server answered.
#[derive(Debug, Default, Serialize)]
pub struct Ramp {
    pub calls: usize,
    pub served: usize,
    pub background_calls: usize,
    pub background_served: usize,
}

impl Ramp {
    fn of(samples: &[Sample], changes: &[Change]) -> Self {
        let closed = || changes.iter().filter(|change| change.to == State::Closed);
        let is_in_it = |sample: &&Sample| {
            closed().any(|it| (it.at_ms..it.at_ms + millis(RAMP_UP)).contains(&sample.at_ms))
        };
        let mut ramp = Self::default();
        for sample in samples.iter().filter(is_in_it) {
            let served = usize::from(sample.answer == Answer::Served);
            if sample.priority == Priority::BACKGROUND {
                ramp.background_calls += 1;
                ramp.background_served += served;
            } else {
                ramp.calls += 1;
                ramp.served += served;
            }
        }
        ramp
    }
}

#[derive(Debug, Serialize)]
pub struct TimelineEntry {
    pub at_ms: u64,
    pub state: String,
}

/// A tenth of a second.
#[derive(Clone, Debug, Default)]
pub struct Bucket {
    /// Fresh answers of calls that began in it.
    pub served: u32,
    /// Answers from the fallback.
    pub stale: u32,
    /// What callers waited in calls that began in it and got no fresh
    /// answer, in seconds.
    pub wasted_s: f64,
}

impl Figures {
    pub fn of(guard: &Guard, schedule: &Schedule, samples: &[Sample]) -> Self {
        let count =
            |answer: Answer| samples.iter().filter(|sample| sample.answer == answer).count();
        let in_outage = |sample: &&Sample| schedule.phase_at(sample.at_ms) != Phase::Answers;
        let wasted: Duration = samples
            .iter()
            .filter(|sample| sample.answer != Answer::Served)
            .map(|sample| sample.waited)
            .sum();
        let recovery = schedule.recovery();
        let first_answer = samples
            .iter()
            .filter(|sample| sample.answer == Answer::Served)
            .map(|sample| sample.at_ms + millis(sample.waited))
            .filter(|&at| at >= recovery)
            .min();
        let latency = Latency::of(samples);
        let changes = guard.changes();
        let served = count(Answer::Served);
        Self {
            run: guard.label(),
            calls: samples.len(),
            served,
            stale: count(Answer::Stale),
            failed: count(Answer::Failed),
            rejected: count(Answer::Rejected),
            goodput_per_s: served as f64 / schedule.length().as_secs_f64(),
            calls_to_dead_server: samples
                .iter()
                .filter(in_outage)
                .map(|sample| sample.attempts as usize)
                .sum(),
            wasted_s: wasted.as_secs_f64(),
            p50_ms: latency.quantile(0.5),
            p99_ms: latency.quantile(0.99),
            p999_ms: latency.quantile(0.999),
            recovery_ms: first_answer.map(|at| at - recovery),
            ramp: Ramp::of(samples, &changes),
            timeline: changes
                .iter()
                .map(|change| TimelineEntry { at_ms: change.at_ms, state: change.to.to_string() })
                .collect(),
            buckets: buckets(schedule, samples),
            changes,
        }
    }
}

fn buckets(schedule: &Schedule, samples: &[Sample]) -> Vec<Bucket> {
    let mut buckets = vec![Bucket::default(); schedule.end().div_ceil(BUCKET_MS) as usize];
    for sample in samples {
        if let Some(bucket) = buckets.get_mut((sample.at_ms / BUCKET_MS) as usize) {
            match sample.answer {
                Answer::Served => bucket.served += 1,
                Answer::Stale => {
                    bucket.stale += 1;
                    bucket.wasted_s += sample.waited.as_secs_f64();
                }
                Answer::Failed | Answer::Rejected => {
                    bucket.wasted_s += sample.waited.as_secs_f64();
                }
            }
        }
    }
    buckets
}

/// How long callers waited, whatever they got.
struct Latency(Histogram<u64>);

impl Latency {
    fn of(samples: &[Sample]) -> Self {
        // Microseconds to three digits, up to whatever comes.
        let mut waits = Histogram::new(3).expect("three digits are allowed");
        for sample in samples {
            waits.record(sample.waited.as_micros() as u64).expect("it grows as needed");
        }
        Self(waits)
    }

    fn quantile(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1e3
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}
