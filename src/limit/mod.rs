//! Limits: of a rate, of retries, of calls in flight, of time.

pub(crate) mod budget;
pub(crate) mod deadline;
pub(crate) mod hedge;
mod label;
pub(crate) mod rate;
