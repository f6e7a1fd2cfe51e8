//! The errors of a call.

mod limited;
mod overload;
mod timed_out;

use core::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

pub use limited::{LimitKind, Limited};
#[cfg(any(feature = "tower", feature = "http"))]
pub(crate) use overload::is_known_overload;
pub use overload::is_overload;
use pin_project_lite::pin_project;
pub use timed_out::TimedOut;

use crate::{name::Name, state::State};

/// A call was not admitted: the breaker is open, or half-open with all its
/// probes in flight; or it is closed, and sheds load or lets calls back after an outage.
///
/// It holds its breaker's name by value, so it borrows nothing and can be a
/// variant of your own error (`MyError: From<Rejected>`). Where a call returns your
/// own error, one that a limit turned away ([`Limited`]) becomes a `Rejected`, too,
/// and [`limit`](Self::limit) says which limit it was.
// The layout lets a `CallError` tell its variants by the byte of `state`: every other
// variant of ours ends before it.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Rejected {
    name: Name,
    /// `u64::MAX` where nobody knows.
    retry_after_ms: u64,
    state: State,
    limit: Option<LimitKind>,
}

impl Rejected {
    #[inline]
    pub(crate) fn new(name: Name, state: State, retry_after_ms: Option<u64>) -> Self {
        Self { name, retry_after_ms: retry_after_ms.unwrap_or(u64::MAX), state, limit: None }
    }

    /// By a breaker that is closed.
    #[cfg(not(fusebox_compact))]
    pub(crate) fn by_limit(name: Name, kind: LimitKind, retry_after_ms: Option<u64>) -> Self {
        Self { limit: Some(kind), ..Self::new(name, State::Closed, retry_after_ms) }
    }

    /// The wait in milliseconds.
    #[inline]
    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        Some(self.retry_after_ms).filter(|ms| *ms != u64::MAX)
    }

    /// Returns the name of the breaker or of the limit, or `None` if it has none.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        Some(self.name.as_str()).filter(|name| !name.is_empty())
    }

    /// Returns the state that turned the call away. Where a limit did, or a breaker that
    /// sheds load or lets calls back, it is [`State::Closed`].
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Returns the kind of the limit that turned the call away, or `None` where an open
    /// or half-open breaker did. For a closed one that lets calls back it is
    /// [`LimitKind::RampUp`], and for one that sheds load
    /// [`LimitKind::Shedding`]. Where a drill failed the call it is [`LimitKind::Drill`].
    #[must_use]
    pub const fn limit(&self) -> Option<LimitKind> {
        self.limit
    }

    /// Returns whether a drill failed the call. Then it was not made, and yet is a failure, of
    /// the service as far as anybody can tell: the breaker counted it, and a retry makes
    /// another attempt.
    #[must_use]
    pub const fn is_drill(&self) -> bool {
        matches!(self.limit, Some(LimitKind::Drill))
    }

    /// Returns the time after which a call may be admitted, in whole
    /// milliseconds. In an open breaker that is when the recovery timeout has
    /// passed; in a half-open one, when a probe's place is given to another at
    /// the latest; in one that lets calls back, when it admits all. `None` for a
    /// breaker that was forced open or sheds load, and for a limit that does not know.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after_ms().map(Duration::from_millis)
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(limit) = self.limit {
            return limited::write(f, limit, self.name(), self.retry_after());
        }
        f.write_str("circuit breaker ")?;
        if let Some(name) = self.name() {
            write!(f, "`{name}` ")?;
        }
        write!(f, "is {}", self.state)?;
        if let Some(wait) = self.retry_after() {
            write!(f, ", retry after {wait:?}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, state, limit, retry_after_ms: _ } = self;
        f.debug_struct("Rejected")
            .field("name", name)
            .field("state", state)
            .field("limit", limit)
            .field("retry_after", &self.retry_after())
            .finish()
    }
}

impl Error for Rejected {}

/// The rejection is the inner error, of the kind `Other`.
///
/// ```
/// use std::io;
/// use fusebox::{BreakerConfig, CircuitBreaker, Rejected};
///
/// static DISK: CircuitBreaker = CircuitBreaker::named("disk", BreakerConfig::new().build());
///
/// DISK.force_open();
/// let error: io::Error = DISK.call_into(|| std::fs::read("/etc/hosts")).unwrap_err();
/// assert!(error.get_ref().unwrap().is::<Rejected>());
/// ```
#[cfg(feature = "std")]
impl From<Rejected> for std::io::Error {
    fn from(rejected: Rejected) -> Self {
        Self::other(rejected)
    }
}

/// The kind and the name of the limit stay, and the wait in whole milliseconds.
impl From<Limited> for Rejected {
    fn from(limited: Limited) -> Self {
        let rejected = Self::new(*limited.label(), State::Closed, limited.retry_after_ms());
        Self { limit: Some(limited.kind()), ..rejected }
    }
}

/// A guarded call gave no answer: it was not made, or it failed.
///
/// ```
/// use fusebox::CallError;
///
/// let error: CallError<std::num::ParseIntError> = "x".parse::<i32>().unwrap_err().into_failed();
/// # trait IntoFailed: Sized { fn into_failed(self) -> CallError<Self> { CallError::Failed(self) } }
/// # impl IntoFailed for std::num::ParseIntError {}
/// match error {
///     CallError::Rejected(rejected) => println!("not called: {rejected}"),
///     CallError::Failed(own) => println!("your own error, as it was: {own}"),
///     _ => {}
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError<E> {
    /// The breaker did not admit the call.
    Rejected(Rejected),
    /// A limit did not admit the call: of its rate, of the calls in flight, or of its
    /// time.
    Limited(Limited),
    /// The call was made and returned this error.
    Failed(E),
}

impl<E> CallError<E> {
    /// Returns the call's own error, or `None` if the call was not made.
    #[must_use]
    pub fn into_failed(self) -> Option<E> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Rejected(_) | Self::Limited(_) => None,
        }
    }

    /// Borrows the call's own error, or `None` if the call was not made. The
    /// functions of a retry in a pipeline need this, as they see a `CallError`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{CallError, Retry, RetryConfig};
    ///
    /// struct Busy { retry_after: Option<Duration> }
    ///
    /// let retry = Retry::new(RetryConfig::new().build())
    ///     .delay_hint(|error: &CallError<Busy>| error.as_failed()?.retry_after);
    /// # let _ = retry;
    /// ```
    #[must_use]
    #[inline]
    pub const fn as_failed(&self) -> Option<&E> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Rejected(_) | Self::Limited(_) => None,
        }
    }

    /// Borrows the rejection, or `None` if no breaker turned the call away.
    #[must_use]
    #[inline]
    pub const fn as_rejected(&self) -> Option<&Rejected> {
        match self {
            Self::Rejected(rejected) => Some(rejected),
            Self::Limited(_) | Self::Failed(_) => None,
        }
    }

    /// Borrows what the limit said, or `None` if no limit turned the call away.
    #[must_use]
    #[inline]
    pub const fn as_limited(&self) -> Option<&Limited> {
        match self {
            Self::Limited(limited) => Some(limited),
            Self::Rejected(_) | Self::Failed(_) => None,
        }
    }

    /// Returns whether the call was not made: a breaker or a limit turned it away.
    #[must_use]
    #[inline]
    pub const fn was_not_made(&self) -> bool {
        matches!(self, Self::Rejected(_) | Self::Limited(_))
    }

    /// Turns the error into the caller's own error type, which a rejection
    /// converts into. What a limit said becomes a [`Rejected`] on the way.
    ///
    /// ```
    /// use fusebox::{CallError, Rejected};
    ///
    /// #[derive(Debug, PartialEq)]
    /// enum AiError { Unavailable, Refused }
    /// impl From<Rejected> for AiError {
    ///     fn from(_: Rejected) -> Self { Self::Unavailable }
    /// }
    /// assert_eq!(CallError::Failed(AiError::Refused).into_own(), AiError::Refused);
    /// ```
    pub fn into_own(self) -> E
    where
        E: From<Rejected>,
    {
        match self {
            Self::Rejected(rejected) => rejected.into(),
            Self::Limited(limited) => Rejected::from(limited).into(),
            Self::Failed(error) => error,
        }
    }
}

impl<E> CallError<CallError<E>> {
    /// Flattens the error of a guarded call within a guarded call.
    pub fn flatten(self) -> CallError<E> {
        match self {
            Self::Rejected(rejected) => CallError::Rejected(rejected),
            Self::Limited(limited) => CallError::Limited(limited),
            Self::Failed(inner) => inner,
        }
    }
}

impl<E> From<Rejected> for CallError<E> {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl<E> From<Limited> for CallError<E> {
    fn from(limited: Limited) -> Self {
        Self::Limited(limited)
    }
}

impl<E: From<TimedOut>> From<TimedOut> for CallError<E> {
    fn from(timed_out: TimedOut) -> Self {
        Self::Failed(timed_out.into())
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejected) => rejected.fmt(f),
            Self::Limited(limited) => limited.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

/// Errors that are `Error` themselves, and so make a [`CallError`] one. Boxed errors
/// are not: `anyhow::Error`, `Box<dyn Error + Send + Sync>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Error` itself, so a `CallError<{Self}>` is none either",
    label = "a `CallError<{Self}>` is no `Error`: use `call_into` or `call_async_into`, which return a `{Self}`",
    note = "a call that returns `{Self}` itself is `call_into`, or `call_async_into`: a rejection becomes a `{Self}`, too"
)]
pub trait Cause: fmt::Debug + fmt::Display {
    #[doc(hidden)]
    fn cause(&self) -> Option<&(dyn Error + 'static)>;
}

#[diagnostic::do_not_recommend]
impl<E: Error> Cause for E {
    fn cause(&self) -> Option<&(dyn Error + 'static)> {
        self.source()
    }
}

impl<E: Cause> Error for CallError<E> {
    // Each variant stands for the error it holds, so the source is that
    // error's own: no message appears twice in a chain.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Rejected(rejected) => rejected.source(),
            Self::Limited(limited) => limited.source(),
            Self::Failed(error) => error.cause(),
        }
    }
}

pin_project! {
    /// A guarded call whose error is the caller's own: a rejection becomes one.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Own<F> {
        #[pin]
        pub(crate) call: F,
    }
}

impl<T, E: From<Rejected>, F: Future<Output = Result<T, CallError<E>>>> Future for Own<F> {
    type Output = Result<T, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().call.poll(cx).map_err(CallError::into_own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_error_needs_no_tag() {
        assert_eq!(size_of::<CallError<()>>(), size_of::<Rejected>());
        assert_eq!(size_of::<CallError<[u64; 8]>>(), size_of::<Rejected>());
    }

    #[test]
    fn limited_keeps_kind_and_wait() {
        for kind in LimitKind::ALL {
            for wait in [None, Some(0), Some(1), Some(1_500_000)] {
                let limited = Limited::of(Name::new("shop"), kind, wait);
                assert_eq!(limited.kind(), kind);
                assert_eq!(limited.retry_after(), wait.map(Duration::from_nanos));
                let rejected = Rejected::from(limited);
                assert_eq!((rejected.limit(), rejected.name()), (Some(kind), Some("shop")));
            }
        }
    }
}
