//! Keeps a program running when what it calls fails: circuit breakers of one
//! atomic word, retries, fallbacks, graceful degradation.
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
//!   with its [`Permit`]; [`BreakerConfig`]: what can be set;
//! - [`Registry`]: breakers by name;
//! - [`Retry`] and [`RetryConfig`]: another attempt; [`Backoff`]: its delays;
//! - [`Fallback`]: another way to an answer, `LastGood` one that was right
//!   before; [`Degradation`]: a primary way and a fallback, step by step;
//! - [`Pipeline`]: all of them around one call, and what each order means;
//! - [`presets`]: settings for common cases;
//! - [`health`]: how well a panel's breakers do, with scores and alerts;
//! - [`Clock`], [`Sleep`], [`AsyncSleep`], [`Observer`]: time and events, which
//!   you can replace; [`ManualClock`]: tests without waiting.
//!
//! # Features
//! - `std` (default): the host's clocks and sleep, entropy, `LastGood`, and
//!   panics told from cancellations in a dropped [`Permit`]. Without it the
//!   crate is `no_std` and needs no allocator; bring a [`Clock`], a sleeper, and
//!   entropy ([`set_seed`]).
//! - `tokio`: async delays and limits on tokio's timer.
//! - `macros`: the attributes `with_retry`, `with_circuit_breaker`,
//!   `with_fallback` and `resilient`.
//! - `tower`: layers for its services; `http`: `Retry-After`.
//! - `bypass`: resilience taken out of a test, or of a whole program.
//! - `observer`: `set_observer`, one observer for whatever was given none.
//! - `count-calls`: every breaker without an observer counts its calls.
//! - `serde`: settings that are read from files, and readings as data.
//! - `tracing`, `log`: events there, from whatever was given no observer.
//!
//! # Compact slots
//! A breaker is 128 bytes. A program for a small device can have it in 32, with
//! a name of 8 bytes at most and without counters: it is built with
//! `RUSTFLAGS="--cfg fusebox_compact"`, or the same in its `.cargo/config.toml`.
//! That is no feature, as it takes something away: who builds the program
//! decides, and no library in it can.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod attributes;
mod breaker;
mod bypass;
mod config;
mod error;
mod fallback;
#[cfg(not(fusebox_compact))]
pub mod health;
#[cfg(feature = "http")]
pub mod http;
mod machine;
mod name;
mod observe;
mod pipeline;
pub mod presets;
mod random;
mod registry;
mod retry;
#[cfg(feature = "serde")]
mod serde;
mod state;
mod sync;
mod time;
#[cfg(feature = "tower")]
pub mod tower;

#[cfg(not(fusebox_compact))]
pub use breaker::reading::Reading;
pub use breaker::{
    CircuitBreaker,
    fault::Fault,
    outcome::Outcome,
    permit::Permit,
    settings::{BreakerConfig, BreakerSettings},
    snapshot::{Counters, Snapshot},
};
#[cfg(feature = "bypass")]
pub use bypass::{Bypass, BypassFuture, BypassGuard};
pub use config::{ConfigError, Setting, Unit};
pub use error::{CallError, Rejected, TimedOut};
#[cfg(feature = "std")]
pub use fallback::last_good::LastGood;
pub use fallback::{Fallback, degradation::Degradation};
#[cfg(feature = "macros")]
pub use fusebox_macros::{resilient, with_circuit_breaker, with_fallback, with_retry};
pub use name::{Name, NameError};
#[cfg(feature = "macros")]
#[doc(hidden)]
pub use observe::known;
pub use observe::{
    CountCalls, DefaultObserver, ErrorText, Errors, Event, Exhausted, FallbackUsed, Limit,
    Misconfigured, Observer, Retrying, Tally, Transition,
};
#[cfg(feature = "observer")]
pub use observe::{ObserverInUse, set_observer};
pub use pipeline::Pipeline;
pub use random::set_seed;
#[cfg(feature = "std")]
pub use registry::global::{GlobalBreaker, GlobalInUse, global, set_global};
pub use registry::{
    Registry,
    error::RegistryError,
    key::{AsKey, Key},
    panel::Panel,
};
pub use retry::{
    Retry,
    attempt::Attempt,
    attempts::Attempts,
    backoff::Backoff,
    backoff_config::BackoffConfig,
    jitter::Jitter,
    retryable::Retryable,
    settings::{RetryConfig, RetrySettings},
    surroundings::RetrySurroundings,
};
pub use state::{State, Verdict};
#[cfg(fusebox_loom)]
#[doc(hidden)]
pub use sync::defects as planted;
#[cfg(not(feature = "std"))]
pub use time::NoDefaultSleep;
pub use time::{
    AsyncSleep, CachedClock, Clock, ConstDefault, DefaultClock, DefaultSleep, ManualClock,
    ManualSleep, Sleep, SleepBy, Tick,
};
#[cfg(feature = "std")]
pub use time::{KeepFresh, PreciseClock, StdClock, StdSleep};

/// The types of which policies are made: to name them, or to write a layer.
pub mod layers {
    pub use crate::{
        fallback::{
            chain::{NoLayer, Then},
            step::{Or, OrAsync, OrAsyncWith, OrWith},
        },
        pipeline::{
            breaker::{BreakerLayer, Counting, EveryError},
            layer::{Empty, Stack},
            timeout::TimeoutLayer,
        },
        retry::hooks::{AskError, Before, BeforeAsync, HintFrom, Hooks, NoHint, Nothing, When},
    };
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(all(doctest, feature = "macros", feature = "tokio"))]
#[doc = include_str!("../docs/migration.md")]
mod migration {}

#[cfg(all(doctest, feature = "std", target_os = "linux", target_has_atomic = "64"))]
#[doc = include_str!("../docs/panel.md")]
mod panel {}
