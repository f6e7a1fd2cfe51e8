//! Another attempt after a failure.

pub(crate) mod attempt;
pub(crate) mod attempts;
pub(crate) mod backoff;
pub(crate) mod backoff_config;
pub(crate) mod budget;
pub(crate) mod future;
pub(crate) mod growth;
mod heeding;
pub(crate) mod hooks;
pub(crate) mod jitter;
pub(crate) mod operation;
pub(crate) mod progress;
#[allow(clippy::module_inception)] // the file of the type that the folder is about
mod retry;
pub(crate) mod retryable;
pub(crate) mod settings;
pub(crate) mod surroundings;
mod sync;

pub use retry::Retry;
