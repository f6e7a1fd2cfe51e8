//! A breaker as a layer of a pipeline.

use core::{
    convert::identity,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    breaker::{
        CircuitBreaker,
        held::HeldPermit,
        judge::{Counting, EveryError, Judge, OverloadIf, carried},
    },
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
    judge: P,
}

// Not derived: that would ask for `C: Copy` and `O: Copy`.
impl<C, O, P: Clone> Clone for BreakerLayer<'_, C, O, P> {
    fn clone(&self) -> Self {
        Self { breaker: self.breaker, judge: self.judge.clone() }
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
        self.inside(BreakerLayer { breaker, judge: EveryError })
    }

    /// Adds a breaker inside the layers so far. It counts as failures those of
    /// the call's own errors for which `is_failure`, a `Fn(&E) -> bool`, holds.
    #[must_use]
    pub const fn breaker_counting<C, O, E, F>(
        self,
        breaker: &CircuitBreaker<C, O>,
        is_failure: F,
    ) -> Pipeline<Stack<L, BreakerLayer<'_, C, O, Counting<F>>>>
    where
        F: Fn(&E) -> bool,
    {
        self.inside(BreakerLayer { breaker, judge: Counting(is_failure) })
    }

    /// Adds a breaker inside the layers so far. Every error is a failure to it, and those
    /// of the call's own errors for which `is_overload`, a `Fn(&E) -> bool`, holds say that
    /// the service has more calls than it can answer
    /// ([`Outcome::Overload`](crate::Outcome::Overload)).
    ///
    /// A [timeout](Pipeline::timeout_by) inside the breaker makes an error of your own type,
    /// and only you can tell it from others. For errors with sources,
    /// [`is_overload`](crate::is_overload) does.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, Pipeline, is_overload};
    ///
    /// static SHOP: CircuitBreaker =
    ///     CircuitBreaker::named("shop", BreakerConfig::new().max_shed(90).build());
    ///
    /// let shop = Pipeline::new()
    ///     .breaker_overload_if(&SHOP, |error: &std::io::Error| is_overload(error))
    ///     .timeout(Duration::from_secs(1));
    /// # let _ = shop;
    /// ```
    #[must_use]
    pub const fn breaker_overload_if<C, O, E, F>(
        self,
        breaker: &CircuitBreaker<C, O>,
        is_overload: F,
    ) -> Pipeline<Stack<L, BreakerLayer<'_, C, O, OverloadIf<F>>>>
    where
        F: Fn(&E) -> bool,
    {
        self.inside(BreakerLayer { breaker, judge: OverloadIf::new(is_overload) })
    }

    /// Adds a breaker inside the layers so far. `judge`, a `Fn(Result<&T, &E>)
    /// -> Outcome`, says what each answer of the call means: a success, a
    /// failure, or nothing.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Outcome, Pipeline};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// fn judge(answer: Result<&u16, &&str>) -> Outcome {
    ///     match answer {
    ///         Ok(500..) | Err(_) => Outcome::Failure,
    ///         Ok(_) => Outcome::Success,
    ///     }
    /// }
    /// let shop = Pipeline::new().breaker_judged(&SHOP, judge);
    /// assert_eq!(shop.call("/", |_: &str| Ok(503)), Ok(503));
    /// assert_eq!(SHOP.snapshot().score, 1);
    /// ```
    #[must_use]
    pub const fn breaker_judged<C, O, J>(
        self,
        breaker: &CircuitBreaker<C, O>,
        judge: J,
    ) -> Pipeline<Stack<L, BreakerLayer<'_, C, O, J>>> {
        self.inside(BreakerLayer { breaker, judge })
    }
}

impl<C, O, P> Layer for BreakerLayer<'_, C, O, P> {
    #[inline]
    fn tally(&self) -> Option<&Tally> {
        Some(self.breaker.tally())
    }

    #[inline]
    fn is_well(&self) -> bool {
        self.breaker.seems_well()
    }
}

impl<A: ?Sized, T, E, C, O, P> SyncLayer<A, T, E> for BreakerLayer<'_, C, O, P>
where
    C: Clock,
    O: Observer,
    P: Judge<T, E>,
{
    #[inline]
    fn call<'a>(
        &self,
        context: CallContext<'a, '_, A, E>,
        mut inner: impl FnMut(CallContext<'a, '_, A, E>) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        self.breaker.guard(|answer| carried(&self.judge, answer), || inner(context), identity)
    }
}

impl<'a, A, I, C, O, P> AsyncLayer<'a, A, I> for BreakerLayer<'_, C, O, P>
where
    A: ?Sized,
    I: Inner<'a, A>,
    C: Clock + 'a,
    O: Observer + 'a,
    P: Judge<I::Value, I::Error> + 'a,
{
    type Call = BreakerCall<'a, I::Call, C, O, P>;

    #[inline]
    fn start(&'a self, context: CallContext<'a, '_, A, I::Error>, inner: I) -> Self::Call {
        let mut permit = HeldPermit::empty(self.breaker);
        let (call, rejected) = match permit.hold(|| inner.start(context)) {
            Ok(call) => (Some(call), None),
            Err(rejected) => (None, Some(rejected)),
        };
        BreakerCall { permit, rejected, judge: &self.judge, call }
    }
}

pin_project! {
    /// A call under a breaker, admitted or not.
    #[must_use = "futures do nothing unless polled"]
    pub struct BreakerCall<'a, F, C: Clock, O: Observer, P> {
        permit: HeldPermit<&'a CircuitBreaker<C, O>>,
        rejected: Option<Rejected>,
        judge: &'a P,
        #[pin]
        call: Option<F>,
    }
}

impl<T, E, F, C, O, P> Future for BreakerCall<'_, F, C, O, P>
where
    F: Future<Output = Result<T, CallError<E>>>,
    C: Clock,
    O: Observer,
    P: Judge<T, E>,
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
            cx,
            |cx| call.poll(cx),
            |guard, result| guard.report(|answer| carried(*this.judge, answer), result, identity),
        )
    }
}
