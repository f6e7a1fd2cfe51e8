//! After an outage a breaker lets calls back: more and more of them, evenly spread, and a
//! failure meanwhile weighs more.

mod common;

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use common::{Bench, Breaker, TIMEOUT, config, fail, succeed};
use fusebox::{
    BreakerConfig, CircuitBreaker, Clock, DefaultObserver, LimitKind, ManualClock, Outcome, State,
    Tick,
};
use proptest::prelude::*;

/// A time that the settings keep as it is.
const UP: Duration = Duration::from_millis(4_800);

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn ramping(config: BreakerConfig) -> BreakerConfig {
    config.ramp_up(UP).ramp_from(10)
}

/// A breaker that has just closed after an outage.
fn closed(bench: &Bench, config: BreakerConfig) -> Breaker<'_> {
    let breaker = bench.due(config);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    breaker
}

/// Whether it admits a call, which then says nothing.
fn admits<C: Clock>(breaker: &CircuitBreaker<C, impl fusebox::Observer>) -> bool {
    breaker.try_acquire().map(fusebox::Permit::ignore).is_ok()
}

/// Makes calls that say nothing until one is admitted, and fails that.
fn fail_the_next_admitted(breaker: &Breaker<'_>) {
    loop {
        if let Ok(permit) = breaker.try_acquire() {
            permit.failure();
            return;
        }
    }
}

/// The share that is admitted so long after closing, by the definition.
fn share(from: f64, passed: f64, up: f64) -> f64 {
    if passed >= up { 1.0 } else { from + (1.0 - from) * passed / up }
}

#[test]
fn o1_a_breaker_that_closes_lets_calls_back_evenly_spread() {
    let bench = Bench::new();
    let breaker = closed(&bench, ramping(config()));
    let (mut admitted, mut shares) = (0_u32, 0.0);
    for call in 0..6_000_u32 {
        let share = share(0.1, f64::from(call), 4_800.0);
        shares += share;
        admitted += u32::from(admits(&breaker));
        assert!((f64::from(admitted) - shares).abs() <= 1.1, "call {call}: {admitted} of {shares}");
        bench.clock.advance(millis(1));
    }
}

#[test]
fn o1_at_one_share_every_so_many_calls_one_is_admitted() {
    let bench = Bench::new();
    let breaker = closed(&bench, ramping(config()));
    let admitted: Vec<_> = (1..=100).filter(|_| admits(&breaker)).collect();
    assert!(admitted.len() == 10 || admitted.len() == 9, "{admitted:?}");
    for pair in admitted.windows(2) {
        assert!((10..=11).contains(&(pair[1] - pair[0])), "{admitted:?}");
    }
}

#[test]
fn o1_a_call_that_is_turned_away_hears_why_and_for_how_long() {
    let bench = Bench::new();
    let breaker = closed(&bench, ramping(config()));
    bench.clock.advance(millis(1_920));
    let before = breaker.counters();
    let rejected = std::iter::repeat_with(|| breaker.try_acquire()).find_map(Result::err).unwrap();
    assert_eq!(rejected.state(), State::Closed);
    assert_eq!(rejected.limit(), Some(LimitKind::RampUp));
    assert_eq!(rejected.retry_after(), Some(millis(2_880)));
    let text = "circuit breaker `tested` is letting calls back, retry after 2.88s";
    assert_eq!(rejected.to_string(), text);
    let since = breaker.counters().since(&before);
    assert_eq!((since.rejections, since.shed), (1, 1));
    let reading = breaker.reading();
    assert_eq!(reading.ramp_left, Some(millis(2_880)));
    // 10 % and two fifths of the rest, rounded up.
    assert_eq!((reading.admits, reading.shed), (46, 0));
}

#[test]
fn o1_a_failure_weighs_as_the_calls_that_were_not_admitted() {
    for (passed, points) in [(0, 10), (2_400, 1), (1_200, 3)] {
        let bench = Bench::new();
        let breaker = closed(&bench, ramping(config().failure_threshold(100)));
        bench.clock.advance(millis(passed));
        fail_the_next_admitted(&breaker);
        assert_eq!(breaker.snapshot().score, points, "after {passed} ms");
    }
}

#[test]
fn o1_a_failure_opens_again_and_the_wait_goes_on_growing() {
    let bench = Bench::new();
    let breaker = closed(&bench, ramping(config().failure_threshold(5).doublings(3)));
    for reopenings in 1..=4_u32 {
        fail_the_next_admitted(&breaker);
        assert_eq!(breaker.state(), State::Open, "ten points at once");
        assert_eq!(u32::from(breaker.snapshot().reopenings), reopenings);
        let wait = breaker.try_acquire().unwrap_err().retry_after().unwrap();
        assert_eq!(wait, TIMEOUT * 2_u32.pow(reopenings.min(3)));
        bench.clock.advance(wait);
        succeed(&breaker);
        assert_eq!(breaker.state(), State::Closed);
    }
    // After the ramp an opening is a first one.
    bench.clock.advance(UP);
    for _ in 0..5 {
        fail(&breaker);
    }
    assert_eq!((breaker.state(), breaker.snapshot().reopenings), (State::Open, 0));
}

#[test]
fn o1_an_outcome_that_opens_at_once_opens_again() {
    let bench = Bench::new();
    let breaker = closed(&bench, ramping(config()));
    let permit = std::iter::repeat_with(|| breaker.try_acquire()).find_map(Result::ok).unwrap();
    permit.report(Outcome::opens_for(Duration::from_secs(7)));
    assert_eq!(breaker.snapshot().reopenings, 1);
    let wait = breaker.try_acquire().unwrap_err().retry_after();
    assert_eq!(wait, Some(Duration::from_secs(7)), "for as long as it says");
}

#[test]
fn o1_with_a_window_a_failure_counts_as_many_calls() {
    let bench = Bench::new();
    let breaker = closed(&bench, ramping(config().failure_threshold(9).window(20)));
    fail_the_next_admitted(&breaker);
    assert_eq!((breaker.state(), breaker.snapshot().reopenings), (State::Open, 1));
    let breaker = closed(&bench, ramping(config().failure_threshold(11).window(20)));
    fail_the_next_admitted(&breaker);
    assert_eq!((breaker.state(), breaker.snapshot().score), (State::Closed, 10));
}

#[test]
fn o1_closing_by_hand_lets_all_calls_back() {
    let bench = Bench::new();
    for by_hand in [Breaker::close, Breaker::reset, Breaker::disable] {
        let breaker = bench.due(ramping(config()));
        by_hand(&breaker);
        assert!((0..100).all(|_| admits(&breaker)));
        assert_eq!(breaker.reading().ramp_left, None);

        let breaker = closed(&bench, ramping(config()));
        assert!(!(0..5).any(|_| admits(&breaker)), "a ramp");
        by_hand(&breaker);
        assert!((0..100).all(|_| admits(&breaker)), "ends it");
    }
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
fn o1_when_it_is_over_a_call_costs_what_it_did() {
    let clock = ManualClock::new();
    let counting = Counting(&clock, Cell::new(0));
    let settings = ramping(config()).build();
    let breaker = CircuitBreaker::with(None, settings, &counting, DefaultObserver);
    breaker.trip();
    clock.advance(TIMEOUT);
    breaker.try_acquire().unwrap().success();
    clock.advance(millis(4_799));
    while !admits(&breaker) {}
    assert_eq!(breaker.reading().admits, 99, "99.98 %, and 100 is all of them");
    clock.advance(millis(1));
    breaker.try_acquire().unwrap().success();
    let reads = counting.1.get();
    for _ in 0..100 {
        breaker.try_acquire().unwrap().success();
    }
    assert_eq!(counting.1.get(), reads, "no clock is read any more");
    let reading = breaker.reading();
    assert_eq!((reading.admits, reading.ramp_left, reading.admits_from), (100, None, None));
}

#[test]
fn o1_without_a_ramp_all_calls_come_back_at_once() {
    let bench = Bench::new();
    let breaker = closed(&bench, config());
    assert!((0..1_000).all(|_| admits(&breaker)));
}

#[test]
fn o1_of_many_calls_at_once_a_share_is_admitted() {
    let bench = Bench::new();
    let breaker = closed(&bench, ramping(config().failure_threshold(100)));
    let batch = breaker.acquire_many(1_000).unwrap();
    assert!((99..=100).contains(&batch.len()), "{}", batch.len());
    batch.report_counts(90, 4);
    // Four failures of ten points each, each after 18 successes, of which one takes all.
    assert_eq!(breaker.snapshot().score, 0);
    let batch = breaker.acquire_many(100).unwrap();
    batch.report_all(&[Outcome::Failure; 3]);
    assert_eq!(breaker.snapshot().score, 30);
    // Of eight calls one is admitted at most.
    let of_four = || breaker.acquire_many(4).map(|it| it.len());
    let rejected = of_four().and_then(|_| of_four()).unwrap_err();
    assert_eq!(rejected.limit(), Some(LimitKind::RampUp));
}

#[test]
fn o1_on_threads_the_share_is_exact() {
    static NOW: AtomicU64 = AtomicU64::new(1_000);
    struct Standing;
    impl Clock for Standing {
        fn now(&self) -> Tick {
            Tick::from_millis(NOW.load(Ordering::SeqCst))
        }
    }
    let settings = config().ramp_up(UP).ramp_from(37).build();
    let breaker = CircuitBreaker::with(None, settings, Standing, DefaultObserver);
    breaker.trip();
    NOW.fetch_add(10_000, Ordering::SeqCst);
    breaker.try_acquire().unwrap().success();
    let admitted = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let own = (0..5_000).filter(|_| admits(&breaker)).count();
                admitted.fetch_add(own as u64, Ordering::SeqCst);
            });
        }
    });
    // 37 % is 24 248 of 65 536.
    let wanted = 20_000 * 24_248 / 65_536;
    assert!(admitted.into_inner().abs_diff(wanted) <= 1);
}

#[test]
fn o1_a_clock_that_steps_back_stops_nobody_for_long() {
    let bench = Bench::new();
    let start = bench.clock.now();
    let breaker = closed(&bench, ramping(config()));
    // A little: it is waited for.
    bench.clock.set(Tick::from_millis(bench.clock.now().as_millis() - 100));
    assert_eq!(breaker.reading().ramp_left, Some(UP));
    // By years: there is no ramp any more.
    bench.clock.set(Tick::from_millis(start.as_millis().wrapping_sub(1 << 36)));
    assert!((0..100).all(|_| admits(&breaker)));
    // A clock that begun anew begins it anew.
    let breaker = closed(&bench, ramping(config()));
    bench.clock.set(Tick::from_millis(7));
    breaker.restamp();
    assert_eq!(breaker.reading().ramp_left, Some(UP));
}

#[test]
fn o1_settings_that_change_meanwhile_count_from_the_next_call_on() {
    let bench = Bench::new();
    let breaker = closed(&bench, ramping(config()));
    bench.clock.advance(millis(1));
    breaker.set_settings(config().build());
    assert!((0..100).all(|_| admits(&breaker)));
}

#[test]
fn o1_an_answer_that_asks_is_no_call() {
    let bench = Bench::new();
    let breaker = closed(&bench, ramping(config()));
    for _ in 0..50 {
        let would = breaker.would_admit();
        assert_eq!(would, breaker.would_admit());
        assert_eq!(would, admits(&breaker));
    }
}

/// A breaker that lets calls back, with no packing: everything in its own field.
struct Plain {
    began: u64,
    sum: u64,
    failures: u64,
}

impl Plain {
    const FROM: u32 = 20;
    const LONG: u64 = 400;
    const THRESHOLD: u32 = 30;

    /// In 65536ths.
    fn share(&self, now: u64) -> Option<u64> {
        let passed = now - self.began;
        let from = 65_536 * u64::from(Self::FROM) / 100;
        (passed < Self::LONG).then(|| from + (65_536 - from) * passed / Self::LONG)
    }

    fn admits(&mut self, now: u64) -> bool {
        let Some(share) = self.share(now) else { return true };
        let before = self.sum / 65_536;
        self.sum += share;
        self.sum / 65_536 > before
    }

    /// Whether it opens.
    fn fails(&mut self, now: u64) -> bool {
        self.failures += self.share(now).map_or(1, |share| 65_536 / share);
        self.failures >= u64::from(Self::THRESHOLD)
    }
}

proptest! {
    #[test]
    fn o1_it_does_what_a_plain_breaker_does(
        steps in prop::collection::vec((0..6_u64, 0..4_u8), 1..400),
    ) {
        let clock = ManualClock::new();
        clock.set(Tick::from_millis(50));
        let settings = BreakerConfig::new()
            .failure_threshold(Plain::THRESHOLD)
            .ramp_up(millis(Plain::LONG))
            .ramp_from(Plain::FROM)
            .recovery_timeout(millis(100))
            .build();
        let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
        breaker.trip();
        clock.advance(millis(100));
        breaker.try_acquire().unwrap().success();
        let mut plain = Plain { began: 150, sum: 0, failures: 0 };
        for (passes, end) in steps {
            clock.advance(millis(passes));
            let now = clock.now().as_millis();
            let permit = breaker.try_acquire();
            prop_assert_eq!(permit.is_ok(), plain.admits(now));
            match (permit, end) {
                (Ok(permit), 0) => {
                    permit.success();
                    plain.failures = 0;
                }
                (Ok(permit), 1) => {
                    permit.failure();
                    if plain.fails(now) {
                        prop_assert_eq!(breaker.state(), State::Open);
                        let again = u8::from(plain.share(now).is_some());
                        prop_assert_eq!(breaker.snapshot().reopenings, again);
                        break;
                    }
                }
                _ => {}
            }
            prop_assert_eq!(breaker.state(), State::Closed);
            prop_assert_eq!(u64::from(breaker.snapshot().score), plain.failures);
        }
    }
}
