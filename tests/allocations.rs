//! No path of the core allocates: not one that succeeds, fails, is rejected,
//! retried, rescued or cancelled, sync or async.

mod common;

use std::{future::ready, pin::pin};

use allocation_counter::measure;
use common::{Bench, after, config, finish, millis, poll_up_to};
use fusebox::{
    Backoff, BackoffConfig, BreakerConfig, CircuitBreaker, Deadline, Degradation, FailoverConfig,
    FailoverSet, Fallback, Hedge, Jitter, LastGood, LatencyQuantile, Member, Pipeline,
    QuantileConfig, Registry, Retry, RetryConfig, SleepBy, State,
    health::{AlertConfig, Monitor, Window},
    presets,
};

#[track_caller]
fn none(path: &str, f: impl FnMut()) {
    let allocated = measure(f).count_total;
    assert_eq!(allocated, 0, "{path}");
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(Box::new(1)))).count_total, 1);
}

#[test]
fn a_breaker_allocates_nothing() {
    let clock = fusebox::ManualClock::new();
    let settings = config().recovery_jitter(10).build();
    let breaker = CircuitBreaker::with(None, settings, &clock, fusebox::DefaultObserver);
    none("success", || breaker.call(|| Ok::<_, ()>(())).unwrap());
    none("success, async", || finish(breaker.call_async(ready(Ok::<_, ()>(())))).unwrap());
    none("failures, opening, rejections", || {
        for _ in 0..5 {
            let _ = breaker.call(|| Err::<(), _>(()));
            let _ = finish(breaker.call_async(ready(Err::<(), _>(()))));
        }
    });
    assert_eq!(breaker.state(), State::Open);
    clock.advance(millis(20_000));
    none("a cancelled probe", || {
        let probe = pin!(breaker.call_async(after(5, Ok::<_, ()>(()))));
        assert!(poll_up_to(2, probe).is_none());
    });
    none("a probe that closes", || breaker.call(|| Ok::<_, ()>(())).unwrap());
    assert_eq!(breaker.state(), State::Closed);
    none("forced states", || {
        breaker.force_open();
        breaker.reset();
    });
}

#[test]
fn foresight_allocates_nothing() {
    let clock = fusebox::ManualClock::new();
    let settings = config().failure_threshold(100).slow_call(millis(100)).build();
    let settings = settings.config().foresight(fusebox::Foresight::Shed).build();
    let breaker = CircuitBreaker::with(None, settings, &clock, fusebox::DefaultObserver);
    none("calls, an alarm, its end", || {
        for took in [1, 200, 200, 200, 200, 200].into_iter().chain([1; 80]) {
            clock.advance(millis(1));
            breaker.try_acquire().unwrap().success_after(millis(took));
            let _ = breaker.try_acquire_as(fusebox::Priority::BACKGROUND).map(drop);
            let _ = (breaker.risk(), breaker.reading());
        }
    });
    assert!(breaker.counters().shed > 0);
}

#[test]
fn a_registry_allocates_nothing() {
    static PANEL: Registry<8> = Registry::new();
    let settings = BreakerConfig::new().build();
    none("registration and look-up", || {
        for name in ["a", "b", "a", "c"] {
            PANEL.get_or_register(name, settings).unwrap();
        }
        assert_eq!(PANEL.len(), 3);
        assert!(PANEL.get("c").is_some());
    });
    none("a name that is none, a clash", || {
        assert!(PANEL.get_or_default("").is_err());
        assert!(PANEL.get_or_register("a", presets::AI_PROVIDER).is_err());
    });
}

#[test]
fn a_backoff_allocates_nothing() {
    // A thread's source of entropy is made at its first use.
    let _ = BackoffConfig::new().build().next();
    for jitter in
        [Jitter::None, Jitter::default(), Jitter::Full, Jitter::Equal, Jitter::Decorrelated]
    {
        let backoff: Backoff = BackoffConfig::new().jitter(jitter).build();
        none("delays", || assert_eq!(backoff.take(100).count(), 100));
    }
}

#[test]
fn policies_allocate_nothing() {
    let bench = Bench::new();
    let settings = config().failure_threshold(2_000).build();
    let breaker = CircuitBreaker::with(None, settings, &bench.clock, fusebox::DefaultObserver);
    let settings = RetryConfig::new().max_elapsed(millis(3_600_000)).build();
    let retry = Retry::with(settings, &bench.clock, &bench.clock, fusebox::DefaultObserver);
    let soon = |_| ready(());
    let retry_async = Retry::with(settings, &bench.clock, SleepBy(soon), fusebox::DefaultObserver);
    let last = LastGood::with(&bench.clock);
    let fail = |_: &u32| Err::<u32, _>("no");
    let slow = |_: &u32| after(2, Err::<u32, _>("no"));
    let fallback = Fallback::new().or(&fail).or_last_good(&last).or(&fail);
    let pipeline = Pipeline::new().fallback(fallback).breaker(&breaker).retry(retry);
    let asynchronous = Pipeline::new()
        .fallback(Fallback::new().or_async(&slow).or_last_good(&last))
        .breaker(&breaker)
        .retry(retry_async);
    // The seed of the thread's jitter.
    let _ = pipeline.call(&1, |_| Err("x"));

    none("retry", || {
        assert_eq!(retry.call(|| Ok::<_, ()>(1)), Ok(1));
        assert!(retry.call(|| Err::<(), _>("x")).is_err());
        assert!(retry.call_with(|attempt| Err::<(), _>(attempt.number())).is_err());
        assert!(finish(retry_async.call_async(|| after(1, Err::<(), _>("x")))).is_err());
    });
    none("a pipeline, healthy", || {
        assert_eq!(pipeline.call(&1, |n| Ok(*n)), Ok(1));
        assert_eq!(finish(asynchronous.call_async(&1, |n| after(1, Ok(*n)))), Ok(1));
    });
    none("a pipeline, in trouble", || {
        assert_eq!(pipeline.call(&1, |_| Err("x")), Ok(1), "the last good value");
        assert_eq!(finish(asynchronous.call_async(&1, |_| after(1, Err("x")))), Ok(1));
    });
    none("a pipeline, cancelled", || {
        let call = pin!(asynchronous.call_async(&1, |_| after(1, Err("x"))));
        assert!(poll_up_to(3, call).is_none());
    });
    breaker.force_open();
    none("a pipeline, rejected", || {
        assert_eq!(pipeline.call(&1, |_| Err("x")), Ok(1));
        assert_eq!(finish(asynchronous.call_async(&1, |_| ready(Err("x")))), Ok(1));
    });
    none("degradation", || {
        let mut store = Degradation::new();
        assert!(store.try_primary(|| Err::<(), _>("full")).is_none());
        assert_eq!(store.use_fallback(|error| error.map(|text| text.len())), Some(4));
    });
}

#[test]
fn a_look_at_a_panels_health_allocates_nothing() {
    static PANEL: Registry<4> = Registry::new();
    for name in ["ai", "shop"] {
        PANEL.get_or_default(name).unwrap().force_open();
    }
    let mut monitor = Monitor::<4, _>::new([Window::new(); 4]);
    let rules = AlertConfig::new().open_longer_than(millis(0)).openings_together(1).build();
    none("readings, rates, scores, alerts", || {
        for _ in 0..6 {
            monitor.observe(PANEL.panel().readings());
            assert_eq!(monitor.score(), Some(0));
            monitor.alerts(rules).for_each(drop);
        }
    });
}

#[test]
fn a_hedge_and_a_deadline_allocate_nothing() {
    static LEARNED: LatencyQuantile = LatencyQuantile::new(QuantileConfig::new().build());
    let soon = SleepBy(|_| ready(()));
    for answer in [Ok(1), Err("down")] {
        none("hedged, fixed and learned", || {
            let fixed = Hedge::with(millis(20), soon);
            assert_eq!(finish(fixed.call_async(|| after(3, answer))), answer);
            let learned = Hedge::with(&LEARNED, soon);
            assert_eq!(finish(learned.call_async(|| after(3, answer))), answer);
        });
        none("a deadline, in a scope and without", || {
            let deadline = Deadline::within(std::time::Duration::from_mins(1));
            let _scope = deadline.enter();
            let pipeline = Pipeline::new()
                .deadline(std::time::Duration::from_mins(1))
                .hedge(Hedge::with(millis(20), soon).every_call());
            let call = pipeline.call_async_by(deadline, &(), |()| after(3, answer));
            assert_eq!(finish(deadline.scope(call)).is_ok(), answer.is_ok());
            let late = Deadline::within(std::time::Duration::ZERO);
            assert!(Pipeline::new().call_by(late, &(), |()| Ok::<_, ()>(())).is_err());
        });
    }
}

#[test]
fn a_failover_set_allocates_nothing() {
    let clock = fusebox::ManualClock::new();
    let settings = config().failure_threshold(1).build();
    let breakers =
        [(); 3].map(|()| CircuitBreaker::with(None, settings, &clock, fusebox::DefaultObserver));
    let [one, two, three] = &breakers;
    let members = [Member::new("one", one), Member::new("two", two), Member::new("three", three)];
    let set = FailoverSet::named("set", members, FailoverConfig::new().build());
    none("home", || set.call(|_| Ok::<_, ()>(())).unwrap());
    none("home, async", || finish(set.call_async(|_| ready(Ok::<_, ()>(())))).unwrap());
    none("a call that goes on", || {
        let fails = |at: usize| if at < 2 { Err(()) } else { Ok(()) };
        set.call_repeatable(|it| fails(it.index())).unwrap();
    });
    none("a spill, async", || finish(set.call_async(|_| after(3, Ok::<_, ()>(())))).unwrap());
    none("a call that is dropped", || {
        let call = pin!(set.call_async(|_| after(5, Ok::<_, ()>(()))));
        assert!(poll_up_to(2, call).is_none());
    });
    none("a refusal", || {
        three.force_open();
        assert!(set.call(|_| Ok::<_, ()>(())).is_err());
        assert!(finish(set.call_async(|_| ready(Ok::<_, ()>(())))).is_err());
    });
    none("a return", || {
        one.close();
        for _ in 0..100 {
            let _ = set.call(|_| Ok::<_, ()>(()));
        }
        clock.advance(millis(20_000));
        set.call(|_| Ok::<_, ()>(())).unwrap();
    });
}
