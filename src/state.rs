//! What a breaker is doing, what an answer says of a service, and what became of a
//! report.

use core::fmt;

/// The state of a circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Every call is admitted; consecutive failures are counted.
    Closed,
    /// No call is admitted until the recovery timeout has passed. It stays
    /// so, past that time, until the next caller becomes the first probe.
    Open,
    /// A few probes are admitted, to learn whether the service is back.
    HalfOpen,
    /// No call is admitted until someone closes, resets or disables it.
    ForcedOpen,
    /// Every call is admitted and nothing is counted.
    Disabled,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::ForcedOpen => "forced open",
            Self::Disabled => "disabled",
        })
    }
}

/// What became of an outcome that was reported to a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The breaker judged the outcome by the rules of the state that admitted
    /// the call.
    Recorded,
    /// The breaker has changed its state since the call was admitted, so the
    /// outcome changed nothing.
    Stale,
}

/// What the end of a call says of the health of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The service is well.
    Success,
    /// The service is in trouble.
    Failure,
    /// Nothing is known: the request was at fault, or the call was cancelled.
    Ignore,
}
