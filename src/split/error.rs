//! Shares that no split has.

use core::{error::Error, fmt};

/// The shares of a split do not add up to 1000 thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitError {
    /// The share of A, in thousandths.
    pub a: u16,
    /// The share of B, in thousandths.
    pub b: u16,
}

impl SplitError {
    /// What a `const` says.
    pub(super) const TEXT: &str = "the shares of a split must add up to 1000 thousandths";
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} and {} do not", Self::TEXT, self.a, self.b)
    }
}

impl Error for SplitError {}
