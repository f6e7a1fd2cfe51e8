//! What is judged.

mod rule;

pub use rule::{Attempt, End, Ended, Rule, Ticket};
