//! One HTTP call to a service, and what can go wrong with it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use fusebox::{CallError, CircuitBreaker, Limited, Outcome, Priority, Rejected, Retryable, http};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header::HeaderMap};
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
    #[error("has too much to do, retry after {0:?}")]
    Overloaded(Duration),
    /// With the token that was shown, so that it is refreshed once only.
    #[error("token {0} is not valid")]
    Unauthorized(u64),
    #[error("nonsense: {0}")]
    Garbage(String),
    #[error("{0}")]
    Io(String),
    #[error(transparent)]
    Rejected(#[from] Rejected),
    #[error(transparent)]
    Limited(#[from] Limited),
}

impl ServiceError {
    /// Whether the service is in trouble: what its breaker counts.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Status(status) => http::is_outage(*status),
            Self::Unauthorized(_) | Self::Rejected(_) | Self::Limited(_) => false,
            _ => true,
        }
    }

    /// Whether it has more calls than it can answer, and says so: then its breaker sheds
    /// those that matter least.
    pub fn is_overload(&self) -> bool {
        matches!(self, Self::Overloaded(_))
    }

    /// What an answer says of the service.
    pub fn judge<T>(answer: Result<&T, &Self>) -> Outcome {
        match answer {
            Ok(_) => Outcome::Success,
            Err(error) if error.is_overload() => Outcome::Overload,
            Err(error) if error.is_outage() => Outcome::Failure,
            Err(_) => Outcome::Ignore,
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
/// as long again, a port where nobody listens is not there a moment later, and who
/// has too much to do is not asked twice.
impl Retryable for ServiceError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Status(status) => http::is_outage(*status),
            Self::Broken(_) | Self::RateLimited(_) | Self::Unauthorized(_) | Self::Io(_) => true,
            Self::TimedOut
            | Self::Unreachable
            | Self::Overloaded(_)
            | Self::Garbage(_)
            | Self::Rejected(_)
            | Self::Limited(_) => false,
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

    /// A request for the call named `id`: each attempt of a call has its name, and says
    /// how much it matters.
    pub fn request(&self, method: Method, path: &str, id: &str) -> RequestBuilder {
        let mut headers = HeaderMap::new();
        http::write_priority(&mut headers, Priority::current());
        let request = self.http.request(method, self.address.url(path)).headers(headers);
        request.header("x-call-id", id).timeout(PATIENCE)
    }

    /// Asks the server how it is, through its breaker.
    pub async fn health(&self, breaker: &CircuitBreaker) -> Result<(), ServiceError> {
        breaker
            .call_async_judged(ServiceError::judge::<()>, self.ask_health())
            .await
            .map_err(CallError::into_own)
    }

    /// Asks the server how it is.
    pub async fn ask_health(&self) -> Result<(), ServiceError> {
        self.answer(self.request(Method::GET, "/health", "health")).await
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
        self.read(self.send(request).await?).await
    }

    /// Sends a request, and returns whatever comes back.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, ServiceError> {
        request.send().await.map_err(|error| self.failure(&error))
    }

    /// Reads an answer to its end.
    pub async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, ServiceError> {
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
    let wait = http::retry_after(response.headers(), SystemTime::now());
    match (response.status(), wait) {
        (status, _) if status.is_success() => Ok(response),
        (StatusCode::TOO_MANY_REQUESTS, wait) => Err(ServiceError::RateLimited(wait)),
        (StatusCode::SERVICE_UNAVAILABLE, Some(wait)) => Err(ServiceError::Overloaded(wait)),
        (StatusCode::UNAUTHORIZED, _) => Err(ServiceError::Unauthorized(0)),
        (status, _) => Err(ServiceError::Status(status)),
    }
}
