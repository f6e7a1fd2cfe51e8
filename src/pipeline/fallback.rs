//! A fallback as a layer of a pipeline.

use core::{fmt::Debug, time::Duration};

use crate::{
    bypass,
    error::CallError,
    fallback::{
        Fallback,
        chain::{AsyncChain, Chain},
        future::{FallbackCall, Later},
    },
    limit::{deadline::until::Until, pressure::heed::Spares},
    observe::{Observer, Tally},
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack, SyncLayer},
    },
    retry::attempt::Attempt,
};

impl<L: Copy> Pipeline<L> {
    /// Adds a fallback inside the layers so far. It answers in place of what
    /// comes inside it.
    #[must_use]
    pub const fn fallback<S, O>(
        self,
        fallback: Fallback<S, O>,
    ) -> Pipeline<Stack<L, Fallback<S, O>>> {
        self.inside(fallback)
    }
}

impl<S, O> Layer for Fallback<S, O> {}

impl<A: ?Sized, T, E, S, O> SyncLayer<A, T, E> for Fallback<S, O>
where
    E: Debug,
    S: Chain<A, T, E, CallError<E>>,
    O: Observer,
{
    #[inline]
    fn call<'a>(
        &self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        let CallContext { args, tally, until, .. } = context;
        if self.layers.comes_first() {
            return self.cheaply::<A, T, E, _>(args, tally, until, || inner(context));
        }
        self.settle::<A, T, E, _>(args, tally, until, inner(context))
    }
}

impl<'a, A, I, S, O> AsyncLayer<'a, A, I> for Fallback<S, O>
where
    A: ?Sized + 'a,
    I: Inner<'a, A>,
    I::Error: Debug,
    S: AsyncChain<'a, A, I::Value, I::Error, CallError<I::Error>> + 'a,
    O: Observer + 'a,
{
    type Call = FallbackCall<
        'a,
        A,
        Self,
        Deferred<'a, A, I>,
        I::Call,
        S::Slots,
        S::Stage,
        I::Value,
        I::Error,
        CallError<I::Error>,
    >;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        let CallContext { args, tally, until, .. } = context;
        if self.layers.comes_first_async() && !bypass::fallbacks() {
            let deferred = Deferred::of(context, inner);
            return FallbackCall::cheap(self, args, tally, until, self.layers.stage(), deferred);
        }
        FallbackCall::new(self, args, tally, until, inner.start(context))
    }
}

/// What comes inside a fallback whose layers are asked first, with all that it needs.
#[derive(Debug)]
pub struct Deferred<'a, A: ?Sized, I> {
    args: &'a A,
    tally: Option<&'a Tally>,
    number: u32,
    elapsed: Duration,
    timed: bool,
    until: Option<Until<'a>>,
    spares: Option<&'a Spares<'a>>,
    inner: I,
}

impl<'a, A: ?Sized, I: Inner<'a, A>> Deferred<'a, A, I> {
    fn of(context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self {
        let CallContext { args, tally, attempt, timed, until, spares } = context;
        let Attempt { number, elapsed, .. } = attempt;
        Self { args, tally, number, elapsed, timed, until, spares, inner }
    }
}

impl<'a, A: ?Sized, I: Inner<'a, A>> Later<I::Call> for Deferred<'a, A, I> {
    fn start(self) -> I::Call {
        let Self { args, tally, number, elapsed, timed, until, spares, inner } = self;
        // The error before is gone by now.
        let attempt = Attempt { number, elapsed, previous: None };
        inner.start(CallContext { args, tally, attempt, timed, until, spares })
    }
}
