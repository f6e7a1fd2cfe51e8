//! A retry as a layer of a pipeline.

use core::fmt::Debug;

use crate::{
    error::CallError,
    limit::{deadline::until::Until, pressure::heed::Spares},
    observe::{Observer, Tally},
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack, SyncLayer},
    },
    retry::{
        Retry,
        attempt::Attempt,
        future::RetryCall,
        hooks::{Asked, AsyncBeforeRetry, BeforeRetry},
        operation::Operation,
        surroundings::RetrySurroundings,
    },
    time::{AsyncSleep, Clock, Sleep},
};

impl<L: Copy> Pipeline<L> {
    /// Adds a retry inside the layers so far. It tries again what comes inside
    /// it. The retry's functions see a [`CallError<E>`], which the pipeline
    /// carries.
    #[must_use]
    pub const fn retry<H, S>(self, retry: Retry<H, S>) -> Pipeline<Stack<L, Retry<H, S>>> {
        self.inside(retry)
    }
}

impl<H, S> Layer for Retry<H, S> {}

impl<A, T, E, H, C, S, O> SyncLayer<A, T, E> for Retry<H, RetrySurroundings<C, S, O>>
where
    A: ?Sized,
    E: Debug,
    H: Asked<T, CallError<E>> + BeforeRetry<CallError<E>>,
    C: Clock,
    S: Sleep,
    O: Observer,
{
    #[inline]
    fn call<'a>(
        &self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        let progress =
            self.begin(context.timed, context.tally, context.until).sparing(context.spares);
        self.drive(progress, context.attempt.restarted(), |attempt| inner(context.at(attempt)))
    }
}

impl<'a, A, I, H, C, S, O> AsyncLayer<'a, A, I> for Retry<H, RetrySurroundings<C, S, O>>
where
    A: ?Sized + 'a,
    I: Inner<'a, A>,
    I::Error: Debug,
    H: Asked<I::Value, CallError<I::Error>> + AsyncBeforeRetry<CallError<I::Error>> + 'a,
    C: Clock + 'a,
    S: AsyncSleep + 'a,
    O: Observer + 'a,
{
    type Call =
        RetryCall<'a, Self, Again<'a, A, I>, I::Call, S::Sleep, H::Before, CallError<I::Error>>;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        let CallContext { args, tally, attempt, timed, until, spares } = context;
        let again = Again { args, tally, timed, until, spares, inner };
        let progress = self.begin(timed, tally, until).sparing(spares);
        RetryCall::started(self, progress, again, attempt.restarted())
    }
}

/// What comes inside a retry, with all that an attempt needs.
#[derive(Debug)]
pub struct Again<'a, A: ?Sized, I> {
    args: &'a A,
    tally: Option<&'a Tally>,
    timed: bool,
    until: Option<Until<'a>>,
    spares: Option<&'a Spares<'a>>,
    inner: I,
}

impl<'a, A: ?Sized, I: Inner<'a, A>> Operation for Again<'a, A, I> {
    type Value = I::Value;
    type Error = CallError<I::Error>;
    type Call = I::Call;

    #[inline]
    fn start(&mut self, attempt: Attempt<'_, CallError<I::Error>>) -> I::Call {
        let Self { args, tally, timed, until, spares, .. } = *self;
        self.inner.start(CallContext { args, tally, attempt, timed, until, spares })
    }
}
