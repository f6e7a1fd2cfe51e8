//! The error of a call that a limit turned away.

use core::{error::Error, fmt, time::Duration};

use crate::name::{Name, WORDS};

/// A call was not admitted: a limit is reached.
///
/// It holds the limit's name by value, so it borrows nothing and can be a variant of
/// your own error (`MyError: From<Limited>`).
// As small as `Rejected` without its last bytes, so that a `CallError` needs no tag.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Limited {
    name: Name,
    /// The kind in the upper bits, and below it the wait in nanoseconds, all ones where
    /// nobody knows it.
    packed: u64,
}

/// The kind stands above it.
const KIND: u32 = 60;
/// The bits of a wait: 36 years.
const WAIT: u64 = (1 << KIND) - 1;

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
    /// A share of the calls, as a breaker lets them back after an outage.
    RampUp,
    /// A share of the calls, as the service that is called has more than it can answer.
    Shedding,
    /// The host is short of something, and the call can be done without.
    Pressure,
    /// This server has more calls than it can answer.
    Overload,
    /// A drill failed the call of a breaker, as a service that is down would have.
    Drill,
}

impl LimitKind {
    pub(super) const ALL: [Self; 9] = [
        Self::Rate,
        Self::Bulkhead,
        Self::Adaptive,
        Self::Deadline,
        Self::RampUp,
        Self::Shedding,
        Self::Pressure,
        Self::Overload,
        Self::Drill,
    ];

    const fn what(self) -> &'static str {
        match self {
            Self::Rate => "rate limit",
            Self::Bulkhead => "bulkhead",
            Self::Adaptive => "adaptive limit",
            Self::Deadline => "deadline",
            Self::RampUp => "ramp-up",
            Self::Shedding => "load shedding",
            Self::Pressure => "host pressure",
            Self::Overload => "overload guard",
            Self::Drill => "drill",
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Self::Rate => "is used up",
            Self::Bulkhead | Self::Adaptive => "is full",
            Self::Deadline => "is too near",
            Self::RampUp => "is letting calls back",
            Self::Shedding => "sheds load",
            Self::Pressure => "is too high",
            Self::Overload => "turns calls away",
            Self::Drill => "failed this call",
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
    /// A wait that is not known is none, as is one of more than 36 years.
    pub(crate) fn of(name: Name, kind: LimitKind, retry_after_ns: Option<u64>) -> Self {
        let wait = retry_after_ns.map_or(WAIT, |wait| wait.min(WAIT));
        Self { name, packed: (kind as u64) << KIND | wait }
    }

    /// Makes the error of a limit of your own. A wait of 36 years or more is none that is
    /// known.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{LimitKind, Limited, Name};
    ///
    /// let wait = Some(Duration::from_millis(20));
    /// let limited = Limited::new(Some(Name::new("tenant 7")), LimitKind::Rate, wait);
    /// assert_eq!(limited.to_string(), "rate limit `tenant 7` is used up, retry after 20ms");
    /// assert_eq!(Limited::new(None, LimitKind::Bulkhead, None).to_string(), "bulkhead is full");
    /// ```
    #[must_use]
    pub fn new(name: Option<Name>, kind: LimitKind, retry_after: Option<Duration>) -> Self {
        let nanos = retry_after.and_then(|wait| u64::try_from(wait.as_nanos()).ok());
        Self::of(name.unwrap_or(Name::from_words([0; WORDS])), kind, nanos)
    }

    pub(super) const fn label(&self) -> &Name {
        &self.name
    }

    /// Returns the name of the limit, or `None` if it has none.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        Some(self.name.as_str()).filter(|name| !name.is_empty())
    }

    /// Returns which limit it was.
    #[must_use]
    pub const fn kind(&self) -> LimitKind {
        LimitKind::ALL[(self.packed >> KIND) as usize]
    }

    /// Returns the time after which the call may be admitted, if nobody else comes
    /// first. `None` where that is not known: a place in a bulkhead is free when a call
    /// ends.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after_ns().map(Duration::from_nanos)
    }

    fn retry_after_ns(&self) -> Option<u64> {
        Some(self.packed & WAIT).filter(|wait| *wait != WAIT)
    }

    /// In whole milliseconds: a part of one counts as a whole one.
    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        self.retry_after_ns().map(|wait| wait.div_ceil(1_000_000))
    }
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.kind(), self.name(), self.retry_after())
    }
}

impl fmt::Debug for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, packed: _ } = self;
        f.debug_struct("Limited")
            .field("name", name)
            .field("kind", &self.kind())
            .field("retry_after", &self.retry_after())
            .finish()
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
    if kind == LimitKind::Drill {
        f.write_str("a drill failed this call")?;
        return match name {
            Some(name) => write!(f, " of circuit breaker `{name}`"),
            None => Ok(()),
        };
    }
    // Of these two it is a breaker that speaks.
    let who = match kind {
        LimitKind::RampUp | LimitKind::Shedding => "circuit breaker",
        _ => kind.what(),
    };
    write!(f, "{who} ")?;
    if let Some(name) = name {
        write!(f, "`{name}` ")?;
    }
    f.write_str(kind.says())?;
    match retry_after {
        Some(wait) => write!(f, ", retry after {wait:?}"),
        None => Ok(()),
    }
}
