//! Closures whose types the compiler finds by itself, and closures that own what
//! they capture.
#![allow(clippy::ignored_unit_patterns)] // no type is named here, on purpose

mod common;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use common::{Bench, config, finish, millis};
use fusebox::{
    CallError, DefaultObserver, Fallback, ManualClock, Outcome, Pipeline, Retry, RetryConfig,
};

/// An error that is neither `Copy` nor `Clone`, and of which nobody knows
/// whether it is worth another attempt.
#[derive(Debug, PartialEq)]
struct Report(String);

/// What a program keeps.
struct Client<H, S> {
    retry: Retry<H, S>,
}

fn down() -> Report {
    Report("down".into())
}

#[test]
fn a_closure_need_not_name_the_type_of_its_error() {
    let clock = ManualClock::new();
    let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver);
    let mut left = 3;
    let answer = retry.retry_if(|_| true).call(|| {
        left -= 1;
        if left > 0 { Err(down()) } else { Ok(left) }
    });
    assert_eq!(answer, Ok(0));
    let answer = retry
        .retry_on(|answer| answer.is_err())
        .delay_hint(|_| Some(Duration::ZERO))
        .before_retry(|_| Ok(()))
        .call(|| Err::<(), _>(down()));
    assert_eq!(answer, Err(down()));
    let answer = retry.retry_if(|_| true).call_with(|attempt| match attempt.number() {
        1 => Err(down()),
        number => Ok(number),
    });
    assert_eq!(answer, Ok(2));
}

#[test]
fn neither_need_the_layers_of_a_fallback() {
    let answer = Fallback::new().or(|_| Ok(1)).call("x", |_| Err(down()));
    assert_eq!(answer, Ok(1));
    let answer = Fallback::when(|answer| answer.is_err())
        .or_if(|_| None)
        .or_with(|_, _| Err(down()))
        .or(|_| Ok(2))
        .call(&7, |_| Err(down()));
    assert_eq!(answer, Ok(2));
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let pipeline = Pipeline::new()
        .fallback(Fallback::new().or(|_| Ok(3)))
        .breaker_counting(&breaker, |_| false);
    assert_eq!(pipeline.call(&(), |()| Err(down())), Ok(3));
    assert_eq!(finish(pipeline.call_async(&(), |()| async { Err(down()) })), Ok(3));
    assert_eq!(breaker.snapshot().score, 0);
}

#[test]
fn predicates_may_own_what_they_capture() {
    let clock = ManualClock::new();
    let passing: HashSet<u16> = [429, 503].into();
    let asked = Arc::new(Mutex::new(0));
    let settings = RetryConfig::new().build();
    let retry = Retry::with(settings, &clock, &clock, DefaultObserver)
        .named("shop")
        .delay_hint(|_: &u16| Some(millis(1)))
        .retry_if({
            let asked = Arc::clone(&asked);
            move |status: &u16| {
                *asked.lock().unwrap() += 1;
                passing.contains(status)
            }
        });
    assert_eq!(retry.call(|| Err::<(), _>(503)), Err(503));
    assert_eq!(retry.clone().call(|| Err::<(), _>(404)), Err(404));
    assert_eq!(*asked.lock().unwrap(), 4);

    // In a struct, as a program keeps it.
    let client = Client { retry };
    assert_eq!(client.retry.call(|| Ok::<_, u16>(1)), Ok(1));
}

#[test]
fn so_may_judges_and_layers() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let healthy: HashSet<u16> = [200, 404].into();
    let answers = Arc::new(String::from("from a shelf"));
    let pipeline = Pipeline::new().breaker_judged(&breaker, move |answer: Result<&u16, &u16>| {
        let (Ok(status) | Err(status)) = answer;
        if healthy.contains(status) { Outcome::Success } else { Outcome::Failure }
    });
    assert_eq!(pipeline.call(&(), |()| Err::<u16, _>(500)), Err(CallError::Failed(500)));
    assert_eq!(breaker.snapshot().score, 1);
    assert_eq!(pipeline.call(&(), |()| Err::<u16, _>(404)), Err(CallError::Failed(404)));
    assert_eq!(breaker.snapshot().score, 0);

    let fallback = Fallback::new().or_if(|_: &()| None).or(move |()| Ok(String::clone(&answers)));
    assert_eq!(fallback.call(&(), |()| Err(down())).unwrap(), "from a shelf");
    let last = Fallback::new().or_value(String::from("nothing"));
    assert_eq!(last.call(&(), |()| Err(down())).unwrap(), "nothing");
}
