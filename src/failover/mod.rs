//! Failover sets: regions or endpoints, each behind a breaker, and which one takes a call.

mod attempts;
mod call;
mod choose;
mod course;
mod error;
mod failover_set;
mod future;
mod journey;
mod member;
pub(crate) mod settings;
mod spill;

pub use error::{FailoverError, Refusal, RefusalReason, Refusals};
pub use failover_set::FailoverSet;
pub use member::{Chosen, Member};
