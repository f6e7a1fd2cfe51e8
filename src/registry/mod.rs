//! Breakers by name, in an array of fixed size.

pub(crate) mod error;
#[cfg(feature = "std")]
pub(crate) mod global;
pub(crate) mod key;
// A compact registry has no room for limits, and no model needs more words.
#[cfg(not(any(fusebox_compact, fusebox_loom)))]
pub(crate) mod limits;
#[cfg(not(any(fusebox_compact, fusebox_loom)))]
pub(crate) mod limits_reading;
#[cfg(all(feature = "map", not(fusebox_compact)))]
mod mapped;
mod members;
pub(crate) mod panel;
#[allow(clippy::module_inception)] // the file of the type that the folder is about
mod registry;
mod slot;

pub use registry::Registry;
