//! What an admitted call says of the service.

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
