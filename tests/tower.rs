//! The layers in tower's own company: readiness, permits, clones, judges,
//! retries, fallbacks, and real sockets.

mod common;

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::Poll,
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};
use common::{Journal, TIMEOUT, config, context, finish};
use fusebox::{
    BreakerConfig, CallError, CircuitBreaker, DefaultObserver, Fallback, Jitter, ManualClock,
    Outcome, Retry, RetryConfig, SleepBy, State,
    tower::{CircuitBreakerLayer, FallbackLayer, RetryPolicy},
};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_test::{assert_request_eq, mock};

type Breaker = CircuitBreaker<Arc<ManualClock>>;

fn breaker(config: BreakerConfig) -> (Arc<Breaker>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new());
    let breaker = CircuitBreaker::with(None, config.build(), Arc::clone(&clock), DefaultObserver);
    (Arc::new(breaker), clock)
}

#[tokio::test]
async fn calls_pass_and_failures_open() {
    let (breaker, _) = breaker(config().failure_threshold(2));
    let layer = CircuitBreakerLayer::new(Arc::clone(&breaker));
    let (mut service, mut handle) = mock::spawn_layer::<&str, &str, _>(layer);
    for answer in [Ok("yes"), Err("down"), Err("down")] {
        handle.allow(1);
        assert!(service.poll_ready().is_ready());
        let call = tokio::spawn(service.call("ask"));
        let send = handle.next_request().await.unwrap().1;
        match answer {
            Ok(text) => send.send_response(text),
            Err(text) => send.send_error(text),
        }
        assert_eq!(call.await.unwrap().is_ok(), answer.is_ok());
    }
    assert_eq!(breaker.state(), State::Open);
    // Open: ready at once, though the service is not, and rejected.
    handle.allow(0);
    assert!(service.poll_ready().is_ready());
    assert!(matches!(service.call("ask").await, Err(CallError::Rejected(_))));
}

#[tokio::test]
async fn an_open_breaker_never_polls_the_service() {
    struct Untouchable;
    impl Service<()> for Untouchable {
        type Response = ();
        type Error = Infallible;
        type Future = std::future::Ready<Result<(), Infallible>>;
        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
            panic!("polled")
        }
        fn call(&mut self, (): ()) -> Self::Future {
            panic!("called")
        }
    }
    let (breaker, _) = breaker(config());
    breaker.force_open();
    let mut service = CircuitBreakerLayer::new(breaker).layer(Untouchable);
    let answer = service.ready().await.unwrap().call(()).await;
    assert!(matches!(answer, Err(CallError::Rejected(_))));
}

type Asked = Result<u32, &'static str>;

/// A service that answers what it is asked.
fn echo() -> impl Service<Asked, Response = u32, Error = &'static str, Future = Ready<Asked>> + Clone
{
    service_fn(|answer: Asked| ready(answer))
}

#[tokio::test]
async fn a_permit_that_is_never_used_is_given_back() {
    let (breaker, clock) = breaker(config().failure_threshold(1));
    let layer = CircuitBreakerLayer::new(Arc::clone(&breaker));
    let mut service = layer.layer(echo());
    assert!(service.ready().await.unwrap().call(Err("down")).await.is_err());
    clock.advance(TIMEOUT);
    {
        let mut reserving = layer.layer(echo());
        assert!(reserving.poll_ready(&mut context()).is_ready());
        assert_eq!(breaker.snapshot().probes_in_flight, 1);
        // Ready again: still the same place. Clones take none along.
        assert!(reserving.poll_ready(&mut context()).is_ready());
        drop(reserving.clone());
        assert_eq!(breaker.snapshot().probes_in_flight, 1);
        assert!(matches!(
            service.ready().await.unwrap().call(Ok(1)).await,
            Err(CallError::Rejected(_))
        ));
    }
    assert_eq!(breaker.snapshot().probes_in_flight, 0);
    {
        // Neither does a call that is dropped before it is done.
        let pending = service_fn(|()| std::future::pending::<Result<(), ()>>());
        let mut service = layer.layer(pending);
        let call = service.ready().await.unwrap().call(());
        assert_eq!(breaker.snapshot().probes_in_flight, 1);
        drop(call);
    }
    assert_eq!(breaker.snapshot().probes_in_flight, 0);
    assert_eq!(service.ready().await.unwrap().call(Ok(1)).await, Ok(1));
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test]
async fn a_service_that_does_not_get_ready_has_failed() {
    let (breaker, _) = breaker(config().failure_threshold(1));
    let layer = CircuitBreakerLayer::new(Arc::clone(&breaker));
    let (mut service, mut handle) = mock::spawn_layer::<(), (), _>(layer);
    handle.send_error("no connection");
    assert!(matches!(service.poll_ready(), Poll::Ready(Err(CallError::Failed(_)))));
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn while_the_service_is_not_ready_the_place_is_kept() {
    let (breaker, clock) = breaker(config().failure_threshold(1));
    breaker.call(|| Err::<(), _>("down")).unwrap_err();
    clock.advance(TIMEOUT);
    let layer = CircuitBreakerLayer::new(Arc::clone(&breaker));
    let (mut service, mut handle) = mock::spawn_layer::<&str, &str, _>(layer);
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    assert_eq!(breaker.snapshot().probes_in_flight, 1);
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let call = tokio::spawn(service.call("probe"));
    assert_request_eq!(handle, "probe").send_response("well");
    assert_eq!(call.await.unwrap().unwrap(), "well");
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test]
async fn a_panic_in_the_service_is_a_failure() {
    let (breaker, _) = breaker(config().failure_threshold(2));
    let layer = CircuitBreakerLayer::new(Arc::clone(&breaker));
    let late = service_fn(|()| async { panic!("bug") as Result<(), ()> });
    let mut service = layer.layer(late);
    let call = service.ready().await.unwrap().call(());
    assert!(tokio::spawn(call).await.unwrap_err().is_panic());
    assert_eq!(breaker.snapshot().score, 1);
    let at_once = service_fn(|()| -> std::future::Ready<Result<(), ()>> { panic!("bug") });
    let mut service = layer.layer(at_once);
    let task = tokio::spawn(async move { service.ready().await.unwrap().call(()).await });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn a_judge_says_what_an_answer_means() {
    let (breaker, _) = breaker(config().failure_threshold(2));
    let judge = |answer: Result<&u32, &&str>| match answer {
        Ok(503) => Outcome::Failure,
        Ok(_) => Outcome::Success,
        Err(_) => Outcome::Ignore,
    };
    let mut service = CircuitBreakerLayer::judged(Arc::clone(&breaker), judge).layer(echo());
    for (answer, failures) in [(Ok(503), 1), (Err("my fault"), 1), (Ok(200), 0), (Ok(503), 1)] {
        assert_eq!(
            service.ready().await.unwrap().call(answer).await,
            answer.map_err(CallError::Failed),
            "the answer itself is not touched"
        );
        assert_eq!(breaker.snapshot().score, failures);
    }
    let _ = service.ready().await.unwrap().call(Ok(503)).await;
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn it_stands_among_towers_own_layers() {
    let (breaker, _) = breaker(config());
    let service = ServiceBuilder::new()
        .boxed_clone()
        .buffer(4)
        .load_shed()
        .concurrency_limit(2)
        .timeout(Duration::from_secs(5))
        // `tower::BoxError` takes rejections in.
        .map_err(|error: CallError<tower::BoxError>| error.into_own())
        .layer(CircuitBreakerLayer::new(Arc::clone(&breaker)))
        .map_err(tower::BoxError::from)
        .service(echo());
    assert_eq!(service.clone().oneshot(Ok(1)).await.unwrap(), 1);
    breaker.force_open();
    let error = service.oneshot(Ok(1)).await.unwrap_err();
    assert!(error.to_string().contains("forced open"), "{error}");
}

#[tokio::test]
async fn a_retry_is_a_policy_of_towers_own_layer() {
    let clock = ManualClock::new();
    let sleeps = AtomicU32::new(0);
    let sleep = |_| {
        sleeps.fetch_add(1, Ordering::Relaxed);
        ready(())
    };
    let settings = RetryConfig::new().max_attempts(3).jitter(Jitter::None).build();
    let retry = Retry::with(settings, &clock, SleepBy(&sleep), DefaultObserver)
        .retry_if(|error: &&str| *error != "refused");
    let calls = AtomicU32::new(0);
    let inner = service_fn(|good: u32| {
        let number = calls.fetch_add(1, Ordering::Relaxed) + 1;
        ready(if number < good { Err("down") } else { Ok(number) })
    });
    let service = RetryPolicy::layer(retry).layer(inner);
    assert_eq!(service.clone().oneshot(3).await, Ok(3));
    assert_eq!(sleeps.load(Ordering::Relaxed), 2);
    // Each call begins anew.
    calls.store(0, Ordering::Relaxed);
    assert_eq!(service.clone().oneshot(100).await, Err("down"));
    assert_eq!(calls.swap(0, Ordering::Relaxed), 3);
    let refused = service_fn(|_: u32| {
        calls.fetch_add(1, Ordering::Relaxed);
        ready(Err::<(), _>("refused"))
    });
    assert_eq!(RetryPolicy::layer(retry).layer(refused).oneshot(1).await, Err("refused"));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

/// A response with a `Retry-After` of its own.
#[tokio::test]
async fn a_retry_may_try_again_on_a_response() {
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Response(u16, Option<Duration>);

    let slept = std::sync::Mutex::new(Vec::new());
    let sleep = |delay: Duration| {
        slept.lock().unwrap().push(delay);
        ready(())
    };
    let clock = ManualClock::new();
    let retry = Retry::with(RetryConfig::new().build(), &clock, SleepBy(&sleep), DefaultObserver)
        .retry_on(|answer: Result<&Response, &Infallible>| matches!(answer, Ok(Response(503, _))))
        .delay_hint_on(|answer: Result<&Response, &Infallible>| answer.ok()?.1);
    for (answers, expected, delays) in [
        (vec![Response(503, Some(Duration::from_secs(3))), Response(200, None)], 200, vec![3]),
        (vec![Response(404, None)], 404, vec![]),
        (vec![Response(503, Some(Duration::from_secs(1))); 3], 503, vec![1, 1]),
    ] {
        let answers = std::sync::Mutex::new(answers.into_iter());
        let inner = service_fn(|()| ready(Ok(answers.lock().unwrap().next().expect("asked for"))));
        let response = RetryPolicy::layer(retry).layer(inner).oneshot(()).await.unwrap();
        assert_eq!(response.0, expected);
        let slept: Vec<_> = slept.lock().unwrap().drain(..).map(|it| it.as_secs()).collect();
        assert_eq!(slept, delays);
    }
}

#[tokio::test]
async fn a_fallback_answers_in_place_of_a_response() {
    let is_busy = |answer: Result<&u32, &&str>| matches!(answer, Ok(503) | Err(&"down"));
    let fallback = Fallback::when(&is_busy).or_value(7);
    let service = FallbackLayer::new(fallback).layer(echo());
    for (own, expected) in
        [(Ok(503), Ok(7)), (Err("down"), Ok(7)), (Ok(200), Ok(200)), (Err("mine"), Err("mine"))]
    {
        assert_eq!(service.clone().oneshot(own).await, expected);
    }
}

#[tokio::test]
async fn a_fallback_answers_for_the_breaker_inside_it() {
    let (breaker, _) = breaker(config().failure_threshold(1));
    let rescue = |request: &Asked, error: &CallError<&'static str>| match error {
        CallError::Rejected(_) => Ok(0),
        _ if *request == Err("hopeless") => Err(*error),
        _ => Ok(1),
    };
    let journal = Journal::default();
    let fallback = Fallback::new().or_with(&rescue).named("shop").observer(&journal);
    let mut service = ServiceBuilder::new()
        .layer(FallbackLayer::new(fallback))
        .layer(CircuitBreakerLayer::new(Arc::clone(&breaker)))
        .service(echo());
    assert_eq!(service.ready().await.unwrap().call(Ok(7)).await, Ok(7));
    assert_eq!(service.ready().await.unwrap().call(Err("down")).await, Ok(1));
    assert_eq!(service.ready().await.unwrap().call(Ok(7)).await, Ok(0), "open by now");
    breaker.reset();
    assert_eq!(
        service.ready().await.unwrap().call(Err("hopeless")).await,
        Err(CallError::Failed("hopeless"))
    );
    let told = journal.take();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0], "shop fallback, layer Some(1), age None, 1 errors: [Failed(\"down\")]");
    assert!(told[1].starts_with("shop fallback, layer Some(1)"), "{}", told[1]);
    assert_eq!(
        told[2],
        "shop fallback, layer None, age None, 2 errors: [Failed(\"hopeless\"), Failed(\"hopeless\")]",
        "it failed, too, and names no layer"
    );
}

#[test]
fn f3_a_fallback_is_told_after_its_answer() {
    let journal = Journal::default();
    let slow = |id: &u32| {
        let id = *id;
        common::after(2, if id == 0 { Err("no such thing") } else { Ok(id) })
    };
    let fallback = Fallback::new().or_async(&slow).observer(&journal);
    let service = FallbackLayer::new(fallback).layer(service_fn(|_: u32| ready(Err("down"))));

    let mut call = std::pin::pin!(service.oneshot(7));
    assert!(call.as_mut().poll(&mut context()).is_pending());
    assert!(journal.take().is_empty(), "nothing has answered yet");
    assert_eq!(finish(call), Ok(7));
    let told = journal.take();
    assert!(told.len() == 1 && told[0].contains("layer Some(1)"), "{told:?}");

    assert_eq!(finish(service.oneshot(0)), Err("no such thing"));
    let told = journal.take();
    assert!(told.len() == 1 && told[0].contains("layer None, age None, 2 errors"), "{told:?}");

    // Dropped while it asks, it has not answered.
    let mut dropped = Box::pin(service.oneshot(7));
    assert!(dropped.as_mut().poll(&mut context()).is_pending());
    drop(dropped);
    assert!(journal.take().is_empty());
}

/// A service that counts how often it is reached.
fn counting(
    reached: &AtomicU32,
) -> impl Service<(), Response = (), Error = &'static str, Future = Ready<Result<(), &'static str>>>
{
    service_fn(|()| {
        reached.fetch_add(1, Ordering::Relaxed);
        ready(Ok(()))
    })
}

#[tokio::test]
async fn b19_a_permit_reserved_before_the_opening_is_asked_again() {
    let reached = AtomicU32::new(0);
    for forced in [true, false] {
        for ready_again in [true, false] {
            let (breaker, clock) = breaker(config().failure_threshold(1));
            let layer = CircuitBreakerLayer::new(Arc::clone(&breaker));
            let mut service = layer.layer(counting(&reached));
            assert!(service.poll_ready(&mut context()).is_ready());
            if forced {
                breaker.force_open();
            } else {
                breaker.call(|| Err::<(), _>("down")).unwrap_err();
            }
            if ready_again {
                assert!(service.poll_ready(&mut context()).is_ready());
            }
            let answer = service.call(()).await;
            assert!(matches!(answer, Err(CallError::Rejected(_))), "{forced} {ready_again}");
            assert_eq!(reached.load(Ordering::Relaxed), 0, "{forced} {ready_again}");

            // Later it is admitted again, as a probe of its own.
            clock.advance(TIMEOUT);
            breaker.close();
            assert_eq!(service.ready().await.unwrap().call(()).await, Ok(()));
            assert_eq!(reached.swap(0, Ordering::Relaxed), 1);
        }
    }
}

#[tokio::test]
async fn b19_a_probe_reserved_before_a_close_is_an_ordinary_call() {
    let reached = AtomicU32::new(0);
    let (breaker, clock) = breaker(config().failure_threshold(1));
    breaker.call(|| Err::<(), _>("down")).unwrap_err();
    clock.advance(TIMEOUT);
    let mut service = CircuitBreakerLayer::new(Arc::clone(&breaker)).layer(counting(&reached));
    assert!(service.poll_ready(&mut context()).is_ready());
    assert_eq!(breaker.snapshot().probes_in_flight, 1);
    breaker.close();
    assert_eq!(service.call(()).await, Ok(()));
    assert_eq!((reached.load(Ordering::Relaxed), breaker.state()), (1, State::Closed));
}

#[tokio::test]
async fn r4_a_delay_of_zero_takes_no_timer() {
    let clock = ManualClock::new();
    let never = |_| -> Ready<()> { panic!("a timer was asked for") };
    let settings =
        RetryConfig::new().max_attempts(3).base_delay(Duration::ZERO).jitter(Jitter::None);
    let retry = Retry::with(settings.build(), &clock, SleepBy(&never), DefaultObserver);
    let down = service_fn(|_: u32| ready(Err::<(), _>("down")));
    assert_eq!(RetryPolicy::layer(retry).layer(down).oneshot(1).await, Err("down"));
}

#[tokio::test]
async fn backpressure_waits_for_the_half_open_moment() {
    let (breaker, clock) = breaker(config().failure_threshold(1));
    breaker.call(|| Err::<(), _>("down")).unwrap_err();
    let asked = std::sync::Mutex::new(Vec::new());
    let sleep = |delay: Duration| {
        asked.lock().unwrap().push(delay);
        // Woken a little early once, to be sent back to wait.
        let early = asked.lock().unwrap().len() == 1;
        clock.advance(if early { delay.saturating_sub(Duration::from_millis(1)) } else { delay });
        common::after(1, ())
    };
    let layer = CircuitBreakerLayer::new(&*breaker).waiting(SleepBy(&sleep));
    let mut service = layer.layer(echo());
    assert!(service.poll_ready(&mut context()).is_pending());
    assert!(service.poll_ready(&mut context()).is_pending());
    assert!(service.poll_ready(&mut context()).is_ready());
    assert_eq!(*asked.lock().unwrap(), [TIMEOUT, Duration::from_millis(1)]);
    assert_eq!(service.call(Ok(1)).await, Ok(1));
    assert_eq!(breaker.state(), State::Closed);
    // Dropped while it waits, it leaves nothing.
    breaker.force_open();
    let mut waiting = layer.layer(echo());
    assert!(waiting.poll_ready(&mut context()).is_pending());
    drop(waiting);
    assert_eq!(asked.lock().unwrap().last(), Some(&Duration::from_millis(50)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_real_sockets_a_503_opens_and_a_recovery_closes() {
    static STATUS: AtomicU32 = AtomicU32::new(200);
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let answer = || async {
        ASKED.fetch_add(1, Ordering::Relaxed);
        StatusCode::from_u16(u16::try_from(STATUS.load(Ordering::Relaxed)).unwrap()).unwrap()
    };
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/", get(answer))).await.unwrap();
    });

    let (breaker, clock) = breaker(config().failure_threshold(3));
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let mut service =
        CircuitBreakerLayer::judged(Arc::clone(&breaker), fusebox::http::judge).layer(client);
    let mut ask = async || {
        let request = hyper::Request::get(&url).body(Empty::new()).unwrap();
        let service: &mut _ = &mut service;
        let ready = ServiceExt::<hyper::Request<Empty<Bytes>>>::ready(service).await.unwrap();
        match ready.call(request).await {
            Ok(response) => {
                let status = response.status().as_u16();
                response.into_body().collect().await.unwrap();
                Some(status)
            }
            Err(CallError::Rejected(_)) => None,
            Err(error) => panic!("{error:?}"),
        }
    };
    assert_eq!(ask().await, Some(200));
    STATUS.store(503, Ordering::Relaxed);
    for _ in 0..3 {
        assert_eq!(ask().await, Some(503));
    }
    let asked = ASKED.load(Ordering::Relaxed);
    assert_eq!(ask().await, None);
    assert_eq!(ASKED.load(Ordering::Relaxed), asked, "the server was left in peace");
    STATUS.store(200, Ordering::Relaxed);
    clock.advance(TIMEOUT);
    assert_eq!(ask().await, Some(200));
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test]
async fn and_it_guards_an_axum_server() {
    let (breaker, _) = breaker(config());
    let layer = ServiceBuilder::new()
        .layer(axum::error_handling::HandleErrorLayer::new(
            |error: CallError<Infallible>| async move {
                (StatusCode::SERVICE_UNAVAILABLE, error.to_string())
            },
        ))
        .layer(CircuitBreakerLayer::new(Arc::clone(&breaker)));
    let app = Router::new().route("/", get(|| async { "fine" })).layer(layer);
    let status = async |app: Router| {
        let request = axum::http::Request::get("/").body(axum::body::Body::empty()).unwrap();
        app.oneshot(request).await.unwrap().status()
    };
    assert_eq!(status(app.clone()).await, StatusCode::OK);
    breaker.force_open();
    assert_eq!(status(app).await, StatusCode::SERVICE_UNAVAILABLE);
}

/// A call begins when it is made, and not when the service was ready for it.
#[tokio::test]
async fn s6_slow_calls_count_from_the_call_on() {
    let limit = Duration::from_millis(100);
    let (breaker, clock) = breaker(config().failure_threshold(3).slow_call(limit));
    let takes = Arc::clone(&clock);
    let slow = service_fn(move |millis: u64| {
        takes.advance(Duration::from_millis(millis));
        ready(Ok::<_, Infallible>(millis))
    });
    let mut service = CircuitBreakerLayer::new(Arc::clone(&breaker)).layer(slow);
    let mut call = async |millis| {
        service.ready().await.unwrap();
        clock.advance(Duration::from_secs(10)); // reserved, and not used
        service.call(millis).await
    };
    call(100).await.unwrap();
    assert_eq!((breaker.snapshot().score, breaker.counters().slow), (0, 0));
    for calls in 1..=3 {
        call(101).await.unwrap();
        assert_eq!(breaker.counters().slow, calls);
    }
    assert_eq!(breaker.state(), State::Open);
    call(1).await.unwrap_err();
}
