//! Drills of async calls: they wait without a thread, in pipelines and in tower's services,
//! too.

use std::{
    cell::Cell,
    convert::Infallible,
    future::{Future, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, Clock, DefaultObserver, Drill, DrillConfig,
    DrillKey, ManualClock, Name, Pipeline, State, Tick, tower::CircuitBreakerLayer,
};
use tower::{Service, ServiceBuilder, ServiceExt};

const SECOND: Duration = Duration::from_secs(1);
const DELAY: Duration = Duration::from_millis(200);

fn tolerant() -> BreakerSettings {
    BreakerConfig::new().failure_threshold(1_000).build()
}

fn clock() -> ManualClock {
    let clock = ManualClock::new();
    clock.set(Tick::from_millis(1_000));
    clock
}

fn shop<C: Clock>(clock: C) -> CircuitBreaker<C> {
    CircuitBreaker::with(Some(Name::new("shop")), tolerant(), clock, DefaultObserver)
}

fn minute() -> DrillConfig {
    Drill::lasting(60 * SECOND)
}

fn made() -> impl Future<Output = Result<u32, ()>> {
    ready(Ok(1))
}

#[test]
fn latency_is_waited_for_before_the_call_is_made() {
    let clock = clock();
    let shop = shop(&clock);
    shop.start_drill(minute().slow(DELAY, 100.0).build());
    let at = Cell::new(Tick::default());
    let answer = clock.block_on(shop.call_async(async {
        at.set(clock.now());
        made().await
    }));
    assert_eq!((answer, at.get()), (Ok(1), Tick::from_millis(1_200)));
    // Many wait at once, on one thread.
    let calls = async {
        let mut calls: Vec<_> = (0..100).map(|_| Box::pin(shop.call_async(made()))).collect();
        std::future::poll_fn(|cx| {
            calls.retain_mut(|call| call.as_mut().poll(cx).is_pending());
            if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    };
    clock.block_on(calls);
    assert_eq!(clock.now(), Tick::from_millis(1_400));
}

#[test]
fn an_error_fails_the_call_and_a_hang_does_when_the_drill_ends() {
    let clock = clock();
    let shop = shop(&clock);
    shop.start_drill(minute().fail(100.0).build());
    let error = clock.block_on(shop.call_async(made())).unwrap_err();
    assert!(error.as_rejected().unwrap().is_drill());
    shop.start_drill(minute().hang(100.0).build());
    assert!(clock.block_on(shop.call_async(made())).is_err());
    assert_eq!(clock.now(), Tick::from_millis(61_000));
    assert_eq!(shop.counters().failures, 2);
    assert_eq!(clock.block_on(shop.call_async(made())), Ok(1));
}

#[test]
fn a_hang_ends_with_a_drill_that_is_ended_early() {
    let clock = clock();
    let shop = shop(&clock);
    shop.start_drill(minute().hang(100.0).build());
    let mut call = pin!(shop.call_async(made()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(call.as_mut().poll(&mut cx).is_pending());
    assert!(shop.stop_drill());
    assert!(matches!(call.as_mut().poll(&mut cx), Poll::Ready(Err(_))));
}

#[test]
fn a_call_that_is_dropped_while_it_waits_counts_for_nothing() {
    let clock = clock();
    let shop = shop(&clock);
    shop.trip();
    clock.advance(tolerant().recovery_timeout());
    shop.start_drill(minute().slow(DELAY, 100.0).build());
    {
        let mut probe = pin!(shop.call_async(made()));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(probe.as_mut().poll(&mut cx).is_pending());
        assert_eq!(shop.snapshot().probes_in_flight, 1);
    }
    assert_eq!((shop.snapshot().probes_in_flight, shop.counters().failures), (0, 0));
    assert_eq!(clock.block_on(shop.call_async(made())), Ok(1));
    assert_eq!(shop.state(), State::Closed);
}

#[test]
fn a_panic_is_a_failure() {
    let clock = clock();
    let shop = shop(&clock);
    shop.start_drill(minute().panic(100.0).uncapped().build());
    let call = || clock.block_on(shop.call_async(made()));
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    assert_eq!(shop.counters().failures, 1);
}

#[test]
fn a_pipeline_waits_and_fails_too() {
    let clock = clock();
    let shop = shop(&clock);
    let pipeline = Pipeline::new().breaker(&shop);
    let call = || clock.block_on(pipeline.call_async(&(), |()| made()));
    shop.start_drill(minute().slow(DELAY, 100.0).build());
    assert_eq!(call(), Ok(1));
    assert_eq!(clock.now(), Tick::from_millis(1_200));
    shop.start_drill(minute().fail(100.0).build());
    assert!(call().unwrap_err().as_rejected().unwrap().is_drill());
    assert_eq!(shop.counters().failures, 1);
}

#[test]
fn a_service_of_tower_waits_and_fails_too() {
    let clock: &'static ManualClock = Box::leak(Box::new(clock()));
    let shop = Arc::new(shop(clock));
    let inner = tower::service_fn(|(): ()| ready(Ok::<_, Infallible>(1)));
    let mut service =
        ServiceBuilder::new().layer(CircuitBreakerLayer::new(Arc::clone(&shop))).service(inner);
    let mut call = || clock.block_on(async { service.ready().await.unwrap().call(()).await });
    shop.start_drill(minute().slow(DELAY, 100.0).build());
    assert_eq!(call().unwrap(), 1);
    assert_eq!(clock.now(), Tick::from_millis(1_200));
    shop.start_drill(minute().fail(100.0).build());
    assert!(call().unwrap_err().as_rejected().unwrap().is_drill());
    assert_eq!((shop.counters().failures, shop.drill().unwrap().calls), (1, 1));
    shop.stop_drill();
    assert_eq!(call().unwrap(), 1);
}

#[test]
fn on_the_hosts_clock_a_thread_of_our_own_wakes_the_call() {
    let shop = CircuitBreaker::new(tolerant());
    shop.start_drill(minute().slow(Duration::from_millis(30), 100.0).build());
    let before = Instant::now();
    thread::scope(|scope| {
        for _ in 0..4 {
            // By itself it parks until it is woken.
            scope.spawn(|| ManualClock::new().block_on(shop.call_async(made())).unwrap());
        }
    });
    // The host's clock may be some milliseconds behind.
    assert!(before.elapsed() >= Duration::from_millis(18));
}

#[test]
fn d1_a_key_holds_wherever_its_future_is_polled() {
    let run = |keys: &mut dyn Iterator<Item = u64>| -> Vec<u64> {
        let clock = clock();
        let shop = shop(&clock);
        shop.start_drill(minute().fail(20.0).seed(7).build());
        let fails = |key: &u64| {
            let call = DrillKey::new(*key).scope(shop.call_async(made()));
            clock.block_on(call).is_err()
        };
        let mut failed: Vec<_> = keys.filter(fails).collect();
        failed.sort_unstable();
        failed
    };
    let forwards = run(&mut (0..200));
    assert!(!forwards.is_empty() && forwards.len() < 100);
    assert_eq!(run(&mut (0..200).rev()), forwards);
}
