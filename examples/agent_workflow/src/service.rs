//! One HTTP call to a service, and what can go wrong with it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use fusebox::{CallError, CircuitBreaker, Rejected, Retryable, http};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

use crate::{server::Address, store::database::StoreError};

/// How long a caller waits for one answer.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Why a service gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("no answer within {PATIENCE:?}")]
    TimedOut,
    #[error("cannot connect")]
    Unreachable,
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("answered {0}")]
    Status(StatusCode),
    #[error("too many requests, retry after {0:?}")]
    RateLimited(Option<Duration>),
    /// With the token that was shown, so that it is refreshed once only.
    #[error("token {0} is not valid")]
    Unauthorized(u64),
    #[error("nonsense: {0}")]
    Garbage(String),
    #[error("{0}")]
    Io(String),
    #[error(transparent)]
    Rejected(#[from] Rejected),
}

impl ServiceError {
    /// Whether the service is in trouble: what its breaker counts.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Status(status) => http::is_outage(*status),
            Self::Unauthorized(_) | Self::Rejected(_) => false,
            _ => true,
        }
    }

    /// How long it asks us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited(wait) => *wait,
            _ => None,
        }
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        Self::Io(error.to_string())
    }
}

/// What a retry asks: who has waited for a whole answer in vain should not wait
/// as long again, and a port where nobody listens is not there a moment later.
impl Retryable for ServiceError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Status(status) => http::is_outage(*status),
            Self::Broken(_) | Self::RateLimited(_) | Self::Unauthorized(_) | Self::Io(_) => true,
            Self::TimedOut | Self::Unreachable | Self::Garbage(_) | Self::Rejected(_) => false,
        }
    }
}

/// A client of one server.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    address: Address,
    /// Attempts that never reached a server.
    unconnected: Arc<AtomicU64>,
}

impl Client {
    pub fn new(http: &reqwest::Client, address: Address) -> Self {
        Self { http: http.clone(), address, unconnected: Arc::default() }
    }

    pub fn unconnected(&self) -> u64 {
        self.unconnected.load(Ordering::Relaxed)
    }

    /// A request for the call named `id`: each attempt of a call has its name.
    pub fn request(&self, method: Method, path: &str, id: &str) -> RequestBuilder {
        self.http.request(method, self.address.url(path)).header("x-call-id", id).timeout(PATIENCE)
    }

    /// Asks the server how it is, through its breaker.
    pub async fn health(&self, breaker: &CircuitBreaker) -> Result<(), ServiceError> {
        let asked = self.answer(self.request(Method::GET, "/health", "health"));
        breaker
            .call_async_counting(ServiceError::is_outage, asked)
            .await
            .map_err(CallError::into_own)
    }

    /// Posts `body`, and reads the answer.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        id: &str,
        body: &impl Serialize,
    ) -> Result<T, ServiceError> {
        self.answer(self.request(Method::POST, path, id).json(body)).await
    }

    /// Sends a request, and reads the answer to its end.
    pub async fn answer<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, ServiceError> {
        let response = request.send().await.map_err(|error| self.failure(&error))?;
        let response = refusals(response)?;
        let body = response.bytes().await.map_err(|error| self.failure(&error))?;
        serde_json::from_slice(&body).map_err(|error| ServiceError::Garbage(error.to_string()))
    }

    fn failure(&self, error: &reqwest::Error) -> ServiceError {
        if error.is_connect() {
            self.unconnected.fetch_add(1, Ordering::Relaxed);
            ServiceError::Unreachable
        } else if error.is_timeout() {
            ServiceError::TimedOut
        } else {
            ServiceError::Broken(error.to_string())
        }
    }
}

fn refusals(response: Response) -> Result<Response, ServiceError> {
    match response.status() {
        status if status.is_success() => Ok(response),
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = http::retry_after(response.headers(), SystemTime::now());
            Err(ServiceError::RateLimited(wait))
        }
        StatusCode::UNAUTHORIZED => Err(ServiceError::Unauthorized(0)),
        status => Err(ServiceError::Status(status)),
    }
}
