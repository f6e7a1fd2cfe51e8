//! Our attributes among those of others: `async_trait`, `async_recursion`,
//! `instrument`, and functions that return futures.
#![deny(warnings)]

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use async_recursion::async_recursion;
use async_trait::async_trait;
use resilience::{Rejected, global, resilient, with_circuit_breaker, with_fallback, with_retry};
use tracing::instrument;
use tracing_subscriber::{Layer, layer::SubscriberExt};

#[derive(Debug, PartialEq, Eq)]
enum Own {
    Down,
    Rejected,
}

impl From<Rejected> for Own {
    fn from(_: Rejected) -> Self {
        Self::Rejected
    }
}

#[async_trait]
trait Shop: Sync {
    async fn price(&self, item: &str) -> Result<usize, Own>;
    async fn buy(&mut self, item: String, number: usize) -> Result<String, Own>;
    async fn close(self: Arc<Self>, reason: String) -> Result<String, Own>;

    #[with_retry(max_attempts = 2, base_delay = "0s")]
    async fn of_every_shop(&self) -> Result<usize, Own> {
        self.price("tea").await
    }
}

#[derive(Default)]
struct Remote {
    calls: AtomicU32,
    bought: Vec<String>,
}

impl Remote {
    /// Whether this is the first call of three.
    fn fails(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed) % 3 != 2
    }
}

#[async_trait]
impl Shop for Remote {
    #[with_retry(base_delay = "0s")]
    async fn price(&self, item: &str) -> Result<usize, Own> {
        tokio::task::yield_now().await;
        if self.fails() { Err(Own::Down) } else { Ok(item.len()) }
    }

    #[with_retry(base_delay = "0s")]
    #[with_circuit_breaker("under async_trait")]
    async fn buy(&mut self, item: String, number: usize) -> Result<String, Own> {
        self.bought.push(item.clone());
        if self.fails() {
            return Err(Own::Down);
        }
        Ok(item.repeat(number))
    }

    #[resilient(fallback(Self::closed), retry(max_attempts = 1), circuit_breaker("closing"))]
    async fn close(self: Arc<Self>, reason: String) -> Result<String, Own> {
        if self.fails() { Err(Own::Down) } else { Ok(reason) }
    }
}

impl Remote {
    #[allow(clippy::unnecessary_wraps)] // as a fallback is
    #[allow(clippy::needless_pass_by_value)] // as the method has it
    fn closed(self: Arc<Self>, reason: String) -> Result<String, Own> {
        Ok(format!("{reason} after {} calls", self.calls.load(Ordering::Relaxed)))
    }
}

#[tokio::test]
async fn methods_under_async_trait_are_async_functions() {
    let mut shop = Remote::default();
    assert_eq!(shop.price("milk").await, Ok(4));
    assert_eq!(shop.buy("tea".into(), 2).await.unwrap(), "teatea");
    assert_eq!(shop.bought, ["tea", "tea", "tea"], "three attempts, each with its own argument");
    let breaker = global().get("under async_trait").unwrap();
    assert_eq!((breaker.counters().failures, breaker.counters().retries), (2, 2));
    let boxed: Box<dyn Shop + Send> = Box::new(Remote::default());
    assert_eq!(tokio::spawn(async move { boxed.of_every_shop().await }).await.unwrap(), Ok(3));
    let shop = Arc::new(Remote::default());
    assert_eq!(shop.close("holiday".into()).await.unwrap(), "holiday after 1 calls");
}

#[async_recursion]
#[with_retry(max_attempts = 2, base_delay = "0s")]
async fn above(depth: u32, calls: &AtomicU32) -> Result<u32, Own> {
    if depth > 0 {
        return Ok(above(depth - 1, calls).await? + 1);
    }
    if calls.fetch_add(1, Ordering::Relaxed) == 0 { Err(Own::Down) } else { Ok(0) }
}

#[with_retry(max_attempts = 2, base_delay = "0s")]
#[async_recursion]
async fn below(depth: u32, calls: &AtomicU32) -> Result<u32, Own> {
    if depth > 0 {
        return Ok(below(depth - 1, calls).await? + 1);
    }
    if calls.fetch_add(1, Ordering::Relaxed) == 0 { Err(Own::Down) } else { Ok(0) }
}

#[tokio::test]
async fn async_recursion_may_stand_above_or_below() {
    for depth in [0, 3] {
        let calls = AtomicU32::new(0);
        assert_eq!(above(depth, &calls).await, Ok(depth));
        calls.store(0, Ordering::Relaxed);
        assert_eq!(below(depth, &calls).await, Ok(depth));
    }
}

#[with_retry(max_attempts = 2, base_delay = "0s")]
fn a_future(calls: &AtomicU32) -> impl Future<Output = Result<u32, Own>> {
    async move { if calls.fetch_add(1, Ordering::Relaxed) == 0 { Err(Own::Down) } else { Ok(7) } }
}

#[with_fallback(rescue)]
fn a_boxed_future(number: u32) -> Pin<Box<dyn Future<Output = Result<u32, Own>> + Send + 'static>> {
    Box::pin(async move { if number == 0 { Err(Own::Down) } else { Ok(number) } })
}

#[allow(clippy::unnecessary_wraps)] // as a fallback is
fn rescue(number: u32) -> Result<u32, Own> {
    Ok(number + 100)
}

#[tokio::test]
async fn functions_that_return_futures_are_async() {
    assert_eq!(a_future(&AtomicU32::new(0)).await, Ok(7));
    assert_eq!(tokio::spawn(a_boxed_future(0)).await.unwrap(), Ok(100));
    assert_eq!(a_boxed_future(3).await, Ok(3));
}

/// Counts the spans that begin.
struct Spans(Arc<AtomicU32>);

impl<S: tracing::Subscriber> Layer<S> for Spans {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        if attributes.metadata().name().starts_with("span_") {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[instrument(skip_all)]
#[with_retry(max_attempts = 3, base_delay = "0s")]
async fn span_for_each_attempt() -> Result<(), Own> {
    Err(Own::Down)
}

#[with_retry(max_attempts = 3, base_delay = "0s")]
#[instrument(skip_all)]
async fn span_for_all_attempts() -> Result<(), Own> {
    Err(Own::Down)
}

#[instrument(skip_all)]
#[with_retry(max_attempts = 3, base_delay = "0s")]
fn span_for_each_sync_attempt() -> Result<(), Own> {
    Err(Own::Down)
}

#[with_retry(max_attempts = 3, base_delay = "0s")]
#[instrument(skip_all)]
fn span_for_all_sync_attempts() -> Result<(), Own> {
    Err(Own::Down)
}

#[tokio::test]
async fn one_above_works_on_each_attempt_and_one_below_on_all() {
    let spans = Arc::new(AtomicU32::new(0));
    let subscriber = tracing_subscriber::registry().with(Spans(Arc::clone(&spans)));
    let _default = tracing::subscriber::set_default(subscriber);
    span_for_each_attempt().await.unwrap_err();
    assert_eq!(spans.swap(0, Ordering::Relaxed), 3);
    span_for_all_attempts().await.unwrap_err();
    assert_eq!(spans.swap(0, Ordering::Relaxed), 1);
    span_for_each_sync_attempt().unwrap_err();
    assert_eq!(spans.swap(0, Ordering::Relaxed), 3);
    span_for_all_sync_attempts().unwrap_err();
    assert_eq!(spans.swap(0, Ordering::Relaxed), 1);
}
