//! Limits: of a rate, of retries, of calls in flight, of time.

mod label;
pub(crate) mod rate;
