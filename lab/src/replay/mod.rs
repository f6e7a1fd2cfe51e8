//! What other settings would have done to the calls that a trace recorded.
//!
//! A [`Story`] is what the trace says of one breaker, in the order in which it
//! happened. [`Story::tell`] makes a breaker of given settings live through it: the
//! product's own code, on a manual clock. A call that the live breaker refused was never
//! made, and nobody knows how it would have ended; so each story is told twice, once
//! with all of them failing and once with all of them succeeding, and what a
//! [`Told`] says lies in between.
//!
//! The live settings must tell what happened: [`Told::differing`] is 0 for them where
//! one thread made the calls. Where several raced, the order of the trace is not always
//! that of the breaker's steps, and the number says how often it mattered. A recovery
//! jitter is drawn anew, and so differs, too.
//!
//! A closed breaker may have turned calls away, as it let calls back or shed load. By the
//! live settings those are told as they were. Other settings decide anew, each by a share
//! of its own, and a replay knows neither how much the service would have answered nor
//! which priority a call had: it takes all calls for the default one. A ramp that was in
//! force at the start of a story is not known to it, and so a failure weighs no more.

mod outcome;
mod story;
mod tell;

pub use story::{Story, StoryError};
pub use tell::{Told, Unknown};
