//! A limit of calls in flight that is found out.

pub(crate) mod adaptive_limit;
#[cfg(feature = "tower")]
pub(crate) mod held;
mod memory;
mod rule;
mod samples;
pub(crate) mod settings;
pub(crate) mod ticket;
mod word;
