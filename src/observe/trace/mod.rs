//! A ring of records of calls: what a program did, to be replayed.

mod checkpoint;
mod entries;
#[cfg(feature = "std")]
mod process;
mod record;
mod ring;

pub(crate) use checkpoint::Cause;
pub use checkpoint::Checkpoint;
pub use entries::{Entries, Entry, What};
#[cfg(feature = "std")]
pub(crate) use process::current;
#[cfg(feature = "std")]
pub use process::{TraceInUse, set_trace};
pub(crate) use record::{End, Pace, Record};
pub use ring::{Trace, TraceWord};
