//! Policies put together around a call. Each file named after a policy has its
//! layer: how it is added, and one function for sync and async calls each.

pub(crate) mod adaptive;
pub(crate) mod breaker;
pub(crate) mod bulkhead;
mod context;
pub(crate) mod deadline;
mod fallback;
mod future;
mod hedge;
pub(crate) mod layer;
mod limited;
#[allow(clippy::module_inception)] // the file of the type that the folder is about
mod pipeline;
#[cfg(feature = "std")]
pub(crate) mod priority;
pub(crate) mod rate_limit;
mod retry;
pub(crate) mod timeout;

pub use pipeline::Pipeline;
