//! Breakers of many hosts that share what they know, and never wait for it.
//!
//! Each instance says what it sees of the services that are not well: a [`Report`]. What
//! others say is evidence, pooled in [`Peers`]; where it is enough, a [`Member`] primes
//! its own breakers, or opens them. Only a local compare-and-swap ever changes a breaker.

mod config;
mod member;
mod news;
mod peers;
mod register;
mod report;
mod simulated;
mod transport;

pub use config::{FleetConfig, FleetConfigError, Obedience};
pub use member::Member;
pub use news::News;
pub use peers::{Opinion, Peers};
pub use register::Register;
pub use report::{Report, ReportError};
pub use simulated::Simulated;
pub use transport::{Store, StoreError};
