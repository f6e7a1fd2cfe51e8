//! A limit of calls in flight.

#[allow(clippy::module_inception)] // the file of the type that the folder is about
pub(crate) mod bulkhead;
#[cfg(feature = "tower")] // whose layer is the one that keeps a place so
pub(crate) mod held;
pub(crate) mod place;
#[cfg(feature = "tokio")]
pub(crate) mod waiting;
mod word;
