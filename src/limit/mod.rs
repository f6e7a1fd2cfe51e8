//! Limits: of a rate, of retries, of calls in flight, of time.

pub(crate) mod budget;
mod label;
pub(crate) mod rate;
