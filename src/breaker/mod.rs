//! Circuit breakers: the rules in `word`, the loop around them in `breaker`.

#[allow(clippy::module_inception)] // the file of the type that the folder is about
mod breaker;
mod call;
pub(crate) mod cell;
mod decide;
pub(crate) mod fault;
mod forced;
mod future;
pub(crate) mod held;
pub(crate) mod judge;
mod length;
mod opened;
pub(crate) mod permit;
#[cfg(not(fusebox_compact))]
pub(crate) mod reading;
pub(crate) mod settings;
pub(crate) mod snapshot;
pub(crate) mod word;

pub use breaker::CircuitBreaker;
