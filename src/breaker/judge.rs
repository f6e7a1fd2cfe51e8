//! What a service's answers say of its health.

use crate::breaker::outcome::Outcome;

/// Judges a service's answers.
pub trait Judge<T, E> {
    /// Says what this answer means for the service.
    fn judge(&self, result: &Result<T, E>) -> Outcome;
}

/// Judges every error as a failure, and every response as a success.
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorsFail;

impl<T, E> Judge<T, E> for ErrorsFail {
    #[inline]
    fn judge(&self, result: &Result<T, E>) -> Outcome {
        if result.is_ok() { Outcome::Success } else { Outcome::Failure }
    }
}

impl<T, E, F: Fn(&Result<T, E>) -> Outcome> Judge<T, E> for F {
    #[inline]
    fn judge(&self, result: &Result<T, E>) -> Outcome {
        self(result)
    }
}
