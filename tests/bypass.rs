//! Resilience taken out: on the thread that asks, and nowhere else.

mod common;

use std::{future::ready, sync::Barrier, thread};

use common::{Bench, Journal, config, finish};
use fusebox::{
    Bypass, CallError, DefaultObserver, Fallback, ManualClock, Pipeline, Rejected, Retry,
    RetryConfig, SleepBy, State, resilient, tower::FallbackLayer,
};
use tower::{Layer, ServiceExt, service_fn};

#[test]
fn a_breaker_that_is_out_admits_all_and_counts_nothing() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    let before = (breaker.snapshot(), breaker.counters());
    {
        let _out = Bypass::breaker("tested").scope();
        for _ in 0..10 {
            assert_eq!(breaker.call(|| Ok::<_, ()>(1)), Ok(1));
            assert!(breaker.call(|| Err::<(), _>(())).is_err());
            assert!(finish(breaker.call_async(ready(Ok::<_, ()>(1)))).is_ok());
            drop(breaker.try_acquire().unwrap());
        }
        let _other = Bypass::retries().scope();
    }
    assert_eq!((breaker.snapshot(), breaker.counters()), before, "its state is not touched");
    assert!(breaker.try_acquire().is_err());
    let closed = bench.breaker(config());
    let _out = Bypass::breakers().scope();
    for _ in 0..10 {
        assert!(closed.call(|| Err::<(), _>(())).is_err());
    }
    assert_eq!(closed.state(), State::Closed);
}

#[test]
fn another_breaker_is_not_out() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    let _out = Bypass::breaker("another").scope();
    let _too = Bypass::fallbacks().scope();
    assert!(breaker.try_acquire().is_err());
}

#[test]
fn another_thread_keeps_what_it_tests() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    let step = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _out = Bypass::all().scope();
            assert!(breaker.try_acquire().is_ok());
            step.wait();
            step.wait();
            assert!(breaker.try_acquire().is_ok());
        });
        step.wait();
        assert!(breaker.try_acquire().is_err());
        step.wait();
    });
}

#[test]
fn guards_may_end_in_any_order() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    let first = Bypass::all().scope();
    let second = Bypass::breakers().scope();
    drop(first);
    assert!(breaker.try_acquire().is_ok());
    drop(second);
    assert!(breaker.try_acquire().is_err());
}

#[test]
fn a_probe_from_before_gives_its_place_back() {
    let bench = Bench::new();
    let breaker = bench.due(config());
    let probe = breaker.try_acquire().unwrap();
    let out = Bypass::all().scope();
    drop(probe);
    drop(out);
    assert_eq!(breaker.snapshot().probes_in_flight, 0);
}

#[test]
fn retries_run_once_and_fallbacks_are_skipped() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, &journal);
    let basic = |(): &()| Ok::<_, &str>(0);
    let fallback = Fallback::new().or(&basic).observer(&journal);
    let pipeline = Pipeline::new().fallback(fallback).retry(retry);
    {
        let _out = Bypass::retries().scope();
        assert_eq!(retry.call(|| Err::<(), _>("x")), Err("x"));
        assert_eq!(pipeline.call(&(), |()| Err("x")), Ok(0), "the fallback is there");
    }
    let _out = Bypass::all().scope();
    assert_eq!(pipeline.call(&(), |()| Err("x")), Err(CallError::Failed("x")));
    assert_eq!(finish(fallback.call_async(&(), |()| ready(Err("x")))), Err("x"));
    assert_eq!(clock_of(&clock), 0, "nobody slept");
    assert_eq!(journal.take().len(), 1, "but for the one fallback");
}

fn clock_of(clock: &ManualClock) -> u64 {
    fusebox::Clock::now(clock).as_millis()
}

#[test]
fn a_future_takes_it_along() {
    let clock = ManualClock::new();
    let sleeper = SleepBy(|_| common::after(1, ()));
    let retry = Retry::with(RetryConfig::new().build(), &clock, sleeper, DefaultObserver);
    let calls = std::cell::Cell::new(0);
    let call = || {
        calls.set(calls.get() + 1);
        common::after(2, Err::<(), _>("x"))
    };
    assert_eq!(finish(Bypass::all().around(retry.call_async(call))), Err("x"));
    assert_eq!(calls.replace(0), 1);
    assert_eq!(finish(retry.call_async(call)), Err("x"));
    assert_eq!(calls.get(), 3, "and only it");
}

#[derive(Debug, PartialEq)]
struct Own;

impl From<Rejected> for Own {
    fn from(_: Rejected) -> Self {
        Self
    }
}

#[allow(clippy::unnecessary_wraps)] // as a fallback is
fn zero() -> Result<u32, Own> {
    Ok(0)
}

#[resilient(
    fallback(zero),
    circuit_breaker("bypassed"),
    retry(base_delay = "1h", max_delay = "1h")
)]
fn decorated() -> Result<u32, Own> {
    Err(Own)
}

#[test]
fn attributes_and_services_are_out_too() {
    let _out = Bypass::all().scope();
    assert_eq!(decorated(), Err(Own));
    let service = FallbackLayer::new(Fallback::new().or(|(): &()| Ok(0)))
        .layer(service_fn(|()| ready(Err::<u32, _>(Own))));
    assert_eq!(finish(service.oneshot(())), Err(Own));
}

/// Runs itself again, with the variable set.
#[test]
fn the_environment_takes_it_out_of_a_whole_program() {
    const CHILD: &str = "FUSEBOX_BYPASS_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let bench = Bench::new();
        let breaker = bench.breaker(config());
        breaker.force_open();
        println!("breaker out: {}", breaker.try_acquire().is_ok());
        let clock = ManualClock::new();
        let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver);
        let _ = retry.call(|| Err::<(), _>("x"));
        println!("retries out: {}", clock_of(&clock) == 0);
        return;
    }
    for (value, breaker, retries) in [
        ("", false, false),
        ("retries", false, true),
        ("all", true, true),
        ("breaker:tested", true, false),
        ("breaker:another", false, false),
        ("retries,nonsense", false, true),
    ] {
        let output = common::this_program()
            .args(["--exact", "the_environment_takes_it_out_of_a_whole_program", "--nocapture"])
            .env(CHILD, "1")
            .env("FUSEBOX_BYPASS", value)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(&format!("breaker out: {breaker}")), "{value}: {text}");
        assert!(text.contains(&format!("retries out: {retries}")), "{value}: {text}");
    }
}
