//! The score: a failure adds its weight, a success takes 1 off, and the threshold
//! opens; what that promises, and what it costs.

mod common;

use std::time::Duration;

use common::{Bench, Breaker, config, fail, millis, succeed};
use fastrand::Rng;
use fusebox::{BreakerConfig, Outcome, Ratio, State, Verdict};
use proptest::prelude::*;

fn weighted(weight: u32, threshold: u32) -> BreakerConfig {
    config().failure_weight(weight).failure_threshold(threshold)
}

#[test]
fn s1_a_failure_adds_its_weight_and_a_success_takes_one_off() {
    let bench = Bench::new();
    let breaker = bench.breaker(weighted(6, 20));
    let score = || breaker.snapshot().score;
    fail(&breaker);
    assert_eq!(score(), 6);
    succeed(&breaker);
    succeed(&breaker);
    assert_eq!(score(), 4);
    fail(&breaker);
    fail(&breaker);
    assert_eq!((score(), breaker.state()), (16, State::Closed));
    for _ in 0..20 {
        succeed(&breaker);
    }
    assert_eq!(score(), 0, "the floor");
    for _ in 0..4 {
        fail(&breaker);
    }
    assert_eq!(breaker.state(), State::Open, "24 reach 20");
}

#[test]
fn s1_a_success_counts_at_its_report_whenever_it_was_admitted() {
    let bench = Bench::new();
    let breaker = bench.breaker(weighted(6, 40));
    let old: Vec<_> = (0..5).map(|_| breaker.try_acquire().unwrap()).collect();
    fail(&breaker);
    for permit in old {
        assert_eq!(permit.success(), Verdict::Recorded);
    }
    assert_eq!(breaker.snapshot().score, 1);
}

/// What a plain model of the score says, with no packing.
#[derive(Clone, Copy)]
struct Plain {
    score: u64,
    weight: u64,
    threshold: u64,
}

impl Plain {
    /// Whether it opens.
    fn add(&mut self, failed: bool) -> bool {
        match (failed, self.weight) {
            (true, weight) => self.score += weight.max(1),
            (false, 0) => self.score = 0,
            (false, _) => self.score = self.score.saturating_sub(1),
        }
        self.score >= self.threshold
    }
}

fn report(breaker: &Breaker<'_>, failed: bool) {
    if failed {
        fail(breaker);
    } else {
        succeed(breaker);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn s1_s2_it_does_what_the_plain_score_does(
        weight in 0..=127_u32,
        threshold in 1..=2_047_u32,
        share in 1..=9_u32,
        calls in prop::collection::vec(0..10_u32, 1..400),
    ) {
        let bench = Bench::new();
        let breaker = bench.breaker(weighted(weight, threshold));
        let mut plain =
            Plain { score: 0, weight: weight.into(), threshold: threshold.into() };
        for call in calls {
            let failed = call < share;
            report(&breaker, failed);
            if plain.add(failed) {
                prop_assert_eq!(breaker.state(), State::Open);
                return Ok(());
            }
            prop_assert_eq!(u64::from(breaker.snapshot().score), plain.score);
            prop_assert_eq!(breaker.state(), State::Closed);
        }
    }

    /// A call that failed in place of a success never ends in a lower score.
    #[test]
    fn s1_it_is_monotone(
        weight in 1..=20_u32,
        mut calls in prop::collection::vec(any::<bool>(), 1..100),
        at in any::<prop::sample::Index>(),
    ) {
        let end = |calls: &[bool]| {
            let bench = Bench::new();
            let breaker = bench.breaker(weighted(weight, 300));
            for failed in calls {
                report(&breaker, *failed);
                if breaker.state() == State::Open {
                    break;
                }
            }
            match breaker.state() {
                State::Closed => u32::from(breaker.snapshot().score),
                _ => u32::MAX,
            }
        };
        let at = at.index(calls.len());
        calls[at] = false;
        let better = end(&calls);
        calls[at] = true;
        prop_assert!(better <= end(&calls));
    }

    /// Every split of a string of outcomes into batches ends as the string does.
    #[test]
    fn s8_a_batch_is_its_sequence(
        weight in 0..=20_u32,
        threshold in 1..=60_u32,
        outcomes in prop::collection::vec(0..10_u8, 1..200),
        splits in prop::collection::vec(1..20_usize, 1..200),
        probing in any::<bool>(),
    ) {
        let outcome = |it: &u8| match it {
            0..6 => Outcome::Success,
            6..8 => Outcome::Failure,
            8 => Outcome::Ignore,
            _ => Outcome::Weighs { percent: 250 },
        };
        let outcomes: Vec<_> = outcomes.iter().map(outcome).collect();
        let (one, many) = (Bench::new(), Bench::new());
        let config = weighted(weight, threshold).probes(255).successes_to_close(3);
        let (one, many) = if probing {
            (one.due(config), many.due(config))
        } else {
            (one.breaker(config), many.breaker(config))
        };
        let mut left = &outcomes[..];
        for size in splits.into_iter().cycle() {
            let (batch, rest) = left.split_at(size.min(left.len()));
            left = rest;
            let permits: Vec<_> = batch.iter().map(|_| one.try_acquire()).collect();
            let Ok(all) = many.acquire_many(u16::try_from(batch.len()).unwrap()) else {
                prop_assert!(permits.iter().all(Result::is_err));
                return Ok(());
            };
            for (permit, outcome) in permits.into_iter().zip(batch) {
                permit.unwrap().report(*outcome);
            }
            all.report_all(batch);
            prop_assert_eq!(one.snapshot(), many.snapshot());
            prop_assert_eq!(one.counters().failures, many.counters().failures);
            if left.is_empty() {
                break;
            }
        }
    }
}

/// Ten million outcomes in batches of every size, against the plain score.
#[test]
fn s8_ten_million_outcomes_in_batches() {
    let mut random = Rng::with_seed(8);
    let bench = Bench::new();
    let breaker = bench.breaker(weighted(6, 40));
    let mut plain = Plain { score: 0, weight: 6, threshold: 40 };
    let (mut done, mut openings) = (0_u32, 0);
    while done < 10_000_000 {
        let size = random.u16(1..=200);
        let share = if random.u8(..) < 10 { 0.4 } else { 0.05 };
        let outcomes: Vec<_> = (0..size).map(|_| random.f64() < share).collect();
        let opens = outcomes.iter().any(|failed| plain.add(*failed));
        let outcome = |failed: &bool| if *failed { Outcome::Failure } else { Outcome::Success };
        let reported: Vec<_> = outcomes.iter().map(outcome).collect();
        breaker.acquire_many(size).unwrap().report_all(&reported);
        if opens {
            assert_eq!(breaker.state(), State::Open);
            breaker.close();
            plain.score = 0;
            openings += 1;
        }
        assert_eq!(u64::from(breaker.snapshot().score), plain.score);
        done += u32::from(size);
    }
    assert!(openings > 100, "{openings}");
}

#[test]
fn s8_counts_are_taken_to_lie_evenly() {
    let bench = Bench::new();
    let breaker = bench.breaker(weighted(6, 40));
    let batch = |successes, failures| {
        let verdict = breaker.acquire_many(successes + failures).unwrap();
        assert_eq!(verdict.report_counts(successes, failures), Verdict::Recorded);
        breaker.snapshot().score
    };
    assert_eq!(batch(100, 0), 0);
    // 11 before each, and 11 after the last.
    assert_eq!(batch(44, 3), 0);
    assert_eq!(batch(0, 6), 36);
    assert_eq!(batch(36, 0), 0);
    // 1 before each of 9, and 1 after: it climbs by 5.
    assert_eq!(batch(8, 7), 35);
    batch(30_000, 35_000);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn s8_what_is_not_reported_gives_its_places_back() {
    let bench = Bench::new();
    let breaker = bench.due(config().probes(10).successes_to_close(5));
    let batch = breaker.acquire_many(64).unwrap();
    assert_eq!((batch.len(), batch.is_empty()), (10, false));
    assert_eq!(breaker.snapshot().probes_in_flight, 10);
    assert!(breaker.acquire_many(1).is_err() && breaker.try_acquire().is_err());
    batch.report_all(&[Outcome::Success; 2]);
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.probes_in_flight, snapshot.probes_succeeded), (0, 2));
    drop(breaker.acquire_many(7).unwrap());
    assert_eq!(breaker.snapshot().probes_in_flight, 0);
    breaker.acquire_many(3).unwrap().report_counts(3, 0);
    assert_eq!(breaker.state(), State::Closed);
    breaker.force_open();
    assert!(breaker.acquire_many(3).is_err());
}

#[test]
#[should_panic(expected = "3 outcomes of 2 calls were reported")]
fn s8_more_outcomes_than_calls_are_an_error() {
    let bench = Bench::new();
    bench.breaker(config()).acquire_many(2).unwrap().report_all(&[Outcome::Success; 3]);
}

// 1000 calls a second, as the clock of 4 ms sees them.
struct Traffic<'b> {
    bench: &'b Bench,
    breaker: Breaker<'b>,
    at: u64,
    phase: u64,
}

impl<'b> Traffic<'b> {
    fn new(bench: &'b Bench, config: BreakerConfig, phase: u64) -> Self {
        Self { bench, breaker: bench.breaker(config), at: 0, phase }
    }

    /// A call at a millisecond; whether the breaker is open after it.
    fn call(&mut self, at: u64, failed: bool) -> bool {
        let (was, is) = ((self.at + self.phase) / 4, (at + self.phase) / 4);
        self.bench.clock.advance(millis((is - was) * 4));
        self.at = at;
        report(&self.breaker, failed);
        self.breaker.state() == State::Open
    }
}

#[test]
fn s4_a_burst_does_not_open_and_an_outage_does() {
    let config = || weighted(6, 40).min_span(millis(20));
    // Bursts of 20 at an instant, every 10 s, amid 1000 calls a second.
    let bench = Bench::new();
    let mut traffic = Traffic::new(&bench, config(), 0);
    for at in 0..120_000 {
        assert!(!traffic.call(at, false));
        for _ in 0..if at % 10_000 == 5_000 { 20 } else { 0 } {
            assert!(!traffic.call(at, true), "a burst at {at} ms opened it");
        }
    }
    // Without `min_span` it opens at the first one.
    let bench = Bench::new();
    let breaker = bench.breaker(weighted(6, 40));
    (0..7).for_each(|_| report(&breaker, true));
    assert_eq!(breaker.state(), State::Open);

    // An outage of which every call, or every second one, fails.
    for (nth, limit) in [(1, 35), (2, 60)] {
        for phase in 0..4 {
            let bench = Bench::new();
            let mut traffic = Traffic::new(&bench, config(), phase);
            let after = (1..10_000).find(|at| traffic.call(*at, at % nth == 0)).unwrap();
            assert!(after <= limit, "1 call in {nth} failed: {after} ms");
        }
    }
    // Where chance says which half of the calls fails, it has a tail: 35 ms on
    // average, and up to 52 in 19 of 20.
    let mut after: Vec<_> = (0..1_000)
        .map(|seed| {
            let bench = Bench::new();
            let mut random = Rng::with_seed(seed);
            let mut traffic = Traffic::new(&bench, config(), seed % 4);
            (1..10_000).find(|at| traffic.call(*at, random.bool())).unwrap()
        })
        .collect();
    after.sort_unstable();
    let mean = after.iter().sum::<u64>() / 1_000;
    assert!((34..=38).contains(&mean), "{mean}");
    assert!(after[950] <= 60, "19 in 20 open within {} ms", after[950]);
    println!(
        "at 50 %: mean {mean}, 95 % {}, 99 % {}, worst {} ms",
        after[950], after[990], after[999]
    );
}

#[test]
fn s4_the_clock_may_step_back_while_a_score_waits_at_its_cap() {
    let bench = Bench::new();
    let breaker = bench.breaker(config().failure_threshold(3).min_span(millis(20)));
    (0..5).for_each(|_| report(&breaker, true));
    assert_eq!((breaker.state(), breaker.snapshot().score), (State::Closed, 3));
    bench.clock.step_back(millis(5_000));
    report(&breaker, true);
    assert_eq!(breaker.state(), State::Closed);
    bench.clock.advance(millis(19));
    report(&breaker, true);
    assert_eq!(breaker.state(), State::Closed);
    bench.clock.advance(millis(1));
    report(&breaker, true);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn s5_failures_far_apart_do_not_add_up() {
    let bench = Bench::new();
    let day = Duration::from_hours(24);
    let breaker = bench.breaker(config().failure_threshold(5).quiet(Duration::from_hours(1)));
    for _ in 0..20 {
        fail(&breaker);
        assert_eq!(breaker.snapshot().score, 1);
        bench.clock.advance(day);
    }
    for _ in 0..5 {
        fail(&breaker);
        bench.clock.advance(Duration::from_mins(59));
    }
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn s9_an_error_may_weigh_more_or_less_or_open_at_once() {
    let bench = Bench::new();
    let breaker = bench.breaker(weighted(6, 100));
    let weighs = |percent| breaker.try_acquire().unwrap().report(Outcome::Weighs { percent });
    weighs(100);
    assert_eq!(breaker.snapshot().score, 6);
    weighs(250);
    assert_eq!(breaker.snapshot().score, 21);
    weighs(50);
    weighs(1);
    weighs(0);
    assert_eq!(breaker.snapshot().score, 26, "one point at least");
    breaker.try_acquire().unwrap().report(Outcome::opens_for(millis(1_500)));
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!(rejected.retry_after(), Some(millis(1_500)));
    assert_eq!(breaker.counters().failures, 6);
    assert_eq!(bench.log.take(), [(State::Closed, State::Open, false)]);

    let breaker = bench.due(config());
    bench.log.take();
    breaker.try_acquire().unwrap().report(Outcome::OPENS);
    assert_eq!((breaker.state(), breaker.snapshot().reopenings), (State::Open, 1));
    assert_eq!(bench.log.take().last(), Some(&(State::HalfOpen, State::Open, false)));
    assert_eq!(Outcome::opens_for(Duration::MAX), Outcome::Opens { millis: 2_073_600_000 });
    assert_eq!(Outcome::opens_for(Duration::ZERO), Outcome::Opens { millis: 1 });
}

/// The mean of many runs of the product lies within 3 sigma of the promise.
#[test]
fn s3_the_promise_is_what_the_breaker_does() {
    // Each share with rules whose mean is some thousands of calls at most.
    let rules: [(f64, &[(u32, u32)]); 8] = [
        (0.001, &[(6, 7), (0, 1)]),
        (0.01, &[(6, 13), (14, 28)]),
        (0.05, &[(6, 20), (14, 40), (0, 2)]),
        (0.10, &[(6, 20), (14, 76), (2, 6)]),
        (0.20, &[(6, 40), (14, 76), (2, 10), (0, 4)]),
        (0.30, &[(6, 40), (14, 76), (2, 14)]),
        (0.50, &[(6, 40), (14, 76), (2, 30), (0, 5)]),
        (1.00, &[(6, 40), (14, 76), (2, 30), (0, 5)]),
    ];
    let mut random = Rng::with_seed(3);
    for (share, rules) in rules {
        for &(weight, threshold) in rules {
            let bench = Bench::new();
            let breaker = bench.breaker(weighted(weight, threshold));
            let promised = breaker.settings().promise().mean_calls(share).unwrap();
            let runs = if promised > 500.0 { 400 } else { 4_000 };
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..runs {
                let mut calls = 0.0;
                while breaker.state() == State::Closed {
                    report(&breaker, random.f64() < share);
                    calls += 1.0;
                }
                breaker.close();
                sum += calls;
                squares += calls * calls;
            }
            let runs = f64::from(runs);
            let mean = sum / runs;
            let sigma = ((squares / runs - mean * mean).max(0.0) / runs).sqrt();
            assert!(
                (mean - promised).abs() <= 3.0 * sigma + 1e-9,
                "share {share}, weight {weight}, threshold {threshold}: {mean} calls, \
                 promised {promised}, sigma {sigma}",
            );
        }
    }
}

#[test]
fn s3_the_figures_to_meet() {
    let calls = |weight, threshold, share| {
        weighted(weight, threshold).build().promise().mean_calls(share).unwrap()
    };
    let found = [0.2, 0.5, 1.0].map(|share| format!("{:.0}", calls(6, 40, share)));
    assert_eq!(found, ["85", "16", "7"]);
    assert!((8.5e11..9.9e11).contains(&calls(6, 40, 0.01)), "{:e}", calls(6, 40, 0.01));
    let found = [0.2, 0.5, 1.0].map(|share| format!("{:.0}", calls(14, 76, share).floor()));
    assert_eq!(found, ["38", "12", "6"]);
    assert!(calls(14, 76, 0.01) > 1e8);
    let promise = config().build().promise();
    assert_eq!(promise.mean_calls(0.0), Some(f64::INFINITY));
    assert_eq!((promise.mean_calls(-0.1), promise.mean_calls(f64::NAN)), (None, None));
}

/// 1000 calls of a second each overlap, and 1 % of them fail.
#[test]
fn s1_overlapping_calls_open_nothing_by_mistake_and_an_outage_is_found() {
    let mut random = Rng::with_seed(1);
    let bench = Bench::new();
    let breaker = bench.breaker(weighted(6, 40));
    let mut in_flight = std::collections::VecDeque::new();
    for _ in 0..120_000 {
        in_flight.push_back(breaker.try_acquire().unwrap());
        if in_flight.len() > 1_000 {
            let permit = in_flight.pop_front().unwrap();
            if random.f64() < 0.01 {
                permit.failure()
            } else {
                permit.success()
            };
        }
        bench.clock.advance(millis(1));
    }
    assert_eq!((breaker.state(), breaker.counters().openings), (State::Closed, 0));
    // From now on every call fails at once, while the old ones still succeed.
    let mut failed = 0;
    while breaker.state() == State::Closed {
        fail(&breaker);
        failed += 1;
        in_flight.pop_front().unwrap().success();
    }
    assert!(failed <= 10, "{failed} failed calls");
}

/// Writes to the shared word: none while all is well, and no more than the score
/// takes to return to 0.
#[test]
fn shared_writes_are_bounded_by_the_failures() {
    let mut random = Rng::with_seed(5);
    for share in [0.0, 0.001, 0.01, 0.05] {
        let bench = Bench::new();
        let breaker = bench.breaker(weighted(6, 40));
        let (calls, mut writes, mut failures) = (200_000_u32, 0_u32, 0_u32);
        for _ in 0..calls {
            let before = breaker.snapshot();
            let failed = random.f64() < share;
            failures += u32::from(failed);
            report(&breaker, failed);
            writes += u32::from(breaker.snapshot() != before);
            bench.clock.advance(millis(1));
            breaker.close_if_open();
        }
        assert!(writes <= 7 * failures, "{writes} writes for {failures} failures");
        assert_eq!(writes == 0, failures == 0);
    }
}

trait CloseIfOpen {
    fn close_if_open(&self);
}

impl CloseIfOpen for Breaker<'_> {
    fn close_if_open(&self) {
        if self.state() == State::Open {
            self.close();
        }
    }
}

#[test]
fn a_ratio_says_what_cannot_be() {
    let refused = |ratio| {
        let error = BreakerConfig::new().failure_ratio(ratio).try_build().unwrap_err();
        error.to_string()
    };
    for bad in [0.0, 1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
        let text = "and must be of shares between 0 and 1";
        assert_eq!(refused(Ratio::above(bad)), format!("`failure_ratio` is above({bad}), {text}"));
    }
    for bad in [0.0, 0.2, 0.3, -1.0, f64::NAN] {
        let text = "and must be normally above 0 and below the share that opens";
        let refused = refused(Ratio::above(0.2).normally(bad));
        assert_eq!(refused, format!("`failure_ratio` is normally({bad}), {text}"));
    }
    for ratio in [
        Ratio::above(0.05).normally(0.04).false_alarm_every(u64::MAX),
        Ratio::above(0.001).normally(0.000_01).false_alarm_every(7),
    ] {
        let text = "and must be of fewer calls, or of shares further apart: a score has 11 bits";
        let refused = refused(ratio);
        assert!(refused.starts_with("`failure_ratio` is false_alarm_every("), "{refused}");
        assert!(refused.ends_with(text), "{refused}");
    }
    let both = BreakerConfig::new().failure_threshold(7).failure_ratio(Ratio::above(0.2));
    assert_eq!(
        both.try_build().unwrap_err().to_string(),
        "`failure_threshold` is 7, and must be left alone with `failure_ratio`"
    );
}

/// The table of the docs is what the example prints, which computes it.
#[test]
fn s3_the_docs_have_the_table() {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/score.md"));
    let docs = docs.unwrap();
    let shares = [0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0];
    for (rule, weight, threshold) in [
        ("5 in a row, the default", 0, 5),
        ("weight 2, threshold 30", 2, 30),
        ("weight 6, threshold 40", 6, 40),
        ("weight 14, threshold 76", 14, 76),
    ] {
        let promise = weighted(weight, threshold).build().promise();
        let cells = shares.map(|share| match promise.mean_calls(share).unwrap() {
            calls if calls < 1_000.0 => format!("{calls:.0}"),
            calls if calls < 1e15 => format!("{calls:.1e}"),
            _ => "> 10^15".into(),
        });
        let row = format!("| {rule} | {} |", cells.join(" | "));
        assert!(docs.contains(&row), "{row}");
    }
}
