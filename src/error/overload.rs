//! Which errors say that a service has more calls than it can answer.

use core::{error::Error, iter::successors};

use crate::error::{CallError, LimitKind, Limited, Rejected, TimedOut};

/// Returns whether an error, or one of its sources, says that a service has more calls
/// than it can answer.
///
/// These do: [`TimedOut`]; a [`Limited`] or a [`Rejected`] of the kind
/// [`LimitKind::Overload`]; with `std`, an `std::io::Error` of the kind `TimedOut`, and
/// one that holds any of these; with the features `tokio` and `tower`, the `Elapsed` of
/// their timeouts. Other rejections do not: the service was not asked.
///
/// A breaker that is told of overload can shed load: see
/// [`Outcome::Overload`](crate::Outcome::Overload).
///
/// ```
/// use std::io;
/// use fusebox::is_overload;
///
/// let slow = io::Error::from(io::ErrorKind::TimedOut);
/// assert!(is_overload(&slow));
/// assert!(!is_overload(&io::Error::from(io::ErrorKind::ConnectionRefused)));
/// ```
#[must_use]
pub fn is_overload(error: &(dyn Error + 'static)) -> bool {
    successors(Some(error), |error| inside(*error)).any(says_so)
}

/// The next error to look at. An `io::Error` passes over the error that it holds, and says
/// that its source is the source of that one.
fn inside<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    #[cfg(feature = "std")]
    if let Some(held) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        return Some(held);
    }
    error.source()
}

/// Whether this error says so, whatever its sources say.
fn says_so(error: &(dyn Error + 'static)) -> bool {
    if let Some(limited) = error.downcast_ref::<Limited>() {
        return limited.kind() == LimitKind::Overload;
    }
    if let Some(rejected) = error.downcast_ref::<Rejected>() {
        return rejected.limit() == Some(LimitKind::Overload);
    }
    #[cfg(feature = "std")]
    if let Some(error) = error.downcast_ref::<std::io::Error>() {
        return error.kind() == std::io::ErrorKind::TimedOut;
    }
    #[cfg(feature = "tokio")]
    if error.is::<tokio::time::error::Elapsed>() {
        return true;
    }
    #[cfg(feature = "tower")]
    if error.is::<tower::timeout::error::Elapsed>() {
        return true;
    }
    error.is::<TimedOut>()
}

impl<E> CallError<E> {
    /// Returns whether the error says that a service has more calls than it can answer, as
    /// [`is_overload`] finds it. That function sees the sources of a `CallError`, and not
    /// the error that it holds.
    ///
    /// ```
    /// use std::io;
    /// use fusebox::CallError;
    ///
    /// let error = CallError::Failed(io::Error::from(io::ErrorKind::TimedOut));
    /// assert!(error.is_overload());
    /// ```
    #[must_use]
    pub fn is_overload(&self) -> bool
    where
        E: Error + 'static,
    {
        self.is_overload_by(|error| is_overload(error))
    }

    fn is_overload_by(&self, own: impl FnOnce(&E) -> bool) -> bool {
        match self {
            Self::Rejected(rejected) => is_overload(rejected),
            Self::Limited(limited) => is_overload(limited),
            Self::Failed(error) => own(error),
        }
    }
}

/// Whether a value of a type that is not known here is an error that says so: a box of any
/// error, or one of the types of which [`is_overload`] knows; or a [`CallError`] of these.
#[cfg(any(feature = "tower", feature = "http"))]
pub(crate) fn is_known_overload(error: &dyn core::any::Any) -> bool {
    use std::{boxed::Box, io};

    fn look<E: 'static>(
        error: &dyn core::any::Any,
        as_error: fn(&E) -> &(dyn Error + 'static),
    ) -> Option<bool> {
        let own = |error: &E| is_overload(as_error(error));
        match error.downcast_ref::<E>() {
            Some(error) => Some(own(error)),
            None => error.downcast_ref::<CallError<E>>().map(|error| error.is_overload_by(own)),
        }
    }

    look::<Box<dyn Error + Send + Sync>>(error, |error| &**error)
        .or_else(|| look::<io::Error>(error, |error| error))
        .or_else(|| look::<Box<dyn Error>>(error, |error| &**error))
        .or_else(|| look::<TimedOut>(error, |error| error))
        .or_else(|| look::<Rejected>(error, |error| error))
        .or_else(|| look::<Limited>(error, |error| error))
        .or_else(|| known_by_features(error))
        .unwrap_or(false)
}

/// The types of errors that features bring.
#[cfg(any(feature = "tower", feature = "http"))]
fn known_by_features(error: &dyn core::any::Any) -> Option<bool> {
    #[cfg(feature = "anyhow")]
    if let Some(error) = error.downcast_ref::<anyhow::Error>() {
        // What was made from a box shows neither the box nor what is in it.
        type Boxed = std::boxed::Box<dyn Error + Send + Sync>;
        let in_a_box = error.downcast_ref::<Boxed>().is_some_and(|it| is_overload(&**it));
        return Some(in_a_box || is_overload(error.as_ref()));
    }
    #[cfg(feature = "tokio")]
    if error.is::<tokio::time::error::Elapsed>() {
        return Some(true);
    }
    // Not read where neither feature is there.
    let _ = error;
    None
}
