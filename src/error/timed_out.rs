//! The error of an attempt that took too long.

use core::{error::Error, fmt, time::Duration};

/// An attempt was given a time limit, and took longer.
///
/// Your own error takes it in (`MyError: From<TimedOut>`); with `std`,
/// `std::io::Error` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedOut {
    pub(crate) limit: Duration,
}

impl TimedOut {
    /// Returns the time that the attempt was given.
    #[must_use]
    pub const fn limit(&self) -> Duration {
        self.limit
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer within {:?}", self.limit)
    }
}

impl Error for TimedOut {}

#[cfg(feature = "std")]
impl From<TimedOut> for std::io::Error {
    fn from(timed_out: TimedOut) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, timed_out)
    }
}
