//! What a layer of a pipeline is: one function around a sync call, one around
//! an async one.

use core::future::Future;

use crate::{error::CallError, observe::Tally, pipeline::context::CallContext};

/// A layer of a pipeline, which may have a breaker on which the retries and
/// fallbacks of all layers are counted, and which hedges around it heed.
pub trait Layer {
    /// Where they are counted: on the outermost breaker's tally.
    #[inline]
    fn tally(&self) -> Option<&Tally> {
        None
    }

    /// Whether no breaker of the layer has evidence against its service.
    #[inline]
    fn is_well(&self) -> bool {
        true
    }
}

/// A layer of a pipeline around a sync call.
#[diagnostic::on_unimplemented(
    message = "this pipeline does not fit this call",
    label = "a layer of `{Self}` does not fit this sync call",
    note = "a timeout, a hedge, an async layer of a fallback and an async `before_retry` need an async call: `call_async`",
    note = "a retry needs a sleeper that is `Sleep`, a fallback's layers the arguments and the result of the call"
)]
pub trait SyncLayer<A: ?Sized, T, E>: Layer {
    /// Makes the call, which is all that comes inside this layer.
    ///
    /// # Errors
    /// What the call failed with, or a rejection.
    fn call<'a>(
        &'a self,
        context: CallContext<'a, '_, A, E>,
        inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>>;
}

/// A layer of a pipeline around an async call.
#[diagnostic::on_unimplemented(
    message = "this pipeline does not fit this async call",
    label = "a layer of `{Self}` does not fit this async call",
    note = "a retry, a hedge and a timeout need a sleeper that is `AsyncSleep` (the feature `tokio` has one), a hedge needs to know which calls may be made twice, a timeout an error that is `From<TimedOut>`, a fallback's layers the arguments and the result of the call"
)]
pub trait AsyncLayer<'a, A: ?Sized, I: Inner<'a, A>>: Layer {
    /// The call under way.
    type Call: Future<Output = Result<I::Value, CallError<I::Error>>>;

    /// Makes the call, which is all that comes inside this layer.
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call;
}

/// An async call that can be made again: what an async layer is put around.
pub trait Inner<'a, A: ?Sized>: Clone {
    /// What it returns.
    type Value;
    /// The caller's own error.
    type Error;
    /// The call under way.
    type Call: Future<Output = Result<Self::Value, CallError<Self::Error>>>;

    /// Makes the call.
    fn start(&self, context: CallContext<'a, '_, A, Self::Error>) -> Self::Call;

    /// Whether no breaker that it goes through has evidence against its service.
    #[inline]
    fn is_well(&self) -> bool {
        true
    }
}

/// The bottom of a pipeline: no layer, the call itself.
#[derive(Debug, Clone, Copy)]
pub struct Empty;

/// A layer, or several, around another.
#[derive(Debug, Clone, Copy)]
pub struct Stack<U, I> {
    pub(crate) outer: U,
    pub(crate) inner: I,
}

impl Layer for Empty {}

impl<A: ?Sized, T, E> SyncLayer<A, T, E> for Empty {
    #[inline]
    fn call<'a>(
        &'a self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        inner(context)
    }
}

impl<'a, A: ?Sized, I: Inner<'a, A>> AsyncLayer<'a, A, I> for Empty {
    type Call = I::Call;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> I::Call {
        inner.start(context)
    }
}

impl<U: Layer, I: Layer> Layer for Stack<U, I> {
    #[inline]
    fn tally(&self) -> Option<&Tally> {
        self.outer.tally().or_else(|| self.inner.tally())
    }

    #[inline]
    fn is_well(&self) -> bool {
        self.outer.is_well() && self.inner.is_well()
    }
}

impl<A: ?Sized, T, E, U, I> SyncLayer<A, T, E> for Stack<U, I>
where
    U: SyncLayer<A, T, E>,
    I: SyncLayer<A, T, E>,
{
    #[inline]
    fn call<'a>(
        &'a self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        self.outer.call(context, |context| self.inner.call(context, &mut inner))
    }
}

/// A layer with all that comes inside it: what the layer above calls.
#[derive(Debug)]
pub struct Layered<'a, L, I> {
    layer: &'a L,
    inner: I,
}

// Not derived: that would ask for `L: Clone`.
impl<L, I: Clone> Clone for Layered<'_, L, I> {
    fn clone(&self) -> Self {
        Self { layer: self.layer, inner: self.inner.clone() }
    }
}

impl<'a, A, L, I> Inner<'a, A> for Layered<'a, L, I>
where
    A: ?Sized,
    I: Inner<'a, A>,
    L: AsyncLayer<'a, A, I>,
{
    type Value = I::Value;
    type Error = I::Error;
    type Call = L::Call;

    #[inline]
    fn start(&self, context: CallContext<'a, '_, A, I::Error>) -> L::Call {
        self.layer.start(context, self.inner.clone())
    }

    #[inline]
    fn is_well(&self) -> bool {
        self.layer.is_well() && self.inner.is_well()
    }
}

impl<'a, A, I, U, L> AsyncLayer<'a, A, I> for Stack<U, L>
where
    A: ?Sized,
    I: Inner<'a, A>,
    L: AsyncLayer<'a, A, I> + 'a,
    U: AsyncLayer<'a, A, Layered<'a, L, I>>,
{
    type Call = U::Call;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> U::Call {
        self.outer.start(context, Layered { layer: &self.inner, inner })
    }
}
