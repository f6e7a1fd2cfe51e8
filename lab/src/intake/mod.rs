//! Guards of a server that has more calls than it can answer: fusebox's own, and those of
//! the field.

mod bounded;
mod codel;
mod dagor;
mod guard;
mod limited;
mod none;
mod ours;
mod server;

pub use bounded::Bounded;
pub use codel::Codel;
pub use dagor::Dagor;
pub use guard::{Call, Guard, LEVELS};
pub use limited::Limited;
pub use none::Unguarded;
pub use ours::Ours;
pub use server::{Came, End, Load, Server, Work};
