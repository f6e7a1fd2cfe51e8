//! A limit of time as a layer of a pipeline.

use core::time::Duration;

use crate::{
    error::TimedOut,
    limit::deadline::until::in_force,
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack},
    },
    time::{AsyncSleep, TimeoutCall},
};

/// A time limit as a layer of a pipeline, to be named in the type of a
/// `static`. It works for async calls only, as a sync call cannot be stopped.
#[derive(Debug, Clone, Copy)]
pub struct TimeoutLayer<S> {
    limit: Duration,
    sleeper: S,
}

impl<L: Copy> Pipeline<L> {
    /// Adds a time limit inside the layers so far, for async calls. What comes
    /// inside it is dropped after `limit`, and has then failed with
    /// [`TimedOut`](crate::TimedOut). Where the call's deadline is nearer, the limit is
    /// what remains until then.
    ///
    /// **Put it inside a breaker, not around one.** A timeout around a breaker
    /// cancels the call, and a cancelled call counts for nothing. A service
    /// that hangs would never open the breaker.
    ///
    /// The breaker sees an error of your own type, and takes it for a failure like others.
    /// That it is an overload, [`breaker_overload_if`](Self::breaker_overload_if) tells it.
    #[cfg(feature = "std")]
    #[must_use]
    pub const fn timeout(
        self,
        limit: Duration,
    ) -> Pipeline<Stack<L, TimeoutLayer<crate::time::StdSleep>>> {
        self.timeout_by(limit, crate::time::StdSleep)
    }

    /// Adds a time limit inside the layers so far, for async calls, measured by
    /// a sleeper of your own. What comes inside it is dropped after `limit`,
    /// and has then failed with [`TimedOut`](crate::TimedOut).
    ///
    /// **Put it inside a breaker, not around one.** A timeout around a breaker
    /// cancels the call, and a cancelled call counts for nothing. A service
    /// that hangs would never open the breaker.
    ///
    /// The breaker sees an error of your own type, and takes it for a failure like others.
    /// That it is an overload, [`breaker_overload_if`](Self::breaker_overload_if) tells it.
    #[must_use]
    pub const fn timeout_by<S>(
        self,
        limit: Duration,
        sleeper: S,
    ) -> Pipeline<Stack<L, TimeoutLayer<S>>> {
        self.inside(TimeoutLayer { limit, sleeper })
    }
}

impl<S> Layer for TimeoutLayer<S> {}

impl<'a, A, I, S> AsyncLayer<'a, A, I> for TimeoutLayer<S>
where
    A: ?Sized,
    I: Inner<'a, A>,
    I::Error: From<TimedOut>,
    S: AsyncSleep,
{
    type Call = TimeoutCall<I::Call, S::Sleep>;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        let left = in_force(context.until).map_or(self.limit, |until| until.remaining());
        TimeoutCall::new(inner.start(context), &self.sleeper, self.limit.min(left))
    }
}
