//! Limits of calls in flight that find out how many a service does at a time: fusebox's
//! own, and those of the field.

mod aimd;
mod gradient2;
mod limiter;
mod ours;
mod service;
mod vegas;

pub use aimd::Aimd;
pub use gradient2::Gradient2;
pub use limiter::{Bounds, Ended, Limiter};
pub use ours::Ours;
pub use service::{Demand, Micros, Service};
pub use vegas::Vegas;
