//! Circuit breakers of one atomic word, in registries of fixed size.
//!
//! A program that calls what may fail guards the call with a
//! [`CircuitBreaker`]: while all is well that costs about two atomic loads;
//! when the service is down, callers learn it at once instead of waiting for
//! their timeouts, and a few probes find out when it is back.
//!
//! ```
//! use core::time::Duration;
//! use fusebox::{BreakerConfig, CallError, CircuitBreaker};
//!
//! static BACKEND: CircuitBreaker = CircuitBreaker::named(
//!     "backend",
//!     BreakerConfig::new().failure_threshold(3).recovery_timeout(Duration::from_secs(30)).build(),
//! );
//!
//! match BACKEND.call(|| "42".parse::<i32>()) {
//!     Ok(answer) => assert_eq!(answer, 42),
//!     Err(CallError::Rejected(rejected)) => println!("not called: {rejected}"),
//!     Err(error) => println!("called, and failed: {error}"),
//! }
//! ```
//!
//! # Where things are
//! - [`CircuitBreaker`]: `call`, `call_async`, and under both `try_acquire`
//!   with its [`Permit`];
//! - [`BreakerConfig`]: what can be set, with ranges and defaults;
//! - [`Registry`]: breakers by name;
//! - [`Clock`] and [`Observer`]: time and events, which you can replace;
//! - [`ManualClock`]: tests without waiting.
//!
//! # Features
//! `std` (default): the host's clocks, entropy, and panics told from
//! cancellations in a dropped [`Permit`]. Without it the crate is `no_std` and
//! needs no allocator; bring a [`Clock`].
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "std")]
extern crate std;

mod breaker;
mod clock;
mod default_clock;
mod error;
mod event;
mod future;
mod name;
#[cfg(fusebox_loom)]
#[doc(hidden)]
pub mod planted;
mod random;
mod registry;
mod state;
#[cfg(feature = "std")]
mod std_clock;
mod sync;

pub use breaker::{
    CircuitBreaker,
    permit::Permit,
    settings::{BreakerConfig, Settings},
    snapshot::{Counters, Snapshot},
};
pub use clock::{Clock, ConstDefault, ManualClock, Tick};
pub use default_clock::DefaultClock;
pub use error::{CallError, ConfigError, Rejected};
pub use event::{DefaultObserver, Event, Observer, Transition};
pub use future::CallAsync;
pub use name::{Name, NameError};
pub use random::set_seed;
pub use registry::{
    Registry,
    error::RegistryError,
    key::{AsKey, Key},
};
pub use state::{State, Verdict};
#[cfg(feature = "std")]
pub use std_clock::{PreciseClock, StdClock};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
