//! What a service answers to a call that it refuses.

use crate::{
    error::{CallError, Limited, Rejected},
    tower::errors::{OwnErrors, Wrapped},
};

/// What a service answers to a call that it refuses, where its own answers are `T` and `E`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what is answered to a call that is refused",
    note = "under `own_errors()` the service's error must be `From<fusebox::Rejected>`, and `on_shed(…)` takes a function of a `&Limited` to the service's response"
)]
pub trait OnShed<T, E> {
    /// Of which type the errors are.
    type Error;
    /// The answer to a call that is refused.
    #[doc(hidden)]
    fn shed(&self, limited: Limited) -> Result<T, Self::Error>;
    /// What the service failed with.
    #[doc(hidden)]
    fn failed(error: E) -> Self::Error;
}

impl<T, E> OnShed<T, E> for Wrapped {
    type Error = CallError<E>;

    fn shed(&self, limited: Limited) -> Result<T, CallError<E>> {
        Err(CallError::Limited(limited))
    }

    fn failed(error: E) -> CallError<E> {
        CallError::Failed(error)
    }
}

impl<T, E: From<Rejected>> OnShed<T, E> for OwnErrors {
    type Error = E;

    fn shed(&self, limited: Limited) -> Result<T, E> {
        Err(Rejected::from(limited).into())
    }

    fn failed(error: E) -> E {
        error
    }
}

/// A function makes a response.
#[derive(Debug, Clone, Copy)]
pub struct AnsweredBy<F>(pub(super) F);

impl<T, E, F: Fn(&Limited) -> T> OnShed<T, E> for AnsweredBy<F> {
    type Error = E;

    fn shed(&self, limited: Limited) -> Result<T, E> {
        Ok((self.0)(&limited))
    }

    fn failed(error: E) -> E {
        error
    }
}
