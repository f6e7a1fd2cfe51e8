//! `call_async` on no runtime at all: B8, B9 and B11 for futures.

mod common;

use std::{
    cell::Cell,
    future::{pending, poll_fn, ready},
    pin::pin,
    task::Poll,
};

use common::{Bench, config, context, succeed};
use fusebox::{CallError, State};

/// Pending `waits` times, then the result.
async fn after<T>(waits: u32, result: T) -> T {
    let mut left = waits;
    poll_fn(|_| {
        let done = left == 0;
        left = left.saturating_sub(1);
        if done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    result
}

#[test]
fn a_guarded_future_returns_what_it_returns() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let mut ok = pin!(breaker.call_async(after(2, Ok::<_, &str>(7))));
    assert!(ok.as_mut().poll(&mut context()).is_pending());
    assert!(ok.as_mut().poll(&mut context()).is_pending());
    assert_eq!(ok.as_mut().poll(&mut context()), Poll::Ready(Ok(7)));
    let failed = pin!(breaker.call_async(ready(Err::<(), _>("down"))));
    assert_eq!(failed.poll(&mut context()), Poll::Ready(Err(CallError::Failed("down"))));
    assert_eq!(breaker.snapshot().score, 1);
}

#[test]
fn admission_is_asked_at_the_first_poll() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let polled = Cell::new(false);
    let work = async {
        polled.set(true);
        Ok::<_, ()>(())
    };
    let mut call = pin!(breaker.call_async(work));
    breaker.force_open();
    let Poll::Ready(Err(CallError::Rejected(rejected))) = call.as_mut().poll(&mut context()) else {
        panic!("not rejected");
    };
    assert_eq!(rejected.state(), State::ForcedOpen);
    assert!(!polled.get(), "a rejected call is never polled");
}

#[test]
fn b9_dropped_at_any_await_a_probe_gives_its_place_back() {
    for polls in 0..4 {
        let bench = Bench::new();
        let breaker = bench.due(config());
        {
            let mut probe = pin!(breaker.call_async(after(5, Ok::<_, ()>(()))));
            for _ in 0..polls {
                assert!(probe.as_mut().poll(&mut context()).is_pending());
                assert_eq!(breaker.snapshot().probes_in_flight, 1);
                assert!(breaker.try_acquire().is_err());
            }
        }
        assert_eq!(breaker.snapshot().probes_in_flight, 0, "after {polls} polls");
        succeed(&breaker);
        assert_eq!(breaker.state(), State::Closed, "after {polls} polls");
    }
}

#[test]
fn a_cancelled_call_on_a_closed_breaker_counts_for_nothing() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    common::fail(&breaker);
    {
        let mut call = pin!(breaker.call_async(pending::<Result<(), ()>>()));
        assert!(call.as_mut().poll(&mut context()).is_pending());
    }
    assert_eq!(breaker.snapshot().score, 1);
}

#[test]
fn b8_the_filter_decides_for_futures_too() {
    let bench = Bench::new();
    let breaker = bench.breaker(config().failure_threshold(1));
    let call = |error| breaker.call_async_counting(|e| *e == "outage", ready(Err::<(), _>(error)));
    let ignored = pin!(call("not found"));
    assert!(ignored.poll(&mut context()).is_ready());
    assert_eq!(breaker.state(), State::Closed);
    let counted = pin!(call("outage"));
    assert!(counted.poll(&mut context()).is_ready());
    assert_eq!(breaker.state(), State::Open);
}

#[test]
#[should_panic(expected = "polled after it was done")]
fn polled_after_it_was_done_it_panics() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let mut call = pin!(breaker.call_async(ready(Ok::<_, ()>(()))));
    let _ = call.as_mut().poll(&mut context());
    let _ = call.as_mut().poll(&mut context());
}
