//! The laboratory: rules of circuit breakers, under the same storms, in virtual time.
//!
//! A [`Rule`](rules::Rule) decides which calls are made, and hears how they ended. The
//! rules of other libraries are re-enacted in [`rules`]; fusebox's own are the
//! product's code on a manual clock.

pub mod contender;
pub mod field;
pub mod measure;
pub mod plot;
pub mod published;
pub mod random;
pub mod rules;
pub mod sockets;
pub mod storm;
pub mod table;
pub mod time;
pub mod trial;
pub mod world;
