//! Exactly `k` of the last `n` calls.

mod common;

use std::collections::VecDeque;

use common::{Bench, TIMEOUT, config, fail, millis, succeed};
use fusebox::{BreakerConfig, Outcome, State};
use proptest::prelude::*;

fn window(threshold: u32, window: u32) -> BreakerConfig {
    config().failure_threshold(threshold).window(window)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn it_opens_when_so_many_of_the_last_calls_failed(
        size in 1..=64_usize,
        threshold in 1..=64_usize,
        share in 1..10_u8,
        calls in prop::collection::vec(0..10_u8, 1..300),
        many in any::<bool>(),
    ) {
        let threshold = threshold.min(size);
        let bench = Bench::new();
        let sizes = (u32::try_from(threshold).unwrap(), u32::try_from(size).unwrap());
        let breaker = bench.breaker(window(sizes.0, sizes.1));
        let mut last = VecDeque::new();
        for call in calls {
            let failed = call < share;
            if many {
                let outcome = if failed { Outcome::Failure } else { Outcome::Success };
                breaker.acquire_many(1).unwrap().report_all(&[outcome]);
            } else if failed {
                fail(&breaker);
            } else {
                succeed(&breaker);
            }
            last.push_back(failed);
            if last.len() > size {
                last.pop_front();
            }
            let failures = last.iter().filter(|failed| **failed).count();
            if failed && failures >= threshold {
                prop_assert_eq!(breaker.state(), State::Open);
                return Ok(());
            }
            prop_assert_eq!(usize::from(breaker.snapshot().score), failures);
            prop_assert_eq!(breaker.state(), State::Closed);
        }
    }
}

#[test]
fn calls_from_before_an_opening_are_none_of_the_last_ones() {
    let bench = Bench::new();
    let breaker = bench.breaker(window(2, 10));
    fail(&breaker);
    let late = breaker.try_acquire().unwrap();
    fail(&breaker);
    late.failure();
    assert_eq!(breaker.state(), State::Open);
    bench.clock.advance(TIMEOUT);
    succeed(&breaker);
    assert_eq!((breaker.state(), breaker.snapshot().score), (State::Closed, 0));
    fail(&breaker);
    assert_eq!((breaker.state(), breaker.snapshot().score), (State::Closed, 1));
    breaker.reset();
    assert_eq!(breaker.snapshot().score, 0);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn slow_calls_and_calls_that_open_at_once_count_too() {
    let bench = Bench::new();
    let breaker = bench.breaker(window(2, 10).slow_call(millis(100)));
    for _ in 0..2 {
        let permit = breaker.try_acquire().unwrap();
        bench.clock.advance(millis(101));
        permit.success();
    }
    assert_eq!(breaker.state(), State::Open);
    let breaker = bench.breaker(window(5, 10));
    breaker.try_acquire().unwrap().report(Outcome::Ignore);
    breaker.try_acquire().unwrap().report(Outcome::OPENS);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_window_goes_with_few_other_settings() {
    let refused = |config: BreakerConfig| config.try_build().unwrap_err().to_string();
    assert_eq!(
        refused(window(2, 10).failure_weight(3)),
        "`failure_weight` is 3, and must be left alone with a `window`"
    );
    assert_eq!(
        refused(window(2, 10).min_span(millis(20))),
        "`min_span` is 20 ms, and must be left alone with a `window`"
    );
    assert_eq!(refused(window(11, 10)), "`failure_threshold` is 11, and must be from 1 to 10");
    assert_eq!(refused(window(11, 65)), "`window` is 65, and must be from 0 to 64");
    assert_eq!(
        refused(config().min_span(millis(20)).quiet(millis(20))),
        "`quiet` is 20 ms, and must be from 21 to 2113929216 ms"
    );
    assert_eq!(
        refused(config().slow_call(millis(0))),
        "`slow_call` is 0 ms, and must be at least 10 ms, a step of `StdClock`"
    );
    assert_eq!(
        refused(config().slow_call_by(millis(40), millis(50))),
        "`slow_call` is 40 ms, and must be at least 50 ms, a step of its clock"
    );
    assert_eq!(
        window(16, 64).build().promise().to_string(),
        "opens when 16 of the last 64 calls failed"
    );
}
