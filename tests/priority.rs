//! How a call's priority reaches what is asked to admit it: O3.

mod common;

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Mutex,
    thread,
};

use common::{after, context, finish};
use fusebox::{
    BreakerConfig, CallError, CircuitBreaker, Event, Fallback, Observer, Pipeline, Priority, Retry,
    RetryConfig, StdClock, layers,
};

/// Writes down the priority under which a breaker turned each call away.
#[derive(Default)]
struct Asked(Mutex<Vec<Priority>>);

impl Observer for Asked {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Rejection(_) = event {
            self.0.lock().unwrap().push(Priority::current());
        }
    }
}

fn closed_for_good() -> CircuitBreaker<StdClock, Asked> {
    let breaker =
        CircuitBreaker::with(None, BreakerConfig::new().build(), StdClock, Asked::default());
    breaker.force_open();
    breaker
}

#[allow(clippy::unnecessary_wraps)] // as a call is
fn seen(_: &()) -> Result<Priority, &'static str> {
    Ok(Priority::current())
}

async fn seen_later(_: &()) -> Result<Priority, &'static str> {
    after(2, ()).await;
    Ok(Priority::current())
}

#[test]
fn o3_all_that_a_layer_holds_runs_in_its_scope() {
    let pipeline = Pipeline::new().priority(Priority::BACKGROUND);
    assert_eq!(pipeline.call(&(), seen), Ok(Priority::BACKGROUND));
    assert_eq!(Priority::current(), Priority::DEFAULT, "its scope has ended");

    let mut call = pin!(pipeline.call_async(&(), seen_later));
    assert!(call.as_mut().poll(&mut context()).is_pending());
    assert_eq!(Priority::current(), Priority::DEFAULT, "between polls");
    assert_eq!(finish(call), Ok(Priority::BACKGROUND));
}

#[test]
fn o3_a_breaker_inside_is_asked_in_the_scope() {
    let breaker = closed_for_good();
    let pipeline = Pipeline::new().priority(Priority::CRITICAL).breaker(&breaker);
    assert!(pipeline.call(&(), seen).is_err());
    assert!(finish(pipeline.call_async(&(), seen_later)).is_err());
    let outside = Pipeline::new().breaker(&breaker).priority(Priority::CRITICAL);
    assert!(outside.call(&(), seen).is_err());
    let asked = breaker.observer().0.lock().unwrap();
    assert_eq!(*asked, [Priority::CRITICAL, Priority::CRITICAL, Priority::DEFAULT]);
}

#[test]
fn o3_the_inner_of_two_holds_and_the_outer_one_comes_back() {
    let pipeline = Pipeline::new()
        .fallback(Fallback::new().or(seen))
        .priority(Priority::CRITICAL)
        .fallback(Fallback::new().or(seen))
        .priority(Priority::BACKGROUND);
    assert_eq!(pipeline.call(&(), seen), Ok(Priority::BACKGROUND));
    let fails = |(): &()| Err("down");
    assert_eq!(pipeline.call(&(), fails), Ok(Priority::CRITICAL), "a fallback between them");
    let _outer = Priority::SHEDDABLE.enter();
    let fallback = Pipeline::new().fallback(Fallback::new().or(seen)).priority(Priority::CRITICAL);
    assert_eq!(fallback.call(&(), fails), Ok(Priority::SHEDDABLE), "a fallback around it");
}

#[test]
fn o3_each_attempt_has_it() {
    const RETRY: Retry = Retry::new(
        RetryConfig::new().max_attempts(3).base_delay(std::time::Duration::ZERO).build(),
    );
    let priorities = Mutex::new(Vec::new());
    let pipeline = Pipeline::new().priority(Priority::SHEDDABLE).retry(RETRY);
    let answer = pipeline.call(&(), |()| {
        priorities.lock().unwrap().push(Priority::current());
        Err::<(), _>("down")
    });
    assert_eq!(answer, Err(CallError::Failed("down")));
    assert_eq!(*priorities.lock().unwrap(), [Priority::SHEDDABLE; 3]);
}

#[test]
fn o3_a_panic_ends_the_scope() {
    let pipeline = Pipeline::new().priority(Priority::CRITICAL);
    let call = || pipeline.call(&(), |()| -> Result<(), ()> { panic!("in the call") });
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    assert_eq!(Priority::current(), Priority::DEFAULT);
    let call = pipeline.call_async(&(), |()| async { panic!("in the call") });
    let polled = catch_unwind(AssertUnwindSafe(|| finish::<_>(call) as Result<(), CallError<()>>));
    assert!(polled.is_err());
    assert_eq!(Priority::current(), Priority::DEFAULT);
}

#[test]
fn o3_a_call_that_is_dropped_leaves_no_scope() {
    let pipeline = Pipeline::new().priority(Priority::CRITICAL);
    {
        let mut call = Box::pin(pipeline.call_async(&(), seen_later));
        assert!(call.as_mut().poll(&mut context()).is_pending());
    }
    assert_eq!(Priority::current(), Priority::DEFAULT);
}

#[test]
fn o3_another_thread_is_outside_unless_it_is_handed_on() {
    let pipeline = Pipeline::new().priority(Priority::CRITICAL);
    let seen = pipeline.call(&(), |()| {
        let mine = Priority::current();
        let outside = thread::spawn(Priority::current).join().unwrap();
        let handed_on = thread::spawn(move || {
            let _scope = mine.enter();
            Priority::current()
        });
        Ok::<_, ()>((outside, handed_on.join().unwrap()))
    });
    assert_eq!(seen, Ok((Priority::DEFAULT, Priority::CRITICAL)));
}

#[test]
fn o3_a_future_keeps_its_own_on_whatever_thread_it_is_polled() {
    let pipeline = Pipeline::new().priority(Priority::CRITICAL);
    thread::scope(|scope| {
        let mut call = Box::pin(pipeline.call_async(&(), seen_later));
        assert!(call.as_mut().poll(&mut context()).is_pending());
        let other = scope.spawn(move || {
            let _own = Priority::BACKGROUND.enter();
            (finish(call), Priority::current())
        });
        assert_eq!(other.join().unwrap(), (Ok(Priority::CRITICAL), Priority::BACKGROUND));
    });
}

#[test]
fn o3_a_pipeline_with_it_can_be_a_static() {
    static NIGHTLY: Pipeline<layers::Stack<layers::Empty, layers::PriorityLayer>> =
        Pipeline::new().priority(Priority::BACKGROUND);
    assert_eq!(NIGHTLY.call(&(), seen), Ok(Priority::BACKGROUND));
}
