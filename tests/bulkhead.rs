//! Limits of calls in flight: L5.

use std::{
    cell::Cell,
    future::{Future, pending},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::atomic::{AtomicU32, Ordering},
    task::{Context, Poll, Waker},
    thread,
};

use fusebox::{
    BreakerConfig, Bulkhead, CallError, CircuitBreaker, DefaultObserver, Event, LimitKind,
    Observer, Pipeline, Retry, RetryConfig,
};
use proptest::prelude::*;

#[test]
fn l5_no_more_in_flight_than_the_limit() {
    let workers = Bulkhead::new(3);
    let places: Vec<_> = (0..3).map(|_| workers.try_acquire().unwrap()).collect();
    let limited = workers.try_acquire().unwrap_err();
    assert_eq!((limited.kind(), limited.retry_after()), (LimitKind::Bulkhead, None));
    assert_eq!(limited.to_string(), "bulkhead is full");
    assert_eq!((workers.in_flight(), workers.limit(), workers.peak()), (3, Some(3), 3));
    drop(places);
    assert_eq!((workers.in_flight(), workers.peak(), workers.refused()), (0, 3, 1));
}

#[test]
fn l5_several_places_all_or_none() {
    let workers = Bulkhead::new(5);
    let large = workers.acquire_n(4).unwrap();
    assert!(workers.acquire_n(2).is_err());
    assert!(workers.acquire_n(1).is_ok(), "the refusal took one");
    drop(large);
    assert!(workers.acquire_n(6).is_err(), "more than there are");
    assert!(workers.acquire_n(u32::MAX).is_err());
    assert!(workers.acquire_n(5).is_ok());
    assert_eq!(workers.acquire_n(0).map(drop), Ok(()));
    assert_eq!(workers.in_flight(), 0);
}

#[test]
fn l5_a_panic_gives_the_place_back() {
    static WORKERS: Bulkhead = Bulkhead::new(1);
    let call = || Pipeline::new().bulkhead(&WORKERS).call(&(), |()| -> Result<(), ()> { panic!() });
    for _ in 0..3 {
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
        assert_eq!(WORKERS.in_flight(), 0);
    }
}

#[test]
fn l5_a_lower_limit_drains() {
    let workers = Bulkhead::new(4);
    let mut places: Vec<_> = (0..4).map(|_| workers.try_acquire().unwrap()).collect();
    workers.set_limit(2).unwrap();
    assert_eq!((workers.in_flight(), workers.limit()), (4, Some(2)));
    while places.len() >= 2 {
        assert!(workers.try_acquire().is_err());
        places.pop();
    }
    places.push(workers.try_acquire().unwrap());
    assert!(workers.try_acquire().is_err());
    workers.set_limit(3).unwrap();
    places.push(workers.try_acquire().unwrap());
    assert_eq!((workers.in_flight(), workers.peak()), (3, 4));
}

#[test]
fn l5_a_limit_is_from_1_to_16777215() {
    let workers = Bulkhead::new((1 << 24) - 1);
    for limit in [0, 1 << 24, u32::MAX] {
        let error = workers.set_limit(limit).unwrap_err();
        assert_eq!(error.field(), "limit");
        let text = format!("`limit` is {limit}, and must be from 1 to 16777215");
        assert_eq!(error.to_string(), text);
        assert!(catch_unwind(|| Bulkhead::new(limit)).is_err());
    }
    let all = workers.acquire_n((1 << 24) - 1).unwrap();
    assert!(workers.try_acquire().is_err());
    assert_eq!(workers.peak(), 65_535, "it counts no further");
    drop(all);
    assert_eq!(workers.in_flight(), 0);
}

#[test]
fn l5_on_threads_the_limit_holds_and_no_place_is_lost() {
    static WORKERS: Bulkhead = Bulkhead::new(3);
    static INSIDE: AtomicU32 = AtomicU32::new(0);
    let admitted: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut admitted = 0;
                    for _ in 0..20_000 {
                        let Ok(place) = WORKERS.try_acquire() else { continue };
                        assert!(INSIDE.fetch_add(1, Ordering::SeqCst) < 3);
                        admitted += 1;
                        INSIDE.fetch_sub(1, Ordering::SeqCst);
                        drop(place);
                    }
                    admitted
                })
            })
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert!(admitted > 0);
    assert_eq!(WORKERS.in_flight(), 0);
    assert!(WORKERS.acquire_n(3).is_ok());
}

#[test]
fn l5_an_event_names_the_bulkhead() {
    struct Heard(Cell<Option<String>>);
    impl Observer for &Heard {
        fn on_event(&self, event: &Event<'_>) {
            if let Event::Limited(limited) = event {
                self.0.set(Some(limited.to_string()));
            }
        }
    }
    let heard = Heard(Cell::new(None));
    let workers = Bulkhead::with(Some(fusebox::Name::new("disk")), 1, &heard);
    let place = workers.try_acquire();
    assert!(workers.try_acquire().is_err());
    assert_eq!(heard.0.take().as_deref(), Some("bulkhead `disk` is full"));
    drop(place);
    assert!(workers.try_acquire().is_ok());
    assert_eq!(heard.0.take(), None);
}

#[test]
fn l5_in_a_pipeline_a_call_has_its_place_until_it_ends() {
    let workers = Bulkhead::new(1);
    let shop = CircuitBreaker::new(BreakerConfig::new().failure_threshold(1).build());
    let pipeline = Pipeline::new().breaker(&shop).bulkhead(&workers);
    let answer = pipeline.call(&(), |()| {
        assert_eq!(workers.in_flight(), 1);
        let inner = pipeline.call(&(), |()| Ok::<_, ()>(2));
        assert!(matches!(inner, Err(CallError::Limited(_))));
        Ok::<_, ()>(1)
    });
    assert_eq!(answer, Ok(1));
    assert_eq!((workers.in_flight(), workers.refused()), (0, 1));
    assert!(shop.try_acquire().is_ok(), "a refusal is no failure of the service");
}

#[test]
fn l5_each_attempt_inside_of_a_retry_asks_anew() {
    let workers = Bulkhead::new(1);
    let clock = fusebox::ManualClock::new();
    let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver);
    let tried = Cell::new(0);
    let answer = Pipeline::new().retry(retry).bulkhead(&workers).call(&(), |()| {
        tried.set(tried.get() + 1);
        assert_eq!(workers.in_flight(), 1);
        if tried.get() < 3 { Err("down") } else { Ok(()) }
    });
    assert_eq!((answer, tried.get(), workers.in_flight()), (Ok(()), 3, 0));
}

#[test]
fn l5_an_async_call_takes_its_place_when_polled_and_gives_it_back_when_dropped() {
    let workers = Bulkhead::new(1);
    let pipeline = Pipeline::new().bulkhead(&workers);
    let mut cx = Context::from_waker(Waker::noop());
    {
        let mut call = pin!(pipeline.call_async(&(), |()| pending::<Result<(), ()>>()));
        assert_eq!(workers.in_flight(), 0, "nothing happens before the first poll");
        assert!(call.as_mut().poll(&mut cx).is_pending());
        assert_eq!(workers.in_flight(), 1);
        let other = pin!(pipeline.call_async(&(), |()| async { Ok::<_, ()>(1) }));
        assert!(matches!(other.poll(&mut cx), Poll::Ready(Err(CallError::Limited(_)))));
    }
    assert_eq!(workers.in_flight(), 0);
    let mut call = pin!(pipeline.call_async(&(), |()| async { Ok::<_, ()>(1) }));
    assert_eq!(call.as_mut().poll(&mut cx), Poll::Ready(Ok(1)));
    assert_eq!(workers.in_flight(), 0, "before the future is dropped");
}

/// What may be done to a bulkhead.
#[derive(Debug, Clone)]
enum Step {
    Acquire(u32),
    /// The place of this number, of those that are held.
    Release(usize),
    Limit(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u32..6).prop_map(Step::Acquire),
        3 => any::<usize>().prop_map(Step::Release),
        1 => (0_u32..12).prop_map(Step::Limit),
    ]
}

proptest! {
    /// Against a model without packing.
    #[test]
    fn l5_as_a_plain_model(limit in 1_u32..12, steps in prop::collection::vec(step(), 0..80)) {
        let workers = Bulkhead::new(limit);
        let (mut limit, mut held, mut peak, mut refused) = (limit, Vec::new(), 0, 0);
        for step in steps {
            let in_flight: u32 = held.iter().map(|(places, _)| *places).sum();
            match step {
                Step::Acquire(places) => {
                    let fits = places == 0 || in_flight + places <= limit;
                    let place = workers.acquire_n(places);
                    prop_assert_eq!(place.is_ok(), fits);
                    if let Ok(place) = place {
                        held.push((places, place));
                        peak = peak.max(in_flight + places);
                    } else {
                        refused += 1;
                    }
                }
                Step::Release(_) if held.is_empty() => {}
                Step::Release(at) => drop(held.swap_remove(at % held.len())),
                Step::Limit(to) => {
                    prop_assert_eq!(workers.set_limit(to).is_ok(), to > 0);
                    limit = if to > 0 { to } else { limit };
                }
            }
            let in_flight = held.iter().map(|(places, _)| *places).sum();
            prop_assert_eq!(workers.in_flight(), in_flight);
            prop_assert_eq!((workers.limit(), workers.peak()), (Some(limit), peak));
            prop_assert_eq!(workers.refused(), refused);
        }
    }
}
