//! Limits: of a rate, of retries, of calls in flight, of time.

pub(crate) mod deadline;
mod label;
pub(crate) mod rate;
