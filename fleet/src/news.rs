//! What a store hands on.

use std::time::Duration;

/// What an instance has said, as the store has it: doubted until it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Who says it.
    pub instance: String,
    /// A report, as bytes.
    pub bytes: Vec<u8>,
    /// How old it is, by the store's own clock.
    pub age: Duration,
}
