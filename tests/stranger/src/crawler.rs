//! A crawler of many hosts: tower's layers around reqwest's client, a breaker for
//! each host, all errors in a box.

use std::time::Duration;

use anyhow::Context;
use fusebox::{
    BreakerConfig, CircuitBreaker, Judge, Outcome, Registry, Retry, RetryConfig,
    http::{is_idempotent, is_outage, outcome},
    tower::{KeyedBreakerLayer, KnownErrors, RetryPolicy},
};
use reqwest::{Client, Request, Response};
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt, retry::RetryLayer, util::BoxCloneService,
};

/// The breakers of the hosts.
pub static HOSTS: Registry<256> = Registry::new();

/// What a crawler asks its hosts by.
pub type Fetch = BoxCloneService<Request, Response, BoxError>;

fn host_of(request: &Request) -> &str {
    request.url().host_str().unwrap_or_default()
}

fn judge(answer: Result<&Response, &BoxError>) -> Outcome {
    match answer {
        Ok(response) => outcome(response.status()),
        Err(_) => KnownErrors.judge(answer),
    }
}

/// Makes the service.
///
/// # Errors
/// Where there is no place for the breaker of all other hosts.
pub fn fetch() -> anyhow::Result<Fetch> {
    let settings = BreakerConfig::new().failure_threshold(3).build();
    let breakers = KeyedBreakerLayer::new(HOSTS.panel(), "other hosts", settings, host_of)
        .context("the registry of hosts")?
        .judged(judge)
        .own_errors();
    let retry = Retry::new(RetryConfig::new().base_delay(Duration::from_millis(1)).build())
        .retry_on(|answer: Result<&Response, &BoxError>| match answer {
            Ok(response) => is_outage(response.status()),
            Err(error) => !error.is::<fusebox::Rejected>(),
        });
    // A body that is a stream cannot be copied, and is sent once.
    let policy = RetryPolicy::new(retry)
        .copying(Request::try_clone)
        .only_if(|request: &Request| is_idempotent(request.method()));
    let service = ServiceBuilder::new()
        .buffer(64)
        .load_shed()
        .layer(RetryLayer::new(policy))
        .layer(breakers)
        .timeout(Duration::from_secs(5))
        .service(Client::new());
    Ok(BoxCloneService::new(service))
}

/// The text of a page.
///
/// # Errors
/// Where there is none.
pub async fn page(fetch: &Fetch, url: &str) -> anyhow::Result<String> {
    let request = Request::new(reqwest::Method::GET, url.parse().context("the address")?);
    let mut fetch = fetch.clone();
    let response = fetch.ready().await.map_err(anyhow::Error::from_boxed)?.call(request).await;
    let response = response.map_err(anyhow::Error::from_boxed).context("the page")?;
    Ok(response.error_for_status()?.text().await?)
}

/// The breaker of rules for robots, wherever they are.
pub static ROBOTS: CircuitBreaker = CircuitBreaker::named("robots", BreakerConfig::new().build());
static RETRY: Retry = Retry::new(RetryConfig::new().base_delay(Duration::from_millis(1)).build());

/// A page that every error says enough about.
///
/// # Errors
/// Those of [`page`], and a rejection.
pub async fn robots(fetch: &Fetch, host: &str) -> anyhow::Result<String> {
    let url = format!("{host}/robots.txt");
    let text = RETRY.call_async(|| ROBOTS.call_async_into(page(fetch, &url))).await?;
    Ok(text.to_lowercase())
}
