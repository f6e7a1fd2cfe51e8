//! One trace for whatever was given none.

use core::{error::Error, fmt};
use std::sync::OnceLock;

use super::Trace;

static CHOSEN: OnceLock<Trace<'static>> = OnceLock::new();

/// Sets the trace of the process: every breaker that is
/// [recorded](crate::CircuitBreaker::set_recorded), and has no observer with a
/// [trace](crate::Observer::trace) of its own, is recorded there. Only the first call in
/// a process has an effect.
///
/// # Errors
/// [`TraceInUse`] when there is one already.
pub fn set_trace(trace: Trace<'static>) -> Result<(), TraceInUse> {
    CHOSEN.set(trace).map_err(|_| TraceInUse)
}

pub(crate) fn current() -> Option<Trace<'static>> {
    CHOSEN.get().copied()
}

/// The process has a trace already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceInUse;

impl fmt::Display for TraceInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the process has a trace already: only the first one is taken")
    }
}

impl Error for TraceInUse {}
