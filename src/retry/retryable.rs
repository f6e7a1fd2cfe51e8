//! Which errors are worth another attempt.

use crate::error::{CallError, LimitKind, Limited, Rejected, TimedOut};

/// An error that says by itself whether another attempt may help.
///
/// A [`Retry`](crate::Retry) without a `retry_if` asks it. Every error does,
/// unless it says otherwise; a [`Rejected`] call does not: its breaker is open
/// because the service is down, and a retry would hide that. One that a drill failed
/// ([`Rejected::is_drill`]) stands for a failure of the service, and does.
///
/// ```
/// use fusebox::{Rejected, Retryable};
///
/// #[derive(Debug)]
/// enum AiError { Unavailable(Rejected), Timeout, BadPrompt }
///
/// impl Retryable for AiError {
///     fn is_retryable(&self) -> bool {
///         matches!(self, Self::Timeout)
///     }
/// }
/// # assert!(!AiError::BadPrompt.is_retryable());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which of its errors are worth another attempt",
    label = "the trait `fusebox::Retryable` is not implemented for `{Self}`",
    note = "say it here with `.retry_if(|error| …)`, or for the type with `impl fusebox::Retryable for …`"
)]
pub trait Retryable {
    /// Returns whether another attempt may help.
    fn is_retryable(&self) -> bool {
        true
    }
}

impl Retryable for Rejected {
    fn is_retryable(&self) -> bool {
        self.is_drill()
    }
}

impl Retryable for Limited {
    fn is_retryable(&self) -> bool {
        self.kind() == LimitKind::Drill
    }
}

impl<E: Retryable> Retryable for CallError<E> {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Rejected(rejected) => rejected.is_retryable(),
            Self::Limited(limited) => limited.is_retryable(),
            Self::Failed(error) => error.is_retryable(),
        }
    }
}

impl<E: Retryable + ?Sized> Retryable for &E {
    fn is_retryable(&self) -> bool {
        (**self).is_retryable()
    }
}

macro_rules! always {
    ($($error:ty),+ $(,)?) => { $(impl Retryable for $error {})+ };
}

always!(
    (),
    bool,
    i32,
    u16,
    u32,
    str,
    TimedOut,
    core::convert::Infallible,
    core::fmt::Error,
    core::num::ParseFloatError,
    core::num::ParseIntError,
    core::num::TryFromIntError,
    core::str::Utf8Error,
);

#[cfg(feature = "std")]
always!(std::string::String,);

/// Whether a rejection is among an error and its causes.
#[cfg(feature = "std")]
fn tells_of_a_rejection(error: &(dyn core::error::Error + 'static)) -> bool {
    core::iter::successors(Some(error), |error| error.source()).any(is_rejection)
}

#[cfg(feature = "std")]
fn is_rejection(error: &(dyn core::error::Error + 'static)) -> bool {
    error.downcast_ref::<Rejected>().is_some_and(|it| !it.is_drill())
}

/// Every one does but those that were made from a [`Rejected`].
#[cfg(feature = "std")]
impl Retryable for std::io::Error {
    fn is_retryable(&self) -> bool {
        // The error inside an `io::Error` is not its source.
        self.get_ref().is_none_or(|error| !tells_of_a_rejection(error))
    }
}

/// Every one does but those that were made from a [`Rejected`].
#[cfg(feature = "std")]
impl Retryable for std::boxed::Box<dyn core::error::Error> {
    fn is_retryable(&self) -> bool {
        !tells_of_a_rejection(&**self)
    }
}

/// Every one does but those that were made from a [`Rejected`].
#[cfg(feature = "std")]
impl Retryable for std::boxed::Box<dyn core::error::Error + Send + Sync> {
    fn is_retryable(&self) -> bool {
        !tells_of_a_rejection(&**self)
    }
}

/// Every one does but those that were made from a [`Rejected`].
#[cfg(feature = "anyhow")]
impl Retryable for anyhow::Error {
    fn is_retryable(&self) -> bool {
        // What was made from a box shows neither the box nor what is in it.
        type Boxed = std::boxed::Box<dyn core::error::Error + Send + Sync>;
        let in_a_box = self.downcast_ref::<Boxed>().is_some_and(|it| tells_of_a_rejection(&**it));
        !in_a_box && !self.chain().any(is_rejection)
    }
}
