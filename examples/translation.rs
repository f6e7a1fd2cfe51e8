//! The default rules of other libraries, as their documentation has them, beside what
//! they become here, under the same storms: 1000 calls a second, of which 1 % fail for
//! a minute, and then more. Prints a table of `docs/score.md`.
//!
//!     cargo run --release --example translation
#![allow(clippy::cast_precision_loss)] // no count comes near 2^52

use std::collections::VecDeque;

use fastrand::Rng;
use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, DefaultObserver, ManualClock, Ratio, State,
};

/// A rule that hears of every call: whether it failed, and at which millisecond.
/// True where it opens.
type Rule = Box<dyn FnMut(bool, u64) -> bool>;

/// A library, its defaults, and what they become.
type Translated = (&'static str, fn() -> Rule, &'static str, fn() -> BreakerSettings);

const RULES: [Translated; 5] = [
    (
        "resilience4j: 50 % of the last 100, at least 100",
        || last_calls(100, 100, 0.5),
        "`Ratio::above(0.5).normally(0.2)`",
        || by(Ratio::above(0.5).normally(0.2)),
    ),
    (
        "Polly: 10 % in 30 s, at least 100",
        || buckets(10, 3_000, 100, 0.1, 1),
        "`Ratio::above(0.1).normally(0.05).false_alarm_every(100_000_000)`",
        || by(Ratio::above(0.1).normally(0.05).false_alarm_every(100_000_000)),
    ),
    (
        "Hystrix: 50 % in 10 s, at least 20, looked at every 500 ms",
        || buckets(10, 1_000, 20, 0.5, 500),
        "`Ratio::above(0.5).normally(0.2)`",
        || by(Ratio::above(0.5).normally(0.2)),
    ),
    (
        "gobreaker: more than 5 in a row",
        || in_a_row(6),
        "`failure_threshold(6)`",
        || BreakerConfig::new().failure_threshold(6).build(),
    ),
    (
        "Envoy: 5 in a row (`consecutive_5xx`)",
        || in_a_row(5),
        "`failure_threshold(5)`, the default",
        || BreakerConfig::new().build(),
    ),
];

/// Shares of failures, in percent, and for how many seconds they last.
const STORMS: [(u32, u64); 4] = [(5, 600), (20, 60), (50, 60), (100, 60)];
const RUNS: u64 = 10;

fn main() {
    println!("| rule | 5 %, 10 min | 20 %, 1 min | 50 %, 1 min | 100 %, 1 min |");
    println!("|---|---:|---:|---:|---:|");
    for (name, theirs, translated, ours) in RULES {
        row(name, theirs);
        row(translated, || fusebox(ours()));
    }
}

fn row(name: &str, rule: impl Fn() -> Rule) {
    print!("| {name} |");
    for (percent, seconds) in STORMS {
        let failed: Vec<_> =
            (0..RUNS).filter_map(|seed| storm(rule(), percent, seconds, seed)).collect();
        match failed.len() as u64 {
            0 => print!(" never |"),
            RUNS => print!(" {} |", failed.iter().sum::<u64>() / RUNS),
            some => print!(" {some} of {RUNS} runs |"),
        }
    }
    println!();
}

/// How many calls of the storm fail until the rule opens, if it does.
fn storm(mut rule: Rule, percent: u32, seconds: u64, seed: u64) -> Option<u64> {
    const HEALTHY: u64 = 60_000;
    let (mut random, mut failed) = (Rng::with_seed(seed), 0);
    for at in 0..HEALTHY + seconds * 1_000 {
        let share = if at < HEALTHY { 1 } else { percent };
        let fails = random.u32(0..100) < share;
        failed += u64::from(fails && at >= HEALTHY);
        if rule(fails, at) {
            return Some(failed);
        }
    }
    None
}

fn by(ratio: Ratio) -> BreakerSettings {
    BreakerConfig::new().failure_ratio(ratio).build()
}

fn fusebox(settings: BreakerSettings) -> Rule {
    let breaker = CircuitBreaker::with(None, settings, ManualClock::new(), DefaultObserver);
    Box::new(move |fails, _| {
        let _ = breaker.call(|| if fails { Err(()) } else { Ok(()) });
        breaker.state() != State::Closed
    })
}

fn in_a_row(limit: u32) -> Rule {
    let mut count = 0;
    Box::new(move |fails, _| {
        count = if fails { count + 1 } else { 0 };
        count >= limit
    })
}

/// A share of the last `size` calls, of which there must be `least`.
fn last_calls(size: usize, least: usize, share: f64) -> Rule {
    let mut calls = VecDeque::new();
    Box::new(move |fails, _| {
        calls.push_back(fails);
        if calls.len() > size {
            calls.pop_front();
        }
        let failed = calls.iter().filter(|it| **it).count();
        calls.len() >= least && failed as f64 >= share * calls.len() as f64
    })
}

/// A share of the calls in so many buckets of time, looked at in intervals.
fn buckets(buckets: u64, width: u64, least: u64, share: f64, interval: u64) -> Rule {
    let mut counts: VecDeque<(u64, u64, u64)> = VecDeque::new();
    Box::new(move |fails, at| {
        let now = at / width;
        if counts.back().is_none_or(|(own, ..)| *own != now) {
            counts.push_back((now, 0, 0));
        }
        while counts.front().is_some_and(|(own, ..)| own + buckets <= now) {
            counts.pop_front();
        }
        if let Some((_, calls, failed)) = counts.back_mut() {
            *calls += 1;
            *failed += u64::from(fails);
        }
        let sum = |of: fn(&(u64, u64, u64)) -> u64| counts.iter().map(of).sum::<u64>();
        let (calls, failed) = (sum(|it| it.1), sum(|it| it.2));
        at % interval == 0 && calls >= least && failed as f64 >= share * calls as f64
    })
}
