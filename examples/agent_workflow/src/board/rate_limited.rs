//! The board that lets nobody in too often. It says when to come back, and is
//! obeyed.

use std::time::Duration;

use async_trait::async_trait;
use fusebox::{CallError, Pipeline, Retry, RetryConfig};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;

use crate::{
    board::{Board, Summary, Update},
    breakers::RATE_LIMITED_BOARD,
    service::{Client, ServiceError},
    system::System,
};

/// `max_delay` bounds the board's wishes, too: it asks for two seconds at most.
const RETRY: Retry = Retry::new(
    RetryConfig::new()
        .max_attempts(4)
        .base_delay(Duration::from_millis(50))
        .max_delay(Duration::from_secs(5))
        .build(),
)
.named("rate-limited-board");

pub struct RateLimitedBoard {
    client: Client,
}

impl RateLimitedBoard {
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Sends what `request` makes, as often as it takes.
    async fn guarded<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder + Sync,
    ) -> Result<T, ServiceError> {
        let hint = |error: &CallError<ServiceError>| error.as_failed()?.retry_after();
        Pipeline::new()
            .breaker_counting(RATE_LIMITED_BOARD.get(), ServiceError::is_outage)
            .retry(RETRY.delay_hint(hint))
            .call_async(&(), |()| self.client.answer(request()))
            .await
            .map_err(CallError::into_own)
    }
}

#[async_trait]
impl Board for RateLimitedBoard {
    fn name(&self) -> &'static str {
        System::RateLimitedBoard.name()
    }

    fn system(&self) -> Option<System> {
        Some(System::RateLimitedBoard)
    }

    async fn post(&self, update: &Update) -> Result<(), ServiceError> {
        let Update { id, project, .. } = update;
        self.guarded(|| {
            let request = self.client.request(Method::POST, "/updates", &format!("{project}.{id}"));
            request.header("x-client", project).json(update)
        })
        .await
    }

    async fn summary(&self, project: &str) -> Result<Summary, ServiceError> {
        let path = format!("/projects/{project}");
        self.guarded(|| {
            let request = self.client.request(Method::GET, &path, &path);
            request.header("x-client", project)
        })
        .await
    }
}
