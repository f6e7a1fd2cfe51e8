//! fusebox keeps a program running when the things it calls fail. It has circuit
//! breakers of one atomic word, retries, fallbacks, and graceful degradation.
//!
//! Guard a call that may fail with a [`CircuitBreaker`]. While all is well, that
//! costs about two atomic loads. When the service is down, callers learn it at
//! once instead of waiting for their timeouts, and a few probes find out when it
//! is back.
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
//! # Where to begin
//! The module `guide` (with `std`) has short pages, from a first breaker to the
//! limits. The main types are:
//!
//! - [`CircuitBreaker`], with [`BreakerConfig`] for its settings and [`Permit`] for
//!   calls that no closure fits
//! - [`Registry`]: breakers by name
//! - [`Retry`], with [`RetryConfig`]; [`Backoff`] for the delays alone
//! - [`RetryBudget`], with [`BudgetConfig`]: retries as a share of the calls
//! - [`FailoverSet`]: regions or endpoints, of which the first one that admits a call takes it
//! - [`Fallback`], `LastGood`, `LastGoodByKey` and [`Degradation`]: other ways to an answer
//! - [`RateLimit`], [`Bulkhead`], [`AdaptiveLimit`]: so many calls in a time, or in flight
//! - [`Hedge`], with [`LatencyQuantile`]: a second attempt beside one that takes long
//! - [`Deadline`]: a moment that is handed on, which nothing may overrun
//! - [`Intake`]: a server's guard, which refuses calls that would wait too long
//! - [`Priority`]: which calls are turned away last; [`is_overload`]: which errors are those
//!   of a service that has too many
//! - [`Pipeline`]: several policies around one call, and what each order means
//! - [`presets`]: settings for common cases
//! - [`Trace`]: a ring of records of calls, to be replayed with other settings
//! - [`health`]: rates, scores and alerts of many breakers
//! - [`tune`]: settings that follow what became of earlier ones
//! - [`Clock`], [`Sleep`], [`AsyncSleep`], [`Observer`]: time and events, which you
//!   can replace; [`ManualClock`] for tests that do not wait
//!
//! # Features
//! - `std` (default): the clocks and the sleep of the host, entropy, `LastGood`,
//!   `global()`, and panics told from cancellations in a dropped [`Permit`].
//!   Without it the crate is `no_std` and needs no allocator. Bring a [`Clock`], a
//!   sleeper, and entropy ([`set_seed`]).
//! - `tokio`: async delays and timeouts on tokio's timer; `TokioClock`.
//! - `macros`: the attributes `with_retry`, `with_circuit_breaker`, `with_fallback`,
//!   `with_timeout`, `with_rate_limit`, `with_bulkhead`, `with_deadline`, `with_hedge`,
//!   `with_priority`, `with_pressure`, `with_failover` and `resilient`.
//! - `tower`: layers for tower's services.
//! - `http`: a reader of `Retry-After`, what statuses say of a service, and deadlines and
//!   priorities in headers.
//! - `anyhow`: retries of `anyhow` errors that need no predicate.
//! - `serde`: settings that are read from files, and readings as data.
//! - `observer`: `set_observer`, one observer for the whole process; `Listeners`,
//!   which come and go while it runs.
//! - `tracing`, `log`: events in `tracing` or `log`.
//! - `count-calls`: breakers without an observer of their own count their calls.
//! - `time-calls`: breakers without an observer of their own tell of each call and
//!   how long it took.
//! - `map`: breakers learn which others' calls call them; `Map` and `Caller`.
//! - `bypass`: tests and programs without resilience.
//!
//! # Compact slots
//! A breaker takes 512 bytes. A program for a small device can have it in 32, with
//! a name of at most 8 bytes and without counters. Build it with
//! `RUSTFLAGS="--cfg fusebox_compact"`, or put that in `.cargo/config.toml`. It is
//! not a feature, because it takes something away: the one who builds the program
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
// Without the feature what others learned is only read.
#[cfg_attr(any(fusebox_compact, not(feature = "map")), allow(dead_code))]
mod callers;
#[cfg(all(feature = "std", not(fusebox_compact)))]
pub mod compare;
mod config;
mod drill;
mod error;
mod failover;
mod fallback;
#[cfg(not(fusebox_compact))]
mod foresight;
// Pages for rustdoc; no program needs it.
#[cfg(all(any(doc, doctest), feature = "std", not(fusebox_compact)))]
pub mod guide;
#[cfg(not(fusebox_compact))]
pub mod health;
#[cfg(feature = "http")]
pub mod http;
mod intake;
mod label;
mod learn;
mod limit;
mod machine;
#[cfg(all(feature = "map", not(fusebox_compact)))]
mod map;
mod name;
mod observe;
mod overload;
mod pipeline;
pub mod presets;
mod random;
mod registry;
mod retry;
mod risk;
#[cfg(feature = "std")]
mod scope;
#[cfg(feature = "serde")]
mod serde;
mod split;
mod state;
mod sync;
mod time;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(not(fusebox_compact))]
pub mod tune;
mod wide;

#[cfg(not(fusebox_compact))]
pub use breaker::Advice;
#[cfg(all(any(feature = "map", fusebox_loom), not(fusebox_compact)))]
pub use breaker::mapped::NoSuchPlace;
#[cfg(not(fusebox_compact))]
pub use breaker::reading::Reading;
#[cfg(all(feature = "std", not(fusebox_compact)))]
pub use breaker::script::{Script, ScriptStep};
pub use breaker::{
    CircuitBreaker, Each, Permits, Promise, Ratio,
    fault::Fault,
    judge::{Judge, OverloadIf},
    permit::Permit,
    settings::{BreakerConfig, BreakerSettings},
    snapshot::{Counters, Snapshot},
};
#[cfg(not(fusebox_compact))]
pub use breaker::{ShadowReading, ShadowRefused};
#[cfg(feature = "bypass")]
pub use bypass::{Bypass, BypassFuture, BypassGuard};
#[cfg(not(fusebox_compact))]
pub use callers::callers::Callers;
#[cfg(feature = "map")]
pub use callers::scope::{Caller, CallerFuture, CallerGuard};
#[cfg(fusebox_loom)]
#[doc(hidden)]
pub use callers::{scope::Surroundings, words::CallerWords};
pub use config::{ConfigError, Foresight, Setting, Unit};
#[cfg(not(fusebox_compact))]
pub use drill::reading::DrillReading;
#[cfg(feature = "std")]
pub use drill::scope::{DrillKey, DrillKeyFuture, DrillKeyGuard};
pub use drill::{
    config::{Drill, DrillConfig},
    error::DrillError,
};
pub use error::{CallError, LimitKind, Limited, Rejected, TimedOut, is_overload};
pub use failover::{
    Chosen, FailoverError, FailoverSet, Member, Refusal, RefusalReason, Refusals,
    settings::{FailoverConfig, FailoverSettings},
};
pub use fallback::{Fallback, degradation::Degradation};
#[cfg(feature = "std")]
pub use fallback::{last_good::LastGood, last_good_by_key::LastGoodByKey};
#[cfg(feature = "macros")]
pub use fusebox_macros::{
    resilient, with_bulkhead, with_circuit_breaker, with_deadline, with_failover, with_fallback,
    with_hedge, with_pressure, with_priority, with_rate_limit, with_retry, with_timeout,
};
#[cfg(not(fusebox_compact))]
pub use intake::reading::IntakeReading;
pub use intake::{
    intake::Intake,
    place::{AtWork, InLine},
    settings::{IntakeConfig, IntakeSettings},
};
#[cfg(not(fusebox_compact))]
pub use learn::learned::Learned;
pub use limit::adaptive::{
    adaptive_limit::AdaptiveLimit,
    settings::{AdaptiveConfig, AdaptiveSettings},
    ticket::{Load, Ticket},
};
pub use limit::budget::{
    retry_budget::RetryBudget,
    settings::{BudgetConfig, BudgetSettings},
};
#[cfg(feature = "tokio")]
pub use limit::bulkhead::waiting::{WaitingBulkhead, WaitingPlace};
pub use limit::bulkhead::{bulkhead::Bulkhead, place::Place};
pub use limit::deadline::deadline::Deadline;
#[cfg(feature = "std")]
pub use limit::deadline::scope::{DeadlineFuture, DeadlineGuard};
pub use limit::hedge::{
    hedge::Hedge,
    quantile::LatencyQuantile,
    settings::{QuantileConfig, QuantileSettings},
};
pub use limit::pressure::heed::Heed;
pub use limit::rate::{
    lease::RateLease,
    narrow::Remaining,
    rate_limit::RateLimit,
    reservation::Reservation,
    settings::{RateConfig, RateSettings},
};
#[cfg(all(feature = "map", not(fusebox_compact)))]
pub use map::{Fallen, Map, MapNode, Route};
pub use name::{Name, NameError};
#[cfg(feature = "macros")]
#[doc(hidden)]
pub use observe::known;
pub use observe::trace::{Checkpoint, Entries, Entry, Trace, TraceWord, What};
#[cfg(feature = "std")]
pub use observe::trace::{TraceInUse, set_trace};
pub use observe::{
    Called, CountCalls, DefaultObserver, DrillFault, DrillStep, Drilling, ErrorText, Errors, Event,
    Exhausted, FailedOver, FailoverState, FallbackUsed, Foreseen, LastError, LearnedReason, Limit,
    Misconfigured, Observer, Rejection, Relearned, Retrying, Summary, Tally, TimeCalls, Transition,
    Tuned,
};
#[cfg(feature = "observer")]
pub use observe::{Listener, Listeners, ListenersFull, ObserverInUse, set_observer};
#[cfg(all(feature = "std", any(target_os = "linux", target_os = "android")))]
pub use overload::pressure::linux::{KeepSampled, PressureError, PressureSampler};
pub use overload::pressure::{
    level::PressureLevel,
    pressure::Pressure,
    reading::PressureReading,
    settings::{PressureConfig, PressureSettings},
};
pub use overload::priority::{BadPriority, Priority};
#[cfg(feature = "std")]
pub use overload::scope::{PriorityFuture, PriorityGuard};
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
#[cfg(not(any(fusebox_compact, fusebox_loom)))]
pub use registry::{
    limits::Limits,
    limits_reading::{BudgetReading, BulkheadReading, LimitsReading, RateReading},
};
pub use retry::{
    Retry,
    attempt::Attempt,
    attempts::Attempts,
    backoff::Backoff,
    backoff_config::BackoffConfig,
    growth::Growth,
    jitter::Jitter,
    retryable::Retryable,
    settings::{RetryConfig, RetrySettings},
    surroundings::RetrySurroundings,
};
pub use risk::{Risk, RiskLevel};
pub use split::{Arm, Split, SplitError};
pub use state::{Outcome, State, Verdict};
#[cfg(fusebox_loom)]
#[doc(hidden)]
pub use sync::defects as planted;
#[cfg(not(feature = "std"))]
pub use time::NoDefaultSleep;
#[cfg(feature = "tokio")]
pub use time::TokioClock;
pub use time::{
    AsyncSleep, CachedClock, Clock, ConstDefault, DefaultClock, DefaultSleep, ManualClock,
    ManualSleep, Sleep, SleepBy, Tick,
};
#[cfg(feature = "std")]
pub use time::{KeepFresh, PreciseClock, StdClock, StdSleep};

/// The parts of which policies are made, for whoever must name a type.
///
/// The compiler infers these types almost everywhere. A `static` names its type:
///
/// ```
/// use core::time::Duration;
/// use fusebox::{
///     BreakerConfig, CircuitBreaker, Fallback, Pipeline, Retry, RetryConfig,
///     layers::{BreakerLayer, Empty, NoLayer, Or, Stack, Then},
/// };
///
/// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
/// const RETRY: Retry =
///     Retry::new(RetryConfig::new().base_delay(Duration::from_millis(1)).build());
///
/// type Price = fn(&u32) -> Result<u32, &'static str>;
/// const DEFAULT: Price = |_| Ok(0);
///
/// // From the inside out: what was added last stands last.
/// type Guarded = Stack<
///     Stack<Stack<Empty, Fallback<Then<NoLayer, Or<Price>>>>, BreakerLayer<'static>>,
///     Retry,
/// >;
/// static PRICE: Pipeline<Guarded> =
///     Pipeline::new().fallback(Fallback::new().or(DEFAULT)).breaker(&SHOP).retry(RETRY);
///
/// assert_eq!(PRICE.call(&42, |_| Err("down")), Ok(0));
/// ```
pub mod layers {
    #[cfg(feature = "std")]
    pub use crate::pipeline::priority::PriorityLayer;
    pub use crate::{
        breaker::judge::{Counting, EveryError},
        callers::tried::Tried,
        fallback::{
            chain::{CheapWhen, Errors, NoLayer, OnlyWhen, Then},
            step::{Or, OrAsync, OrAsyncWith, OrIf, OrValue, OrWith},
        },
        limit::{
            deadline::until::Until,
            hedge::{
                delay::AfterLearned,
                pays::{Shared as SharedBudget, Unpaid},
                repeats::{EveryCall, Unsaid, WhereIdempotent},
            },
        },
        pipeline::{
            adaptive::{AdaptiveLayer, Answers},
            breaker::BreakerLayer,
            bulkhead::BulkheadLayer,
            deadline::DeadlineLayer,
            layer::{Empty, Stack},
            pressure::PressureLayer,
            rate_limit::RateLimitLayer,
            timeout::TimeoutLayer,
        },
        retry::budget::NoBudget,
        retry::hooks::{
            AskError, Before, BeforeAsync, HintFrom, HintOn, Hooks, Keeping, NoHint, Nothing, On,
            When,
        },
        state::Unwatched,
    };
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(all(doctest, feature = "macros", feature = "tokio"))]
#[doc = include_str!("../docs/migration.md")]
mod migration {}

#[cfg(all(doctest, feature = "std", not(fusebox_compact)))]
#[doc = include_str!("../docs/drills.md")]
mod drills {}

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../docs/score.md")]
mod score {}

#[cfg(all(doctest, feature = "std", not(fusebox_compact)))]
#[doc = include_str!("../docs/tuning.md")]
mod tuning {}

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../docs/comparing.md")]
mod comparing {}

#[cfg(all(doctest, feature = "map", not(fusebox_compact)))]
#[doc = include_str!("../docs/map.md")]
mod map_page {}

#[cfg(all(doctest, feature = "std", target_os = "linux", target_has_atomic = "64"))]
#[doc = include_str!("../docs/panel.md")]
mod panel {}

#[cfg(all(doctest, feature = "std", not(fusebox_compact)))]
#[doc = include_str!("../docs/learning.md")]
mod learning {}
