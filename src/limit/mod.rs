//! Limits: of a rate, of retries, of calls in flight, of time; what goes under pressure.

pub(crate) mod adaptive;
pub(crate) mod budget;
pub(crate) mod bulkhead;
pub(crate) mod deadline;
pub(crate) mod hedge;
pub(crate) mod pressure;
pub(crate) mod rate;
