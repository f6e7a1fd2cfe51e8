//! Drills: faults that an operator asks a live breaker for, always with an end.

#[cfg(all(feature = "drill", not(fusebox_compact)))]
pub(crate) mod chance;
pub(crate) mod config;
pub(crate) mod error;
#[cfg(not(fusebox_compact))]
pub(crate) mod memory;
#[cfg(not(fusebox_compact))]
pub(crate) mod plan;
#[cfg(not(fusebox_compact))]
pub(crate) mod reading;
#[cfg(feature = "std")]
pub(crate) mod scope;
