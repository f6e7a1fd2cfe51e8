//! Limits: of a rate, of retries, of calls in flight, of time.

pub(crate) mod adaptive;
pub(crate) mod budget;
pub(crate) mod bulkhead;
pub(crate) mod deadline;
pub(crate) mod hedge;
pub(crate) mod rate;
