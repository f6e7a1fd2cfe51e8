//! Where a retry runs.

use crate::{
    observe::DefaultObserver,
    time::{DefaultClock, DefaultSleep},
};

/// Where a [`Retry`](crate::Retry) runs: the clock that it reads, how it waits,
/// and who hears of it. Made by [`Retry::with`](crate::Retry::with); to be named
/// only in the type of a `static` that uses others than the host's.
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
