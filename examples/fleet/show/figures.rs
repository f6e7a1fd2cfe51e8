//! The stories of a run, added up.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::show::{
    instance::{Outcome, Sample, Story},
    outage::Run,
    schedule::Schedule,
};

/// The width of the buckets in which the picture shows a run.
pub const BUCKET_MS: u64 = 100;

/// What one run came to.
#[derive(Debug, Serialize)]
pub struct Figures {
    pub run: Run,
    /// From the outage until the last instance's breaker was open; none where one never
    /// was.
    pub all_open_after_ms: Option<u64>,
    /// Calls that reached the dead server until then.
    pub failed_until_all_open: usize,
    /// Calls that reached it in the whole outage.
    pub failed: usize,
    /// Those that an instance made after its own breaker had opened.
    pub probes: usize,
    /// From the recovery until the last instance's breaker was closed; none where one
    /// never was.
    pub all_back_after_ms: Option<u64>,
    /// Calls of the service that was always well.
    pub healthy: Latency,
    /// The same while Redis was dead.
    pub healthy_without_redis: Option<Latency>,
    /// Instances that noticed that Redis was dead.
    pub lost_redis: usize,
    /// From its return until the last of them had it again.
    pub all_have_redis_after_ms: Option<u64>,
    /// Calls that got an error that is neither the service's nor the breaker's, or any
    /// error where the service was well.
    pub other_errors: usize,
    pub first_other_error: Option<String>,
    /// Calls that reached the dead server, by the time at which they began.
    #[serde(skip)]
    pub buckets: Vec<u32>,
    /// How many breakers were not closed, from when on.
    #[serde(skip)]
    pub open: Vec<(u64, u16)>,
}

/// How long calls took.
#[derive(Debug, Serialize)]
pub struct Latency {
    pub calls: u64,
    pub p50_us: u64,
    pub p99_us: u64,
    /// Of each call what was not spent at the service.
    pub guard_p50_ns: u64,
    pub guard_p99_ns: u64,
}

impl Figures {
    pub fn of(run: Run, schedule: Schedule, stories: &[Story]) -> Self {
        let opened: Vec<_> = stories.iter().map(|it| opened(it, schedule)).collect();
        let all_open = latest(&opened);
        let failed = |story: &Story, from: u64, to: u64| {
            let is_one = |it: &&Sample| it.outcome == Outcome::Down && (from..to).contains(&it.at);
            story.shop.iter().filter(is_one).count()
        };
        let all_failed = |to| stories.iter().map(|it| failed(it, 0, to)).sum();
        let probes = stories.iter().zip(&opened).filter_map(|(story, &opened)| {
            // A millisecond in which it opened may have seen more than one call begin.
            Some(failed(story, opened? + 1, u64::MAX))
        });
        let back: Vec<_> = stories.iter().map(|it| closed_again(it, schedule)).collect();
        let healthy = |from: u64, to: u64| {
            let all = stories.iter().flat_map(|it| &it.bank);
            Latency::of(all.filter(|it| (from..to).contains(&it.at)))
        };
        let was_killed = run == Run::RedisKilled;
        let losers = stories.iter().filter(|it| !it.lost.is_empty());
        let found: Vec<_> = losers.map(|it| it.found.last().copied()).collect();
        Self {
            run,
            all_open_after_ms: all_open.map(|at| at - schedule.outage),
            failed_until_all_open: all_failed(all_open.map_or(u64::MAX, |at| at + 1)),
            failed: all_failed(u64::MAX),
            probes: probes.sum(),
            all_back_after_ms: latest(&back).map(|at| at - schedule.recovery),
            healthy: healthy(0, u64::MAX),
            healthy_without_redis: was_killed.then(|| healthy(schedule.kill, schedule.revive)),
            lost_redis: found.len(),
            all_have_redis_after_ms: latest(&found)
                .filter(|_| was_killed)
                .map(|at| at.saturating_sub(schedule.revive)),
            other_errors: stories.iter().map(|it| other_errors(it, schedule)).sum(),
            first_other_error: stories.iter().find_map(|it| it.other_error.clone()),
            buckets: buckets(stories, schedule),
            open: open(stories),
        }
    }
}

/// When its breaker opened first, in the outage.
fn opened(story: &Story, schedule: Schedule) -> Option<u64> {
    let mut changes = story.changes.iter().filter(|it| it.at >= schedule.outage);
    changes.find(|it| !it.is_closed).map(|it| it.at)
}

/// When its breaker closed first, after the recovery.
fn closed_again(story: &Story, schedule: Schedule) -> Option<u64> {
    let mut changes = story.changes.iter().filter(|it| it.at >= schedule.recovery);
    changes.find(|it| it.is_closed).map(|it| it.at)
}

/// The latest, where there are some, and all are known.
fn latest(times: &[Option<u64>]) -> Option<u64> {
    times.iter().copied().collect::<Option<Vec<_>>>()?.into_iter().max()
}

fn other_errors(story: &Story, schedule: Schedule) -> usize {
    let bank = story.bank.iter().filter(|it| it.outcome != Outcome::Answered);
    let shop = story.shop.iter().filter(|it| match it.outcome {
        Outcome::Answered => false,
        Outcome::Down | Outcome::TurnedAway => it.at + it.micros / 1_000 < schedule.outage,
        Outcome::Other => true,
    });
    bank.count() + shop.count()
}

fn buckets(stories: &[Story], schedule: Schedule) -> Vec<u32> {
    let mut buckets = vec![0; schedule.end.div_ceil(BUCKET_MS) as usize];
    let failed = stories.iter().flat_map(|it| &it.shop).filter(|it| it.outcome == Outcome::Down);
    for sample in failed {
        if let Some(bucket) = buckets.get_mut((sample.at / BUCKET_MS) as usize) {
            *bucket += 1;
        }
    }
    buckets
}

fn open(stories: &[Story]) -> Vec<(u64, u16)> {
    // Of each breaker only what it was not before: a probe that fails leaves it open.
    let mut steps = Vec::new();
    for story in stories {
        let mut was_closed = true;
        for change in &story.changes {
            if change.is_closed != was_closed {
                was_closed = change.is_closed;
                steps.push((change.at, if was_closed { -1 } else { 1 }));
            }
        }
    }
    steps.sort_unstable();
    let mut now = 0_i32;
    let count = steps.into_iter().map(|(at, by)| {
        now += by;
        (at, u16::try_from(now).unwrap_or(0))
    });
    count.collect()
}

impl Latency {
    fn of<'a>(calls: impl Iterator<Item = &'a Sample>) -> Self {
        // Three digits, up to whatever comes.
        let new = || Histogram::<u64>::new(3).expect("three digits are allowed");
        let (mut whole, mut guard) = (new(), new());
        for call in calls {
            whole.record(call.micros).expect("it grows as needed");
            guard.record(call.guard_nanos).expect("it grows as needed");
        }
        Self {
            calls: whole.len(),
            p50_us: whole.value_at_quantile(0.5),
            p99_us: whole.value_at_quantile(0.99),
            guard_p50_ns: guard.value_at_quantile(0.5),
            guard_p99_ns: guard.value_at_quantile(0.99),
        }
    }
}
