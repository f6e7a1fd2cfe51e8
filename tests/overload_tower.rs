//! Errors of services that say overload, and breakers that hear of it without being told
//! how: O2.

#[path = "common/outcomes.rs"]
mod outcomes;

use std::{io, time::Duration};

use fusebox::{
    CallError, CircuitBreaker, DefaultObserver, Judge, LimitKind, Limited, Outcome, OverloadIf,
    Panel, Registry, StdClock, http,
    tower::{CircuitBreakerLayer, KeyedBreakerLayer, KnownErrors},
};
use outcomes::{Watched, outcomes, watched};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};

fn leaked() -> &'static Watched {
    Box::leak(Box::new(watched()))
}

/// The error of tokio's timeout.
async fn elapsed() -> tokio::time::error::Elapsed {
    tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err()
}

fn judged<E: 'static>(error: &E) -> Outcome {
    KnownErrors.judge(Err::<&(), _>(error))
}

#[tokio::test(start_paused = true)]
async fn o2_a_timeout_of_tower_inside_a_breaker_is_an_overload() {
    let shop = leaked();
    let mut service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(shop).own_errors())
        .timeout(Duration::from_secs(1))
        .service(service_fn(|answers: bool| async move {
            if !answers {
                std::future::pending::<()>().await;
            }
            Err::<(), BoxError>("down".into())
        }));
    for (answers, outcome) in [(false, Outcome::Overload), (true, Outcome::Failure)] {
        service.ready().await.unwrap().call(answers).await.unwrap_err();
        assert_eq!(outcomes(shop), [outcome], "it answers: {answers}");
    }
}

#[tokio::test(start_paused = true)]
async fn o2_errors_of_known_types_are_seen_through() {
    let boxed = |error: io::Error| -> BoxError { error.into() };
    let slow = || io::Error::from(io::ErrorKind::TimedOut);
    let down = || io::Error::from(io::ErrorKind::ConnectionRefused);
    assert_eq!((judged(&slow()), judged(&down())), (Outcome::Overload, Outcome::Failure));
    assert_eq!(judged(&boxed(slow())), Outcome::Overload);
    assert_eq!(judged(&boxed(down())), Outcome::Failure);
    let here: Box<dyn std::error::Error> = slow().into();
    assert_eq!(judged(&here), Outcome::Overload);
    assert_eq!(judged(&CallError::Failed(slow())), Outcome::Overload);
    assert_eq!(judged(&CallError::Failed(boxed(slow()))), Outcome::Overload);
    assert_eq!(judged(&CallError::Failed(boxed(down()))), Outcome::Failure);
    let full = |kind| Limited::new(None, kind, None);
    assert_eq!(
        judged(&CallError::<BoxError>::Limited(full(LimitKind::Overload))),
        Outcome::Overload
    );
    assert_eq!(judged(&CallError::<BoxError>::Limited(full(LimitKind::Rate))), Outcome::Failure);
    assert_eq!(judged(&elapsed().await), Outcome::Overload);
    assert_eq!(judged(&BoxError::from(elapsed().await)), Outcome::Overload);
    assert_eq!(judged(&io::Error::from(elapsed().await)), Outcome::Overload);
    assert_eq!(judged(&"of a type of one's own"), Outcome::Failure);
    assert_eq!(KnownErrors.judge(Ok::<_, &BoxError>(&())), Outcome::Success);
}

#[cfg(feature = "anyhow")]
#[test]
fn o2_errors_of_anyhow_are_seen_through() {
    use anyhow::Context as _;

    let slow = || io::Error::from(io::ErrorKind::TimedOut);
    assert_eq!(judged(&anyhow::Error::new(slow())), Outcome::Overload);
    let far: Result<(), _> = Err(slow());
    assert_eq!(judged(&far.context("the shop").unwrap_err()), Outcome::Overload);
    assert_eq!(judged(&anyhow::Error::from_boxed(slow().into())), Outcome::Overload);
    assert_eq!(judged(&anyhow::anyhow!("down")), Outcome::Failure);
}

#[tokio::test]
async fn o2_a_breaker_of_each_key_hears_of_it_too() {
    static HOSTS: Registry<8, StdClock, DefaultObserver> = Registry::new();
    let panel: Panel<'static, _, _> = HOSTS.panel();
    let settings = fusebox::BreakerConfig::new().failure_threshold(1).build();
    let layer = KeyedBreakerLayer::new(panel, "others", settings, |host: &String| &**host).unwrap();
    let mut service = ServiceBuilder::new().layer(layer).service(service_fn(|_: String| async {
        Err::<(), BoxError>(io::Error::from(io::ErrorKind::TimedOut).into())
    }));
    let answer = service.ready().await.unwrap().call("eu".into()).await;
    assert!(matches!(answer, Err(CallError::Failed(_))));
    // An overload is a failure, and one is enough here.
    assert_eq!(HOSTS.get("eu").map(CircuitBreaker::state), Some(fusebox::State::Open));
}

#[tokio::test]
async fn o2_an_error_of_ones_own_is_told_by_a_predicate_and_a_response_by_its_status() {
    let shop = leaked();
    let judge = OverloadIf::new(|status: &u16| *status == 429);
    let mut service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::judged(shop, judge))
        .service(service_fn(|status: u16| async move { Err::<(), _>(status) }));
    for (status, outcome) in [(429, Outcome::Overload), (500, Outcome::Failure)] {
        service.ready().await.unwrap().call(status).await.unwrap_err();
        assert_eq!(outcomes(shop), [outcome]);
    }

    let mut service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::judged(shop, http::judge))
        .service(service_fn(|status: u16| async move {
            Ok::<_, io::Error>(::http::Response::builder().status(status).body(()).unwrap())
        }));
    for (status, outcome) in
        [(504, Outcome::Overload), (500, Outcome::Failure), (404, Outcome::Success)]
    {
        service.ready().await.unwrap().call(status).await.unwrap();
        assert_eq!(outcomes(shop), [outcome]);
    }
}
