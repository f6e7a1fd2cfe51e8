//! Of which type a service's errors are behind a breaker.

use crate::error::{CallError, Limited, Rejected};

/// Of which type the errors of a service are behind a breaker, where its own are
/// `E`.
#[diagnostic::on_unimplemented(
    message = "`{E}` cannot say that its circuit breaker rejected a call",
    label = "`{E}` does not implement `From<fusebox::Rejected>`",
    note = "a service under `own_errors()` keeps its error type; write `impl From<fusebox::Rejected> for …`, or leave `own_errors()` out for a `CallError`"
)]
pub trait ErrorType<E> {
    /// The type.
    type Error: From<Rejected>;
    /// What the service failed with.
    #[doc(hidden)]
    fn failed(error: E) -> Self::Error;
    /// What a limit said.
    #[doc(hidden)]
    fn limited(limited: Limited) -> Self::Error {
        Rejected::from(limited).into()
    }
}

/// Errors are [`CallError`]s.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wrapped;

impl<E> ErrorType<E> for Wrapped {
    type Error = CallError<E>;

    fn failed(error: E) -> CallError<E> {
        CallError::Failed(error)
    }

    fn limited(limited: Limited) -> CallError<E> {
        CallError::Limited(limited)
    }
}

/// Errors are the service's own, and a rejection becomes one.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnErrors;

#[diagnostic::do_not_recommend]
impl<E: From<Rejected>> ErrorType<E> for OwnErrors {
    type Error = E;

    fn failed(error: E) -> E {
        error
    }

    fn limited(limited: Limited) -> E {
        Rejected::from(limited).into()
    }
}
