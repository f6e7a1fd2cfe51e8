//! What a caller of a failover set gets where nobody answered.

use core::{error::Error, fmt, time::Duration};

use crate::{
    error::{Cause, LimitKind, Rejected},
    name::{Name, WORDS},
    state::State,
};

/// A call of a failover set gave no answer: no member took it, or one did, and it failed.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, FailoverConfig, FailoverSet, Member};
///
/// static EU: CircuitBreaker = CircuitBreaker::new(BreakerConfig::new().build());
/// static US: CircuitBreaker = CircuitBreaker::new(BreakerConfig::new().build());
/// static SHOPS: FailoverSet<2> = FailoverSet::named(
///     "shops",
///     [Member::new("eu", &EU), Member::new("us", &US)],
///     FailoverConfig::new().build(),
/// );
///
/// let failed = SHOPS.call(|_| Err::<(), _>("no such article")).unwrap_err();
/// assert_eq!(failed.to_string(), "`eu`: no such article");
///
/// EU.force_open();
/// US.force_open();
/// let refused = SHOPS.call(|_| Err::<(), _>("not called")).unwrap_err();
/// let text = "no member of `shops` took the call: `eu` is forced open; `us` is forced open";
/// assert_eq!(refused.to_string(), text);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailoverError<'a, E, const N: usize> {
    /// No member took the call.
    Refused(Refusals<'a, N>),
    /// The call was made and returned this error.
    Failed {
        /// The name of the member.
        member: &'a str,
        /// The call's own error.
        error: E,
    },
}

/// Why none of the members took a call: one [`Refusal`] for each, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusals<'a, const N: usize> {
    set: Option<&'a str>,
    each: [Refusal<'a>; N],
}

/// Why a member did not take a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refusal<'a> {
    name: &'a str,
    why: Refused,
}

/// Why a member did not take a call, as the reasons are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalReason {
    /// Its breaker is in this state.
    Breaker(State),
    /// Its breaker is closed, and turned the call away for this reason.
    Limit(LimitKind),
    /// As much as may has spilled onto it.
    SpillOver,
    /// It was not asked: its service is gone, or another member's was ready, and that
    /// member's breaker has opened since.
    NotAsked,
}

/// A refusal in two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    reason: RefusalReason,
    /// `u64::MAX` where nobody knows.
    retry_after_ms: u64,
}

impl Refused {
    pub(super) const SPILL_OVER: Self =
        Self { reason: RefusalReason::SpillOver, retry_after_ms: u64::MAX };
    const NOT_ASKED: Self = Self { reason: RefusalReason::NotAsked, retry_after_ms: u64::MAX };

    pub(super) fn by(rejected: &Rejected) -> Self {
        let reason = match rejected.limit() {
            Some(kind) => RefusalReason::Limit(kind),
            None => RefusalReason::Breaker(rejected.state()),
        };
        Self { reason, retry_after_ms: rejected.retry_after_ms().unwrap_or(u64::MAX) }
    }
}

impl<'a> Refusal<'a> {
    /// Returns the name of the member.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the reason.
    #[must_use]
    pub const fn reason(&self) -> RefusalReason {
        self.why.reason
    }

    /// Returns the time after which the member's breaker may admit a call, in whole
    /// milliseconds. `None` where that is not known, and where no breaker refused.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.why.retry_after_ms {
            u64::MAX => None,
            millis => Some(Duration::from_millis(millis)),
        }
    }
}

/// As in "`eu` is open, retry after 4.2s".
impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ", self.name)?;
        match self.why.reason {
            RefusalReason::Breaker(state) => write!(f, "is {state}")?,
            RefusalReason::Limit(kind) => write!(f, "turned it away ({kind})")?,
            RefusalReason::SpillOver => f.write_str("has no spill-over left")?,
            RefusalReason::NotAsked => f.write_str("was not asked")?,
        }
        match self.retry_after() {
            Some(wait) => write!(f, ", retry after {wait:?}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("name", &self.name)
            .field("reason", &self.why.reason)
            .field("retry_after", &self.retry_after())
            .finish()
    }
}

impl<'a, const N: usize> Refusals<'a, N> {
    pub(super) fn new(
        set: Option<&'a str>,
        names: impl Fn(usize) -> &'a str,
        whys: [Option<Refused>; N],
    ) -> Self {
        let each = |at| Refusal { name: names(at), why: whys[at].unwrap_or(Refused::NOT_ASKED) };
        Self { set, each: core::array::from_fn(each) }
    }

    /// Returns the name of the set, or `None` if it has none.
    #[must_use]
    pub const fn set(&self) -> Option<&'a str> {
        self.set
    }

    /// Returns the refusal of each member, in their order.
    #[must_use]
    pub const fn each(&self) -> &[Refusal<'a>; N] {
        &self.each
    }

    /// Returns the shortest time after which a member's breaker may admit a call. `None`
    /// where none is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.each.iter().filter_map(Refusal::retry_after).min()
    }
}

impl<const N: usize> fmt::Display for Refusals<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no member ")?;
        if let Some(set) = self.set {
            write!(f, "of `{set}` ")?;
        }
        f.write_str("took the call: ")?;
        for (at, refusal) in self.each.iter().enumerate() {
            write!(f, "{}{refusal}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl<const N: usize> Error for Refusals<'_, N> {}

/// What a caller reads who knows of breakers only: the name of the set, or else of its home;
/// the state of the home; and the shortest wait of all members.
impl<const N: usize> From<Refusals<'_, N>> for Rejected {
    fn from(refusals: Refusals<'_, N>) -> Self {
        let home = refusals.each.first();
        let state = match home.map(Refusal::reason) {
            Some(RefusalReason::Breaker(state)) => state,
            _ => State::Closed,
        };
        let name = refusals.set.or_else(|| home.map(Refusal::name)).unwrap_or_default();
        let wait = refusals.each.iter().map(|it| it.why.retry_after_ms).min();
        // Both names were checked when the set was made.
        let name = Name::try_new(name).unwrap_or(Name::from_words([0; WORDS]));
        Self::new(name, state, wait.filter(|ms| *ms != u64::MAX))
    }
}

impl<'a, E, const N: usize> FailoverError<'a, E, N> {
    /// Returns the call's own error, or `None` if the call was not made.
    #[must_use]
    pub fn into_failed(self) -> Option<E> {
        match self {
            Self::Failed { error, .. } => Some(error),
            Self::Refused(_) => None,
        }
    }

    /// Borrows why no member took the call, or `None` if one did.
    #[must_use]
    pub const fn as_refused(&self) -> Option<&Refusals<'a, N>> {
        match self {
            Self::Refused(refusals) => Some(refusals),
            Self::Failed { .. } => None,
        }
    }

    /// Turns the error into the caller's own error type, which a rejection converts into.
    ///
    /// The rejection has the name of the set, the state of its home, and the shortest wait.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, FailoverConfig, FailoverSet, Member};
    ///
    /// let eu = CircuitBreaker::new(BreakerConfig::new().build());
    /// let set = FailoverSet::new([Member::new("eu", &eu)], FailoverConfig::new().build());
    /// let error = set.call(|_| Err::<(), _>(std::io::Error::other("down"))).unwrap_err();
    /// assert_eq!(error.into_own().to_string(), "down");
    /// ```
    pub fn into_own(self) -> E
    where
        E: From<Rejected>,
    {
        match self {
            Self::Refused(refusals) => Rejected::from(refusals).into(),
            Self::Failed { error, .. } => error,
        }
    }
}

impl<E: fmt::Display, const N: usize> fmt::Display for FailoverError<'_, E, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusals) => refusals.fmt(f),
            Self::Failed { member, error } => write!(f, "`{member}`: {error}"),
        }
    }
}

impl<E: Cause, const N: usize> Error for FailoverError<'_, E, N> {
    // The text has the call's own error, so the source is that error's own: no message
    // appears twice in a chain.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(_) => None,
            Self::Failed { error, .. } => error.cause(),
        }
    }
}
