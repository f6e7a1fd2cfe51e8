//! A breaker sheds as much load as its service does not answer, and no more.

mod common;

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use common::Bench;
use fusebox::{
    Advice, BreakerConfig, CircuitBreaker, Clock, DefaultObserver, LimitKind, ManualClock, Outcome,
    Permit, Ratio, State, Tick,
};
use proptest::prelude::*;

type Plain<'c> = CircuitBreaker<&'c ManualClock>;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// It never opens: failures are half of the calls at most.
fn config() -> BreakerConfig {
    BreakerConfig::new().failure_threshold(2_047).failure_weight(1).max_shed(90)
}

fn breaker(clock: &ManualClock, config: BreakerConfig) -> Plain<'_> {
    clock.set(Tick::from_millis(1_000));
    CircuitBreaker::with(None, config.build(), clock, DefaultObserver)
}

/// A breaker of which the service has just answered none of 32 calls.
fn overloaded(clock: &ManualClock, config: BreakerConfig) -> Plain<'_> {
    let breaker = breaker(clock, config);
    breaker.acquire_many(32).unwrap().report_all(&[Outcome::Overload; 32]);
    breaker
}

/// What came of calls.
#[derive(Default)]
struct Sum {
    arrived: u64,
    admitted: u64,
    answered: u64,
}

/// So many calls a second come to a service that answers `capacity` of them, for so many
/// milliseconds.
fn run(breaker: &Plain<'_>, rate: u64, capacity: u64, long: u64) -> Sum {
    let (mut sum, mut calls, mut room) = (Sum::default(), 0, 0);
    for _ in 0..long {
        breaker.clock().advance(millis(1));
        // Thousandths of calls; the service keeps room for ten milliseconds.
        calls += rate;
        room = (room + capacity).min((capacity * 10).max(1_000));
        while calls >= 1_000 {
            calls -= 1_000;
            sum.arrived += 1;
            let Ok(permit) = breaker.try_acquire() else { continue };
            sum.admitted += 1;
            if room >= 1_000 {
                room -= 1_000;
                sum.answered += 1;
                permit.success();
            } else {
                permit.report(Outcome::Overload);
            }
        }
    }
    sum
}

#[test]
fn o2_what_a_service_does_not_answer_is_shed_within_a_second() {
    for (rate, times) in [(100, 2), (1_000, 2), (1_000, 4), (10_000, 2), (10_000, 4)] {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, config());
        let capacity = rate / times;
        run(&breaker, rate, capacity, 1_000);
        let sum = run(&breaker, rate, capacity, 10_000);
        // In percent of what the service could have answered.
        let of_capacity = |calls: u64| calls * 100 / (capacity * 10);
        let (admitted, answered) = (of_capacity(sum.admitted), of_capacity(sum.answered));
        assert!((95..=115).contains(&admitted), "{rate}/s, {times} times: {admitted} % admitted");
        assert!(answered >= 90, "{rate}/s, {times} times: {answered} % answered");
        assert!(breaker.counters().shed > 0);
    }
}

#[test]
fn o2_only_overload_sheds() {
    for bad in [Outcome::Failure, Outcome::Weighs { percent: 50 }, Outcome::Ignore] {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, config());
        for call in 0..10_000_u32 {
            clock.advance(millis(1));
            let permit = breaker.try_acquire().expect("nothing is shed");
            permit.report(if call % 3 == 0 { bad } else { Outcome::Success });
        }
        assert_eq!((breaker.reading().shed, breaker.counters().shed), (0, 0), "{bad:?}");
    }
}

#[test]
fn o2_where_it_is_not_asked_for_nothing_is_shed() {
    let clock = ManualClock::new();
    let breaker = overloaded(&clock, config().max_shed(0));
    assert!((0..100).all(|_| breaker.try_acquire().map(Permit::ignore).is_ok()));
}

#[test]
fn o2_a_few_overloads_shed_nothing_and_are_forgotten() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, config());
    // One in twelve: less than is noticed.
    for call in 0..12_000_u32 {
        clock.advance(millis(1));
        let bad = call % 12 == 0;
        let permit = breaker.try_acquire().expect("nothing is shed");
        permit.report(if bad { Outcome::Overload } else { Outcome::Success });
    }
    assert_eq!(breaker.counters().shed, 0);
}

#[test]
fn o2_errors_that_are_not_from_load_shed_nothing_more() {
    let shed_at = |failing: u32| {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, config());
        for call in 0..20_000_u32 {
            clock.advance(millis(1));
            let Ok(permit) = breaker.try_acquire() else { continue };
            permit.report(match call % 10 {
                0 | 1 => Outcome::Overload,
                at if at < 2 + failing => Outcome::Failure,
                _ => Outcome::Success,
            });
        }
        breaker.reading().shed
    };
    assert_eq!(shed_at(0), shed_at(2));
}

#[test]
fn o2_a_call_that_is_shed_hears_why() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    breaker.acquire_many(32).unwrap().report_all(&[Outcome::Overload; 32]);
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!((rejected.state(), rejected.limit()), (State::Closed, Some(LimitKind::Shedding)));
    assert_eq!(rejected.retry_after(), None);
    assert_eq!(rejected.to_string(), "circuit breaker `tested` sheds load");
    let counters = breaker.counters();
    assert_eq!((counters.rejections, counters.shed), (1, 1));
    let reading = breaker.reading();
    assert_eq!((reading.admits, reading.shed, reading.ramp_left), (11, 90, None));
}

#[test]
fn o2_no_more_is_shed_than_may_be() {
    for most in [1, 30, 90, 99] {
        let clock = ManualClock::new();
        let breaker = overloaded(&clock, config().max_shed(most));
        let mut admitted = 0_u32;
        for _ in 0..2_000 {
            clock.advance(millis(1));
            if let Ok(permit) = breaker.try_acquire() {
                permit.report(Outcome::Overload);
                admitted += 1;
            }
        }
        let least = 2_000 - 20 * most;
        assert!(admitted >= least - 1, "{admitted} of {least}, shedding {most} %");
        assert!(admitted <= least + least / 50 + 40, "{admitted} of {least}, shedding {most} %");
    }
}

#[test]
fn o2_with_nothing_to_be_heard_one_call_a_second_tries_and_the_share_fades() {
    let clock = ManualClock::new();
    let breaker = overloaded(&clock, config().max_shed(99));
    let mut shares = Vec::new();
    for _ in 0..8 {
        clock.advance(millis(1_024));
        // Of the first thousand nobody reports.
        shares.push(breaker.reading().shed);
        let admitted = (0..50).filter(|_| breaker.try_acquire().map(std::mem::forget).is_ok());
        assert!(admitted.count() >= 1);
    }
    assert!(shares.is_sorted_by(|one, next| one >= next), "{shares:?}");
    assert_eq!(shares.last(), Some(&0), "{shares:?}");
}

#[test]
fn o2_of_threads_that_may_try_one_does() {
    static NOW: AtomicU64 = AtomicU64::new(1_000);
    struct Standing;
    impl Clock for Standing {
        fn now(&self) -> Tick {
            Tick::from_millis(NOW.load(Ordering::SeqCst))
        }
    }
    let breaker =
        CircuitBreaker::with(None, config().max_shed(99).build(), Standing, DefaultObserver);
    breaker.acquire_many(32).unwrap().report_all(&[Outcome::Overload; 32]);
    NOW.fetch_add(1_500, Ordering::SeqCst);
    let admitted = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                // The share is 45 % by now: too few calls for a turn but the second.
                if breaker.try_acquire().map(std::mem::forget).is_ok() {
                    admitted.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert!((1..=4).contains(&admitted.into_inner()));
}

/// A clock that counts how often it is read.
struct Counting<'c>(&'c ManualClock, Cell<u32>);

impl Clock for Counting<'_> {
    fn now(&self) -> Tick {
        self.1.set(self.1.get() + 1);
        self.0.now()
    }
}

#[test]
fn o2_when_the_service_answers_all_again_a_call_costs_what_it_did() {
    let clock = ManualClock::new();
    let counting = Counting(&clock, Cell::new(0));
    let breaker = CircuitBreaker::with(None, config().build(), &counting, DefaultObserver);
    breaker.acquire_many(32).unwrap().report_all(&[Outcome::Overload; 32]);
    let mut calls = 0;
    while breaker.snapshot().score > 0 || breaker.reading().admits_from.is_some() {
        clock.advance(millis(1));
        if let Ok(permit) = breaker.try_acquire() {
            permit.success();
        }
        calls += 1;
        assert!(calls < 20_000, "{:?}", breaker.reading());
    }
    let reads = counting.1.get();
    for _ in 0..100 {
        breaker.try_acquire().unwrap().success();
    }
    assert_eq!(counting.1.get(), reads, "no clock is read any more");
}

#[test]
fn o2_no_clock_is_read_to_admit_a_call() {
    let clock = ManualClock::new();
    let counting = Counting(&clock, Cell::new(0));
    let breaker = CircuitBreaker::with(None, config().build(), &counting, DefaultObserver);
    breaker.acquire_many(32).unwrap().report_all(&[Outcome::Overload; 32]);
    let reads = || counting.1.get();
    for _ in 0..100 {
        let before = reads();
        if breaker.try_acquire().map(std::mem::forget).is_ok() {
            assert_eq!(reads(), before);
        } else {
            assert_eq!(reads(), before + 1);
        }
    }
}

#[test]
fn o2_what_is_done_by_hand_and_an_opening_end_it() {
    let clock = ManualClock::new();
    for by_hand in [Plain::close, Plain::reset, Plain::disable] {
        let breaker = overloaded(&clock, config());
        assert!(breaker.try_acquire().is_err());
        by_hand(&breaker);
        assert!((0..100).all(|_| breaker.try_acquire().map(Permit::ignore).is_ok()));
    }
    let breaker = overloaded(&clock, config());
    breaker.trip();
    clock.advance(Duration::from_mins(1));
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.state(), State::Closed);
    assert!((0..100).all(|_| breaker.try_acquire().map(Permit::ignore).is_ok()));
}

/// Half of the last calls open it, or five in a row.
const TIGHT: [BreakerConfig; 3] = [
    BreakerConfig::new().failure_threshold(5).max_shed(95),
    BreakerConfig::new().failure_ratio(Ratio::above(0.5)).max_shed(95),
    BreakerConfig::new().failure_threshold(10).window(20).max_shed(95),
];

#[test]
fn o2_too_much_load_opens_no_breaker_that_can_shed_more() {
    for config in TIGHT {
        for (rate, times) in [(100, 2), (1_000, 2), (1_000, 4), (1_000, 10)] {
            let clock = ManualClock::new();
            let breaker = breaker(&clock, config);
            let sum = run(&breaker, rate, rate / times, 20_000);
            assert_eq!((breaker.state(), breaker.counters().openings), (State::Closed, 0));
            // A thread adds to a counter in advance: a 64th of it at most.
            let (failed, counted) = (sum.admitted - sum.answered, breaker.counters().failures);
            assert!((failed..=failed + failed / 64).contains(&counted), "{counted} of {failed}");
        }
    }
}

/// So many calls a second come, 1000 at most, that end in this way: the milliseconds until
/// `done`, and how many were admitted meanwhile.
fn until(
    breaker: &Plain<'_>,
    rate: u64,
    ends: Outcome,
    done: fn(&Plain<'_>) -> bool,
) -> (u64, u64) {
    let (mut passed, mut admitted) = (0, 0);
    while !done(breaker) {
        breaker.clock().advance(millis(1_000 / rate));
        passed += 1_000 / rate;
        assert!(passed < 10_000, "{:?}", breaker.reading());
        if let Ok(permit) = breaker.try_acquire() {
            permit.report(ends);
            admitted += 1;
        }
    }
    (passed, admitted)
}

/// The milliseconds until a breaker opens of whose calls none is answered, and the calls.
fn opens_after(breaker: &Plain<'_>, rate: u64) -> (u64, u64) {
    until(breaker, rate, Outcome::Overload, |it| it.state() == State::Open)
}

#[test]
fn o2_an_outage_that_overloads_alone_tell_opens() {
    for (rate, most_ms, most_calls) in [(100, 2_500, 76), (1_000, 1_100, 400)] {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, TIGHT[0]);
        let (passed, failed) = opens_after(&breaker, rate);
        assert!(passed <= most_ms, "{rate}/s: after {passed} ms");
        assert!((5..=most_calls).contains(&failed), "{rate}/s: after {failed} calls");
        let counted = breaker.counters().failures;
        assert!((failed..=failed + failed / 64).contains(&counted), "{counted} of {failed}");
    }
    // Where nothing is shed, it weighs at once.
    let clock = ManualClock::new();
    assert_eq!(opens_after(&breaker(&clock, TIGHT[0].max_shed(0)), 1_000), (5, 5));
}

#[test]
fn o2_an_overload_weighs_in_a_ramp_in_a_probe_and_where_others_have_seen_enough() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, TIGHT[0].ramp_up(Duration::from_secs(4)).ramp_from(50));
    breaker.trip();
    clock.advance(Duration::from_mins(1));
    breaker.try_acquire().unwrap().report(Outcome::Overload);
    assert_eq!(breaker.state(), State::Open, "a probe's");
    clock.advance(Duration::from_mins(1));
    breaker.try_acquire().unwrap().success();
    let admitted = std::iter::repeat_with(|| breaker.try_acquire()).find_map(Result::ok);
    admitted.unwrap().report(Outcome::Overload);
    assert_eq!((breaker.state(), breaker.snapshot().score), (State::Closed, 2), "as two calls");

    breaker.close();
    let lasts = Duration::from_secs(9);
    let (instances, failures) = (3, 50);
    let advice = Advice { primed: true, probed_elsewhere: false, instances, failures, lasts };
    breaker.advise(Some(advice));
    breaker.try_acquire().unwrap().report(Outcome::Overload);
    assert_eq!(breaker.state(), State::Open, "others have seen enough");
}

#[test]
fn o2_an_overload_that_was_slow_weighs_as_a_slow_call() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, TIGHT[0].slow_call(millis(100)));
    let call = |outcome, took| breaker.try_acquire().unwrap().report_after(outcome, millis(took));
    call(Outcome::Overload, 50);
    assert_eq!((breaker.snapshot().score, breaker.counters().failures), (0, 1));
    call(Outcome::Overload, 200);
    assert_eq!((breaker.snapshot().score, breaker.counters().failures), (1, 2));
    // It says nothing of the service that a success says.
    call(Outcome::Overload, 50);
    assert_eq!((breaker.snapshot().score, breaker.counters().failures), (1, 3));
}

#[test]
fn o2_an_overload_of_a_batch_weighs_as_others_do() {
    for config in TIGHT {
        let clock = ManualClock::new();
        let breaker = overloaded(&clock, config);
        assert_eq!((breaker.snapshot().score, breaker.counters().failures), (0, 32));
        assert_eq!(breaker.reading().shed, 95);
        // From now on it sheds all that it may.
        let batch = breaker.acquire_many(1_000).unwrap();
        batch.report_all(&[Outcome::Overload; 20]);
        assert_eq!(breaker.state(), State::Open);
    }
}

#[test]
fn o2_a_service_that_has_recovered_soon_has_all_its_calls_back() {
    for rate in [100, 1_000] {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, config().max_shed(95));
        run(&breaker, rate, rate / 20, 3_000);
        let shed = breaker.reading().shed;
        assert!((90..=95).contains(&shed), "{rate}/s: {shed} % are shed");
        let (passed, _) = until(&breaker, rate, Outcome::Success, |it| it.reading().shed == 0);
        assert!(passed <= 1_300, "{rate}/s: after {passed} ms");
    }
}

#[test]
fn o2_a_clock_that_steps_back_stops_nobody_for_long() {
    let clock = ManualClock::new();
    let breaker = overloaded(&clock, config().max_shed(99));
    clock.set(Tick::from_millis(1_000_u64.wrapping_sub(1 << 36)));
    assert!(breaker.try_acquire().map(std::mem::forget).is_ok(), "somebody tries");
    clock.advance(Duration::from_secs(30));
    assert!((0..100).all(|_| breaker.try_acquire().map(Permit::ignore).is_ok()));

    let breaker = overloaded(&clock, config());
    clock.set(Tick::from_millis(3));
    breaker.restamp();
    assert_eq!(breaker.reading().shed, 90);
}

#[test]
fn o2_after_a_ramp_load_is_shed_and_in_it_both_hold() {
    let clock = ManualClock::new();
    let ramp = config().ramp_up(millis(4_800)).ramp_from(50);
    let breaker = breaker(&clock, ramp);
    breaker.trip();
    clock.advance(Duration::from_mins(1));
    breaker.try_acquire().unwrap().success();
    breaker.acquire_many(32).unwrap().report_all(&[Outcome::Overload; 16]);
    let reading = breaker.reading();
    // Of 50 % not more than 55 %.
    assert_eq!((reading.shed, reading.admits), (46, 28));
    let rejected = std::iter::repeat_with(|| breaker.try_acquire()).find_map(Result::err).unwrap();
    assert_eq!(rejected.limit(), Some(LimitKind::RampUp));
}

/// What a service does not answer, by the definition and without packing.
struct Definition {
    missing: f64,
    at: u64,
    answered: f64,
    overloaded: f64,
    there: bool,
    /// When calls were too many last, as far as it was heeded.
    too_many: u64,
}

impl Definition {
    const MOST: f64 = 0.9;

    fn keeps(&self, now: u64) -> f64 {
        let more = if now - self.too_many < 500 { 1.1 } else { 2.0 };
        ((1.0 - self.missing) * more).clamp(1.0 - Self::MOST, 1.0)
    }

    #[allow(clippy::cast_precision_loss)] // a few hundred milliseconds
    fn report(&mut self, now: u64, overloaded: bool) {
        if !self.there && !overloaded {
            return;
        }
        if overloaded {
            self.overloaded += 1.0;
        } else {
            self.answered += 1.0;
        }
        let passed = now - self.at;
        if self.there && passed < 8 {
            return;
        }
        let calls = self.answered + self.overloaded;
        let long = if self.there { (passed as f64 / 256.0).min(1.0) } else { 1.0 };
        let weight = (calls / self.keeps(now) / 32.0).min(long);
        let of_late = 1.0 - self.keeps(now) * self.answered / calls;
        self.missing += weight * (of_late - self.missing);
        self.there = self.missing >= 1.0 / 64.0;
        if !self.there {
            self.missing = 0.0;
        }
        if self.overloaded > 0.0 {
            self.too_many = now;
        }
        (self.at, self.answered, self.overloaded) = (now, 0.0, 0.0);
    }
}

proptest! {
    #[test]
    fn o2_it_does_what_the_definition_says(
        bad in 0..=100_u32,
        steps in prop::collection::vec((0..40_u64, 0..100_u32), 1..300),
    ) {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, config());
        let mut wanted = Definition {
            missing: 0.0,
            at: 0,
            answered: 0.0,
            overloaded: 0.0,
            there: false,
            too_many: 0,
        };
        for (passes, draw) in steps {
            clock.advance(millis(passes));
            let Ok(permit) = breaker.try_acquire() else { continue };
            let overloaded = draw < bad;
            permit.report(if overloaded { Outcome::Overload } else { Outcome::Success });
            wanted.report(clock.now().as_millis(), overloaded);
            // Within a moment in which nobody reported, nothing fades here.
            let shed = f64::from(breaker.reading().shed);
            let sheds = 100.0 * (1.0 - wanted.keeps(clock.now().as_millis()));
            prop_assert!((shed - sheds).abs() <= 1.5, "{shed} for {sheds}");
        }
    }
}
