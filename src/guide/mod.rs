//! A guide, in short pages. Its programs run as tests.
//!
//! - [`which_part`]: which part to use when, and which limit
//! - [`first_breaker`]: a breaker in a `static`, and what to set
//! - [`settings`]: settings from files, and from an operator
//! - [`rules`]: when a breaker opens: shares of failures, slow calls, batches
//! - [`calls`]: sync and async calls, and which errors count
//! - [`retries`]: backoff, jitter, hints
//! - [`deadlines`]: how much time is left, handed from call to call
//! - [`priorities`]: which calls are turned away last, and which errors are an overload
//! - [`hedges`]: a second attempt beside one that takes long
//! - [`failover`]: regions and endpoints, of which one takes a call
//! - [`fallbacks`]: fallbacks, the last good answer, degradation
//! - [`pressure`]: what to do without while the host is under pressure
//! - [`attributes`]: resilience as decoration
//! - [`orders`]: the order of layers in a pipeline
//! - [`registries`]: breakers by name
//! - [`observing`]: events, counters, health
//! - [`testing`]: tests that do not wait
//! - [`no_std`]: devices without the standard library
//! - [`limits`]: what to know before you rely on it

#[doc = include_str!("which_part.md")]
pub mod which_part {}

#[doc = include_str!("first_breaker.md")]
pub mod first_breaker {}

#[doc = include_str!("settings.md")]
pub mod settings {}

#[doc = include_str!("rules.md")]
pub mod rules {}

#[doc = include_str!("calls.md")]
pub mod calls {}

#[doc = include_str!("retries.md")]
pub mod retries {}

#[doc = include_str!("deadlines.md")]
pub mod deadlines {}

#[doc = include_str!("priorities.md")]
pub mod priorities {}

#[doc = include_str!("hedges.md")]
pub mod hedges {}

#[doc = include_str!("failover.md")]
pub mod failover {}

#[doc = include_str!("fallbacks.md")]
pub mod fallbacks {}

#[doc = include_str!("pressure.md")]
pub mod pressure {}

#[doc = include_str!("attributes.md")]
pub mod attributes {}

#[doc = include_str!("orders.md")]
pub mod orders {}

#[doc = include_str!("registries.md")]
pub mod registries {}

#[doc = include_str!("observing.md")]
pub mod observing {}

#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("no_std.md")]
pub mod no_std {}

#[doc = include_str!("limits.md")]
pub mod limits {}
