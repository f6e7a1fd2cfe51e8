//! Limits of calls in flight that are found out, as layers for tower: L6.

use std::{
    future::{Future, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use fusebox::{
    AdaptiveConfig, AdaptiveLimit, CallError, DefaultObserver, LimitKind, Load, ManualClock,
    Rejected, tower::AdaptiveLayer,
};
use tower::{Layer, Service, service_fn};

const MS: Duration = Duration::from_millis(1);

/// Polls once.
fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A service that answers with the status of its request, once it may.
fn service(
    open: &Arc<AtomicBool>,
) -> impl Service<u16, Response = u16, Error = std::io::Error, Future: Send> + Clone + Send + 'static
{
    let open = Arc::clone(open);
    service_fn(move |status: u16| {
        let open = Arc::clone(&open);
        async move {
            poll_fn(|_| if open.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending })
                .await;
            if status == 0 { Err(std::io::ErrorKind::Other.into()) } else { Ok(status) }
        }
    })
}

fn busy(answer: Result<&u16, &std::io::Error>) -> Load {
    match answer {
        Ok(503) => Load::Overloaded,
        Ok(_) => Load::Served,
        Err(_) => Load::Unknown,
    }
}

#[test]
fn l6_a_service_is_measured_and_turns_calls_away() {
    let clock: &ManualClock = Box::leak(Box::default());
    let settings = AdaptiveConfig::new().initial(2).build();
    let limit = Arc::new(AdaptiveLimit::with(None, settings, clock, DefaultObserver));
    let open = Arc::new(AtomicBool::new(false));
    let mut guarded = AdaptiveLayer::judged(Arc::clone(&limit), busy).layer(service(&open));

    let mut first = Box::pin(guarded.call(200));
    assert_eq!(limit.in_flight(), 1, "from the call on");
    let mut clone = guarded.clone();
    let mut second = Box::pin(clone.call(0));
    let mut refused = Box::pin(guarded.call(200));
    let Poll::Ready(Err(CallError::Limited(limited))) = poll(&mut refused) else {
        panic!("it was not turned away");
    };
    assert_eq!(limited.kind(), LimitKind::Adaptive);
    assert!(poll(&mut first).is_pending() && poll(&mut second).is_pending());
    open.store(true, Ordering::Relaxed);
    assert!(matches!(poll(&mut first), Poll::Ready(Ok(200))));
    assert_eq!(limit.in_flight(), 1);
    assert!(matches!(poll(&mut second), Poll::Ready(Err(CallError::Failed(_)))));
    assert_eq!(limit.in_flight(), 0);
    drop(guarded.call(200));
    assert_eq!(limit.in_flight(), 0, "a dropped call gives its place back");

    let mut own = AdaptiveLayer::judged(&*limit, busy).own_errors().layer(service(&open));
    let places = [limit.try_acquire().unwrap(), limit.try_acquire().unwrap()];
    let Poll::Ready(Err(error)) = poll(&mut Box::pin(own.call(200))) else { panic!() };
    let rejected = error.get_ref().and_then(|it| it.downcast_ref::<Rejected>()).unwrap();
    assert_eq!(rejected.limit(), Some(LimitKind::Adaptive));
    drop(places);
}

/// The limit after so many windows of calls with this status.
fn after(layer: impl Fn(Arc<Limit>) -> Box<dyn FnMut(u16) -> bool>, status: u16) -> (u32, u64) {
    let clock: &ManualClock = Box::leak(Box::default());
    let settings = AdaptiveConfig::new().initial(100).build();
    let limit = Arc::new(AdaptiveLimit::with(None, settings, clock, DefaultObserver));
    let mut call = layer(Arc::clone(&limit));
    for _ in 0..500 {
        clock.advance(10 * MS);
        assert!(call(status));
    }
    (limit.limit().unwrap(), limit.measured())
}

type Limit = AdaptiveLimit<&'static ManualClock, DefaultObserver>;

#[test]
fn l6_a_judge_says_which_responses_are_overload() {
    let open = Arc::new(AtomicBool::new(true));
    let judged = |limit| -> Box<dyn FnMut(u16) -> bool> {
        let mut guarded = AdaptiveLayer::judged(limit, busy).layer(service(&open));
        Box::new(move |status| poll(&mut Box::pin(guarded.call(status))).is_ready())
    };
    let plain = |limit| -> Box<dyn FnMut(u16) -> bool> {
        let mut guarded = AdaptiveLayer::new(limit).layer(service(&open));
        Box::new(move |status| poll(&mut Box::pin(guarded.call(status))).is_ready())
    };
    let (limit, measured) = after(judged, 503);
    assert!(limit < 100 && measured == 0, "{limit}, {measured}");
    let (limit, measured) = after(plain, 503);
    assert!(limit == 100 && measured > 300, "{limit}, {measured}: a response is one");
    assert_eq!(after(plain, 0), (100, 0), "an error says nothing");
}
