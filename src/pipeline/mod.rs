//! Policies put together around a call.

pub(crate) mod future;
#[allow(clippy::module_inception)] // the file of the type that the folder is about
pub(crate) mod pipeline;

pub use pipeline::Pipeline;
