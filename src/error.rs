//! Every error of the core.

use core::{error::Error, fmt, time::Duration};

use crate::{name::Name, state::State};

/// A call was not admitted: the breaker is open, or half-open with all its
/// probes in flight.
///
/// It holds its breaker's name by value, so it borrows nothing and can be a
/// variant of your own error (`MyError: From<Rejected>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    pub(crate) name: Name,
    pub(crate) state: State,
    pub(crate) retry_after_ms: Option<u64>,
}

impl Rejected {
    /// The breaker's name, where it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        (!self.name.is_none()).then(|| self.name.as_str())
    }

    /// The state that turned the call away.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// The time after which a call may be admitted, in whole milliseconds:
    /// until the recovery timeout has passed (open), or until a probe's place
    /// is given to another at the latest (half-open). `None` for a breaker
    /// that was forced open.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after_ms.map(Duration::from_millis)
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

impl Error for Rejected {}

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
    /// The call was made and returned this error.
    Failed(E),
}

impl<E> CallError<E> {
    /// The call's own error, where it was made.
    #[must_use]
    pub fn failed(self) -> Option<E> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Rejected(_) => None,
        }
    }

    /// The rejection, where the call was not made.
    #[must_use]
    pub const fn rejected(&self) -> Option<&Rejected> {
        match self {
            Self::Rejected(rejected) => Some(rejected),
            Self::Failed(_) => None,
        }
    }

    /// Either as the caller's own error type.
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
            Self::Failed(error) => error,
        }
    }
}

impl<E> From<Rejected> for CallError<E> {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejected) => rejected.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: Error> Error for CallError<E> {
    // Each variant stands for the error it holds, so the source is that
    // error's own: no message appears twice in a chain.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Rejected(rejected) => rejected.source(),
            Self::Failed(error) => error.source(),
        }
    }
}

/// A setting outside its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigError {
    pub(crate) field: &'static str,
    pub(crate) value: u128,
    pub(crate) unit: &'static str,
    pub(crate) min: u128,
    pub(crate) max: u128,
}

impl ConfigError {
    /// The setting's name, as its setter is called.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// The value that was given, in the unit of [`range`](Self::range).
    #[must_use]
    pub const fn value(&self) -> u128 {
        self.value
    }

    /// The values that are allowed, both ends among them; times are in
    /// milliseconds.
    #[must_use]
    pub const fn range(&self) -> core::ops::RangeInclusive<u128> {
        self.min..=self.max
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value, unit, min, max } = self;
        write!(f, "`{field}` is {value}{unit}, and must be from {min} to {max}{unit}")
    }
}

impl Error for ConfigError {}
