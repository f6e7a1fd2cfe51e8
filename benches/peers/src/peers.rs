//! The breakers that are compared, behind one trait: the same work for all.

mod circuit_breaker;
mod circuitbreaker_rs;
mod failsafe;
mod fusebox;
mod recloser;
mod tower_resilience;

pub use self::{
    circuit_breaker::MutexBreaker, circuitbreaker_rs::CircuitBreakerRs, failsafe::Failsafe,
    fusebox::Fusebox, recloser::Recloser, tower_resilience::TowerResilience,
};

use std::{error::Error, fmt, time::Duration};

use ::fusebox as fusebox_crate;

/// What a guarded call fails with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the backend failed")
    }
}

impl Error for Failure {}

impl fusebox_crate::Retryable for Failure {}

/// What the guarded call will return.
pub type Work = Result<u32, Failure>;

/// What came of a call through a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It succeeded.
    Value(u32),
    /// It was made and failed.
    Failed,
    /// It was not made.
    Rejected,
}

/// At most this many failures come in a row, so that a window of 100 calls
/// always has a success in it.
pub const FAILURES_IN_A_ROW: u32 = 49;

/// No breaker leaves its open state during a benchmark.
const LONG: Duration = Duration::from_hours(1);

/// A breaker under test.
pub trait Peer: Send + Sync + Sized + 'static {
    /// Its crate.
    const NAME: &'static str;
    /// How it was set up, for the report.
    const SETUP: &'static str;
    /// What a thread calls through.
    type Caller<'a>: Send;

    /// A closed breaker that runs of [`FAILURES_IN_A_ROW`] do not open.
    fn closed() -> Self;
    /// An open one.
    fn open() -> Self;
    /// Another thread's way to it.
    fn caller(&self) -> Self::Caller<'_>;
    /// One call that returns `work` if it is made.
    fn call(caller: &mut Self::Caller<'_>, work: Work) -> Answer;
}
