//! Circuit breakers: the rules in `word`, the loop around them in `breaker`.

#[cfg(not(fusebox_compact))]
mod advice;
#[cfg(not(fusebox_compact))]
mod advised;
#[cfg(not(fusebox_compact))]
mod ahead;
mod attended;
mod batch;
#[allow(clippy::module_inception)] // the file of the type that the folder is about
mod breaker;
mod call;
pub(crate) mod cell;
mod chain;
mod decide;
#[cfg(not(fusebox_compact))]
mod drilled;
mod each;
pub(crate) mod fault;
mod forced;
#[cfg(not(fusebox_compact))]
mod foreseeing;
mod future;
#[cfg(not(fusebox_compact))]
mod gated;
pub(crate) mod held;
mod history;
#[cfg(all(feature = "drill", not(fusebox_compact)))]
mod injected;
pub(crate) mod judge;
#[cfg(not(fusebox_compact))]
mod learning;
mod length;
#[cfg(all(any(feature = "map", fusebox_loom), not(fusebox_compact)))]
pub(crate) mod mapped;
mod mark;
#[cfg(not(fusebox_compact))]
mod mix;
mod opened;
pub(crate) mod permit;
mod promise;
#[cfg(not(fusebox_compact))]
mod ramped;
pub(crate) mod ratio;
#[cfg(not(fusebox_compact))]
pub(crate) mod reading;
mod sampling;
mod score;
#[cfg(all(feature = "std", not(fusebox_compact)))]
pub(crate) mod script;
pub(crate) mod settings;
#[cfg(not(fusebox_compact))]
pub(crate) mod shadow;
#[cfg(not(fusebox_compact))]
mod shedding;
pub(crate) mod snapshot;
mod starts;
#[cfg(not(fusebox_compact))]
mod stepped;
mod told;
mod traced;
mod watched;
pub(crate) mod word;

#[cfg(not(fusebox_compact))]
pub use advice::Advice;
pub use batch::Permits;
pub use breaker::CircuitBreaker;
pub use each::Each;
pub use promise::Promise;
pub use ratio::Ratio;
#[cfg(not(fusebox_compact))]
pub use shadow::{ShadowReading, ShadowRefused};
