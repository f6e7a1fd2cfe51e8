//! Another way to an answer when a call fails.

pub(crate) mod chain;
pub(crate) mod degradation;
#[allow(clippy::module_inception)] // the file of the type that the folder is about
mod fallback;
pub(crate) mod future;
#[cfg(feature = "std")]
pub(crate) mod last_good;
#[cfg(feature = "std")]
pub(crate) mod last_good_by_key;
pub(crate) mod report;
pub(crate) mod step;

pub use fallback::Fallback;
