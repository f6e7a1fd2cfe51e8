//! Hedges and deadlines around tower's services: L7 and L8.

use std::{
    future::{Future, pending, ready},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use fusebox::{
    BreakerConfig, CallError, CircuitBreaker, Deadline, DefaultObserver, Fallback, Hedge, Jitter,
    LimitKind, ManualClock, Rejected, Retry, RetryConfig, StdClock, StdSleep, TokioClock,
    tower::{CircuitBreakerLayer, DeadlineLayer, FallbackLayer, HedgeLayer, RetryPolicy},
};
use http::{Method, Request};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, retry::RetryLayer, service_fn};

const DELAY: Duration = Duration::from_millis(20);

/// Runs on tokio's own clock, which does not wait for time to pass.
fn run<F: Future>(future: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(future)
}

#[test]
fn l7_a_slow_request_is_sent_twice_and_the_loser_gives_its_permit_back() {
    run(async {
        let settings = BreakerConfig::new().failure_threshold(1).build();
        let shop = CircuitBreaker::with(None, settings, TokioClock, DefaultObserver);
        let shop: &'static _ = Box::leak(Box::new(shop));
        let calls = AtomicU32::new(0);
        let calls: &'static AtomicU32 = Box::leak(Box::new(calls));
        let mut service = ServiceBuilder::new()
            .layer(HedgeLayer::new(Hedge::new(DELAY).breaker(shop)).every_request())
            .layer(CircuitBreakerLayer::new(shop))
            .service(service_fn(move |id: u32| async move {
                match calls.fetch_add(1, Ordering::Relaxed) {
                    0 => pending().await,
                    _ => Ok::<_, &str>(id * 2),
                }
            }));
        let begun = tokio::time::Instant::now();
        assert_eq!(service.ready().await.unwrap().call(21).await, Ok(42));
        assert_eq!(begun.elapsed(), DELAY);
        assert_eq!(calls.load(Ordering::Relaxed), 2);
        assert_eq!(shop.counters().failures, 0);
        // A service in trouble is asked once: its only probe is not taken by a hedge.
        shop.trip();
        tokio::time::advance(settings.recovery_timeout()).await;
        calls.store(0, Ordering::Relaxed);
        let answer = tokio::time::timeout(10 * DELAY, service.ready().await.unwrap().call(21));
        assert!(answer.await.is_err());
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        // And the probe that was given up gives its place back.
        assert_eq!(service.ready().await.unwrap().call(21).await, Ok(42));
    });
}

#[test]
fn l7_only_idempotent_requests_are_sent_twice() {
    run(async {
        let sent = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&sent);
        let slow = service_fn(move |_: Request<()>| {
            count.fetch_add(1, Ordering::Relaxed);
            async {
                tokio::time::sleep(3 * DELAY).await;
                Ok::<_, ()>(())
            }
        });
        let layer = HedgeLayer::new(Hedge::new(DELAY));
        let mut by_method = layer.idempotent().layer(slow.clone());
        let mut by_path = layer
            .only_if(|request: &Request<()>| request.uri().path() != "/buy")
            .layer(slow.clone());
        let copied =
            |request: &Request<()>| (request.uri().path() == "/tea").then(|| request.clone());
        let mut by_copy = layer.copying(copied).layer(slow);
        for (method, path, times) in [
            (Method::GET, "/tea", [2, 2, 2]),
            (Method::POST, "/tea", [1, 2, 2]),
            (Method::PUT, "/buy", [2, 1, 1]),
            (Method::PATCH, "/buy", [1, 1, 1]),
        ] {
            let request = Request::builder().method(&method).uri(path).body(()).unwrap();
            let mut counts = [0; 3];
            by_method.ready().await.unwrap().call(request.clone()).await.unwrap();
            counts[0] = sent.swap(0, Ordering::Relaxed);
            by_path.ready().await.unwrap().call(request.clone()).await.unwrap();
            counts[1] = sent.swap(0, Ordering::Relaxed);
            by_copy.ready().await.unwrap().call(request).await.unwrap();
            counts[2] = sent.swap(0, Ordering::Relaxed);
            assert_eq!(counts, times, "{method} {path}");
        }
    });
}

/// Ready for the second time after a while, and panics where it is called unready.
#[derive(Clone)]
struct Picky {
    ready: bool,
    clones: Arc<AtomicU32>,
}

impl Service<u32> for Picky {
    type Response = u32;
    type Error = &'static str;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<u32, &'static str>>>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, id: u32) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called unready");
        match self.clones.fetch_add(1, Ordering::Relaxed) {
            0 => Box::pin(pending()),
            _ => Box::pin(ready(Ok(id))),
        }
    }
}

#[test]
fn l7_no_service_is_called_before_it_is_ready() {
    run(async {
        let picky = Picky { ready: false, clones: Arc::default() };
        let mut service = HedgeLayer::new(Hedge::new(DELAY)).every_request().layer(picky);
        for _ in 0..3 {
            assert_eq!(service.ready().await.unwrap().call(7).await, Ok(7));
        }
    });
}

#[test]
fn l8_a_late_request_does_not_reach_the_service() {
    run(async {
        let layer = DeadlineLayer::from_headers();
        let never = service_fn(|_: Request<()>| async { Err::<(), _>("it was called") });
        let late = || Request::builder().header("x-fusebox-deadline", "0").body(()).unwrap();
        let mut service = layer.layer(never);
        let error = service.ready().await.unwrap().call(late()).await.unwrap_err();
        assert_eq!(error.as_limited().unwrap().kind(), LimitKind::Deadline);
        let never =
            service_fn(|_: Request<()>| async { Err::<(), tower::BoxError>("it was".into()) });
        let mut service = layer.own_errors().layer(never);
        let error = service.ready().await.unwrap().call(late()).await.unwrap_err();
        let rejected = error.downcast_ref::<Rejected>().unwrap();
        assert_eq!(rejected.limit(), Some(LimitKind::Deadline));
        // A header that means nothing is none, and neither is there one.
        for value in [Some("soon"), None] {
            let mut request = Request::builder();
            if let Some(value) = value {
                request = request.header("x-fusebox-deadline", value);
            }
            let request = request.body(()).unwrap();
            let seen = service_fn(|request: Request<()>| async move {
                Ok::<_, ()>((Deadline::current(), request.extensions().get::<Deadline>().copied()))
            });
            let answer = layer.layer(seen).oneshot(request).await.unwrap();
            assert_eq!(answer, (Deadline::NEVER, None));
        }
    });
}

#[test]
fn l8_the_service_sees_it_and_an_extension_holds_before_a_header() {
    run(async {
        let seen = service_fn(|request: Request<()>| {
            let at_once = Deadline::current();
            async move {
                assert_eq!(Deadline::current(), at_once);
                Ok::<_, ()>((at_once, request.extensions().get::<Deadline>().copied()))
            }
        });
        let mut service = DeadlineLayer::from_headers().layer(seen);
        let request = || Request::builder().header("grpc-timeout", "9S").body(()).unwrap();
        let (current, extension) = service.ready().await.unwrap().call(request()).await.unwrap();
        assert_eq!(Some(current), extension);
        let remaining = current.remaining(&StdClock);
        assert!(remaining <= Duration::from_secs(9) && !remaining.is_zero());
        let mut known = request();
        let deadline = Deadline::within(Duration::from_hours(1));
        known.extensions_mut().insert(deadline);
        let (current, _) = service.ready().await.unwrap().call(known).await.unwrap();
        assert_eq!(current, deadline);
        assert!(Deadline::current().is_never());
    });
}

#[test]
fn l8_retries_and_fallbacks_of_services_heed_it() {
    static CLOCK: ManualClock = ManualClock::new();
    run(async {
        let calls = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&calls);
        let down = service_fn(move |()| {
            count.fetch_add(1, Ordering::Relaxed);
            ready(Err::<u32, &str>("down"))
        });
        let settings = RetryConfig::new()
            .unlimited()
            .base_delay(Duration::from_millis(10))
            .jitter(Jitter::None)
            .build();
        // Delays of tokio's, which the manual clock does not see: 10, 20 and 40 ms fit.
        let retry = Retry::with(settings, TokioClock, StdSleep, DefaultObserver);
        let rescue = Fallback::new().or(|(): &()| -> Result<u32, &str> { Ok(7) }).silent();
        let deadline = Deadline::after(Duration::from_millis(50), &CLOCK);
        let layer = DeadlineLayer::of(move |(): &()| deadline).clock(&CLOCK);
        let mut service = ServiceBuilder::new()
            .layer(layer)
            .layer(FallbackLayer::new(rescue))
            .layer(RetryLayer::new(RetryPolicy::new(retry)))
            .service(down.clone());
        assert_eq!(service.ready().await.unwrap().call(()).await, Ok(7));
        assert_eq!(calls.swap(0, Ordering::Relaxed), 4);

        let late = Fallback::new().or(|(): &()| -> Result<u32, &str> { panic!("too late") });
        let slow = service_fn(move |()| {
            CLOCK.advance(Duration::from_millis(50));
            ready(Err::<u32, &str>("slow"))
        });
        let mut service =
            ServiceBuilder::new().layer(layer).layer(FallbackLayer::new(late)).service(slow);
        let answer = service.ready().await.unwrap().call(()).await;
        assert_eq!(answer, Err(CallError::Failed("slow")));
    });
}
