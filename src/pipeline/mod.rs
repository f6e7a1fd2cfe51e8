//! Policies put together around a call. Each file named after a policy has its
//! layer: how it is added, and one function for sync and async calls each.

pub(crate) mod adaptive;
pub(crate) mod breaker;
pub(crate) mod bulkhead;
mod context;
mod fallback;
mod future;
pub(crate) mod layer;
#[allow(clippy::module_inception)] // the file of the type that the folder is about
mod pipeline;
mod retry;
pub(crate) mod timeout;

pub use pipeline::Pipeline;
