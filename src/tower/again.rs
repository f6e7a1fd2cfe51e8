//! Which requests may be sent again, and how they are copied for that.

/// Copies a request for another attempt, where there may be one.
#[diagnostic::on_unimplemented(
    message = "a retry cannot copy a `{Request}` for another attempt",
    label = "`{Request}` is not `Clone`, or the function that copies is one of another type",
    note = "give the policy a function that copies it: `RetryPolicy::new(retry).copying(|request| …)`; it returns `None` for a request that must not be sent again"
)]
pub trait CopyRequest<Request> {
    /// The copy. `None` where the request is sent once only.
    #[doc(hidden)]
    fn copy(&self, request: &Request) -> Option<Request>;
}

/// Every request is cloned.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cloned;

#[diagnostic::do_not_recommend]
impl<Request: Clone> CopyRequest<Request> for Cloned {
    fn copy(&self, request: &Request) -> Option<Request> {
        Some(request.clone())
    }
}

/// A function copies requests:
/// [`RetryPolicy::copying`](crate::tower::RetryPolicy::copying) makes it.
#[derive(Debug, Clone, Copy)]
pub struct CopiedBy<F>(pub(super) F);

impl<Request, F: Fn(&Request) -> Option<Request>> CopyRequest<Request> for CopiedBy<F> {
    fn copy(&self, request: &Request) -> Option<Request> {
        (self.0)(request)
    }
}

/// Those requests are copied by `K` for which a predicate holds:
/// [`RetryPolicy::only_if`](crate::tower::RetryPolicy::only_if) makes it.
#[derive(Debug, Clone, Copy)]
pub struct OnlyIf<K, F>(pub(super) K, pub(super) F);

impl<Request, K, F> CopyRequest<Request> for OnlyIf<K, F>
where
    K: CopyRequest<Request>,
    F: Fn(&Request) -> bool,
{
    fn copy(&self, request: &Request) -> Option<Request> {
        if (self.1)(request) { self.0.copy(request) } else { None }
    }
}

/// HTTP requests with an idempotent method are copied, with a body that can be
/// cloned: [`RetryPolicy::idempotent`](crate::tower::RetryPolicy::idempotent)
/// makes it.
#[cfg(feature = "http")]
#[derive(Debug, Clone, Copy, Default)]
pub struct Idempotent;

#[cfg(feature = "http")]
impl<B: Clone> CopyRequest<http::Request<B>> for Idempotent {
    fn copy(&self, request: &http::Request<B>) -> Option<http::Request<B>> {
        crate::http::is_idempotent(request.method()).then(|| request.clone())
    }
}

#[cfg(feature = "http")]
impl<R> super::RetryPolicy<R> {
    /// Retries HTTP requests with an idempotent method (see
    /// [`is_idempotent`](crate::http::is_idempotent)), and no others: to send a
    /// `POST` twice may buy twice. For a request of yours that may be, use
    /// [`copying`](Self::copying).
    ///
    /// ```
    /// use fusebox::{Retry, RetryConfig, http::is_outage, tower::RetryPolicy};
    /// use http::Response;
    ///
    /// let retry = Retry::new(RetryConfig::new().build())
    ///     .retry_on(|answer: Result<&Response<String>, &std::io::Error>| {
    ///         answer.is_ok_and(|it| is_outage(it.status()))
    ///     });
    /// let policy = RetryPolicy::new(retry).idempotent();
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub fn idempotent(self) -> super::RetryPolicy<R, Idempotent> {
        self.with(|_| Idempotent)
    }
}
