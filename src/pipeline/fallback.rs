//! A fallback as a layer of a pipeline.

use core::fmt::Debug;

use crate::{
    error::CallError,
    fallback::{
        Fallback,
        chain::{AsyncChain, Chain},
        future::FallbackCall,
    },
    observe::Observer,
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack, SyncLayer},
    },
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
        FallbackCall::new(self, args, tally, until, inner.start(context))
    }
}
