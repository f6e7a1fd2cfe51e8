//! What is wrong with an order.

use std::fmt;

use crate::bytes::Garbled;

/// The version of orders that this program knows.
pub(crate) const VERSION: u8 = 1;

/// An order is none, or its bytes are no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrderError {
    /// They do not begin as one: another application's, perhaps.
    Foreign,
    /// They are of a version that this program does not know.
    Version {
        /// Which.
        version: u8,
    },
    /// They end too early, or too late, or hold what no order holds.
    Garbled {
        /// At which byte.
        at: usize,
    },
    /// A text is too short, too long, or has a control character.
    Text {
        /// Which field.
        field: &'static str,
        /// The most bytes.
        most: usize,
    },
    /// It ends before it begins, or a week after that, or in a year of five digits.
    Times,
}

impl From<Garbled> for OrderError {
    fn from(Garbled(at): Garbled) -> Self {
        Self::Garbled { at }
    }
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("these bytes are no order of fusebox's"),
            Self::Version { version } => {
                write!(f, "the order has version {version}, and this program knows {VERSION}")
            }
            Self::Garbled { at } => write!(f, "the order is garbled at byte {at}"),
            Self::Text { field, most } => {
                write!(f, "`{field}` must have from 1 to {most} bytes, and no control character")
            }
            Self::Times => f.write_str("an order must end after it begins, within a week"),
        }
    }
}

impl std::error::Error for OrderError {}
