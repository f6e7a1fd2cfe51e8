//! The sleeper of a retry that was given no other.

/// The sleeper of a retry without one of its own:
/// [`StdSleep`](crate::StdSleep).
#[cfg(feature = "std")]
pub type DefaultSleep = crate::time::StdSleep;

/// The sleeper of a retry without one of its own. Without `std` the crate knows
/// no way to sleep, so this type has no values.
#[cfg(not(feature = "std"))]
pub type DefaultSleep = NoDefaultSleep;

/// Without `std` the crate knows no way to sleep. This type has no values, and
/// its name is what a compiler's message says: give a sleeper of your own to
/// [`Retry::with`](crate::Retry::with).
#[cfg(not(feature = "std"))]
#[derive(Debug, Clone, Copy)]
pub enum NoDefaultSleep {}
