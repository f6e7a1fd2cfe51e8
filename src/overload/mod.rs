//! Overload: which calls matter, what a service has room for, how it comes back, what
//! the host is short of. Rules and words alone; breakers and policies apply them.

pub(crate) mod pressure;
pub(crate) mod priority;
#[cfg(feature = "std")]
pub(crate) mod scope;
