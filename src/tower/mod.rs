//! Layers for `tower` services.
//!
//! ```no_run
//! # async fn example() {
//! use fusebox::{BreakerConfig, CallError, CircuitBreaker, tower::CircuitBreakerLayer};
//! use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
//!
//! static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
//!
//! let mut service = ServiceBuilder::new()
//!     .layer(CircuitBreakerLayer::new(&SHOP))
//!     .service(service_fn(|id: u32| async move { Ok::<_, std::io::Error>(id * 2) }));
//! let answer = service.ready().await.unwrap().call(21).await;
//! assert_eq!(answer.unwrap(), 42);
//! # }
//! ```
//!
//! Where a service lacks something, the compiler may say no more than that it has no
//! method `call`. Hand it to what asks for a `Service`, as a server does, or
//! `tower::util::BoxService::new`: then the compiler says which bound is missing.

mod adaptive;
mod again;
mod attempt;
mod breaker;
mod bulkhead;
mod deadline;
mod errors;
mod failover;
mod fallback;
mod hedge;
#[cfg(feature = "tokio")]
mod intake;
mod keyed;
mod known;
mod limited;
mod pressure;
mod priority;
mod rate_limit;
mod retry;
#[cfg(feature = "tokio")]
mod shed;
mod wait;
#[cfg(feature = "tokio")]
mod waiting;
#[cfg(feature = "tokio")]
mod workers;

pub use adaptive::{AdaptiveLayer, AdaptiveService};
pub use attempt::{AttemptLayer, AttemptService};
pub use breaker::{CircuitBreakerLayer, CircuitBreakerService};
pub use bulkhead::{BulkheadLayer, BulkheadService};
pub use deadline::{DeadlineLayer, DeadlineService};
pub use errors::{OwnErrors, Wrapped};
pub use failover::FailoverService;
pub use fallback::{FallbackLayer, FallbackService};
pub use hedge::{HedgeLayer, HedgeService};
#[cfg(feature = "tokio")]
pub use intake::{IntakeLayer, IntakeService};
pub use keyed::{KeyedBreakerLayer, KeyedBreakerService};
pub use known::KnownErrors;
pub use pressure::{PressureLayer, PressureService};
pub use priority::{PriorityLayer, PriorityService};
pub use rate_limit::{RateLimitLayer, RateLimitService};
pub use retry::{RetryLayer, RetryPolicy};
pub use wait::Wait;
#[cfg(feature = "tokio")]
pub use waiting::{WaitingBulkheadLayer, WaitingBulkheadService};
