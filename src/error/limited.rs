//! The error of a call that a limit turned away.

use core::{error::Error, fmt, time::Duration};

use crate::name::{Name, WORDS};

/// A call was not admitted: a limit is reached.
///
/// It holds the limit's name by value, so it borrows nothing and can be a variant of
/// your own error (`MyError: From<Limited>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    pub(crate) name: Name,
    pub(crate) kind: LimitKind,
    /// `u64::MAX` where nobody knows.
    pub(crate) retry_after_ns: u64,
}

/// Which limit turned a call away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitKind {
    /// So many calls in a time.
    Rate,
    /// So many calls in flight.
    Bulkhead,
    /// So many calls in flight, a number that is found out.
    Adaptive,
    /// A moment at which the answer must be there.
    Deadline,
}

impl LimitKind {
    const fn what(self) -> &'static str {
        match self {
            Self::Rate => "rate limit",
            Self::Bulkhead => "bulkhead",
            Self::Adaptive => "adaptive limit",
            Self::Deadline => "deadline",
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Self::Rate => "is used up",
            Self::Bulkhead | Self::Adaptive => "is full",
            Self::Deadline => "is too near",
        }
    }
}

/// As in "rate limit".
impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.what())
    }
}

impl Limited {
    pub(crate) const UNKNOWN: u64 = u64::MAX;

    /// Makes the error of a limit of your own. A time of 584 years or more is none.
    ///
    /// ```
    /// use fusebox::{LimitKind, Limited};
    ///
    /// let limited = Limited::new(None, LimitKind::Bulkhead, None);
    /// assert_eq!(limited.to_string(), "bulkhead is full");
    /// ```
    #[must_use]
    pub fn new(name: Option<Name>, kind: LimitKind, retry_after: Option<Duration>) -> Self {
        let nanos = retry_after.and_then(|wait| u64::try_from(wait.as_nanos()).ok());
        Self {
            name: name.unwrap_or(Name::from_words([0; WORDS])),
            kind,
            retry_after_ns: nanos.unwrap_or(Self::UNKNOWN),
        }
    }

    /// Returns the name of the limit, or `None` if it has none.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        Some(self.name.as_str()).filter(|name| !name.is_empty())
    }

    /// Returns which limit it was.
    #[must_use]
    pub const fn kind(&self) -> LimitKind {
        self.kind
    }

    /// Returns the time after which the call may be admitted, if nobody else comes
    /// first. `None` where that is not known: a place in a bulkhead is free when a call
    /// ends.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let known = self.retry_after_ns != Self::UNKNOWN;
        known.then(|| Duration::from_nanos(self.retry_after_ns))
    }

    /// In whole milliseconds: a part of one counts as a whole one.
    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        let known = self.retry_after_ns != Self::UNKNOWN;
        known.then(|| self.retry_after_ns.div_ceil(1_000_000))
    }
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.kind, self.name(), self.retry_after())
    }
}

impl Error for Limited {}

/// It is the inner error, of the kind `Other`, as a
/// [`Rejected`](crate::Rejected) is.
#[cfg(feature = "std")]
impl From<Limited> for std::io::Error {
    fn from(limited: Limited) -> Self {
        Self::other(limited)
    }
}

/// What a caller reads.
pub(super) fn write(
    f: &mut fmt::Formatter<'_>,
    kind: LimitKind,
    name: Option<&str>,
    retry_after: Option<Duration>,
) -> fmt::Result {
    write!(f, "{kind} ")?;
    if let Some(name) = name {
        write!(f, "`{name}` ")?;
    }
    f.write_str(kind.says())?;
    match retry_after {
        Some(wait) => write!(f, ", retry after {wait:?}"),
        None => Ok(()),
    }
}
