//! The sleeper of a retry that names none.

/// The sleeper of a retry that names none: [`StdSleep`](crate::StdSleep).
#[cfg(feature = "std")]
pub type DefaultSleep = crate::time::StdSleep;

/// The sleeper of a retry that names none: without `std` there is none.
#[cfg(not(feature = "std"))]
pub type DefaultSleep = NoSleeperGiveOneToRetryWith;

/// There is no sleeper without `std`: give your own to
/// [`Retry::with`](crate::Retry::with). This type has no values.
#[cfg(not(feature = "std"))]
#[derive(Debug, Clone, Copy)]
pub enum NoSleeperGiveOneToRetryWith {}
