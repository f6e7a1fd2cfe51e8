//! What users of tower ask for: layers above ours, requests that cannot be
//! cloned, methods that may be sent twice, a breaker for each host.
#![cfg(all(feature = "tower", feature = "http", feature = "tokio"))]

mod common;

use std::{
    ptr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use common::millis;
use fusebox::{
    BreakerConfig, BreakerSettings, BudgetConfig, CallError, CircuitBreaker, Registry,
    RegistryError, Rejected, Retry, RetryBudget, RetryConfig, State,
    http::{host, is_outage, judge},
    tower::{CircuitBreakerLayer, KeyedBreakerLayer, RetryPolicy},
};
use http::{Method, Request, Response};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, retry::RetryLayer, service_fn};

const SETTINGS: BreakerSettings = BreakerConfig::new().failure_threshold(2).build();

fn retry() -> Retry {
    Retry::new(RetryConfig::new().base_delay(millis(0)).build())
}

#[tokio::test]
async fn towers_own_layers_stand_above_and_below_a_breaker() {
    let breaker = Arc::new(CircuitBreaker::named("shop", SETTINGS));
    let mut service = ServiceBuilder::new()
        .buffer(8)
        .load_shed()
        .timeout(Duration::from_mins(1))
        .layer(CircuitBreakerLayer::new(Arc::clone(&breaker)).own_errors())
        .timeout(Duration::from_secs(30))
        .service(service_fn(|id: u32| async move {
            if id == 0 { Err(BoxError::from("refused")) } else { Ok(id) }
        }));
    assert_eq!(service.ready().await.unwrap().call(7).await.unwrap(), 7);
    for _ in 0..2 {
        let error = service.ready().await.unwrap().call(0).await.unwrap_err();
        assert_eq!(error.to_string(), "refused");
    }
    let error = service.ready().await.unwrap().call(7).await.unwrap_err();
    assert_eq!(error.downcast_ref::<Rejected>().unwrap().name(), Some("shop"));
    assert_eq!(breaker.state(), State::Open);
}

/// Has no `Clone`.
struct Upload {
    replayable: bool,
}

#[tokio::test]
async fn a_request_that_cannot_be_cloned_is_copied_or_sent_once() {
    let attempts = AtomicU32::new(0);
    let policy = RetryPolicy::new(retry())
        .copying(|it: &Upload| it.replayable.then_some(Upload { replayable: true }));
    let mut service =
        ServiceBuilder::new().layer(RetryLayer::new(policy)).service(service_fn(|_: Upload| {
            attempts.fetch_add(1, Ordering::Relaxed);
            async { Err::<(), _>("down") }
        }));
    for (replayable, expected) in [(true, 3), (false, 1)] {
        let answer = service.ready().await.unwrap().call(Upload { replayable }).await;
        assert_eq!(answer, Err("down"));
        assert_eq!(attempts.swap(0, Ordering::Relaxed), expected);
    }
}

#[tokio::test]
async fn r13_clones_of_a_service_share_the_budget_of_its_retry() {
    static BUDGET: RetryBudget =
        RetryBudget::new(BudgetConfig::share(0.5).reserve_per_second(0).burst(1).build());
    let attempts = AtomicU32::new(0);
    let down = service_fn(|_: u32| {
        attempts.fetch_add(1, Ordering::Relaxed);
        async { Err::<(), _>("down") }
    });
    let service = RetryPolicy::layer(retry().budget(&BUDGET)).layer(down);
    for (call, expected) in [(1, 2), (2, 3), (3, 5), (4, 6), (5, 8)] {
        assert_eq!(service.clone().oneshot(call).await, Err("down"));
        assert_eq!(attempts.load(Ordering::Relaxed), expected, "call {call}");
    }
}

#[tokio::test]
async fn r13_each_call_of_one_service_begins_its_retry_anew() {
    static BUDGET: RetryBudget =
        RetryBudget::new(BudgetConfig::share(0.5).reserve_per_second(0).burst(1).build());
    let attempts = AtomicU32::new(0);
    let down = service_fn(|_: u32| {
        attempts.fetch_add(1, Ordering::Relaxed);
        async { Err::<(), _>("down") }
    });
    let mut service = RetryPolicy::layer(retry().budget(&BUDGET)).layer(down);
    // As for clones: each call gives the budget its share.
    for (call, expected) in [(1, 2), (2, 3), (3, 5), (4, 6), (5, 8)] {
        assert_eq!(service.ready().await.unwrap().call(call).await, Err("down"));
        assert_eq!(attempts.load(Ordering::Relaxed), expected, "call {call}");
    }
}

#[tokio::test]
async fn only_what_may_be_sent_twice_is() {
    let attempts = AtomicU32::new(0);
    let busy = retry().retry_on(|answer: Result<&Response<()>, &&str>| {
        answer.is_ok_and(|response| is_outage(response.status()))
    });
    let mut service = ServiceBuilder::new()
        .layer(RetryLayer::new(RetryPolicy::new(busy).idempotent()))
        .service(service_fn(|_: Request<&'static str>| {
            attempts.fetch_add(1, Ordering::Relaxed);
            async { Ok::<_, &str>(Response::builder().status(503).body(()).unwrap()) }
        }));
    for (method, expected) in [
        (Method::GET, 3),
        (Method::HEAD, 3),
        (Method::PUT, 3),
        (Method::DELETE, 3),
        (Method::POST, 1),
        (Method::PATCH, 1),
        (Method::CONNECT, 1),
    ] {
        let request = Request::builder().method(&method).body("tea").unwrap();
        let answer = service.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(answer.status(), 503);
        assert_eq!(attempts.swap(0, Ordering::Relaxed), expected, "{method}");
    }

    // A look at the request of one's own.
    let policy = RetryPolicy::new(retry()).only_if(|query: &&str| query.starts_with("select"));
    let mut service = ServiceBuilder::new().layer(RetryLayer::new(policy)).service(service_fn(
        |_: &'static str| {
            attempts.fetch_add(1, Ordering::Relaxed);
            async { Err::<(), _>("down") }
        },
    ));
    for (query, expected) in [("select 1", 3), ("insert 1", 1)] {
        assert!(service.ready().await.unwrap().call(query).await.is_err());
        assert_eq!(attempts.swap(0, Ordering::Relaxed), expected, "{query}");
    }
}

#[test]
fn g4_what_finds_no_place_shares_a_breaker_of_its_own() {
    static PANEL: Registry<4> = Registry::new();
    let none = PANEL.get_or_overflow("", SETTINGS, "others").map(drop);
    assert!(matches!(none, Err(RegistryError::Name(_))), "there is no such breaker yet");
    let others = PANEL.get_or_init("others", SETTINGS).unwrap();
    let found = |name: &str| PANEL.get_or_overflow(name, SETTINGS, "others").unwrap();
    let first = ["a", "b", "c"].map(found);
    assert!(first.iter().all(|breaker| !ptr::eq(*breaker, others)));
    for name in ["d", "e", "", "two\nlines", &"x".repeat(65)] {
        assert!(ptr::eq(found(name), others), "{name:?}");
    }
    assert!(ptr::eq(found("b"), first[1]), "whoever has a place keeps it");
    assert_eq!(PANEL.len(), 4);
}

#[tokio::test]
async fn ten_thousand_hosts_on_256_slots() {
    static HOSTS: Registry<256> = Registry::new();
    let layer =
        KeyedBreakerLayer::new(HOSTS.panel(), "other hosts", SETTINGS, |request: &Request<()>| {
            host(request.uri())
        })
        .unwrap()
        .judged(judge);
    // Every seventh host is down.
    let mut service =
        ServiceBuilder::new().layer(layer).service(service_fn(|request: Request<()>| async move {
            let number: u32 = request.uri().host().unwrap()[5..9].parse().unwrap();
            let status = if number.is_multiple_of(7) { 503 } else { 200 };
            Ok::<_, BoxError>(Response::builder().status(status).body(()).unwrap())
        }));
    let mut rejected = Vec::new();
    for round in 0..3 {
        for number in 0..10_000 {
            // As long as a load balancer's name.
            let uri =
                format!("http://host-{number:04}.eu-central-1.elb.cloud.example.internal.net/");
            let request = Request::builder().uri(uri).body(()).unwrap();
            let answer = service.ready().await.unwrap().call(request).await;
            if let Err(CallError::Rejected(it)) = answer {
                assert_eq!(it.state(), State::Open);
                rejected.push((round, number, it.name().unwrap().to_owned()));
            }
        }
    }
    assert_eq!(HOSTS.len(), 256);
    let others = HOSTS.get("other hosts").unwrap();
    let mut own = HOSTS.iter().filter(|breaker| !ptr::eq(*breaker, others));
    assert!(own.all(|breaker| {
        let name = breaker.name().unwrap();
        let number: u32 = name.as_str()[5..9].parse().unwrap();
        let expected = if number.is_multiple_of(7) { State::Open } else { State::Closed };
        breaker.state() == expected
    }));
    // The healthy hosts among the others keep their breaker closed: two in a row
    // that are down are never there.
    assert_eq!(others.state(), State::Closed);
    // In the third round, each host that has a breaker of its own and is down.
    assert!(rejected.iter().all(|(round, number, name)| {
        *round == 2 && number % 7 == 0 && name[5..9] == format!("{number:04}")
    }));
    assert_eq!(rejected.len(), (0..255).filter(|number| number % 7 == 0).count());
}

#[tokio::test]
async fn a_keyed_breaker_leaves_a_service_its_own_errors_and_drops_no_permit() {
    static SHARDS: Registry<4> = Registry::new();
    let layer =
        KeyedBreakerLayer::new(SHARDS.panel(), "others", SETTINGS, |key: &&'static str| *key)
            .unwrap()
            .own_errors();
    let mut service = ServiceBuilder::new().load_shed().layer(layer).service(service_fn(
        |key: &'static str| async move {
            if key == "hangs" {
                std::future::pending::<()>().await;
            }
            Err::<(), _>(BoxError::from("down"))
        },
    ));
    for _ in 0..2 {
        assert!(!service.ready().await.unwrap().call("a").await.unwrap_err().is::<Rejected>());
    }
    assert!(service.ready().await.unwrap().call("a").await.unwrap_err().is::<Rejected>());
    let dropped = service.ready().await.unwrap().call("hangs");
    drop(dropped);
    assert_eq!(SHARDS.get("hangs").unwrap().snapshot().score, 0);
    let full = KeyedBreakerLayer::new(SHARDS.panel(), "two\nlines", SETTINGS, |key: &&str| *key);
    assert!(matches!(full.map(drop), Err(RegistryError::Name(_))));
}
