//! Which of the two.

use core::fmt;

/// One of the two breakers of a [`Split`](crate::Split).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arm {
    /// The first one: what you have.
    A,
    /// The second: what you try.
    B,
}

/// Writes `A` or `B`.
impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}
