//! A client of one service, decorated, with an error type of its own.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use fusebox::{
    BreakerConfig, CircuitBreaker, LastGoodByKey, Outcome, Rejected, Retryable, TimedOut, http,
    resilient,
};
use reqwest::{Client, Response, StatusCode};
use tracing::instrument;

/// What may go wrong with a price.
#[derive(Debug, thiserror::Error)]
pub enum PriceError {
    /// The shop is known to be down.
    #[error("the shop is not asked")]
    NotAsked(#[from] Rejected),
    /// It gave no answer in time.
    #[error("the shop is slow")]
    Slow(#[from] TimedOut),
    /// It cannot be reached, or its answer cannot be read.
    #[error("the shop cannot be reached")]
    Unreachable(#[from] reqwest::Error),
    /// It answered with a status that is no success.
    #[error("the shop answered {0}")]
    Status(StatusCode),
    /// Its price is no number.
    #[error("the shop's price is no number")]
    NoNumber(#[from] std::num::ParseIntError),
}

impl Retryable for PriceError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Slow(_) | Self::Unreachable(_) => true,
            Self::Status(status) => http::is_outage(*status),
            Self::NotAsked(_) | Self::NoNumber(_) => false,
        }
    }
}

/// A 404 shows that the shop is well.
fn judge(answer: Result<&u32, &PriceError>) -> Outcome {
    match answer {
        Ok(_) => Outcome::Success,
        Err(PriceError::Status(status)) => http::outcome(*status),
        Err(PriceError::Slow(_)) => Outcome::Overload,
        Err(_) => Outcome::Failure,
    }
}

/// The breaker of the shop.
pub static SHOP: CircuitBreaker = CircuitBreaker::named(
    "shop",
    BreakerConfig::new().failure_threshold(2).recovery_timeout(Duration::from_millis(200)).build(),
);

static PRICES: LastGoodByKey<String, u32> = LastGoodByKey::new(1_000);

/// Something that knows prices.
#[async_trait]
pub trait Prices: Send + Sync {
    /// The price of an item.
    async fn price(&self, item: &str) -> Result<u32, PriceError>;
}

/// A shop on the network.
#[derive(Debug, Clone)]
pub struct Shop {
    client: Client,
    base: Arc<str>,
}

impl Shop {
    /// A shop at this address.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self { client: Client::new(), base: base.into() }
    }

    /// The price, and where the shop is down, the last one that it named.
    ///
    /// # Errors
    /// Where there never was one.
    pub async fn price_or_last(&self, item: &str) -> Result<u32, PriceError> {
        let answer = self.price(item).await;
        match &answer {
            Ok(price) => PRICES.set(item.to_owned(), price),
            Err(error) => {
                if let Some((price, age)) = PRICES.get(&item.to_owned()) {
                    tracing::warn!(?age, %error, "an old price");
                    return Ok(price);
                }
            }
        }
        answer
    }
}

/// A shop that says how long it will be busy is left alone for so long.
fn heed(response: &Response) {
    let wait = http::retry_after(response.headers(), SystemTime::now());
    if let Some(wait) = wait
        && let Err(error) = SHOP.trip_for(wait)
    {
        tracing::debug!(%error, "no time to wait for");
    }
}

#[async_trait]
impl Prices for Shop {
    #[instrument(skip(self), err)]
    #[resilient(
        circuit_breaker(SHOP, judge = judge, note_errors = true),
        retry(max_attempts = 2, base_delay = "1ms", attempt_timeout = "500ms"),
    )]
    async fn price(&self, item: &str) -> Result<u32, PriceError> {
        let response = self.client.get(format!("{}/price/{item}", self.base)).send().await?;
        heed(&response);
        if !response.status().is_success() {
            return Err(PriceError::Status(response.status()));
        }
        Ok(response.text().await?.parse()?)
    }
}
