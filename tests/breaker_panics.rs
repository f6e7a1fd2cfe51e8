//! Panics and observers: B11, B16.

mod common;

use std::{
    cell::{Cell, OnceCell},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::{Rc, Weak},
};

use common::{Bench, TIMEOUT, config, context, fail, succeed};
use fusebox::{CircuitBreaker, Event, ManualClock, Observer, State};

fn panics<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

#[test]
fn b11_a_panic_in_the_call_is_a_failure() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    for count in 1..=2 {
        assert!(panics(|| breaker.call(|| -> Result<(), ()> { panic!("in the call") })));
        assert_eq!(breaker.snapshot().score, count);
    }
    assert!(panics(|| {
        let _permit = breaker.try_acquire().unwrap();
        panic!("beside a permit");
    }));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn b11_a_panic_in_a_probe_reopens() {
    let bench = Bench::new();
    let breaker = bench.due(config());
    assert!(panics(|| breaker.call(|| -> Result<(), ()> { panic!("in the probe") })));
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().reopenings, 1);
}

#[test]
fn b11_a_panic_in_a_future_is_a_failure() {
    let bench = Bench::new();
    let breaker = bench.breaker(config().failure_threshold(1));
    let mut call = Box::pin(breaker.call_async(async {
        assert!(std::hint::black_box(false), "in the future");
        Ok::<(), ()>(())
    }));
    assert!(panics(|| call.as_mut().poll(&mut context())));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn b11_a_panic_in_the_filter_leaks_no_permit() {
    let bench = Bench::new();
    let breaker = bench.due(config());
    assert!(panics(|| breaker.call_counting(|()| panic!("in the filter"), || Err::<(), _>(()))));
    // Judged like a panic in the call: the probe failed, its place is free.
    assert_eq!(breaker.state(), State::Open);
    bench.clock.advance(TIMEOUT);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

/// Panics at the transition to a state.
struct PanicAt(State);

impl Observer for PanicAt {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Transition(t) = event {
            assert!(t.to != self.0, "in the observer");
        }
    }
}

#[test]
fn b11_a_panic_in_the_observer_leaks_no_permit() {
    let clock = ManualClock::new();
    let settings = config().failure_threshold(1).build();
    let breaker = CircuitBreaker::with(None, settings, &clock, PanicAt(State::HalfOpen));
    breaker.try_acquire().unwrap().failure();
    clock.advance(TIMEOUT);
    assert!(panics(|| breaker.try_acquire().map(drop)));
    // The probe was admitted and its thread panicked: a failure, no leak.
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().reopenings, 1);

    let breaker = CircuitBreaker::with(None, settings, &clock, PanicAt(State::Open));
    let permit = breaker.try_acquire().unwrap();
    assert!(panics(|| permit.failure()));
    assert_eq!(breaker.state(), State::Open, "the transition took effect");
}

type Reentrant<'a> = CircuitBreaker<&'a ManualClock, CallsBack<'a>>;

/// Uses the breaker from within its events.
struct CallsBack<'a> {
    breaker: OnceCell<Weak<Reentrant<'a>>>,
    events: Cell<u32>,
}

impl Observer for CallsBack<'_> {
    fn on_event(&self, _event: &Event<'_>) {
        self.events.set(self.events.get() + 1);
        if self.events.get() > 20 {
            return; // each call back causes events of its own
        }
        let breaker = self.breaker.get().and_then(Weak::upgrade).unwrap();
        drop(breaker.try_acquire());
        breaker.set_settings(breaker.settings());
        let _ = breaker.call(|| Err::<(), _>("again"));
        breaker.close();
    }
}

#[test]
fn b16_an_observer_may_call_back_into_the_breaker() {
    let clock = ManualClock::new();
    let observer = CallsBack { breaker: OnceCell::new(), events: Cell::new(0) };
    let settings = config().failure_threshold(1).build();
    let breaker = Rc::new(CircuitBreaker::with(None, settings, &clock, observer));
    assert!(breaker.observer().breaker.set(Rc::downgrade(&breaker)).is_ok());
    breaker.try_acquire().unwrap().failure();
    assert!(breaker.observer().events.get() > 20, "it was called back, again and again");
}

#[test]
fn a_breaker_can_be_shared_and_moved_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<CircuitBreaker>();
    shared::<fusebox::Registry<4>>();
    shared::<fusebox::Permit<'_>>();
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    std::thread::scope(|scope| scope.spawn(|| fail(&breaker)).join().unwrap());
    assert_eq!(breaker.snapshot().score, 1);
}
