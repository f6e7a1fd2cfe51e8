//! Why two arms cannot be compared.

use core::{error::Error, fmt};

/// Why two arms cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompareError {
    /// The breaker's calls are not counted, or there were none.
    Uncounted,
    /// There are more requests that were not answered than requests.
    TooMany {
        /// The number of requests.
        requests: u64,
        /// The number of those that were not answered.
        unanswered: u64,
    },
    /// The chance of a mistake is not from 1e-12 to 0.5.
    Alpha,
}

impl fmt::Display for CompareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uncounted => f.write_str(
                "no call was counted: make the calls through `Split::call`, or count them with \
                 `CountCalls` or the feature `count-calls`",
            ),
            Self::TooMany { requests, unanswered } => write!(
                f,
                "{unanswered} requests were not answered, of {requests}: not all calls were \
                 counted"
            ),
            Self::Alpha => f.write_str("`alpha` must be from 1e-12 to 0.5"),
        }
    }
}

impl Error for CompareError {}
