//! The board that lets no client in too often. What it says of that in its answers is
//! heeded, so that it need not refuse anything. Where it says nothing before it refuses,
//! it says when to come back, and is obeyed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use fusebox::{CallError, Pipeline, Retry, RetryConfig};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;

use crate::{
    board::{
        Board, Summary, Update,
        quota::{Quota, Waits},
    },
    breakers::RATE_LIMITED_BOARD,
    lock,
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
    /// Each project is a client of its own, with its own key.
    quotas: Mutex<HashMap<String, Arc<Quota>>>,
}

impl RateLimitedBoard {
    pub fn new(client: Client) -> Self {
        Self { client, quotas: Mutex::default() }
    }

    fn quota(&self, project: &str) -> Arc<Quota> {
        let mut quotas = lock(&self.quotas);
        let quota = || Arc::new(Quota::named(System::RateLimitedBoard.name()));
        Arc::clone(quotas.entry(project.to_owned()).or_insert_with(quota))
    }

    /// Sends what `request` makes for a project, as often as it takes. Each attempt waits
    /// for its turn.
    async fn guarded<T: DeserializeOwned>(
        &self,
        project: &str,
        request: impl Fn() -> RequestBuilder + Sync,
    ) -> Result<T, ServiceError> {
        let quota = self.quota(project);
        let hint = |error: &CallError<ServiceError>| error.as_failed()?.retry_after();
        Pipeline::new()
            .breaker_counting(RATE_LIMITED_BOARD.get(), ServiceError::is_outage)
            .retry(RETRY.delay_hint(hint))
            .call_async(&(), |()| quota.ask(&self.client, &request))
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

    fn waits(&self) -> Option<Waits> {
        Some(lock(&self.quotas).values().map(|quota| quota.waits()).sum())
    }

    async fn post(&self, update: &Update) -> Result<(), ServiceError> {
        let Update { id, project, .. } = update;
        self.guarded(project, || {
            let request = self.client.request(Method::POST, "/updates", &format!("{project}.{id}"));
            request.header("x-client", project).json(update)
        })
        .await
    }

    async fn summary(&self, project: &str) -> Result<Summary, ServiceError> {
        let path = format!("/projects/{project}");
        self.guarded(project, || {
            let request = self.client.request(Method::GET, &path, &path);
            request.header("x-client", project)
        })
        .await
    }
}
