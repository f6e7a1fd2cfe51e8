//! Half-open: B4, B5, B8 to B10.
#![allow(clippy::unchecked_time_subtraction)] // an overflow should fail the test

mod common;

use common::{Bench, TIMEOUT, config, fail, millis, rejection, succeed};
use fusebox::{CallError, State, Verdict};

#[test]
fn b4_no_more_than_probes_are_in_flight() {
    for allowed in [1_u32, 2, 15] {
        let bench = Bench::new();
        let breaker = bench.due(config().probes(allowed).successes_to_close(15));
        let mut permits: Vec<_> = (0..1_000).filter_map(|_| breaker.try_acquire().ok()).collect();
        assert_eq!(permits.len(), allowed as usize);
        // A place that is reported is free again.
        permits.pop().unwrap().success();
        permits.push(breaker.try_acquire().unwrap());
        rejection(&breaker);
    }
}

#[test]
fn b4_late_reports_free_no_places() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let late: Vec<_> = (0..20).map(|_| breaker.try_acquire().unwrap()).collect();
    for _ in 0..3 {
        fail(&breaker);
    }
    bench.clock.advance(TIMEOUT);
    let probe = breaker.try_acquire().unwrap();
    drop(late);
    rejection(&breaker);
    drop(probe);
}

#[test]
fn b5_a_probes_failure_reopens_at_once_whatever_the_threshold() {
    let bench = Bench::new();
    let breaker = bench.due(config().failure_threshold(100));
    assert_eq!(breaker.state(), State::Open);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT));
}

#[test]
fn b5_with_doublings_each_reopening_waits_longer() {
    let bench = Bench::new();
    let breaker = bench.opened(config().doublings(3));
    for factor in [1, 2, 4, 8, 8, 8] {
        let wait = TIMEOUT * factor;
        assert_eq!(rejection(&breaker).retry_after(), Some(wait));
        bench.clock.advance(wait - millis(1));
        rejection(&breaker);
        bench.clock.advance(millis(1));
        fail(&breaker);
    }
    // A closing forgets the reopenings.
    bench.clock.advance(TIMEOUT * 8);
    succeed(&breaker);
    for _ in 0..3 {
        fail(&breaker);
    }
    assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT));
}

#[test]
fn b8_errors_outside_the_filter_neither_count_nor_reset() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let call =
        |error: &'static str| breaker.call_counting(|e| *e == "outage", || Err::<(), _>(error));
    assert_eq!(call("outage"), Err(CallError::Failed("outage")));
    assert_eq!(call("outage"), Err(CallError::Failed("outage")));
    assert_eq!(call("not found"), Err(CallError::Failed("not found")));
    assert_eq!(breaker.snapshot().score, 2, "neither counted nor reset");
    assert_eq!(call("outage"), Err(CallError::Failed("outage")));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn b8_on_a_probe_they_give_the_place_back() {
    let bench = Bench::new();
    let breaker = bench.due(config());
    for _ in 0..5 {
        let result = breaker.call_counting(|_| false, || Err::<(), _>("not found"));
        assert_eq!(result, Err(CallError::Failed("not found")));
        assert_eq!(breaker.state(), State::HalfOpen);
        assert_eq!(breaker.snapshot().probes_in_flight, 0);
    }
    assert_eq!(breaker.try_acquire().unwrap().ignore(), Verdict::Recorded);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn b9_a_cancelled_probe_gives_its_place_back_and_is_no_success() {
    let bench = Bench::new();
    let breaker = bench.due(config());
    for _ in 0..5 {
        drop(breaker.try_acquire().unwrap());
        assert_eq!(breaker.state(), State::HalfOpen);
        assert_eq!(breaker.snapshot().probes_in_flight, 0);
        assert_eq!(breaker.snapshot().probes_succeeded, 0);
    }
}

#[test]
fn b10_a_lost_probe_delays_recovery_by_one_timeout() {
    let bench = Bench::new();
    let breaker = bench.due(config());
    std::mem::forget(breaker.try_acquire().unwrap());
    let rejected = rejection(&breaker);
    assert_eq!(rejected.state(), State::HalfOpen);
    assert_eq!(rejected.retry_after(), Some(TIMEOUT));
    bench.clock.advance(TIMEOUT - millis(1));
    rejection(&breaker);
    bench.clock.advance(millis(1));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn b10_a_probe_slower_than_the_timeout_still_closes() {
    let bench = Bench::new();
    let breaker = bench.due(config());
    let slow = breaker.try_acquire().unwrap();
    // Steady traffic: after each timeout another caller takes the place over.
    let mut others = Vec::new();
    for _ in 0..4 {
        bench.clock.advance(TIMEOUT);
        others.push(breaker.try_acquire().unwrap());
        rejection(&breaker);
    }
    assert_eq!(slow.success(), Verdict::Recorded);
    assert_eq!(breaker.state(), State::Closed);
    for late in others {
        assert_eq!(late.failure(), Verdict::Stale);
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn b10_places_are_given_again_one_in_a_timeout() {
    let bench = Bench::new();
    let breaker = bench.due(config().probes(3));
    for _ in 0..3 {
        std::mem::forget(breaker.try_acquire().unwrap());
    }
    for _ in 0..10 {
        bench.clock.advance(TIMEOUT);
        std::mem::forget(breaker.try_acquire().unwrap());
        rejection(&breaker);
    }
}
