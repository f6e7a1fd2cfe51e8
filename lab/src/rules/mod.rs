//! What is judged.

mod budgeted;
pub(crate) mod fusebox;
mod rule;

pub use budgeted::Budgeted;
pub use rule::{Attempt, End, Ended, Rule, Ticket};
