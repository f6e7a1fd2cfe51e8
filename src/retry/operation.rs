//! An async call that can be made again.

use core::{future::Future, marker::PhantomData};

use crate::{
    retry::attempt::Attempt,
    time::{AsyncSleep, TimeoutCall},
};

/// An async call that can be made again: what an async layer is put around.
pub trait Operation {
    /// What it returns.
    type Value;
    /// What it fails with.
    type Error;
    /// The call under way.
    type Call: Future<Output = Result<Self::Value, Self::Error>>;

    /// Makes the call.
    fn start(&mut self, attempt: Attempt<'_, Self::Error>) -> Self::Call;
}

/// A function that makes a future.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Simple<F>(pub(crate) F);

impl<T, E, F, Fut> Operation for Simple<F>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Value = T;
    type Error = E;
    type Call = Fut;

    #[inline]
    fn start(&mut self, _attempt: Attempt<'_, E>) -> Fut {
        (self.0)()
    }
}

/// A function of the attempt that makes a future.
#[derive(Debug)]
pub(crate) struct Watching<F, E>(pub(crate) F, pub(crate) PhantomData<fn() -> E>);

impl<T, E, F, Fut> Operation for Watching<F, E>
where
    F: FnMut(Attempt<'_, E>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Value = T;
    type Error = E;
    type Call = Fut;

    fn start(&mut self, attempt: Attempt<'_, E>) -> Fut {
        (self.0)(attempt)
    }
}

/// A function that makes a future, which is given so much time.
#[derive(Debug)]
pub(crate) struct Within<'r, F, S> {
    pub(crate) f: F,
    pub(crate) sleeper: &'r S,
    pub(crate) limit: core::time::Duration,
}

impl<T, E, F, Fut, S> Operation for Within<'_, F, S>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: From<crate::error::TimedOut>,
    S: AsyncSleep,
{
    type Value = T;
    type Error = E;
    type Call = TimeoutCall<Fut, S::Sleep>;

    fn start(&mut self, _attempt: Attempt<'_, E>) -> Self::Call {
        TimeoutCall::new((self.f)(), self.sleeper, self.limit)
    }
}
