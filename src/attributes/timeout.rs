//! What `#[with_timeout]` calls.

use core::{future::Future, time::Duration};

use crate::{
    error::TimedOut,
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

/// A call that is dropped after a time.
///
/// # Errors
/// The call's own, or one made from [`TimedOut`].
pub async fn within<T, E: FromTimedOut, S: AsyncSleep>(
    sleeper: &S,
    limit: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let own = async { call.await.map_err(Own) };
    TimeoutCall::new(own, sleeper, limit).await.map_err(|Own(error)| error)
}

/// An error as a limit of time wants it.
struct Own<E>(E);

impl<E: FromTimedOut> From<TimedOut> for Own<E> {
    fn from(timed_out: TimedOut) -> Self {
        Self(E::from_timed_out(timed_out))
    }
}
