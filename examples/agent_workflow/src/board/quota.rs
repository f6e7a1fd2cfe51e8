//! What a board lets its clients ask, kept by the client: a rate limit that heeds what the
//! board says of it in each answer.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime},
};

use fusebox::{RateConfig, RateLimit, RateSettings, http};
use reqwest::{RequestBuilder, header::HeaderMap};
use serde::{Serialize, de::DeserializeOwned};

use crate::service::{Client, ServiceError};

/// What we ask for without being told more: a few requests at once, before the first
/// answer says how many the board takes.
const UNTOLD: RateSettings = RateConfig::per_second(1_000).burst(4).precise(true).build();

/// A call that would have to wait for longer is given up.
const LONGEST: Duration = Duration::from_mins(1);

/// What may be asked with one key.
pub struct Quota {
    limit: RateLimit,
    waits: AtomicU64,
    waited_ms: AtomicU64,
}

/// How often clients waited, and how long in all.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Waits {
    pub times: u64,
    pub waited_ms: u64,
}

impl Quota {
    pub fn named(name: &str) -> Self {
        let limit = RateLimit::named(name, UNTOLD);
        Self { limit, waits: AtomicU64::new(0), waited_ms: AtomicU64::new(0) }
    }

    /// Makes a request and sends it when its turn has come, and reads the answer.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        client: &Client,
        request: impl FnOnce() -> RequestBuilder,
    ) -> Result<T, ServiceError> {
        self.ready().await?;
        let response = client.send(request()).await?;
        self.heed(response.headers());
        client.read(response).await
    }

    async fn ready(&self) -> Result<(), ServiceError> {
        if self.limit.try_acquire().is_ok() {
            return Ok(());
        }
        let begun = Instant::now();
        self.limit.until_ready(LONGEST).await?;
        let waited = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.waits.fetch_add(1, Ordering::Relaxed);
        self.waited_ms.fetch_add(waited, Ordering::Relaxed);
        Ok(())
    }

    /// Says nothing where the board says nothing.
    fn heed(&self, headers: &HeaderMap) {
        if let Some(remaining) = http::remaining(headers, SystemTime::now()) {
            self.limit.heed(remaining);
        }
    }

    pub fn waits(&self) -> Waits {
        Waits {
            times: self.waits.load(Ordering::Relaxed),
            waited_ms: self.waited_ms.load(Ordering::Relaxed),
        }
    }
}

impl std::iter::Sum for Waits {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            times: sum.times + it.times,
            waited_ms: sum.waited_ms + it.waited_ms,
        })
    }
}
