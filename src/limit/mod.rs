//! Limits: of a rate, of retries, of calls in flight, of time.

pub(crate) mod adaptive;
pub(crate) mod bulkhead;
mod label;
pub(crate) mod rate;
