//! How a retry may end: never by its attempts, at a hint that is too long, with
//! the error that opened the breaker inside.

mod common;

use std::{cell::Cell, time::Duration};

use common::{Bench, config, finish, millis};
use fusebox::{
    CallError, Clock, DefaultObserver, Event, Limit, ManualClock, Observer, Pipeline, Retry,
    RetryConfig, State,
};

#[test]
fn r1_without_a_limit_it_goes_on() {
    let clock = ManualClock::new();
    let settings = RetryConfig::new().unlimited().base_delay(millis(0)).build();
    let retry = Retry::with(settings, &clock, &clock, DefaultObserver);
    let attempts = Cell::new(0_u32);
    let answer = retry.call(|| {
        attempts.set(attempts.get() + 1);
        if attempts.get() < 100_000 { Err("down") } else { Ok(()) }
    });
    assert_eq!(answer, Ok(()));

    // It still ends by its time.
    let settings = settings.config().base_delay(millis(10)).max_elapsed(millis(500));
    let retry = Retry::with(settings.build(), &clock, &clock, DefaultObserver);
    assert_eq!(retry.call(|| Err::<(), _>("down")), Err("down"));
}

/// Notes the limits that ended retries.
#[derive(Default)]
struct Limits(std::sync::Mutex<Vec<Limit>>);

impl Observer for Limits {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Exhausted(it) = event {
            self.0.lock().unwrap().push(it.limit);
        }
    }
}

#[test]
fn r7_a_hint_above_the_cap_may_end_the_retry() {
    let (clock, limits) = (ManualClock::new(), Limits::default());
    let config = RetryConfig::new().max_delay(millis(5_000));
    let hint = |wait: &u64| Some(millis(*wait));
    let elapsed = |config: RetryConfig, wait: u64| {
        let begun = clock.now();
        let retry = Retry::with(config.build(), &clock, &clock, &limits)
            .delay_hint(hint)
            .retry_if(|_| true);
        assert_eq!(retry.call(|| Err::<(), _>(wait)), Err(wait));
        clock.now().since(begun)
    };
    assert_eq!(elapsed(config, 5_001), millis(10_000), "it asks too early");
    let config = config.end_on_long_hint(true);
    assert_eq!(elapsed(config, 5_001), Duration::ZERO, "it does not ask again");
    assert_eq!(elapsed(config, 5_000), millis(10_000), "as long as the cap is no longer");
    let limits = limits.0.into_inner().unwrap();
    assert_eq!(limits, [Limit::Attempts, Limit::Hint, Limit::Attempts]);
    assert_eq!(Limit::Hint.to_string(), "longest delay");
}

#[test]
fn r5_where_asked_the_error_that_opened_the_breaker_is_returned() {
    let bench = Bench::new();
    let settings = RetryConfig::new().max_attempts(9).base_delay(millis(1)).build();
    let retry = Retry::with(settings, &bench.clock, &bench.clock, DefaultObserver);

    // The third failure opens the breaker, and the fourth attempt is rejected.
    let breaker = bench.breaker(config());
    let plain = Pipeline::new().retry(retry).breaker(&breaker);
    let rejected = plain.call(&(), |()| Err::<(), _>("timeout")).unwrap_err();
    assert_eq!(rejected.as_rejected().unwrap().state(), State::Open);

    let breaker = bench.breaker(config());
    let keeping = Pipeline::new().retry(retry.keep_error()).breaker(&breaker);
    assert_eq!(keeping.call(&(), |()| Err::<(), _>("timeout")), Err(CallError::Failed("timeout")));
    assert_eq!(breaker.state(), State::Open);
    // There was no call, and so there is no other error.
    let again = keeping.call(&(), |()| Err::<(), _>("timeout"));
    assert!(matches!(again, Err(CallError::Rejected(_))));
}

#[test]
fn r5_rejections_that_are_retried_give_way_too() {
    let bench = Bench::new();
    let settings = RetryConfig::new().max_attempts(9).base_delay(millis(1)).build();
    let retry = Retry::with(settings, &bench.clock, &bench.clock, DefaultObserver);
    let breaker = bench.breaker(config());
    // A predicate that takes rejections as worth another attempt.
    let stubborn = retry.retry_if(|_: &CallError<u32>| true).keep_error();
    let calls = Cell::new(0);
    let answer = Pipeline::new().retry(stubborn).breaker(&breaker).call(&(), |()| {
        calls.set(calls.get() + 1);
        Err::<(), _>(calls.get())
    });
    assert_eq!((answer, calls.get()), (Err(CallError::Failed(3)), 3));
}

#[test]
fn r5_the_same_for_async() {
    let bench = Bench::new();
    let settings = RetryConfig::new().max_attempts(9).base_delay(millis(0)).build();
    let breaker = bench.breaker(config());
    let retry = Retry::with(settings, &bench.clock, &bench.clock, DefaultObserver);
    let calls = Cell::new(0);
    let call = |(): &()| {
        calls.set(calls.get() + 1);
        std::future::ready(Err::<(), _>(calls.get()))
    };
    let stubborn = retry.retry_if(|_: &CallError<u32>| true);
    let plain = Pipeline::new().retry(stubborn).breaker(&breaker);
    assert!(matches!(finish(plain.call_async(&(), call)), Err(CallError::Rejected(_))));
    breaker.close();
    calls.set(0);
    let keeping = Pipeline::new().retry(stubborn.keep_error()).breaker(&breaker);
    assert_eq!(finish(keeping.call_async(&(), call)), Err(CallError::Failed(3)));
    assert_eq!(calls.get(), 3);
}
