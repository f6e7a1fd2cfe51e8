//! Time that misbehaves, and jitter: B12, B18.
#![allow(clippy::unchecked_time_subtraction)] // an overflow should fail the test

mod common;

use std::{collections::HashSet, time::Duration};

use common::{Bench, TIMEOUT, config, fail, millis, rejection, succeed};
use fusebox::{
    BreakerConfig, CachedClock, CircuitBreaker, Clock, DefaultObserver, Fault, Key, ManualClock,
    PreciseClock, Registry, State, StdClock, Tick, Verdict,
};

#[test]
fn b12_a_step_back_counts_as_no_time_passed() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    bench.clock.advance(TIMEOUT - millis(1));
    bench.clock.step_back(millis(500_000));
    assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT), "the wait counts anew");
    bench.clock.advance(TIMEOUT - millis(1));
    assert_eq!(rejection(&breaker).retry_after(), Some(millis(1)));
    bench.clock.advance(millis(1));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed, "and ends: no eternal opening");
}

#[test]
fn b12_a_step_back_does_not_pin_a_lost_probe() {
    let bench = Bench::new();
    let breaker = bench.due(config());
    std::mem::forget(breaker.try_acquire().unwrap());
    bench.clock.step_back(millis(900_000));
    rejection(&breaker);
    bench.clock.advance(TIMEOUT);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn b12_a_clock_that_stands_still_opens_nothing_early() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    for _ in 0..1_000 {
        assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT));
    }
}

#[test]
fn b12_leaps_by_years_end_in_a_probe() {
    const YEAR: u64 = 365 * 24 * 3_600 * 1_000;
    for years in [1, 10, 17, 18, 30, 34, 35, 100, 1_000] {
        let bench = Bench::new();
        let breaker = bench.opened(config());
        bench.clock.advance(millis(years * YEAR));
        // Half the clock's range ahead looks like the past: one timeout more.
        if breaker.try_acquire().is_err() {
            bench.clock.advance(TIMEOUT);
            assert!(breaker.try_acquire().is_ok(), "{years} years");
        }
        assert_eq!(breaker.state(), State::HalfOpen);
    }
}

#[test]
fn b12_the_stamp_wraps() {
    for before in [0, 1, 2, 5_000, 9_999] {
        let bench = Bench::new();
        bench.clock.set(Tick::from_millis((1 << 40) - 1 - before));
        let breaker = bench.opened(config());
        assert_eq!(breaker.state(), State::Open, "no moment looks like a forced opening");
        bench.clock.advance(TIMEOUT - millis(2));
        rejection(&breaker);
        bench.clock.advance(millis(2));
        succeed(&breaker);
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn b12_the_largest_tick_does_no_harm() {
    let bench = Bench::new();
    bench.clock.set(Tick::from_millis(u64::MAX));
    let breaker = bench.opened(config());
    bench.clock.advance(TIMEOUT);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn the_longest_wait_elapses() {
    let bench = Bench::new();
    let longest = BreakerConfig::new()
        .failure_threshold(1)
        .recovery_timeout(Duration::from_hours(24 * 24))
        .doublings(6)
        .recovery_jitter(100);
    let breaker = bench.opened(longest);
    for _ in 0..8 {
        let wait = rejection(&breaker).retry_after().unwrap();
        bench.clock.advance(wait - millis(1));
        rejection(&breaker);
        bench.clock.advance(millis(1));
        fail(&breaker);
    }
}

#[test]
fn the_hosts_clocks_run_and_share_their_origin() {
    let coarse = StdClock.now();
    let precise = PreciseClock.now();
    assert!(precise.since(coarse) < Duration::from_mins(1));
    assert!(coarse.since(precise) < Duration::from_mins(1));
    assert!(StdClock.now() >= coarse);
}

/// The waits of many openings, each of its own generation.
fn waits(breaker: &CircuitBreaker<&ManualClock, DefaultObserver>, n: usize) -> Vec<u64> {
    (0..n)
        .map(|_| {
            breaker.close();
            breaker.try_acquire().unwrap().failure();
            let rejected = breaker.try_acquire().map(drop).unwrap_err();
            u64::try_from(rejected.retry_after().unwrap().as_millis()).unwrap()
        })
        .collect()
}

#[test]
fn b18_each_opening_waits_up_to_that_many_percent_longer() {
    let clock = ManualClock::new();
    let settings = config().failure_threshold(1).recovery_jitter(50).build();
    let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    let waits = waits(&breaker, 500);
    assert!(waits.iter().all(|wait| (10_000..=15_000).contains(wait)));
    // Uniform over 5000 ms: the ends and the middle are reached.
    assert!(*waits.iter().min().unwrap() < 10_200);
    assert!(*waits.iter().max().unwrap() > 14_800);
    let mean = waits.iter().sum::<u64>() / 500;
    assert!((12_100..12_900).contains(&mean), "{mean}");
}

#[test]
fn b18_an_openings_wait_stays_the_same_while_it_lasts() {
    let bench = Bench::new();
    let breaker = bench.opened(config().recovery_jitter(100));
    let first = rejection(&breaker).retry_after();
    assert_eq!(rejection(&breaker).retry_after(), first);
    bench.clock.advance(first.unwrap());
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn b18_a_clock_that_steps_back_does_not_change_an_openings_wait() {
    let bench = Bench::new();
    let breaker = bench.opened(config().recovery_jitter(100));
    let first = rejection(&breaker).retry_after();
    for steps in 1..20 {
        bench.clock.step_back(millis(steps));
        assert_eq!(rejection(&breaker).retry_after(), first);
        breaker.restamp();
        assert_eq!(rejection(&breaker).retry_after(), first);
    }
}

#[test]
fn b18_hardly_two_openings_wait_the_same() {
    let clock = ManualClock::new();
    let settings = config().failure_threshold(1).recovery_jitter(100).build();
    let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    // 500 of 10,000: about twelve pairs fall together.
    let different: HashSet<_> = waits(&breaker, 500).into_iter().collect();
    assert!(different.len() > 450, "{} different waits of 500", different.len());
}

#[test]
fn b18_breakers_do_not_probe_in_step() {
    let clock = ManualClock::new();
    let panel: Registry<64, _, _> = Registry::with(&&clock, &DefaultObserver);
    let settings = config().failure_threshold(1).recovery_jitter(100).build();
    let first_waits: HashSet<_> = (0..32)
        .map(|n| waits(panel.get_or_register(&*format!("backend {n}"), settings).unwrap(), 1)[0])
        .collect();
    assert!(first_waits.len() > 28, "{} different waits of 32", first_waits.len());
    // Names alone do not decide: the seed of the process does too.
    assert_ne!(Key::new("backend 0").hash(), Key::new("backend 1").hash());
}

#[test]
fn a_cached_clock_is_as_late_as_its_last_refreshing_and_never_steps_back() {
    let (host, cached) = (ManualClock::new(), CachedClock::new());
    host.set(Tick::from_millis(5_000));
    assert_eq!(cached.now(), Tick::from_millis(0));
    cached.refresh_from(&host);
    host.advance(Duration::from_secs(1));
    assert_eq!(cached.now(), Tick::from_millis(5_000));
    cached.refresh_from(&host);
    assert_eq!(cached.now(), Tick::from_millis(6_000));
    host.step_back(Duration::from_secs(3));
    cached.refresh_from(&host);
    assert_eq!(cached.now(), Tick::from_millis(6_000));
}

#[test]
fn a_breaker_on_a_cached_clock_recovers_when_that_is_refreshed() {
    let (host, cached) = (ManualClock::new(), CachedClock::new());
    let settings = BreakerConfig::new().failure_threshold(1).build();
    let breaker = CircuitBreaker::with(None, settings, &cached, DefaultObserver);
    assert_eq!(breaker.try_acquire().unwrap().failure(), Verdict::Recorded);
    host.advance(Duration::from_mins(1));
    assert!(breaker.try_acquire().is_err(), "nobody told the clock");
    cached.refresh_from(&host);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn a_kept_clock_is_fresh_at_once_and_its_thread_ends_with_its_keeper() {
    static CLOCK: CachedClock = CachedClock::new();
    let before = PreciseClock.now();
    let keeper = CLOCK.keep_fresh(Duration::from_hours(1)).unwrap();
    assert!(CLOCK.now() >= before);
    drop(keeper); // returns although the thread has an hour to wait
}

#[test]
fn b12_a_clock_that_begins_anew_costs_one_timeout() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    bench.clock.advance(TIMEOUT / 2);
    // The host boots: its clock counts from 0, far before the stamp.
    bench.clock.set(Tick::from_millis(10));
    assert_eq!(breaker.reading().fault, Some(Fault::Stamp), "what it looks like before");
    breaker.restamp();
    let reading = breaker.reading();
    assert_eq!((reading.fault, reading.time_left), (None, Some(TIMEOUT)));
    assert_eq!(reading.open_for, Some(Duration::ZERO));
    assert_eq!(reading.snapshot.generation, 1, "no change of state");
    bench.clock.advance(TIMEOUT - millis(1));
    assert_eq!(rejection(&breaker).retry_after(), Some(millis(1)));
    bench.clock.advance(millis(1));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn b12_probes_of_an_earlier_boot_hold_their_places_for_one_timeout() {
    let bench = Bench::new();
    let breaker = bench.due(config());
    std::mem::forget(breaker.try_acquire().unwrap());
    bench.clock.set(Tick::from_millis(10));
    breaker.restamp();
    assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT));
    bench.clock.advance(TIMEOUT);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn what_was_forced_stays_forced_when_the_clock_begins_anew() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    breaker.force_open();
    bench.clock.set(Tick::from_millis(10));
    breaker.restamp();
    assert_eq!(breaker.state(), State::ForcedOpen);
    breaker.disable();
    breaker.restamp();
    assert_eq!(breaker.state(), State::Disabled);
}

#[test]
fn a_reading_says_since_when_nobody_gets_through() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let open_for = || breaker.reading().open_for;
    assert_eq!((open_for(), breaker.open_since()), (None, None));
    for _ in 0..3 {
        fail(&breaker);
    }
    bench.clock.advance(TIMEOUT);
    assert_eq!(open_for(), Some(TIMEOUT));
    fail(&breaker); // a probe: it reopens, and was never closed in between
    bench.clock.advance(TIMEOUT);
    assert_eq!(open_for(), Some(2 * TIMEOUT));
    let probe = breaker.try_acquire().unwrap();
    assert_eq!((breaker.state(), open_for()), (State::HalfOpen, Some(2 * TIMEOUT)));
    probe.success();
    assert_eq!(open_for(), None);
    breaker.force_open();
    bench.clock.advance(millis(7));
    assert_eq!((open_for(), breaker.reading().time_left), (Some(millis(7)), None));
    breaker.disable();
    assert_eq!(open_for(), None);
}
