//! What is learned of a service: the rules of its words, and how it is read.

pub(crate) mod estimate;
#[cfg(not(fusebox_compact))]
pub(crate) mod latency;
#[cfg(not(fusebox_compact))]
pub(crate) mod learned;
#[cfg(not(fusebox_compact))]
pub(crate) mod limit;
#[cfg(not(fusebox_compact))]
pub(crate) mod past;
pub(crate) mod tells;
#[cfg(not(fusebox_compact))]
pub(crate) mod words;
