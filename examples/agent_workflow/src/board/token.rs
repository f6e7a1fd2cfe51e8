//! The board whose token expires: it is refreshed between attempts, by one
//! caller for all.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use fusebox::{Attempt, CallError, Pipeline, Retry, RetryConfig};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;

use crate::{
    board::{
        Board, Summary, Update,
        quota::{Quota, Waits},
    },
    breakers::TOKEN_BOARD,
    lock,
    service::{Client, ServiceError},
    system::System,
};

const RETRY: Retry =
    Retry::new(RetryConfig::new().max_attempts(3).base_delay(Duration::from_millis(10)).build())
        .named("token-board");

type Error = CallError<ServiceError>;

pub struct TokenBoard {
    client: Client,
    /// All of its callers share a token, and so what may be asked with it.
    quota: Quota,
    /// At first one that nobody gave us.
    token: Mutex<u64>,
    /// Held while the token is refreshed: the others wait, and find the new one.
    refreshing: tokio::sync::Mutex<()>,
}

impl TokenBoard {
    pub fn new(client: Client) -> Self {
        let quota = Quota::named(System::TokenBoard.name());
        let (token, refreshing) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { client, quota, token, refreshing }
    }

    /// Sends what `request` makes, with the token of the moment.
    async fn guarded<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder + Sync,
    ) -> Result<T, ServiceError> {
        let refresh = |attempt: Attempt<'_, Error>| self.refresh(expired(attempt.previous()));
        Pipeline::new()
            .breaker_counting(TOKEN_BOARD.get(), ServiceError::is_outage)
            .retry(RETRY.before_retry_async(refresh))
            .call_async(&(), |()| self.attempt(request()))
            .await
            .map_err(CallError::into_own)
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, ServiceError> {
        let mut shown = 0;
        let show = || {
            shown = *lock(&self.token);
            request.bearer_auth(shown)
        };
        match self.quota.ask(&self.client, show).await {
            Err(ServiceError::Unauthorized(_)) => Err(ServiceError::Unauthorized(shown)),
            answer => answer,
        }
    }

    /// Gets another token, if the one that expired is still ours.
    async fn refresh(&self, expired: Option<u64>) -> Result<(), Error> {
        let Some(expired) = expired else { return Ok(()) };
        let _turn = self.refreshing.lock().await;
        if *lock(&self.token) == expired {
            let token = self.client.post("/token", "token", &()).await;
            *lock(&self.token) = token.map_err(CallError::Failed)?;
        }
        Ok(())
    }
}

/// The token that the last attempt showed in vain.
fn expired(error: Option<&Error>) -> Option<u64> {
    match error?.as_failed()? {
        ServiceError::Unauthorized(token) => Some(*token),
        _ => None,
    }
}

#[async_trait]
impl Board for TokenBoard {
    fn name(&self) -> &'static str {
        System::TokenBoard.name()
    }

    fn system(&self) -> Option<System> {
        Some(System::TokenBoard)
    }

    fn waits(&self) -> Option<Waits> {
        Some(self.quota.waits())
    }

    async fn post(&self, update: &Update) -> Result<(), ServiceError> {
        let call = format!("{}.{}", update.project, update.id);
        self.guarded(|| self.client.request(Method::POST, "/updates", &call).json(update)).await
    }

    async fn summary(&self, project: &str) -> Result<Summary, ServiceError> {
        let path = format!("/projects/{project}");
        self.guarded(|| self.client.request(Method::GET, &path, &path)).await
    }
}
