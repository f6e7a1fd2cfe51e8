//! What an answer over HTTP says of the service.

use http::{Response, StatusCode};

use crate::{error::is_known_overload, http::is_outage, state::Outcome};

/// Returns what a status says of the service: 429, 503 and 504 that it has more calls than
/// it can answer ([`Outcome::Overload`]), all other [outages](is_outage) a failure, and the
/// rest a success. A 404 shows that the service is well.
///
/// ```
/// use fusebox::{Outcome, http::outcome};
/// use http::StatusCode;
///
/// assert_eq!(outcome(StatusCode::TOO_MANY_REQUESTS), Outcome::Overload);
/// assert_eq!(outcome(StatusCode::INTERNAL_SERVER_ERROR), Outcome::Failure);
/// assert_eq!(outcome(StatusCode::NOT_FOUND), Outcome::Success);
/// ```
#[must_use]
pub fn outcome(status: StatusCode) -> Outcome {
    match status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Outcome::Overload,
        status if is_outage(status) => Outcome::Failure,
        _ => Outcome::Success,
    }
}

/// Judges the answer of a service over HTTP: a response by its [status](outcome), and every
/// error as a failure, or as an overload where it is of a known type and
/// [`is_overload`](crate::is_overload) says so.
///
/// It is a [`Judge`](crate::Judge), for `call_judged`, pipelines, and tower's layers.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, http};
///
/// static SHOP: CircuitBreaker =
///     CircuitBreaker::named("shop", BreakerConfig::new().max_shed(90).build());
///
/// let busy = ::http::Response::builder().status(503).body(()).unwrap();
/// let answer = SHOP.call_judged(http::judge, || Ok::<_, std::io::Error>(busy));
/// assert_eq!(answer.unwrap().status(), 503);
/// assert_eq!(SHOP.counters().failures, 1);
/// ```
pub fn judge<B, E: 'static>(answer: Result<&Response<B>, &E>) -> Outcome {
    match answer {
        Ok(response) => outcome(response.status()),
        Err(error) if is_known_overload(error) => Outcome::Overload,
        Err(_) => Outcome::Failure,
    }
}
