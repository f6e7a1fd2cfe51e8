//! The answer of a server that refuses a call.

use http::{HeaderValue, Response, StatusCode, header::RETRY_AFTER};

use crate::error::Limited;

/// Makes the answer of a server that has refused a call: 503 with an empty body, and in
/// `Retry-After` (RFC 9110, section 10.2.3) the wait that `limited` names, in whole
/// seconds, rounded up, and 1 at least. Where it names none, that header is left out.
///
/// For `on_shed` of a `tower::IntakeLayer`.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{LimitKind, Limited, http::unavailable};
///
/// let wait = Some(Duration::from_millis(1_200));
/// let response = unavailable::<String>(&Limited::new(None, LimitKind::Overload, wait));
/// assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"2"));
/// ```
#[must_use]
pub fn unavailable<B: Default>(limited: &Limited) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    if let Some(wait) = limited.retry_after() {
        let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs.max(1)));
    }
    response
}
