//! Overload: which calls matter, what a service has room for, how it comes back, what
//! the host is short of. Rules and words alone; breakers and policies apply them.
//!
//! A share is in 1/65536, from none of the calls to [`ALL`] of them.

#[cfg(not(fusebox_compact))]
pub(crate) mod classes;
#[cfg(not(fusebox_compact))]
pub(crate) mod gate;
pub(crate) mod priority;
#[cfg(not(fusebox_compact))]
pub(crate) mod ramp;
#[cfg(feature = "std")]
pub(crate) mod scope;
#[cfg(not(fusebox_compact))]
pub(crate) mod shed;
#[cfg(not(fusebox_compact))]
pub(crate) mod turns;

/// The share that is all of them.
#[cfg(not(fusebox_compact))]
pub(crate) const ALL: u64 = 1 << 16;

/// A clock that steps back by less than this, in milliseconds, is waited for: another
/// thread may just have read it later. If it steps back further, a moment that lies
/// ahead means nothing.
#[cfg(not(fusebox_compact))]
const MENDS: i64 = 60_000;
