//! Calls that take too long: they are evidence, also when they were dropped, and
//! when they never end.

mod common;

use std::{
    future::pending,
    io::Read,
    net::{TcpListener, TcpStream},
    pin::pin,
    sync::Arc,
    thread,
};

use common::{Bench, Breaker, config, context, fail, finish, millis, rejection, succeed};
use fusebox::{
    BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock, Outcome, Pipeline, State, Verdict,
};

const LIMIT: u64 = 200;

fn limited() -> BreakerConfig {
    config().slow_call(millis(LIMIT))
}

/// A call that takes so long.
fn takes(bench: &Bench, breaker: &Breaker<'_>, time: u64) {
    let done = breaker.call(|| {
        bench.clock.advance(millis(time));
        Ok::<_, ()>(())
    });
    assert_eq!(done, Ok(()));
}

#[test]
fn s6_a_slow_call_counts_whether_it_succeeded_or_not() {
    let bench = Bench::new();
    let breaker = bench.breaker(limited());
    takes(&bench, &breaker, LIMIT);
    assert_eq!((breaker.snapshot().score, breaker.counters().slow), (0, 0), "not longer");
    takes(&bench, &breaker, LIMIT + 1);
    assert_eq!((breaker.snapshot().score, breaker.counters().slow), (1, 1));
    succeed(&breaker);
    assert_eq!(breaker.snapshot().score, 0, "a quick success takes all");
    for _ in 0..3 {
        takes(&bench, &breaker, LIMIT + 1);
    }
    assert_eq!(breaker.state(), State::Open);
    assert_eq!((breaker.counters().failures, breaker.counters().slow), (0, 4));
}

#[test]
fn s6_failed_and_slow_counts_once_by_the_heavier() {
    let bench = Bench::new();
    let score = |weight, slow_weight| {
        let config = limited().failure_threshold(100).failure_weight(weight);
        let breaker = bench.breaker(config.slow_weight(slow_weight));
        let failed = breaker.call(|| {
            bench.clock.advance(millis(LIMIT + 1));
            Err::<(), _>("down")
        });
        assert!(failed.is_err());
        let counters = breaker.counters();
        assert_eq!((counters.failures, counters.slow), (1, 1));
        breaker.snapshot().score
    };
    assert_eq!(score(6, 0), 6, "as a failure");
    assert_eq!(score(6, 10), 10);
    assert_eq!(score(6, 2), 6);
    assert_eq!(score(0, 3), 3);
}

#[test]
fn s6_a_slow_probe_reopens() {
    let bench = Bench::new();
    let breaker = bench.due(limited());
    takes(&bench, &breaker, LIMIT + 1);
    assert_eq!((breaker.state(), breaker.snapshot().reopenings), (State::Open, 1));
}

#[test]
fn s6_whoever_knows_the_time_says_it() {
    let bench = Bench::new();
    let breaker = bench.breaker(limited());
    let permit = || breaker.try_acquire().unwrap();
    permit().success_after(millis(LIMIT));
    assert_eq!(breaker.snapshot().score, 0);
    permit().success_after(millis(LIMIT + 1));
    permit().report_after(Outcome::Failure, millis(LIMIT + 1));
    assert_eq!(breaker.snapshot().score, 2);
    permit().report_after(Outcome::Ignore, millis(1));
    assert_eq!(breaker.snapshot().score, 2);
    permit().report_after(Outcome::Ignore, millis(LIMIT + 1));
    assert_eq!(breaker.state(), State::Open);
    // What the caller says holds, whatever the breaker measured.
    let breaker = bench.breaker(limited());
    let permit = breaker.try_acquire().unwrap();
    bench.clock.advance(millis(LIMIT + 1));
    permit.success_after(millis(1));
    assert_eq!(breaker.snapshot().score, 0);
    // Without a limit nothing is slow.
    let breaker = bench.breaker(config());
    assert_eq!(breaker.try_acquire().unwrap().success_after(millis(1 << 30)), Verdict::Recorded);
    assert_eq!((breaker.snapshot().score, breaker.counters().slow), (0, 0));
}

#[test]
fn s7_a_dropped_call_counts_if_it_was_slow_already() {
    let bench = Bench::new();
    let breaker = bench.breaker(limited());
    let pipeline = Pipeline::new().breaker(&breaker);
    let cancelled = |time: u64| {
        let mut call = pin!(breaker.call_async(pending::<Result<(), ()>>()));
        assert!(call.as_mut().poll(&mut context()).is_pending());
        bench.clock.advance(millis(time));
    };
    cancelled(LIMIT);
    assert_eq!(breaker.snapshot().score, 0);
    cancelled(LIMIT + 1);
    assert_eq!((breaker.snapshot().score, breaker.counters().slow), (1, 1));
    {
        let mut call = pin!(pipeline.call_async(&(), |()| pending::<Result<(), ()>>()));
        assert!(call.as_mut().poll(&mut context()).is_pending());
        bench.clock.advance(millis(LIMIT + 1));
    }
    assert_eq!(breaker.snapshot().score, 2, "in a pipeline, too");
    let permit = breaker.try_acquire().unwrap();
    bench.clock.advance(millis(LIMIT + 1));
    drop(permit);
    assert_eq!(breaker.state(), State::Open, "a timeout outside no longer blinds it");
    finish(breaker.call_async(async { Ok::<_, ()>(()) })).unwrap_err();
}

#[test]
fn s7_calls_in_flight_that_hang_are_charged_once() {
    let bench = Bench::new();
    let breaker = bench.breaker(limited().failure_threshold(4));
    let hung: Vec<_> = (0..2).map(|_| breaker.try_acquire().unwrap()).collect();
    bench.clock.advance(millis(LIMIT));
    succeed(&breaker);
    assert_eq!(breaker.counters().slow, 0, "not longer than the limit");
    bench.clock.advance(millis(1));
    // Whoever asks next finds both.
    let other = breaker.try_acquire().unwrap();
    assert_eq!((breaker.snapshot().score, breaker.counters().slow), (2, 2));
    // At their end they say no more.
    let [first, second] = <[_; 2]>::try_from(hung).unwrap();
    first.success();
    assert_eq!((breaker.snapshot().score, breaker.counters().slow), (2, 2));
    second.failure();
    assert_eq!((breaker.snapshot().score, breaker.counters().slow), (2, 2));
    other.success();
    assert_eq!(breaker.snapshot().score, 0);
}

#[test]
fn s7_a_hung_call_that_fails_in_the_end_adds_what_a_failure_weighs_more() {
    let bench = Bench::new();
    let config = limited().failure_threshold(100).failure_weight(6).slow_weight(2);
    let breaker = bench.breaker(config);
    let hung = breaker.try_acquire().unwrap();
    bench.clock.advance(millis(LIMIT + 1));
    let other = breaker.try_acquire().unwrap();
    assert_eq!(breaker.snapshot().score, 2);
    hung.failure();
    assert_eq!(breaker.snapshot().score, 6);
    other.success();
}

#[test]
fn s7_what_began_before_a_change_of_state_is_not_charged() {
    let bench = Bench::new();
    let breaker = bench.breaker(limited());
    let hung = breaker.try_acquire().unwrap();
    breaker.force_open();
    breaker.close();
    bench.clock.advance(millis(LIMIT + 1));
    succeed(&breaker);
    assert_eq!((breaker.snapshot().score, breaker.counters().slow), (0, 0));
    assert_eq!(hung.success(), Verdict::Stale);
}

#[test]
fn the_limit_changes_live() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    takes(&bench, &breaker, LIMIT + 1);
    assert_eq!(breaker.counters().slow, 0);
    breaker.set_settings(limited().build());
    takes(&bench, &breaker, LIMIT + 1);
    assert_eq!(breaker.counters().slow, 1);
    breaker.set_settings(config().build());
    takes(&bench, &breaker, LIMIT + 1);
    takes(&bench, &breaker, LIMIT + 1);
    assert_eq!((breaker.counters().slow, breaker.snapshot().score), (1, 0));
    // It holds after an opening and a recovery, and after states that were forced.
    breaker.set_settings(limited().build());
    for recover in [
        (|breaker, bench| {
            for _ in 0..3 {
                fail(breaker);
            }
            bench.clock.advance(common::TIMEOUT);
            succeed(breaker);
        }) as fn(&Breaker<'_>, &Bench),
        |breaker, _| {
            breaker.force_open();
            breaker.close();
        },
        |breaker, _| breaker.reset(),
    ] {
        recover(&breaker, &bench);
        let before = breaker.counters().slow;
        takes(&bench, &breaker, LIMIT + 1);
        assert_eq!(breaker.counters().slow, before + 1);
    }
}

/// At a high rate one call in 16 is timed, and a slow service is found even so.
#[test]
fn a_sample_of_the_calls_is_timed_while_all_is_well() {
    let bench = Bench::new();
    let breaker = bench.breaker(limited());
    // All in one tick.
    for _ in 0..10_000 {
        succeed(&breaker);
    }
    let slow = || {
        let permit = breaker.try_acquire().unwrap();
        bench.clock.advance(millis(LIMIT + 1));
        permit.success();
        breaker.state() == State::Closed
    };
    let mut calls = 1;
    while slow() {
        calls += 1;
    }
    // At most 24 until the first is timed; from then on all are.
    assert!((3..=30).contains(&calls), "{calls}");
    rejection(&breaker);
}

/// Nobody answers, and nobody hangs up: no call ever comes back.
#[test]
fn s7_twenty_calls_to_a_server_that_hangs_open_the_breaker() {
    static CLOCK: ManualClock = ManualClock::new();
    let settings = BreakerConfig::new().failure_threshold(5).slow_call(millis(LIMIT)).build();
    let breaker = Arc::new(CircuitBreaker::with(None, settings, &CLOCK, DefaultObserver));
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let (mut connections, mut asked) = (Vec::new(), 0);
    loop {
        let breaker = Arc::clone(&breaker);
        let permit = breaker.try_acquire().is_ok();
        if !permit {
            break;
        }
        assert!(asked < 20, "20 calls hang, and the breaker admits another");
        asked += 1;
        thread::spawn(move || {
            breaker.call(|| {
                let mut connection = TcpStream::connect(address)?;
                connection.read_exact(&mut [0])
            })
        });
        connections.push(server.accept().unwrap()); // it is in flight now
        CLOCK.advance(millis(20));
    }
    let counters = breaker.counters();
    assert_eq!((counters.failures, counters.slow), (0, 5), "after {asked} calls");
    println!("{asked} calls hang, and none has come back: {}", breaker.try_acquire().unwrap_err());
}
