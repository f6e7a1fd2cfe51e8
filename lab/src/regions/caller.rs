//! What a process of callers does with a call.

use std::{future::Future, pin::Pin};

use super::Outside;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was answered.
    Answered,
    /// It was made, and was not answered.
    Failed,
    /// It was not made.
    Refused,
}

/// A process whose callers have one home, and which shares what it knows with no other.
pub trait Caller {
    /// Makes a call of this number.
    fn call<'c>(
        &'c self,
        outside: &'c Outside,
        call: usize,
    ) -> Pin<Box<dyn Future<Output = Ended> + 'c>>;
}
