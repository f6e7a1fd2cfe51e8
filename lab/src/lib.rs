//! The laboratory: rules of circuit breakers, under the same storms, in virtual time.
//!
//! A [`Rule`](rules::Rule) decides which calls are made, and hears how they ended. The
//! rules of other libraries are re-enacted in [`rules`]; fusebox's own are the
//! product's code on a manual clock.

pub mod random;
pub mod replay;
pub mod rules;
pub mod time;
