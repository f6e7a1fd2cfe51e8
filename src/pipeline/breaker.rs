//! A breaker as a layer of a pipeline.

use core::{
    convert::identity,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    breaker::{CircuitBreaker, held::HeldPermit},
    error::{CallError, Rejected},
    observe::{DefaultObserver, Observer, Tally},
    pipeline::{
        Pipeline,
        context::CallContext,
        layer::{AsyncLayer, Inner, Layer, Stack, SyncLayer},
    },
    time::{Clock, DefaultClock},
};

/// A breaker as a layer of a pipeline, to be named in the type of a `static`.
#[derive(Debug)]
pub struct BreakerLayer<'b, C = DefaultClock, O = DefaultObserver, P = EveryError> {
    breaker: &'b CircuitBreaker<C, O>,
    is_failure: P,
}

// Not derived: that would ask for `C: Copy` and `O: Copy`.
impl<C, O, P: Clone> Clone for BreakerLayer<'_, C, O, P> {
    fn clone(&self) -> Self {
        Self { breaker: self.breaker, is_failure: self.is_failure.clone() }
    }
}

impl<C, O, P: Copy> Copy for BreakerLayer<'_, C, O, P> {}

#[allow(clippy::type_complexity)] // the type is the list of the layers
impl<L: Copy> Pipeline<L> {
    /// Adds a breaker inside the layers so far. Every error is a failure to it.
    #[must_use]
    pub const fn breaker<C, O>(
        self,
        breaker: &CircuitBreaker<C, O>,
    ) -> Pipeline<Stack<L, BreakerLayer<'_, C, O>>> {
        self.inside(BreakerLayer { breaker, is_failure: EveryError })
    }

    /// Adds a breaker inside the layers so far. It counts as failures those of
    /// the call's own errors for which `is_failure`, a `Fn(&E) -> bool`, holds.
    #[must_use]
    pub const fn breaker_counting<C, O, F: Copy>(
        self,
        breaker: &CircuitBreaker<C, O>,
        is_failure: F,
    ) -> Pipeline<Stack<L, BreakerLayer<'_, C, O, Counting<F>>>> {
        self.inside(BreakerLayer { breaker, is_failure: Counting(is_failure) })
    }
}

/// Which of a call's own errors are failures to a breaker.
pub trait FailureFilter<E> {
    /// Whether this one is.
    fn is_failure(&self, error: &E) -> bool;
}

/// Counts every error as a failure.
#[derive(Debug, Clone, Copy)]
pub struct EveryError;

impl<E> FailureFilter<E> for EveryError {
    #[inline]
    fn is_failure(&self, _error: &E) -> bool {
        true
    }
}

/// Counts those errors as failures for which a predicate holds.
#[derive(Debug, Clone, Copy)]
pub struct Counting<F>(F);

impl<E, F: Fn(&E) -> bool> FailureFilter<E> for Counting<F> {
    #[inline]
    fn is_failure(&self, error: &E) -> bool {
        (self.0)(error)
    }
}

/// A call that another breaker turned away was not made: it says nothing.
#[inline]
fn counts<E>(filter: &impl FailureFilter<E>, error: &CallError<E>) -> bool {
    error.as_failed().is_some_and(|error| filter.is_failure(error))
}

impl<C, O, P> Layer for BreakerLayer<'_, C, O, P> {
    #[inline]
    fn tally(&self) -> Option<&Tally> {
        Some(self.breaker.tally())
    }
}

impl<A: ?Sized, T, E, C, O, P> SyncLayer<A, T, E> for BreakerLayer<'_, C, O, P>
where
    C: Clock,
    O: Observer,
    P: FailureFilter<E>,
{
    #[inline]
    fn call<'a>(
        &self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        self.breaker.guard(|error| counts(&self.is_failure, error), || inner(context), identity)
    }
}

impl<'a, A, I, C, O, P> AsyncLayer<'a, A, I> for BreakerLayer<'_, C, O, P>
where
    A: ?Sized,
    I: Inner<'a, A>,
    C: Clock + 'a,
    O: Observer + 'a,
    P: FailureFilter<I::Error> + 'a,
{
    type Call = BreakerCall<'a, I::Call, C, O, P>;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        let mut permit = HeldPermit::empty(self.breaker);
        let (call, rejected) = match permit.under(|| inner.start(context)) {
            Ok(call) => (Some(call), None),
            Err(rejected) => (None, Some(rejected)),
        };
        BreakerCall { permit, rejected, is_failure: &self.is_failure, call }
    }
}

pin_project! {
    /// A call under a breaker, admitted or not.
    #[must_use = "futures do nothing unless polled"]
    pub struct BreakerCall<'a, F, C: Clock, O: Observer, P> {
        permit: HeldPermit<&'a CircuitBreaker<C, O>>,
        rejected: Option<Rejected>,
        is_failure: &'a P,
        #[pin]
        call: Option<F>,
    }
}

impl<T, E, F, C, O, P> Future for BreakerCall<'_, F, C, O, P>
where
    F: Future<Output = Result<T, CallError<E>>>,
    C: Clock,
    O: Observer,
    P: FailureFilter<E>,
{
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(call) = this.call.as_pin_mut() else {
            let rejected = this.rejected.take();
            return Poll::Ready(Err(rejected.expect("a rejected call was polled again").into()));
        };
        this.permit.poll(
            || call.poll(cx),
            |guard, result| guard.report(|error| counts(*this.is_failure, error), result, identity),
        )
    }
}
