//! What `#[with_timeout]` calls.

use core::{future::Future, time::Duration};

use crate::{
    error::TimedOut,
    sync::{Ordering, UnmodelledU64},
    time::{AsyncSleep, TimeoutCall},
};

/// An error that a call which took too long can become.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that a call took too long",
    label = "`{Self}` does not implement `From<fusebox::TimedOut>`",
    note = "a function with a time limit returns its own error type; write `impl From<fusebox::TimedOut> for …`"
)]
pub trait FromTimedOut {
    fn from_timed_out(timed_out: TimedOut) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<TimedOut>> FromTimedOut for E {
    fn from_timed_out(timed_out: TimedOut) -> Self {
        timed_out.into()
    }
}

/// Where a limit of time tells the breakers around it that the call took too long: the error
/// that comes back is the function's own, and cannot say so. Atomic only so that a future may
/// hold a reference to it and be `Send`.
#[derive(Debug)]
pub struct TimedOutFlag(UnmodelledU64);

impl TimedOutFlag {
    #[inline]
    #[must_use]
    #[allow(clippy::new_without_default)] // for generated code alone
    pub const fn new() -> Self {
        Self(UnmodelledU64::new(0))
    }

    fn set(&self, timed_out: bool) {
        // Within one call, which one task makes: relaxed.
        self.0.store(timed_out.into(), Ordering::Relaxed);
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }
}

/// A call that is dropped after a time. A call that fails says in `flag`, if there is one,
/// whether that was why: after several attempts it tells of the last.
///
/// # Errors
/// The call's own, or one made from [`TimedOut`].
pub async fn within<T, E: FromTimedOut, S: AsyncSleep>(
    sleeper: &S,
    limit: Duration,
    call: impl Future<Output = Result<T, E>>,
    flag: Option<&TimedOutFlag>,
) -> Result<T, E> {
    let own = async { call.await.map_err(Ended::Failed) };
    TimeoutCall::new(own, sleeper, limit).await.map_err(|ended| {
        if let Some(flag) = flag {
            flag.set(matches!(ended, Ended::TimedOut(_)));
        }
        match ended {
            Ended::Failed(error) => error,
            Ended::TimedOut(timed_out) => E::from_timed_out(timed_out),
        }
    })
}

/// An error as a limit of time wants it.
enum Ended<E> {
    Failed(E),
    TimedOut(TimedOut),
}

impl<E> From<TimedOut> for Ended<E> {
    fn from(timed_out: TimedOut) -> Self {
        Self::TimedOut(timed_out)
    }
}
