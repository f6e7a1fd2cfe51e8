//! Drives a pipeline for asynchronous calls.

use core::{
    fmt::Debug,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    breaker::permit::{CallGuard, Permit},
    error::{CallError, Rejected, TimedOut},
    fallback::{Fallback, chain::AsyncChain, future::FallbackCall},
    observe::{Observer, Tally},
    pipeline::pipeline::{Breaking, Counted, Counts, Direct, Pipeline, Stack, Timeout, counts},
    retry::{
        Course, Retry,
        attempt::Attempt,
        future::RetryCall,
        hooks::{AsyncBeforeRetry, DelayHint, RetryIf},
        operation::Operation,
    },
    time::{AsyncSleep, Clock, TimeoutCall},
};

/// A layer of a pipeline around an async call.
#[diagnostic::on_unimplemented(
    message = "this pipeline does not fit this async call",
    label = "a layer of `{Self}` does not fit this async call",
    note = "a retry and a timeout need a sleeper that is `AsyncSleep` (the feature `tokio` has one), a timeout an error that is `From<TimedOut>`, a fallback's layers the arguments and the result of the call"
)]
pub trait AsyncPolicy<'a, A: ?Sized, Op: Operation>: Counted {
    /// The call under way.
    type Call: Future<Output = Result<Op::Value, Op::Error>>;

    /// Makes the call, counted on `tally`.
    fn start(
        &'a self,
        args: &'a A,
        tally: Option<&'a Tally>,
        attempt: Attempt<'_, Op::Error>,
        op: Op,
    ) -> Self::Call;
}

impl<L> Pipeline<L> {
    /// Awaits what `f` makes of `args`, through all layers. Nothing happens
    /// before the first poll.
    ///
    /// `f` is a `Fn`, and cloned for each layer that may call it again: a
    /// function, or a closure over references, costs nothing to clone.
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
    pub fn call_async<'a, A, T, E, F, Fut>(
        &'a self,
        args: &'a A,
        f: F,
    ) -> PipelineCall<'a, A, L, Leaf<'a, A, F, E>, L::Call>
    where
        A: ?Sized,
        F: Fn(&'a A) -> Fut + Clone,
        Fut: Future<Output = Result<T, E>>,
        L: AsyncPolicy<'a, A, Leaf<'a, A, F, E>>,
    {
        PipelineCall::new(self, args, Leaf { args, f, types: PhantomData })
    }

    /// The same for a call that wants to know which attempt it is. The attempt
    /// is seen by the function, not kept by its future.
    pub fn call_async_with<'a, A, T, E, F, Fut>(
        &'a self,
        args: &'a A,
        f: F,
    ) -> PipelineCall<'a, A, L, WatchingLeaf<'a, A, F, E>, L::Call>
    where
        A: ?Sized,
        F: Fn(&'a A, Attempt<'_, CallError<E>>) -> Fut + Clone,
        Fut: Future<Output = Result<T, E>>,
        L: AsyncPolicy<'a, A, WatchingLeaf<'a, A, F, E>>,
    {
        PipelineCall::new(self, args, WatchingLeaf { args, f, types: PhantomData })
    }
}

pin_project! {
    /// The future of [`Pipeline::call_async`]: of the layers `L` around `Op`,
    /// which together make the future `F`.
    // No parameter is a projection of another: see `RetryCall`.
    #[must_use = "futures do nothing unless polled"]
    pub struct PipelineCall<'a, A: ?Sized, L, Op, F> {
        layers: &'a L,
        args: &'a A,
        op: Option<Op>,
        #[pin]
        call: Option<F>,
    }
}

impl<'a, A: ?Sized, L, Op, F> PipelineCall<'a, A, L, Op, F> {
    fn new(pipeline: &'a Pipeline<L>, args: &'a A, op: Op) -> Self {
        Self { layers: &pipeline.layers, args, op: Some(op), call: None }
    }
}

impl<'a, A: ?Sized, L, Op: Operation, F> Future for PipelineCall<'a, A, L, Op, F>
where
    L: AsyncPolicy<'a, A, Op, Call = F>,
    F: Future<Output = Result<Op::Value, Op::Error>>,
{
    type Output = Result<Op::Value, Op::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(op) = this.op.take() {
            let tally = this.layers.tally();
            this.call.set(Some(this.layers.start(this.args, tally, Attempt::FIRST, op)));
        }
        let call =
            this.call.as_mut().as_pin_mut().expect("a pipeline was polled after it was done");
        let result = ready!(call.poll(cx));
        this.call.set(None);
        Poll::Ready(result)
    }
}

/// The call itself, at the bottom of a pipeline.
#[derive(Debug)]
pub struct Leaf<'a, A: ?Sized, F, E> {
    args: &'a A,
    f: F,
    types: PhantomData<fn() -> E>,
}

// Not derived: that would ask for `A: Clone` and `E: Clone`.
impl<A: ?Sized, F: Clone, E> Clone for Leaf<'_, A, F, E> {
    fn clone(&self) -> Self {
        Self { args: self.args, f: self.f.clone(), types: PhantomData }
    }
}

impl<'a, A, F, E, T, Fut> Operation for Leaf<'a, A, F, E>
where
    A: ?Sized,
    F: Fn(&'a A) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Value = T;
    type Error = CallError<E>;
    type Call = Own<Fut>;
    const WATCHED: bool = false;

    #[inline]
    fn start(&mut self, _attempt: Attempt<'_, CallError<E>>) -> Own<Fut> {
        Own { call: (self.f)(self.args) }
    }
}

/// The same, where it wants to know its attempt.
#[derive(Debug)]
pub struct WatchingLeaf<'a, A: ?Sized, F, E> {
    args: &'a A,
    f: F,
    types: PhantomData<fn() -> E>,
}

impl<A: ?Sized, F: Clone, E> Clone for WatchingLeaf<'_, A, F, E> {
    fn clone(&self) -> Self {
        Self { args: self.args, f: self.f.clone(), types: PhantomData }
    }
}

impl<'a, A, F, E, T, Fut> Operation for WatchingLeaf<'a, A, F, E>
where
    A: ?Sized,
    F: Fn(&'a A, Attempt<'_, CallError<E>>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Value = T;
    type Error = CallError<E>;
    type Call = Own<Fut>;
    const WATCHED: bool = true;

    fn start(&mut self, attempt: Attempt<'_, CallError<E>>) -> Own<Fut> {
        Own { call: (self.f)(self.args, attempt) }
    }
}

pin_project! {
    /// The caller's own future, its error as a pipeline carries it.
    #[derive(Debug)]
    pub struct Own<F> {
        #[pin]
        call: F,
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for Own<F> {
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().call.poll(cx).map_err(CallError::Failed)
    }
}

impl<'a, A: ?Sized, Op: Operation> AsyncPolicy<'a, A, Op> for Direct {
    type Call = Op::Call;

    #[inline]
    fn start(
        &'a self,
        _args: &'a A,
        _tally: Option<&'a Tally>,
        attempt: Attempt<'_, Op::Error>,
        mut op: Op,
    ) -> Op::Call {
        op.start(attempt)
    }
}

/// A layer with what it is put around: what the layer above calls.
#[derive(Debug)]
pub struct Layered<'a, A: ?Sized, I, Op> {
    layer: &'a I,
    args: &'a A,
    tally: Option<&'a Tally>,
    op: Op,
}

impl<A: ?Sized, I, Op: Clone> Clone for Layered<'_, A, I, Op> {
    fn clone(&self) -> Self {
        Self { layer: self.layer, args: self.args, tally: self.tally, op: self.op.clone() }
    }
}

impl<'a, A, I, Op> Operation for Layered<'a, A, I, Op>
where
    A: ?Sized,
    Op: Operation + Clone,
    I: AsyncPolicy<'a, A, Op>,
{
    type Value = Op::Value;
    type Error = Op::Error;
    type Call = I::Call;
    const WATCHED: bool = Op::WATCHED;

    #[inline]
    fn start(&mut self, attempt: Attempt<'_, Op::Error>) -> I::Call {
        self.layer.start(self.args, self.tally, attempt, self.op.clone())
    }
}

impl<'a, A, Op, U, I> AsyncPolicy<'a, A, Op> for Stack<U, I>
where
    A: ?Sized + 'a,
    Op: Operation + Clone,
    I: AsyncPolicy<'a, A, Op> + 'a,
    U: AsyncPolicy<'a, A, Layered<'a, A, I, Op>>,
{
    type Call = U::Call;

    #[inline]
    fn start(
        &'a self,
        args: &'a A,
        tally: Option<&'a Tally>,
        attempt: Attempt<'_, Op::Error>,
        op: Op,
    ) -> U::Call {
        let inner = Layered { layer: &self.inner, args, tally, op };
        self.outer.start(args, tally, attempt, inner)
    }
}

impl<'a, A, Op, S, C, O, P, H, B> AsyncPolicy<'a, A, Op> for Retry<S, C, O, P, H, B>
where
    A: ?Sized + 'a,
    Op: Operation,
    Op::Error: Debug,
    S: AsyncSleep + 'a,
    C: Clock + 'a,
    O: Observer + 'a,
    P: RetryIf<Op::Error> + 'a,
    H: DelayHint<Op::Error> + 'a,
    B: AsyncBeforeRetry<Op::Error> + 'a,
{
    type Call = RetryCall<'a, Self, Op, Op::Call, S::Sleep, B::Before, Op::Error>;

    #[inline]
    fn start(
        &'a self,
        _args: &'a A,
        tally: Option<&'a Tally>,
        attempt: Attempt<'_, Op::Error>,
        op: Op,
    ) -> Self::Call {
        let course = Course::begin(self, Op::WATCHED, tally);
        RetryCall::started(self, course, op, attempt.restarted())
    }
}

impl<'a, A, E, Op, S, O> AsyncPolicy<'a, A, Op> for Fallback<S, O>
where
    A: ?Sized + 'a,
    E: Debug,
    Op: Operation<Error = CallError<E>>,
    S: AsyncChain<'a, A, Op::Value, E, CallError<E>> + 'a,
    O: Observer + 'a,
{
    type Call = FallbackCall<'a, A, Self, Op::Call, S::Slots, S::Stage, E, CallError<E>>;

    #[inline]
    fn start(
        &'a self,
        args: &'a A,
        tally: Option<&'a Tally>,
        attempt: Attempt<'_, Op::Error>,
        mut op: Op,
    ) -> Self::Call {
        FallbackCall::new(self, args, tally, op.start(attempt))
    }
}

impl<'a, A, E, Op, S> AsyncPolicy<'a, A, Op> for Timeout<S>
where
    A: ?Sized + 'a,
    E: From<TimedOut>,
    Op: Operation<Error = CallError<E>>,
    S: AsyncSleep,
{
    type Call = TimeoutCall<Op::Call, S::Sleep>;

    #[inline]
    fn start(
        &'a self,
        _args: &'a A,
        _tally: Option<&'a Tally>,
        attempt: Attempt<'_, Op::Error>,
        mut op: Op,
    ) -> Self::Call {
        TimeoutCall::new(op.start(attempt), &self.sleeper, self.limit)
    }
}

impl<'a, A, E, Op, C, O, P> AsyncPolicy<'a, A, Op> for Breaking<'_, C, O, P>
where
    A: ?Sized + 'a,
    Op: Operation<Error = CallError<E>>,
    C: Clock + 'a,
    O: Observer + 'a,
    P: Counts<E> + 'a,
{
    type Call = BreakingCall<'a, Op::Call, C, O, P>;

    #[inline]
    fn start(
        &'a self,
        _args: &'a A,
        _tally: Option<&'a Tally>,
        attempt: Attempt<'_, Op::Error>,
        mut op: Op,
    ) -> Self::Call {
        let (stage, call) = match self.breaker.try_acquire() {
            Ok(permit) => {
                // Armed while the caller's function runs: should it panic,
                // that is a failure.
                let guard = CallGuard::new(permit);
                let call = op.start(attempt);
                (BreakingStage::Admitted(guard.pause()), Some(call))
            }
            Err(rejected) => (BreakingStage::Rejected(rejected), None),
        };
        BreakingCall { stage, expect: &self.expect, call }
    }
}

pin_project! {
    /// A call under a breaker, admitted or not.
    #[must_use = "futures do nothing unless polled"]
    pub struct BreakingCall<'a, F, C: Clock, O: Observer, P> {
        stage: BreakingStage<'a, C, O>,
        expect: &'a P,
        #[pin]
        call: Option<F>,
    }
}

enum BreakingStage<'a, C: Clock, O: Observer> {
    Admitted(Permit<'a, C, O>),
    Rejected(Rejected),
    Done,
}

impl<T, E, F, C, O, P> Future for BreakingCall<'_, F, C, O, P>
where
    F: Future<Output = Result<T, CallError<E>>>,
    C: Clock,
    O: Observer,
    P: Counts<E>,
{
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // Taken out while user code runs: a panic finds the guard.
        let permit = match core::mem::replace(this.stage, BreakingStage::Done) {
            BreakingStage::Admitted(permit) => permit,
            BreakingStage::Rejected(rejected) => {
                return Poll::Ready(Err(CallError::Rejected(rejected)));
            }
            BreakingStage::Done => panic!("a guarded call was polled after it was done"),
        };
        let guard = CallGuard::new(permit);
        let call = this.call.as_mut().as_pin_mut().expect("an admitted call was made");
        match call.poll(cx) {
            Poll::Pending => {
                *this.stage = BreakingStage::Admitted(guard.pause());
                Poll::Pending
            }
            Poll::Ready(result) => {
                let expect = |error: &CallError<E>| counts(*this.expect, error);
                Poll::Ready(guard.report(expect, result).map_err(CallError::flatten))
            }
        }
    }
}
