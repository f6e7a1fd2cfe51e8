//! Since when a breaker turns calls away: `open_since`, and `open_for` of a
//! reading.

mod common;

use std::sync::atomic::{AtomicU64, Ordering};

use common::{Bench, Breaker, TIMEOUT, config, fail, millis, succeed};
use fusebox::{CircuitBreaker, Clock, DefaultObserver, State, Tick};

/// In milliseconds of the bench's clock, which begins at a million.
fn open_since(breaker: &Breaker<'_>) -> Option<u64> {
    let reading = breaker.reading();
    let since = breaker.open_since();
    assert_eq!(reading.open_for, since.map(|since| reading.at.since(since)));
    since.map(Tick::as_millis)
}

#[test]
fn it_is_the_moment_of_the_last_failure_not_of_the_first() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    for _ in 0..2 {
        fail(&breaker);
        assert_eq!(open_since(&breaker), None, "closed");
        bench.clock.advance(millis(5));
    }
    fail(&breaker);
    bench.clock.advance(millis(3));
    assert_eq!((breaker.state(), open_since(&breaker)), (State::Open, Some(1_000_010)));
    assert_eq!(breaker.reading().open_for, Some(millis(3)));
}

/// Each reading of it takes a millisecond.
#[derive(Default)]
struct Slow(AtomicU64);

impl Clock for Slow {
    fn now(&self) -> Tick {
        Tick::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

#[test]
fn it_is_the_openings_own_stamp_not_a_later_moment() {
    let settings = config().failure_threshold(1).build();
    let breaker = CircuitBreaker::with(None, settings, Slow::default(), DefaultObserver);
    assert!(breaker.call(|| Err::<(), _>("down")).is_err());
    assert_eq!(breaker.open_since(), Some(breaker.snapshot().stamp));
}

#[test]
fn probes_that_fail_do_not_move_it_and_a_closing_clears_it() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    for _ in 0..3 {
        bench.clock.advance(TIMEOUT);
        let probe = breaker.try_acquire().unwrap();
        assert_eq!((breaker.state(), open_since(&breaker)), (State::HalfOpen, Some(1_000_000)));
        probe.failure();
        assert_eq!((breaker.state(), open_since(&breaker)), (State::Open, Some(1_000_000)));
    }
    bench.clock.advance(TIMEOUT);
    succeed(&breaker);
    assert_eq!((breaker.state(), open_since(&breaker)), (State::Closed, None));

    // The next opening is another one.
    for _ in 0..3 {
        fail(&breaker);
    }
    assert_eq!(open_since(&breaker), Some(1_040_000));
}

#[test]
fn a_forced_opening_begins_now_unless_the_breaker_was_open_before() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    breaker.force_open();
    bench.clock.advance(millis(7));
    assert_eq!(open_since(&breaker), Some(1_000_000));
    breaker.close();
    assert_eq!(open_since(&breaker), None);

    for _ in 0..3 {
        fail(&breaker);
    }
    bench.clock.advance(millis(7));
    breaker.force_open();
    assert_eq!((breaker.state(), open_since(&breaker)), (State::ForcedOpen, Some(1_000_007)));
    bench.clock.advance(millis(7));
    breaker.force_open();
    assert_eq!(open_since(&breaker), Some(1_000_007), "forced twice");
}

#[test]
fn a_disabled_breaker_turns_nobody_away() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    breaker.disable();
    assert_eq!(open_since(&breaker), None);
    bench.clock.advance(millis(7));
    breaker.force_open();
    assert_eq!(open_since(&breaker), Some(1_000_007), "it begins anew");
    breaker.reset();
    assert_eq!(open_since(&breaker), None);
}

#[test]
fn a_breaker_that_was_reset_does_not_remember_an_earlier_opening() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    breaker.reset();
    bench.clock.advance(millis(7));
    breaker.force_open();
    assert_eq!(open_since(&breaker), Some(1_000_007));
}

#[test]
fn it_may_be_the_very_first_moment_of_a_clock() {
    let bench = Bench::new();
    bench.clock.set(Tick::from_millis(0));
    let breaker = bench.breaker(config());
    breaker.force_open();
    bench.clock.advance(millis(7));
    assert_eq!((open_since(&breaker), breaker.reading().open_for), (Some(0), Some(millis(7))));
}
