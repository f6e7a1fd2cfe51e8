//! A limit of calls in flight that all processes of a host share.

mod owner;
mod places;
mod shared;

pub use shared::{SharedBulkhead, SharedPlace};
