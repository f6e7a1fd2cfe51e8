//! What HTTP says about trouble: `Retry-After`, and which answers are failures; the
//! deadline and the priority of a request in its headers; and what a server answers that
//! refuses a call.

mod deadline;
mod outcome;
mod priority;
mod remaining;

mod unavailable;

use core::time::Duration;
use std::time::SystemTime;

pub use deadline::{BadDeadline, DEADLINE, read_deadline, write_deadline};
use http::{HeaderMap, Method, StatusCode, Uri, header::RETRY_AFTER};
pub use outcome::{judge, outcome};
pub use priority::{BadPriorityHeader, PRIORITY, read_priority, write_priority};
pub use remaining::remaining;
pub use unavailable::unavailable;

/// Returns how long a response asks to wait, by its `Retry-After` (RFC 9110,
/// section 10.2.3): a number of seconds, or a date in any of HTTP's three
/// formats. A date that has passed is a delay of zero. Anything else is no
/// hint.
///
/// For a retry's `delay_hint`, which bounds it by `max_delay`.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(RETRY_AFTER, HeaderValue::from_static("120"));
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
/// assert_eq!(fusebox::http::retry_after(&headers, now), Some(Duration::from_secs(120)));
///
/// headers.insert(RETRY_AFTER, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:47 GMT"));
/// assert_eq!(fusebox::http::retry_after(&headers, now), Some(Duration::from_secs(10)));
/// ```
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than fit are as good as for ever.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

/// Returns whether a status says that the service is in trouble: 429, or any
/// 5xx but 501 and 505, which will not go away.
///
/// ```
/// use http::StatusCode;
///
/// assert!(fusebox::http::is_outage(StatusCode::SERVICE_UNAVAILABLE));
/// assert!(!fusebox::http::is_outage(StatusCode::NOT_FOUND));
/// ```
#[must_use]
pub fn is_outage(status: StatusCode) -> bool {
    let permanent = [StatusCode::NOT_IMPLEMENTED, StatusCode::HTTP_VERSION_NOT_SUPPORTED];
    status == StatusCode::TOO_MANY_REQUESTS
        || (status.is_server_error() && !permanent.contains(&status))
}

/// Returns whether a request with this method may be sent twice as if it had been
/// sent once (RFC 9110, section 9.2.2): GET, HEAD, OPTIONS, TRACE, PUT, DELETE.
///
/// ```
/// use http::Method;
///
/// assert!(fusebox::http::is_idempotent(&Method::PUT));
/// assert!(!fusebox::http::is_idempotent(&Method::POST));
/// ```
#[must_use]
pub fn is_idempotent(method: &Method) -> bool {
    method.is_safe() || [Method::PUT, Method::DELETE].contains(method)
}

/// Returns the host of a URI, which names a breaker for each host; an empty text
/// if there is none. Hosts are written in any case, and found as they are written.
///
/// ```
/// let uri = "https://eu.shop.example:8443/tea".parse().unwrap();
/// assert_eq!(fusebox::http::host(&uri), "eu.shop.example");
/// ```
#[must_use]
pub fn host(uri: &Uri) -> &str {
    uri.host().unwrap_or_default()
}
