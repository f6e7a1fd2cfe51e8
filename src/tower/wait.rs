//! What a service does while its breaker admits no call.

use core::{future::Future, time::Duration};

use crate::{error::Rejected, state::State, time::AsyncSleep};

/// What a service does while its breaker admits no call.
pub trait Wait {
    /// A delay.
    type Sleep: Future<Output = ()>;

    /// Whether a service waits at all.
    const WAITS: bool;

    /// Returns a future to wait for, or `None` if the call is to be rejected.
    fn wait(&self, rejected: &Rejected) -> Option<Self::Sleep>;
}

/// Rejects calls at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reject;

impl Wait for Reject {
    type Sleep = core::future::Pending<()>;

    const WAITS: bool = false;

    fn wait(&self, _rejected: &Rejected) -> Option<Self::Sleep> {
        None
    }
}

/// Waits until the breaker may admit a call.
#[derive(Debug, Clone, Copy)]
pub struct WaitBy<S>(pub(crate) S);

/// How often a service that waits looks again where nothing says when: while
/// others probe, or somebody has forced the breaker open.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl<S: AsyncSleep> Wait for WaitBy<S> {
    type Sleep = S::Sleep;

    const WAITS: bool = true;

    fn wait(&self, rejected: &Rejected) -> Option<S::Sleep> {
        let delay = match (rejected.state(), rejected.retry_after()) {
            // The half-open moment is known.
            (State::Open, Some(delay)) => delay.max(Duration::from_millis(1)),
            _ => LOOK_AGAIN,
        };
        Some(self.0.sleep_async(delay))
    }
}
