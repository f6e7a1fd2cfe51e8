//! Where a retry runs.

use crate::{
    observe::DefaultObserver,
    time::{DefaultClock, DefaultSleep},
};

/// The clock, the sleeper and the observer of a [`Retry`](crate::Retry).
/// [`Retry::with`](crate::Retry::with) makes it. Name it in the type of a
/// `static` that does not use those of the host.
///
/// ```
/// use fusebox::{
///     DefaultObserver, ManualClock, Retry, RetryConfig, RetrySurroundings, layers::Hooks,
/// };
///
/// static CLOCK: ManualClock = ManualClock::new();
/// static RETRY: Retry<Hooks, RetrySurroundings<&ManualClock, &ManualClock>> =
///     Retry::with(RetryConfig::new().build(), &CLOCK, &CLOCK, DefaultObserver);
///
/// assert_eq!(RETRY.call(|| Ok::<_, ()>(42)), Ok(42));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RetrySurroundings<C = DefaultClock, S = DefaultSleep, O = DefaultObserver> {
    pub(crate) clock: C,
    pub(crate) sleeper: S,
    pub(crate) observer: O,
}
