//! Policies put together: what each order means, sync and async, cancelled and
//! on a runtime of many threads.

mod common;

use std::{
    cell::Cell,
    future::ready,
    pin::pin,
    sync::atomic::{AtomicU32, Ordering},
};

use common::{Bench, Journal, TIMEOUT, after, config, finish, millis, poll_up_to};
use fusebox::{
    Attempt, CallError, CircuitBreaker, DefaultObserver, Fallback, Jitter, ManualClock, Pipeline,
    Retry, RetryConfig, RetrySurroundings, SleepBy, State, TimedOut, layers::Hooks, presets,
};

const RETRY: RetryConfig =
    RetryConfig::new().base_delay(std::time::Duration::from_millis(1)).jitter(Jitter::None);

type Plain<'a> = Retry<Hooks, RetrySurroundings<&'a ManualClock, &'a ManualClock>>;

fn retry(clock: &ManualClock) -> Plain<'_> {
    Retry::with(RETRY.build(), clock, clock, DefaultObserver)
}

/// A sleeper that does not wait, for async calls whose delays play no part.
fn soon(_: std::time::Duration) -> std::future::Ready<()> {
    ready(())
}

type Outcome = Result<u32, &'static str>;

#[test]
fn inside_a_breaker_a_retry_counts_once() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let pipeline = Pipeline::new().breaker(&breaker).retry(retry(&bench.clock));
    let calls = Cell::new(0);
    let down = |(): &()| -> Outcome {
        calls.set(calls.get() + 1);
        Err("down")
    };
    for failures in 1..=3 {
        assert_eq!(pipeline.call(&(), down), Err(CallError::Failed("down")));
        assert_eq!(breaker.counters().failures, failures);
    }
    assert_eq!((calls.get(), breaker.state()), (9, State::Open));
    // An open breaker costs no attempt.
    assert!(matches!(pipeline.call(&(), down), Err(CallError::Rejected(_))));
    assert_eq!(calls.get(), 9);
}

#[test]
fn outside_a_breaker_a_retry_counts_each_attempt_and_sees_rejections() {
    let bench = Bench::new();
    let breaker = bench.breaker(config().failure_threshold(2));
    let pipeline = Pipeline::new().retry(retry(&bench.clock)).breaker(&breaker);
    let calls = Cell::new(0);
    let down = |(): &()| -> Outcome {
        calls.set(calls.get() + 1);
        Err("down")
    };
    // The second failure opens it, the third attempt is rejected.
    assert!(matches!(pipeline.call(&(), down), Err(CallError::Rejected(_))));
    assert_eq!((calls.get(), breaker.counters().failures), (2, 2));
    assert_eq!(bench.log.rejections(), 1);
    // And it gives up on a rejection, unless told otherwise.
    assert!(pipeline.call(&(), down).is_err());
    assert_eq!(bench.log.rejections(), 2);
    let stubborn = retry(&bench.clock).retry_if(|_: &CallError<&str>| true);
    let pipeline = Pipeline::new().retry(stubborn).breaker(&breaker);
    assert!(pipeline.call(&(), down).is_err());
    assert_eq!((bench.log.rejections(), calls.get()), (5, 2));
}

#[test]
fn outside_a_breaker_a_fallback_answers_for_rejections_too() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    let seen = Cell::new(false);
    let basic = |args: &u32, error: &CallError<&'static str>| -> Outcome {
        seen.set(error.as_rejected().is_some());
        Ok(*args)
    };
    let pipeline = Pipeline::new().fallback(Fallback::new().or_with(&basic)).breaker(&breaker);
    assert_eq!(pipeline.call(&7, |_| unreachable!("it is open")), Ok(7));
    assert!(seen.get());
}

#[test]
fn inside_a_breaker_a_fallback_hides_failures_from_it() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let basic = |args: &u32| -> Outcome { Ok(*args) };
    let pipeline = Pipeline::new().breaker(&breaker).fallback(Fallback::new().or(&basic));
    for _ in 0..10 {
        assert_eq!(pipeline.call(&7, |_| Err("down")), Ok(7));
    }
    assert_eq!(breaker.counters().failures, 0);
}

#[test]
fn inside_a_retry_a_fallback_leaves_nothing_to_retry() {
    let clock = ManualClock::new();
    let basic = |args: &u32| -> Outcome { Ok(*args) };
    let fallback = Fallback::new().or(&basic);
    let calls = Cell::new(0);
    let down = |_: &u32| -> Outcome {
        calls.set(calls.get() + 1);
        Err("down")
    };
    let pipeline = Pipeline::new().retry(retry(&clock)).fallback(fallback);
    assert_eq!((pipeline.call(&7, down), calls.get()), (Ok(7), 1));
    calls.set(0);
    let pipeline = Pipeline::new().fallback(fallback).retry(retry(&clock));
    assert_eq!((pipeline.call(&7, down), calls.get()), (Ok(7), 3));
}

#[test]
fn a_timeout_inside_a_retry_is_for_each_attempt_outside_for_all() {
    let clock = ManualClock::new();
    let polls = |pipeline: &dyn Fn() -> (Result<u32, CallError<Late>>, u32)| {
        clock.set(fusebox::Tick::from_millis(0));
        pipeline()
    };
    let calls = AtomicU32::new(0);
    let hang = |(): &()| {
        calls.fetch_add(1, Ordering::Relaxed);
        after(u32::MAX, Ok::<u32, Late>(1))
    };
    let each = Retry::with(RETRY.build(), &clock, &clock, DefaultObserver)
        .retry_if(|_: &CallError<Late>| true);
    let inside = Pipeline::new().retry(each).timeout_by(millis(50), &clock);
    let (result, time) = polls(&|| drive(&clock, inside.call_async(&(), hang)));
    assert_eq!(result, Err(CallError::Failed(Late)));
    assert_eq!((calls.swap(0, Ordering::Relaxed), time), (3, 3 * 50 + 1 + 2));
    let outside = Pipeline::new().timeout_by(millis(50), &clock).retry(each);
    let (result, time) = polls(&|| drive(&clock, outside.call_async(&(), hang)));
    assert_eq!(result, Err(CallError::Failed(Late)));
    assert_eq!((calls.load(Ordering::Relaxed), time), (1, 50));
}

#[derive(Debug, PartialEq)]
struct Late;

impl From<TimedOut> for Late {
    fn from(_: TimedOut) -> Self {
        Self
    }
}

/// Runs it to its end, 1 ms for each poll; its output and the time it took.
fn drive<F: Future>(clock: &ManualClock, future: F) -> (F::Output, u32) {
    let mut future = pin!(future);
    for time in 0.. {
        if let Some(output) = poll_up_to(1, future.as_mut()) {
            return (output, time);
        }
        clock.advance(millis(1));
        assert!(time < 10_000);
    }
    unreachable!()
}

#[test]
fn a_timeout_is_a_failure_to_a_breaker() {
    let bench = Bench::new();
    let breaker = bench.breaker(config().failure_threshold(1));
    let pipeline = Pipeline::new().breaker(&breaker).timeout_by(millis(5), &bench.clock);
    let (result, _) =
        drive(&bench.clock, pipeline.call_async(&(), |()| after(100, Ok::<(), Late>(()))));
    assert_eq!((result, breaker.state()), (Err(CallError::Failed(Late)), State::Open));
}

#[test]
fn an_inner_breakers_rejection_counts_for_nothing_with_the_outer() {
    let (outer_bench, inner_bench) = (Bench::new(), Bench::new());
    let (outer, inner) = (outer_bench.breaker(config()), inner_bench.opened(config()));
    let pipeline = Pipeline::new().breaker(&outer).breaker(&inner);
    for _ in 0..10 {
        assert!(matches!(pipeline.call(&(), |()| Ok::<_, ()>(())), Err(CallError::Rejected(_))));
        assert!(finish(pipeline.call_async(&(), |()| ready(Ok::<_, ()>(())))).is_err());
    }
    assert_eq!((outer.state(), outer.counters().failures), (State::Closed, 0));
}

#[test]
fn errors_outside_the_filter_do_not_count() {
    let bench = Bench::new();
    let breaker = bench.breaker(config().failure_threshold(1));
    let is_outage = |error: &&str| *error != "no such item";
    let pipeline = Pipeline::new().breaker_counting(&breaker, &is_outage);
    assert_eq!(
        pipeline.call(&(), |()| Err::<(), _>("no such item")),
        Err(CallError::Failed("no such item"))
    );
    assert_eq!(
        finish(pipeline.call_async(&(), |()| ready(Err::<(), _>("no such item")))),
        Err(CallError::Failed("no such item"))
    );
    assert_eq!(breaker.state(), State::Closed);
    assert!(finish(pipeline.call_async(&(), |()| ready(Err::<(), _>("down")))).is_err());
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn the_attempt_is_carried_through_the_layers() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let basic = |_: &u32| -> Outcome { Ok(0) };
    let pipeline = Pipeline::new()
        .fallback(Fallback::new().or(&basic))
        .retry(retry(&bench.clock))
        .breaker(&breaker);
    let mut seen = Vec::new();
    let result = pipeline.call_with(&7, |_, attempt: Attempt<'_, CallError<&'static str>>| {
        seen.push((attempt.number(), attempt.elapsed(), attempt.previous().copied()));
        Err("down")
    });
    assert_eq!(result, Ok(0));
    let down = Some(CallError::Failed("down"));
    assert_eq!(seen, [(1, millis(0), None), (2, millis(1), down), (3, millis(3), down)]);

    let seen = std::cell::RefCell::new(Vec::new());
    let again = Retry::with(RETRY.build(), &bench.clock, SleepBy(soon), DefaultObserver);
    bench.clock.advance(TIMEOUT);
    breaker.reset();
    let pipeline = Pipeline::new().retry(again).breaker(&breaker);
    let result: Result<u32, _> =
        finish(pipeline.call_async_with(&7, |_, attempt: Attempt<'_, CallError<&'static str>>| {
            seen.borrow_mut().push((attempt.number(), attempt.previous().copied()));
            ready(Err("down"))
        }));
    assert_eq!(result, Err(CallError::Failed("down")));
    assert_eq!(*seen.borrow(), [(1, None), (2, down), (3, down)]);
}

#[test]
fn async_means_the_same_in_every_order() {
    let bench = Bench::new();
    let breaker = bench.breaker(config().failure_threshold(100));
    let again = Retry::with(RETRY.build(), &bench.clock, SleepBy(soon), DefaultObserver);
    let basic = |args: &u32| -> Outcome { Ok(*args) };
    let fallback = Fallback::new().or(&basic);
    let calls = Cell::new(0);
    let down = |_: &u32| {
        calls.set(calls.get() + 1);
        after(1, Err::<u32, _>("down"))
    };
    let usual = Pipeline::new().fallback(fallback).breaker(&breaker).retry(again);
    assert_eq!(finish(usual.call_async(&7, down)), Ok(7));
    assert_eq!((calls.replace(0), breaker.counters().failures), (3, 1));
    let outside = Pipeline::new().fallback(fallback).retry(again).breaker(&breaker);
    assert_eq!(finish(outside.call_async(&7, down)), Ok(7));
    assert_eq!((calls.replace(0), breaker.counters().failures), (3, 4));
    let hidden = Pipeline::new().breaker(&breaker).fallback(fallback);
    assert_eq!(finish(hidden.call_async(&7, down)), Ok(7));
    assert_eq!((calls.replace(0), breaker.counters().failures), (1, 4));
    let inside = Pipeline::new().retry(again).fallback(fallback);
    assert_eq!(finish(inside.call_async(&7, down)), Ok(7));
    assert_eq!(calls.get(), 1);
}

#[test]
fn dropped_at_any_await_a_pipeline_leaves_an_unfinished_call() {
    for polls in 0.. {
        let bench = Bench::new();
        let breaker = bench.due(config());
        let before = breaker.counters();
        let again =
            Retry::with(RETRY.build(), &bench.clock, SleepBy(|_| after(2, ())), DefaultObserver);
        let layer = |(): &()| after(2, Ok::<_, &'static str>(0));
        let pipeline = Pipeline::new()
            .fallback(Fallback::new().or_async(&layer))
            .breaker(&breaker)
            .retry(again);
        let mut ended = false;
        {
            let mut call = pin!(pipeline.call_async(&(), |()| after(2, Err::<u32, _>("down"))));
            for _ in 0..polls {
                assert!(!ended);
                ended = poll_up_to(1, call.as_mut()).is_some();
            }
        }
        if ended {
            assert!(polls > 3 * 2 + 2 * 2, "{polls} polls are too few for every await");
            return;
        }
        // Either the probe reported and it is open, or its place is free.
        if breaker.state() == State::HalfOpen {
            assert_eq!(breaker.snapshot().probes_in_flight, 0, "after {polls} polls");
            let after = breaker.counters();
            assert_eq!(
                (after.failures, after.rejections, after.openings),
                (before.failures, before.rejections, before.openings)
            );
            common::succeed(&breaker);
            assert_eq!(breaker.state(), State::Closed);
        }
    }
}

#[test]
fn a_panic_in_the_function_that_makes_the_future_is_a_failure() {
    let bench = Bench::new();
    let breaker = bench.due(config());
    let pipeline = Pipeline::new().breaker(&breaker);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        finish(pipeline.call_async(&(), |()| -> std::future::Ready<Outcome> { panic!("bug") }))
    }));
    assert!(caught.is_err());
    assert_eq!(breaker.state(), State::Open, "the probe failed");
}

#[test]
fn a_rejected_call_is_never_made() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    let pipeline = Pipeline::new().breaker(&breaker);
    let made = Cell::new(false);
    let result = finish(pipeline.call_async(&(), |()| {
        made.set(true);
        ready(Ok::<_, ()>(()))
    }));
    assert!(matches!(result, Err(CallError::Rejected(_))) && !made.get());
}

// A pipeline in a static, with its type written out.
fn heuristic(words: &str) -> Outcome {
    u32::try_from(words.len()).map_err(|_| "too long")
}

type Heuristic = fn(&str) -> Outcome;

mod in_a_static {
    use super::{Heuristic, heuristic};
    use fusebox::{CircuitBreaker, Fallback, Pipeline, Retry, layers::*, presets};

    pub(crate) static AI: CircuitBreaker = CircuitBreaker::named("ai", presets::AI_PROVIDER);

    type Stacked = Stack<
        Stack<Stack<Empty, Fallback<Then<NoLayer, Or<Heuristic>>>>, BreakerLayer<'static>>,
        Retry,
    >;

    pub(crate) static INFER: Pipeline<Stacked> = Pipeline::new()
        .fallback(Fallback::new().or(heuristic as Heuristic))
        .breaker(&AI)
        .retry(Retry::new(presets::EXTERNAL_CALL));
}

#[test]
fn a_pipeline_may_be_a_static() {
    assert_eq!(in_a_static::INFER.call("model", |_| Ok(1)), Ok(1));
    in_a_static::AI.force_open();
    assert_eq!(in_a_static::INFER.call("model", |_| Ok(1)), Ok(5));
}

#[test]
fn the_presets_are_what_they_say() {
    assert_eq!(presets::EXTERNAL_CALL.max_attempts(), 3);
    let first = presets::EXTERNAL_CALL.backoff().seed(1).next().unwrap();
    assert!(first >= millis(500) && first <= millis(1_500));
    assert_eq!(presets::AI_PROVIDER.failure_weight(), 2);
    assert_eq!(presets::PERSISTENCE.failure_weight(), 6);
    assert_eq!(presets::AI_PROVIDER.recovery_timeout(), millis(30_000));
    assert_eq!(presets::EXPENSIVE_CALL.recovery_timeout(), millis(300_000));
    assert_eq!(presets::EXPENSIVE_CALL.doublings(), 3);
}

#[test]
fn on_a_runtime_of_many_threads_every_layer_is_send() {
    async fn ask(question: &str) -> Outcome {
        tokio::task::yield_now().await;
        if question.is_empty() { Err("no question") } else { Ok(1) }
    }
    async fn remote(_: &str) -> Outcome {
        tokio::task::yield_now().await;
        Err("down, too")
    }
    #[allow(clippy::unnecessary_wraps)] // as a layer is
    fn basic(_: &str, error: &CallError<&'static str>) -> Outcome {
        assert_eq!(*error, CallError::Failed("down, too"));
        Ok(0)
    }
    static BREAKER: CircuitBreaker = CircuitBreaker::new(presets::AI_PROVIDER);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        static CLOCK: ManualClock = ManualClock::new();
        let clock = &CLOCK;
        let again = Retry::with(RETRY.build(), clock, SleepBy(soon), DefaultObserver);
        let pipeline = Pipeline::new()
            .fallback(Fallback::new().or_async(remote).or_with(basic))
            .breaker(&BREAKER)
            .retry(again);
        let owned = tokio::spawn(async move {
            let question = String::from("why?");
            pipeline.call_async(question.as_str(), ask).await
        });
        assert_eq!(owned.await.unwrap(), Ok(1));
        let closure = tokio::spawn(async move {
            let client = String::new();
            pipeline.call_async("", |_| async { ask(&client).await }).await
        });
        assert_eq!(closure.await.unwrap(), Ok(0));
        let alone = tokio::spawn(async move {
            let client = String::new();
            again.call_async(|| ask(&client)).await
        });
        assert_eq!(alone.await.unwrap(), Err("no question"));
        let watching = tokio::spawn(async move {
            again
                .call_async_with(|attempt| {
                    let number = attempt.number();
                    async move { if number == 2 { ask("why?").await } else { ask("").await } }
                })
                .await
        });
        assert_eq!(watching.await.unwrap(), Ok(1));
    });
}

#[test]
fn events_of_a_whole_pipeline_come_in_their_order() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let settings = config().failure_threshold(1).build();
    let breaker = CircuitBreaker::with(None, settings, &clock, &journal);
    let again = Retry::with(RETRY.max_attempts(2).build(), &clock, &clock, &journal).named("ask");
    let basic = |(): &()| -> Outcome { Ok(0) };
    let fallback = Fallback::new().or(&basic).named("infer").observer(&journal);
    let pipeline = Pipeline::new().fallback(fallback).breaker(&breaker).retry(again);
    assert_eq!(pipeline.call(&(), |()| Err("down")), Ok(0));
    assert_eq!(pipeline.call(&(), |()| Err("down")), Ok(0));
    assert_eq!(
        journal.take(),
        [
            "ask retry 1/2 in 1ms after Failed(\"down\")",
            "ask exhausted after 2 (attempts): Failed(\"down\")",
            "closed -> open",
            "infer fallback, layer Some(1), age None, 1 errors: [Failed(\"down\")]",
            "rejected: circuit breaker is open, retry after 10s",
            "infer fallback, layer Some(1), age None, 1 errors: [Rejected(Rejected { name: \"\", state: Open, limit: None, retry_after: Some(10s) })]",
        ]
    );
}

#[test]
fn nested_retries_multiply() {
    let clock = ManualClock::new();
    let settings = RetryConfig::new().max_attempts(3).base_delay(std::time::Duration::ZERO).build();
    let retry = Retry::with(settings, &clock, &clock, DefaultObserver);
    let calls = std::cell::Cell::new(0);
    let nested = Pipeline::new().retry(retry).retry(retry);
    let answer = nested.call(&(), |()| {
        calls.set(calls.get() + 1);
        Err::<(), _>("down")
    });
    assert_eq!((answer, calls.get()), (Err(CallError::Failed("down")), 9));
}
