//! Breakers of many hosts that share what they know, and never wait for it.
//!
//! Each instance says what it sees of the services that are not well: a [`Report`]. What
//! others say is evidence, pooled in [`Peers`]; where it is enough, a [`Member`] primes
//! its own breakers, or opens them. Only a local compare-and-swap ever changes a breaker.
//!
//! An operator who has the fleet's key gives [`Order`]s to all instances at once.
//!
//! A program begins with [`Fleet::spawn`]: one thread that takes its part, over a
//! [`RedisStore`] or another [`Store`].

#![cfg_attr(docsrs, feature(doc_cfg))]

mod beat;
mod bytes;
mod config;
mod doubts;
mod event;
mod link;
mod member;
mod news;
mod order;
mod order_error;
mod order_key;
mod orders;
mod peers;
mod probes;
mod quota;
#[cfg(feature = "redis")]
mod redis;
mod register;
mod report;
mod simulated;
mod status;
mod task;
mod transport;
mod turns;
#[doc(hidden)]
pub mod world;

#[cfg(feature = "redis")]
pub use self::redis::{RedisSettings, RedisStore};
pub use beat::{Beat, Pulse};
pub use config::{FleetConfig, FleetConfigError, Obedience};
pub use event::FleetEvent;
pub use member::Member;
pub use news::News;
pub use order::{Order, SignedOrder, What};
pub use order_error::OrderError;
pub use order_key::{OrderKey, OrderKeyError};
pub use orders::{Orders, Refusal};
pub use peers::{Opinion, Peers};
pub use quota::{FleetBudget, FleetQuota, QuotaConfig, QuotaConfigError, QuotaSettings, Share};
pub use register::Register;
pub use report::{Report, ReportError};
pub use simulated::Simulated;
pub use status::FleetStatus;
pub use task::{Fleet, Turn};
pub use transport::{Store, StoreError};

#[cfg(all(doctest, feature = "redis"))]
#[doc = include_str!("../README.md")]
struct Readme;
