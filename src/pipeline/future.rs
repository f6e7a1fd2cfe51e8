//! Asynchronous calls through a pipeline.

use core::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    error::{CallError, Own, Rejected},
    limit::deadline::until::Until,
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer},
    },
    retry::attempt::Attempt,
};

// `C`, the future that the layers make, is a parameter so that no projection
// hides in the type of what is returned: see `retry/future.rs`.
impl<L: Layer> Pipeline<L> {
    /// Awaits the future that `f` makes of `args`, through all layers. Nothing
    /// happens before the first poll.
    ///
    /// `f` is a `Fn`, and cloned for each layer that may call it again: a
    /// function, or a closure over references, costs nothing to clone. The
    /// returned future is `Send` where its parts are, and allocates nothing.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when a breaker turned the call away and no
    /// fallback answered, [`CallError::Failed`] with the last error otherwise.
    ///
    /// ```
    /// # use std::{future::{Future, ready}, pin::pin, task::{Context, Poll, Waker}};
    /// use fusebox::{BreakerConfig, CallError, CircuitBreaker, Fallback, Pipeline};
    ///
    /// static AI: CircuitBreaker = CircuitBreaker::named("ai", BreakerConfig::new().build());
    ///
    /// async fn ask(question: &str) -> Result<usize, &'static str> {
    ///     if question.is_empty() { Err("no question") } else { Ok(question.len()) }
    /// }
    ///
    /// # let call = pin!(async {
    /// let pipeline = Pipeline::new().fallback(Fallback::new().or(|_: &str| Ok(0))).breaker(&AI);
    /// assert_eq!(pipeline.call_async("why?", ask).await, Ok(4));
    /// assert_eq!(pipeline.call_async("", ask).await, Ok(0));
    /// # });
    /// # assert_eq!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
    /// ```
    pub fn call_async<'a, A, T, E, F, Fut, C>(
        &'a self,
        args: &'a A,
        f: F,
    ) -> impl Future<Output = Result<T, CallError<E>>>
    where
        A: ?Sized,
        F: Fn(&'a A) -> Fut + Clone,
        Fut: Future<Output = Result<T, E>>,
        L: AsyncLayer<'a, A, Leaf<F>, Call = C>,
        C: Future<Output = Result<T, CallError<E>>>,
    {
        let leaf = Some(Leaf(f));
        PipelineCall { layers: &self.layers, args, timed: false, until: None, leaf, call: None }
    }

    /// Awaits the future that `f` makes of `args`, through all layers, unless the
    /// deadline is over at the first poll. No attempt, delay, hedge or layer of a
    /// fallback starts that cannot end before it, and a timeout is cut to what is left.
    ///
    /// A [`Deadline`](crate::Deadline) is one of the host's clock; where it is on another
    /// clock, pass `deadline.on(&clock)`.
    ///
    /// # Errors
    /// [`CallError::Limited`] where the call was not made, as the deadline is over,
    /// [`CallError::Rejected`] when a breaker turned it away and no fallback answered,
    /// [`CallError::Failed`] with the last error otherwise.
    pub fn call_async_by<'a, A, T, E, F, Fut, C>(
        &'a self,
        deadline: impl Into<Until<'a>>,
        args: &'a A,
        f: F,
    ) -> impl Future<Output = Result<T, CallError<E>>>
    where
        A: ?Sized,
        F: Fn(&'a A) -> Fut + Clone,
        Fut: Future<Output = Result<T, E>>,
        L: AsyncLayer<'a, A, Leaf<F>, Call = C>,
        C: Future<Output = Result<T, CallError<E>>>,
    {
        let (until, leaf) = (Some(deadline.into()), Some(Leaf(f)));
        PipelineCall { layers: &self.layers, args, timed: false, until, leaf, call: None }
    }

    /// Awaits the future that `f` makes of `args`, through all layers, and returns
    /// its own error type: a rejection becomes one of it. It works for every
    /// `E: From<Rejected>`: your own, `anyhow::Error`, `Box<dyn Error + Send +
    /// Sync>`, `std::io::Error`.
    ///
    /// # Errors
    /// The last one of the call, or one made from the [`Rejected`].
    ///
    /// ```
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// use fusebox::{BreakerConfig, CircuitBreaker, Pipeline};
    ///
    /// static AI: CircuitBreaker = CircuitBreaker::named("ai", BreakerConfig::new().build());
    ///
    /// async fn ask(question: &str) -> Result<u32, anyhow::Error> {
    ///     Ok(question.parse()?)
    /// }
    /// # let call = pin!(async {
    /// let ai = Pipeline::new().breaker(&AI);
    /// assert_eq!(ai.call_async_into("42", ask).await.unwrap(), 42);
    /// # });
    /// # assert_eq!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
    /// ```
    pub fn call_async_into<'a, A, T, E, F, Fut, C>(
        &'a self,
        args: &'a A,
        f: F,
    ) -> impl Future<Output = Result<T, E>>
    where
        A: ?Sized,
        E: From<Rejected>,
        F: Fn(&'a A) -> Fut + Clone,
        Fut: Future<Output = Result<T, E>>,
        L: AsyncLayer<'a, A, Leaf<F>, Call = C>,
        C: Future<Output = Result<T, CallError<E>>>,
    {
        Own { call: self.call_async(args, f) }
    }

    /// Awaits the future that `f` makes of `args` and of the attempt, through
    /// all layers. The function sees the attempt; its future cannot keep it.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when a breaker turned the call away and no
    /// fallback answered, [`CallError::Failed`] with the last error otherwise.
    pub fn call_async_with<'a, A, T, E, F, Fut, C>(
        &'a self,
        args: &'a A,
        f: F,
    ) -> impl Future<Output = Result<T, CallError<E>>>
    where
        A: ?Sized,
        F: Fn(&'a A, Attempt<'_, CallError<E>>) -> Fut + Clone,
        Fut: Future<Output = Result<T, E>>,
        L: AsyncLayer<'a, A, WatchingLeaf<F, E>, Call = C>,
        C: Future<Output = Result<T, CallError<E>>>,
    {
        let leaf = Some(WatchingLeaf(f, PhantomData));
        PipelineCall { layers: &self.layers, args, timed: true, until: None, leaf, call: None }
    }
}

pin_project! {
    /// A call through the layers `L` around `I`, which together make the future
    /// `C`.
    #[must_use = "futures do nothing unless polled"]
    struct PipelineCall<'a, A: ?Sized, L, I, C> {
        layers: &'a L,
        args: &'a A,
        timed: bool,
        until: Option<Until<'a>>,
        leaf: Option<I>,
        #[pin]
        call: Option<C>,
    }
}

impl<'a, A, L, I, C> Future for PipelineCall<'a, A, L, I, C>
where
    A: ?Sized,
    I: Inner<'a, A>,
    L: AsyncLayer<'a, A, I, Call = C>,
    C: Future<Output = Result<I::Value, CallError<I::Error>>>,
{
    type Output = Result<I::Value, CallError<I::Error>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(leaf) = this.leaf.take() {
            if let Some(until) = this.until {
                until.admit()?;
            }
            let tally = this.layers.tally();
            let context = CallContext::first(*this.args, tally, *this.timed, *this.until);
            this.call.set(Some(this.layers.start(context, leaf)));
        }
        let call =
            this.call.as_mut().as_pin_mut().expect("a pipeline was polled after it was done");
        let result = ready!(call.poll(cx));
        this.call.set(None);
        Poll::Ready(result)
    }
}

/// The call itself, at the bottom of a pipeline.
#[derive(Debug, Clone, Copy)]
pub struct Leaf<F>(F);

impl<'a, A, T, E, F, Fut> Inner<'a, A> for Leaf<F>
where
    A: ?Sized + 'a,
    F: Fn(&'a A) -> Fut + Clone,
    Fut: Future<Output = Result<T, E>>,
{
    type Value = T;
    type Error = E;
    type Call = LeafCall<Fut>;

    #[inline]
    fn start(&self, context: CallContext<'a, '_, A, E>) -> LeafCall<Fut> {
        LeafCall { call: (self.0)(context.args) }
    }
}

/// The call itself, which wants to know its attempt.
#[derive(Debug)]
pub struct WatchingLeaf<F, E>(F, PhantomData<fn() -> E>);

// Not derived: that would ask for `E: Clone`.
impl<F: Clone, E> Clone for WatchingLeaf<F, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<'a, A, T, E, F, Fut> Inner<'a, A> for WatchingLeaf<F, E>
where
    A: ?Sized + 'a,
    F: Fn(&'a A, Attempt<'_, CallError<E>>) -> Fut + Clone,
    Fut: Future<Output = Result<T, E>>,
{
    type Value = T;
    type Error = E;
    type Call = LeafCall<Fut>;

    fn start(&self, context: CallContext<'a, '_, A, E>) -> LeafCall<Fut> {
        LeafCall { call: (self.0)(context.args, context.attempt) }
    }
}

pin_project! {
    /// The caller's own future, its error as a pipeline carries it.
    #[derive(Debug)]
    pub struct LeafCall<F> {
        #[pin]
        call: F,
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for LeafCall<F> {
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().call.poll(cx).map_err(CallError::Failed)
    }
}
