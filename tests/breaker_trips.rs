//! B20: openings by hand that end by themselves, and a look before a call.

mod common;

use std::time::Duration;

use common::{Bench, TIMEOUT, config, fail, millis, rejection, succeed};
use fusebox::{BreakerConfig, State, Verdict};
use proptest::prelude::*;

#[test]
fn b20_a_trip_is_an_opening_that_ends_by_itself() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    breaker.trip();
    assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT));
    assert_eq!(breaker.counters().openings, 1);
    bench.clock.advance(TIMEOUT);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn b20_a_trip_has_the_length_that_was_asked_for() {
    for length in [1, 2, 15, 16, 17, 999, 7_000, 30_000, 86_400_000, 2_073_600_000] {
        let bench = Bench::new();
        let breaker = bench.breaker(config());
        breaker.trip_for(millis(length)).unwrap();
        assert_eq!(rejection(&breaker).retry_after(), Some(millis(length)));
        assert_eq!(breaker.reading().time_left, Some(millis(length)));
        assert_eq!(breaker.reading().open_for, Some(Duration::ZERO), "it opens now");
        bench.clock.advance(millis(length - 1));
        rejection(&breaker);
        bench.clock.advance(millis(1));
        // A probe that fails: the next wait is one of the settings.
        fail(&breaker);
        assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT));
        assert_eq!(breaker.snapshot().reopenings, 1);
    }
}

#[test]
fn b20_a_length_is_more_than_nothing_and_at_most_24_days() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    for (length, shown) in [
        (Duration::ZERO, "0 ms"),
        (millis(2_073_600_001), "2073600001 ms"),
        (Duration::MAX, "18446744073709551616000 ms"),
    ] {
        let error = breaker.trip_for(length).unwrap_err();
        assert_eq!(error.field(), "trip_for");
        let text = format!("`trip_for` is {shown}, and must be from 1 to 2073600000 ms");
        assert_eq!(error.to_string(), text);
        assert_eq!(breaker.state(), State::Closed);
    }
    breaker.trip_for(Duration::from_nanos(1)).unwrap();
    assert_eq!(rejection(&breaker).retry_after(), Some(millis(1)), "a part is a whole");
}

#[test]
fn b20_a_longer_wait_stays_and_a_shorter_one_is_made_longer() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    let generation = breaker.snapshot().generation;
    breaker.trip();
    breaker.trip_for(TIMEOUT.saturating_sub(millis(1))).unwrap();
    assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT), "it is longer anyway");
    breaker.trip_for(TIMEOUT + millis(1)).unwrap();
    assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT + millis(1)));
    breaker.trip();
    assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT + millis(1)));
    let after = breaker.snapshot();
    assert_eq!((after.generation, breaker.counters().openings), (generation, 1), "one opening");
    assert_eq!(bench.log.take(), [(State::Closed, State::Open, false)]);
}

#[test]
fn b20_in_half_open_it_is_a_probe_that_failed() {
    let bench = Bench::new();
    let breaker = bench.due(config().doublings(3));
    let probe = breaker.try_acquire().unwrap();
    breaker.trip();
    assert_eq!(probe.success(), Verdict::Stale);
    assert_eq!(breaker.snapshot().reopenings, 1);
    assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT * 2));

    bench.clock.advance(TIMEOUT * 2);
    let _probe = breaker.try_acquire().unwrap();
    breaker.trip_for(millis(5)).unwrap();
    assert_eq!(rejection(&breaker).retry_after(), Some(millis(5)));
    assert_eq!(breaker.snapshot().reopenings, 2);
}

#[test]
fn b20_what_an_operator_said_stays() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    breaker.force_open();
    breaker.trip_for(millis(5)).unwrap();
    breaker.trip();
    assert_eq!(breaker.state(), State::ForcedOpen);
    breaker.disable();
    breaker.trip_for(millis(5)).unwrap();
    breaker.trip();
    assert_eq!(breaker.state(), State::Disabled);
}

#[test]
fn b20_a_call_in_flight_is_stale_after_a_trip() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let permit = breaker.try_acquire().unwrap();
    breaker.trip();
    assert!(!permit.is_current());
    assert_eq!(permit.success(), Verdict::Stale);
}

#[test]
fn b20_a_clock_that_steps_back_lengthens_a_trip_by_an_eighth_at_most() {
    for length in [1, 100, 999, 123_456_789] {
        let bench = Bench::new();
        let breaker = bench.breaker(config());
        breaker.trip_for(millis(length)).unwrap();
        bench.clock.step_back(millis(5_000_000_000));
        let wait = rejection(&breaker).retry_after().unwrap();
        assert!(millis(length) <= wait && wait <= millis(length + length / 8));
        bench.clock.advance(wait);
        assert!(breaker.try_acquire().is_ok(), "no opening lasts for ever");
    }
}

#[test]
fn b20_a_trips_jitter_is_that_of_the_settings() {
    let waits: Vec<_> = (0..50)
        .map(|_| {
            let bench = Bench::new();
            let breaker = bench.breaker(config().recovery_jitter(50));
            breaker.trip_for(millis(1_000)).unwrap();
            rejection(&breaker).retry_after().unwrap()
        })
        .collect();
    assert!(waits.iter().all(|wait| (millis(1_000)..=millis(1_600)).contains(wait)), "{waits:?}");
}

#[test]
fn b5_waits_grow_by_the_growth_of_the_settings() {
    let bench = Bench::new();
    let breaker = bench.opened(config().growth(150).doublings(3));
    for wait in [10_000, 15_000, 22_500, 33_750, 33_750] {
        assert_eq!(rejection(&breaker).retry_after(), Some(millis(wait)));
        bench.clock.advance(millis(wait));
        fail(&breaker);
    }
}

#[test]
fn b4_up_to_255_probes_are_in_flight_at_a_time() {
    let bench = Bench::new();
    let breaker = bench.due(config().probes(255).successes_to_close(15).doublings(1));
    fail(&breaker);
    bench.clock.advance(TIMEOUT * 2);
    let mut probes: Vec<_> = (0..255).map(|_| breaker.try_acquire().unwrap()).collect();
    rejection(&breaker);
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.probes_in_flight, snapshot.reopenings), (255, 1));
    for succeeded in 1..15 {
        probes.pop().unwrap().success();
        assert_eq!(breaker.snapshot().probes_succeeded, succeeded);
    }
    drop(probes);
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.probes_in_flight, snapshot.probes_succeeded), (0, 14));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn would_admit_says_what_a_call_would_hear_and_does_nothing() {
    let bench = Bench::new();
    let breaker = bench.breaker(config().probes(1));
    assert!(breaker.would_admit());
    breaker.trip();
    bench.clock.advance(TIMEOUT.saturating_sub(millis(1)));
    assert!(!breaker.would_admit());
    bench.clock.advance(millis(1));
    let before = breaker.reading();
    assert!(breaker.would_admit());
    assert_eq!(breaker.reading(), before, "nobody has become a probe");
    let probe = breaker.try_acquire().unwrap();
    assert!(!breaker.would_admit());
    drop(probe);
    assert!(breaker.would_admit());
    breaker.force_open();
    assert!(!breaker.would_admit());
    breaker.disable();
    assert!(breaker.would_admit());
    assert_eq!(breaker.counters().rejections, 0);
}

proptest! {
    /// Whatever the length and the time, the wait is that length.
    #[test]
    fn b20_any_length_at_any_time(length in 1..=2_073_600_000_u64, now: u64) {
        let bench = Bench::new();
        bench.clock.set(fusebox::Tick::from_millis(now));
        let breaker = bench.breaker(BreakerConfig::new());
        breaker.trip_for(millis(length)).unwrap();
        let left = rejection(&breaker).retry_after().unwrap();
        // Once in 34 years a moment looks like "for ever": one tick less.
        prop_assert!(left == millis(length) || left + millis(1) == millis(length));
        prop_assert_eq!(breaker.fault(), None);
    }
}
