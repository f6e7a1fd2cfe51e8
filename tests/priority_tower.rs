//! Priorities of requests to services: O3.

use std::{convert::Infallible, future::Future, pin::pin, task::Poll, time::Duration};

use fusebox::{
    AsyncSleep, BreakerConfig, CallError, CircuitBreaker, DefaultObserver, LimitKind, ManualClock,
    Outcome, Permit, Priority,
    http::{PRIORITY, write_priority},
    tower::{CircuitBreakerLayer, PriorityLayer},
};
use http::Request;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..100 {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
    panic!("it never ends")
}

/// The priorities in which the service was made ready, was called, and was polled.
type Seen = [Priority; 3];

/// A service that tells in which scope it runs.
#[derive(Clone, Default)]
struct Telling {
    ready: Priority,
}

impl<R> Service<R> for Telling {
    type Response = Seen;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Seen, Infallible>>>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = Priority::current();
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: R) -> Self::Future {
        let (ready, called) = (self.ready, Priority::current());
        Box::pin(async move {
            let mut waited = false;
            std::future::poll_fn(|_| {
                if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            Ok([ready, called, Priority::current()])
        })
    }
}

fn ask<R, S: Service<R, Response = Seen, Error = Infallible>>(service: S, request: R) -> Seen {
    let seen = finish(service.oneshot(request)).unwrap();
    assert_eq!(Priority::current(), Priority::DEFAULT, "its scope has ended");
    seen
}

#[test]
fn o3_a_function_of_the_request_says_it() {
    let layer = PriorityLayer::of(|level: &u8| Priority::new(*level));
    for level in [0, 7, 160, 255] {
        let seen = ask(layer.layer(Telling::default()), level);
        assert_eq!(seen[1..], [Priority::new(level); 2]);
    }
}

#[test]
fn o3_one_for_all_requests_holds_from_readiness_on() {
    let layer = PriorityLayer::new(Priority::BACKGROUND);
    assert_eq!(ask(layer.layer(Telling::default()), ()), [Priority::BACKGROUND; 3]);
}

fn request(headers: &[&str]) -> Request<()> {
    let mut request = Request::new(());
    for value in headers {
        request.headers_mut().append(PRIORITY, value.parse().unwrap());
    }
    request
}

#[test]
fn o3_an_extension_says_it_or_a_header() {
    let layer = PriorityLayer::from_headers();
    let of = |request| ask(layer.layer(Telling::default()), request)[2];
    assert_eq!(of(request(&["critical"])), Priority::CRITICAL);
    assert_eq!(of(request(&["7"])), Priority::new(7));
    assert_eq!(of(request(&[])), Priority::DEFAULT);
    assert_eq!(of(request(&["high"])), Priority::DEFAULT, "a bad header is none");
    let mut known = request(&["critical"]);
    known.extensions_mut().insert(Priority::SHEDDABLE);
    assert_eq!(of(known), Priority::SHEDDABLE, "an extension holds");
}

#[test]
fn o3_a_request_without_one_runs_in_the_scope_in_which_it_is_sent() {
    let mut service = PriorityLayer::from_headers().layer(Telling::default());
    let sent = async {
        let scope = Priority::CRITICAL;
        scope
            .scope(async {
                ServiceExt::<Request<()>>::ready(&mut service).await?.call(request(&[])).await
            })
            .await
    };
    assert_eq!(finish(sent), Ok([Priority::CRITICAL; 3]));
}

#[test]
fn o3_a_header_from_outside_is_taken_for_no_more_than_is_allowed() {
    let layer = PriorityLayer::from_headers().at_most(Priority::DEFAULT);
    let of = |request| ask(layer.layer(Telling::default()), request)[2];
    assert_eq!(of(request(&["critical"])), Priority::DEFAULT);
    assert_eq!(of(request(&["255"])), Priority::DEFAULT);
    assert_eq!(of(request(&["background"])), Priority::BACKGROUND);
    let mut known = request(&["background"]);
    known.extensions_mut().insert(Priority::CRITICAL);
    assert_eq!(of(known), Priority::CRITICAL, "our own extension is no header");
}

#[test]
fn o3_the_handler_finds_it_in_the_extensions() {
    let service = service_fn(|request: Request<()>| async move {
        Ok::<_, Infallible>(request.extensions().get::<Priority>().copied())
    });
    let layer = PriorityLayer::from_headers();
    assert_eq!(finish(layer.layer(service).oneshot(request(&["9"]))), Ok(Some(Priority::new(9))));
    assert_eq!(finish(layer.layer(service).oneshot(request(&[]))), Ok(None));
}

/// A front that asks a back, each a server with its own layer: what the caller said is
/// what both run in.
#[test]
fn o3_it_is_the_same_all_down_a_chain() {
    let back = service_fn(|request: Request<()>| async {
        // Another host: nothing but the header crosses.
        let server = || ask(PriorityLayer::from_headers().layer(Telling::default()), request);
        Ok::<_, Infallible>(std::thread::scope(|host| host.spawn(server).join().unwrap()))
    });
    let client = ServiceBuilder::new()
        .map_request(|mut request: Request<()>| {
            write_priority(request.headers_mut(), Priority::current());
            request
        })
        .service(back);
    let front = service_fn(move |_: Request<()>| client.clone().oneshot(Request::new(())));
    let front = PriorityLayer::from_headers().layer(front);
    for value in ["critical", "sheddable", "background", "3", "255"] {
        let seen = finish(front.clone().oneshot(request(&[value]))).unwrap();
        assert_eq!(seen[2].to_string(), value);
    }
}

#[test]
fn o3_a_clone_is_a_layer_of_its_own() {
    let service = PriorityLayer::of(|level: &u8| Priority::new(*level)).layer(Telling::default());
    let (first, second) = (service.clone(), service);
    assert_eq!((ask(first, 1)[2], ask(second, 2)[2]), (Priority::new(1), Priority::new(2)));
}

type Breaker<'c> = CircuitBreaker<&'c ManualClock>;

/// A breaker that admits one in a hundred of its calls, of which nearly all have been of the
/// background.
fn shedding(clock: &ManualClock) -> Breaker<'_> {
    let settings = BreakerConfig::new().failure_threshold(2_047).max_shed(99).build();
    let breaker = CircuitBreaker::with(None, settings, clock, DefaultObserver);
    breaker.acquire_many(32).unwrap().report_all(&[Outcome::Overload; 32]);
    for _ in 0..250 {
        let _ = breaker.try_acquire_as(Priority::BACKGROUND).map(Permit::ignore);
    }
    // The next one that is turned away makes the line run through the background.
    clock.advance(Duration::from_millis(10));
    let _ = breaker.try_acquire_as(Priority::BACKGROUND).map(Permit::ignore);
    assert_eq!(breaker.reading().admits_from.map(Priority::class), Some(2));
    breaker
}

/// Why a request was not made, if it was not.
fn why<S, R>(service: S, request: R) -> Option<LimitKind>
where
    S: Service<R, Response = (), Error = CallError<Infallible>>,
{
    finish(service.oneshot(request)).err().map(|error| match error {
        CallError::Rejected(rejected) => rejected.limit().expect("it is closed"),
        other => panic!("{other:?}"),
    })
}

#[test]
fn o3_a_breaker_inside_is_asked_under_the_priority_of_the_request() {
    let clock = ManualClock::new();
    let breaker = &shedding(&clock);
    let rejections = breaker.counters().rejections;
    let inner = service_fn(|_: Priority| async { Ok::<_, Infallible>(()) });
    let inner = CircuitBreakerLayer::new(breaker).layer(inner);
    let service = PriorityLayer::of(|priority: &Priority| *priority).layer(inner);
    // Not more of them than one in a hundred of all calls.
    for _ in 0..2 {
        assert_eq!(why(service.clone(), Priority::CRITICAL), None);
        assert_eq!(why(service.clone(), Priority::BACKGROUND), Some(LimitKind::Shedding));
    }
    assert_eq!(breaker.counters().rejections, rejections + 2, "each is asked for once");
}

#[test]
fn o3_a_breaker_inside_is_asked_under_the_priority_of_a_header() {
    let clock = ManualClock::new();
    let breaker = &shedding(&clock);
    let inner = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(()) });
    let inner = CircuitBreakerLayer::new(breaker).layer(inner);
    let service = PriorityLayer::from_headers().layer(inner);
    assert_eq!(why(service.clone(), request(&["critical"])), None);
    assert_eq!(why(service.clone(), request(&["background"])), Some(LimitKind::Shedding));
    assert_eq!(why(service, request(&["0"])), Some(LimitKind::Shedding));
}

#[test]
fn o3_a_permit_from_before_the_gate_is_asked_for_again() {
    let clock = ManualClock::new();
    let settings = BreakerConfig::new().failure_threshold(2_047).max_shed(99).build();
    let breaker = &CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    let inner = service_fn(|_: Priority| async { Ok::<_, Infallible>(()) });
    let inner = CircuitBreakerLayer::new(breaker).layer(inner);
    let mut services = [inner.clone(), inner]
        .map(|inner| PriorityLayer::of(|priority: &Priority| *priority).layer(inner));
    let answers = services.each_mut().map(|service| finish(service.ready()).map(drop));
    assert!(answers.iter().all(Result::is_ok));
    breaker.acquire_many(32).unwrap().report_all(&[Outcome::Overload; 32]);
    // Nobody has called yet: the line runs through the default class.
    let [first, second] = &mut services;
    assert!(finish(first.call(Priority::BACKGROUND)).is_err());
    assert!(finish(second.call(Priority::CRITICAL)).is_ok());
}

/// A layer that waits has nothing to wait for here.
#[derive(Clone, Copy)]
struct NoSleep;

impl AsyncSleep for NoSleep {
    type Sleep = std::future::Ready<()>;

    fn sleep_async(&self, _: Duration) -> Self::Sleep {
        std::future::ready(())
    }
}

#[test]
fn o3_a_layer_that_waits_asks_again_for_a_request_of_another_priority() {
    let clock = ManualClock::new();
    let breaker = &shedding(&clock);
    let inner = service_fn(|_: Priority| async { Ok::<_, Infallible>(()) });
    let inner = CircuitBreakerLayer::new(breaker).waiting(NoSleep).layer(inner);
    let service = PriorityLayer::of(|priority: &Priority| *priority).layer(inner);
    let rejections = || breaker.counters().rejections;
    let before = rejections();
    assert_eq!(why(service.clone(), Priority::DEFAULT), None);
    assert_eq!(why(service.clone(), Priority::CRITICAL), None);
    assert_eq!(rejections(), before);
    assert_eq!(why(service, Priority::BACKGROUND), Some(LimitKind::Shedding));
}
