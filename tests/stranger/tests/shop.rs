//! The stranger's program, over loopback.
#![deny(warnings)]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{Router, extract::Path, http::StatusCode, response::IntoResponse, routing::get};
use fusebox::{Rejected, State};
use fusebox_stranger::{
    client::{PriceError, Prices, SHOP, Shop},
    crawler::{self, HOSTS, ROBOTS},
    server,
};
use tokio::sync::Mutex;

/// The breakers are the process's: one test at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

async fn serve(routes: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

/// A shop that answers by what it is asked for, and counts.
async fn shop(requests: &Arc<AtomicU32>) -> String {
    let requests = Arc::clone(requests);
    let price = move |Path(item): Path<String>| {
        requests.fetch_add(1, Ordering::Relaxed);
        async move {
            match &*item {
                "tea" => (StatusCode::OK, "3").into_response(),
                "sold-out" => StatusCode::NOT_FOUND.into_response(),
                "busy" => {
                    (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "30")], "").into_response()
                }
                _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
        }
    };
    serve(Router::new().route("/price/{item}", get(price))).await
}

#[tokio::test]
async fn the_client_of_one_service() {
    let _alone = ALONE.lock().await;
    SHOP.reset();
    let requests = Arc::new(AtomicU32::new(0));
    let shop = Shop::new(&shop(&requests).await);
    assert_eq!(shop.price_or_last("tea").await.unwrap(), 3);
    // A healthy answer that is an error, any number of times.
    for _ in 0..5 {
        let error = shop.price("sold-out").await.unwrap_err();
        assert!(matches!(error, PriceError::Status(StatusCode::NOT_FOUND)));
    }
    assert_eq!((SHOP.state(), requests.swap(0, Ordering::Relaxed)), (State::Closed, 6));

    // Two failed calls, of two attempts each.
    for _ in 0..2 {
        let error = shop.price("nothing").await.unwrap_err();
        assert_eq!(error.to_string(), "the shop answered 503 Service Unavailable");
    }
    assert_eq!((SHOP.state(), requests.swap(0, Ordering::Relaxed)), (State::Open, 4));
    assert!(matches!(shop.price("tea").await, Err(PriceError::NotAsked(_))));
    assert_eq!(shop.price_or_last("tea").await.unwrap(), 3, "the last one");
    assert!(shop.price_or_last("milk").await.is_err(), "of which nobody knows a price");
    assert_eq!(requests.load(Ordering::Relaxed), 0);
    let last = SHOP.last_error().unwrap();
    assert_eq!(last.as_str(), "the shop answered 503 Service Unavailable");

    // A 429 says for how long it holds.
    SHOP.close();
    shop.price("busy").await.unwrap_err();
    let left = SHOP.try_acquire().unwrap_err().retry_after().unwrap();
    assert!(left.as_secs() >= 29, "{left:?}");
}

#[tokio::test]
async fn the_server_in_front_of_it() {
    let _alone = ALONE.lock().await;
    SHOP.reset();
    let shop = Shop::new(&shop(&Arc::default()).await);
    let front = serve(server::routes(Arc::new(shop))).await;
    let ask = async |item: &str| {
        let response = reqwest::get(format!("{front}/items/{item}")).await.unwrap();
        let headers = response.headers().clone();
        (response.status().as_u16(), headers, response.text().await.unwrap())
    };
    assert_eq!(ask("tea").await.2, "tea: 3");
    assert_eq!(ask("sold-out").await.0, 404);
    assert_eq!(ask("x").await.0, 502);
    assert_eq!(ask("x").await.0, 502);
    let (status, headers, text) = ask("tea").await;
    assert_eq!((status, &headers["retry-after"]), (503, &"1".parse().unwrap()));
    assert!(text.starts_with("circuit breaker `shop` is open"), "{text}");
}

#[tokio::test]
async fn the_crawler_of_many_hosts() {
    let requests = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&requests);
    let down = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async { StatusCode::SERVICE_UNAVAILABLE }
    };
    let routes = Router::new()
        .route("/robots.txt", get(|| async { "Disallow: NOTHING" }))
        .route("/down", get(down));
    let host = serve(routes).await;
    let fetch = crawler::fetch().unwrap();
    assert_eq!(crawler::robots(&fetch, &host).await.unwrap(), "disallow: nothing");
    assert_eq!(HOSTS.get("127.0.0.1").unwrap().state(), State::Closed);

    // Three attempts are three failures to a breaker inside of the retry.
    let error = crawler::page(&fetch, &format!("{host}/down")).await.unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
    assert_eq!(requests.load(Ordering::Relaxed), 3);
    assert_eq!(HOSTS.get("127.0.0.1").unwrap().state(), State::Open);
    let error = crawler::robots(&fetch, &host).await.unwrap_err();
    assert!(error.downcast_ref::<tower::BoxError>().unwrap().is::<Rejected>(), "{error:?}");
    assert_eq!(ROBOTS.snapshot().score, 1, "a rejection is not retried");
    assert_eq!(requests.load(Ordering::Relaxed), 3, "nobody was asked");

    let error = crawler::page(&fetch, "no address").await.unwrap_err();
    assert_eq!(error.to_string(), "the address");
}
