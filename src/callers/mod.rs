//! Which breakers' calls call which others: what each breaker keeps of it.
//!
//! A breaker cannot reach the memory of whoever calls it. So each keeps its own column: a
//! bit for each number of a caller. Together the columns of a panel are the matrix that
//! the map reads.

#[cfg(not(fusebox_compact))]
#[allow(clippy::module_inception)] // the file of the type that the folder is about
pub(crate) mod callers;
#[cfg(feature = "tower")]
pub(crate) mod next;
pub(crate) mod place;
pub(crate) mod scope;
pub(crate) mod tried;
#[cfg(not(fusebox_compact))]
pub(crate) mod words;
