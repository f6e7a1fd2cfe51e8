//! A circuit breaker around a service.

use core::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};
use std::boxed::Box;

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    breaker::{
        held::{BreakerRef, HeldPermit},
        judge::Judge,
        permit::CallGuard,
    },
    error::Rejected,
    state::Outcome,
    tower::{
        errors::{ErrorType, OwnErrors, Wrapped},
        known::KnownErrors,
        wait::{Reject, Wait, WaitBy},
    },
};

/// Puts a circuit breaker around a service.
///
/// The breaker is asked in `poll_ready`, before the service's own readiness: a
/// service whose breaker is open is never polled. The rejection comes from
/// `call`, as a [`CallError::Rejected`](crate::CallError::Rejected) at once, since an error from
/// `poll_ready` would say that the service is gone for good.
///
/// A layer that [waits](Self::waiting) does the reverse: its service is not
/// ready until the breaker admits a call.
///
/// While the breaker is closed and does not admit every call, as it sheds load or lets
/// calls back after an outage, it is asked in `call`: only there is a request's priority
/// known, where a [`PriorityLayer`](crate::tower::PriorityLayer) outside of this one finds
/// it. A layer that waits asks in `poll_ready` even then, under the priority of the scope
/// there, and once more in `call` for a request of another priority: that may be rejected.
///
/// A permit that `poll_ready` reserved and no call used is given back when the
/// service is dropped. A permit that was reserved before the breaker opened
/// admits nothing, and the breaker is asked again. Clones share the breaker,
/// but no permit.
///
/// **A timeout belongs inside this layer.** A timeout above it cancels the
/// call, and a cancelled call counts for nothing. A service that hangs would
/// never open the breaker.
///
/// `B` is a `&CircuitBreaker`, or an `Arc` of one.
#[derive(Debug, Clone, Copy)]
pub struct CircuitBreakerLayer<B, J = KnownErrors, W = Reject, X = Wrapped> {
    breaker: B,
    judge: J,
    wait: W,
    errors: X,
}

impl<B> CircuitBreakerLayer<B> {
    /// Makes a layer to which every error is a failure, and a timeout an overload, where its
    /// type is known: see [`KnownErrors`].
    #[must_use]
    pub const fn new(breaker: B) -> Self {
        Self { breaker, judge: KnownErrors, wait: Reject, errors: Wrapped }
    }

    /// Makes a layer whose `judge`, a `Fn(Result<&Response, &Error>)
    /// -> Outcome`, says what each answer means. A 503, for example, is a
    /// response, and a failure of the service.
    #[must_use]
    pub const fn judged<J>(breaker: B, judge: J) -> CircuitBreakerLayer<B, J> {
        CircuitBreakerLayer { breaker, judge, wait: Reject, errors: Wrapped }
    }
}

impl<B, J, X> CircuitBreakerLayer<B, J, Reject, X> {
    /// Turns rejections into backpressure: the service is not ready until the
    /// breaker admits a call. The task is woken when a probe is due. While
    /// others probe, or the breaker is forced open, it looks again every 50 ms.
    #[must_use]
    pub fn waiting<S>(self, sleeper: S) -> CircuitBreakerLayer<B, J, WaitBy<S>, X> {
        let Self { breaker, judge, errors, .. } = self;
        CircuitBreakerLayer { breaker, judge, wait: WaitBy(sleeper), errors }
    }
}

impl<B, J, W> CircuitBreakerLayer<B, J, W> {
    /// Leaves the service its own error type, which a rejection becomes: one that
    /// is `From<Rejected>`. tower's `BoxError` is such a type, so its
    /// `load_shed`, `buffer` and `timeout` go above this layer.
    ///
    /// ```
    /// # async fn example() {
    /// use std::time::Duration;
    /// use fusebox::{BreakerConfig, CircuitBreaker, tower::CircuitBreakerLayer};
    /// use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    ///
    /// let mut service = ServiceBuilder::new()
    ///     .load_shed()
    ///     .layer(CircuitBreakerLayer::new(&SHOP).own_errors())
    ///     .timeout(Duration::from_secs(1)) // inside the breaker, which counts it
    ///     .service(service_fn(|id: u32| async move { Ok::<_, BoxError>(id * 2) }));
    /// assert_eq!(service.ready().await.unwrap().call(21).await.unwrap(), 42);
    /// # }
    /// ```
    #[must_use]
    pub fn own_errors(self) -> CircuitBreakerLayer<B, J, W, OwnErrors> {
        let Self { breaker, judge, wait, .. } = self;
        CircuitBreakerLayer { breaker, judge, wait, errors: OwnErrors }
    }
}

impl<S, B: BreakerRef + Clone, J: Clone, W: Wait + Clone, X: Copy> Layer<S>
    for CircuitBreakerLayer<B, J, W, X>
{
    type Service = CircuitBreakerService<S, B, J, W, X>;

    fn layer(&self, inner: S) -> Self::Service {
        let (breaker, judge, wait) = (self.breaker.clone(), self.judge.clone(), self.wait.clone());
        CircuitBreakerService::new(inner, breaker, judge, wait, self.errors)
    }
}

/// A service behind a circuit breaker. [`CircuitBreakerLayer`] makes it.
#[derive(Debug)]
pub struct CircuitBreakerService<S, B: BreakerRef, J = KnownErrors, W: Wait = Reject, X = Wrapped> {
    inner: S,
    judge: J,
    wait: W,
    errors: X,
    /// For the next call.
    permit: HeldPermit<B>,
    /// Where the next call is turned away.
    rejected: Option<Rejected>,
    // Boxed, so that the service can be moved while it waits.
    waiting: Option<Pin<Box<W::Sleep>>>,
}

impl<S, B: BreakerRef, J, W: Wait, X> CircuitBreakerService<S, B, J, W, X> {
    const fn new(inner: S, breaker: B, judge: J, wait: W, errors: X) -> Self {
        let permit = HeldPermit::empty(breaker);
        Self { inner, judge, wait, errors, permit, rejected: None, waiting: None }
    }

    /// Returns the service inside.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the breaker.
    pub const fn breaker(&self) -> &B {
        self.permit.breaker()
    }

    /// Asks the breaker until it admits a call, or until there is no waiting
    /// for that.
    fn poll_admission(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Rejected>> {
        loop {
            if let Some(sleep) = &mut self.waiting {
                ready!(sleep.as_mut().poll(cx));
                self.waiting = None;
            }
            let Err(rejected) = self.permit.reserve(W::WAITS) else { return Poll::Ready(Ok(())) };
            match self.wait.wait(&rejected) {
                Some(sleep) => self.waiting = Some(Box::pin(sleep)),
                None => return Poll::Ready(Err(rejected)),
            }
        }
    }
}

impl<S: Clone, B: BreakerRef + Clone, J: Clone, W: Wait + Clone, X: Copy> Clone
    for CircuitBreakerService<S, B, J, W, X>
{
    fn clone(&self) -> Self {
        // A permit is for one call: the clone asks for its own.
        let (judge, wait) = (self.judge.clone(), self.wait.clone());
        Self::new(self.inner.clone(), self.breaker().clone(), judge, wait, self.errors)
    }
}

impl<S, Request, B, J, W, X> Service<Request> for CircuitBreakerService<S, B, J, W, X>
where
    W: Wait,
    X: ErrorType<S::Error>,
    S: Service<Request>,
    B: BreakerRef + Clone,
    J: Judge<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = X::Error;
    type Future = Guarded<S::Future, B, J, X>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.rejected = ready!(self.poll_admission(cx)).err();
        if self.rejected.is_some() {
            return Poll::Ready(Ok(())); // `call` says so
        }
        let result = ready!(self.inner.poll_ready(cx));
        Poll::Ready(result.map_err(|error| match self.permit.arm() {
            // A service that cannot even get ready has failed.
            Ok(guard) => {
                guard.end(Outcome::Failure);
                X::failed(error)
            }
            Err(rejected) => rejected.into(),
        }))
    }

    /// # Panics
    /// Where `poll_ready` did not say that it is ready, as tower allows.
    fn call(&mut self, request: Request) -> Self::Future {
        let empty = HeldPermit::empty(self.breaker().clone());
        let mut permit = core::mem::replace(&mut self.permit, empty);
        let called = self.rejected.take().map_or_else(
            || {
                assert!(permit.is_ready(), "called before `poll_ready` said that it is ready");
                // It may have been reserved before the breaker opened, or a gate was there.
                permit.renew().and_then(|()| permit.hold(|| self.inner.call(request)))
            },
            Err,
        );
        match called {
            Ok(call) => Guarded::called(call, permit, self.judge.clone()),
            Err(rejected) => Guarded::rejected(rejected),
        }
    }
}

pin_project! {
    /// The future of a [`CircuitBreakerService`].
    #[project = GuardedProjection]
    #[must_use = "futures do nothing unless polled"]
    pub enum Guarded<F, B: BreakerRef, J, X = Wrapped> {
        /// Under way.
        #[doc(hidden)]
        Called {
            #[pin]
            call: F,
            permit: HeldPermit<B>,
            judge: J,
            errors: PhantomData<fn() -> X>,
        },
        /// Not called.
        #[doc(hidden)]
        Rejected { rejected: Rejected },
    }
}

impl<F, B: BreakerRef, J, X> Guarded<F, B, J, X> {
    pub(super) const fn called(call: F, permit: HeldPermit<B>, judge: J) -> Self {
        Self::Called { call, permit, judge, errors: PhantomData }
    }

    pub(super) const fn rejected(rejected: Rejected) -> Self {
        Self::Rejected { rejected }
    }
}

impl<T, E, F, B, J, X> Future for Guarded<F, B, J, X>
where
    X: ErrorType<E>,
    F: Future<Output = Result<T, E>>,
    B: BreakerRef,
    J: Judge<T, E>,
{
    type Output = Result<T, X::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            GuardedProjection::Rejected { rejected } => Poll::Ready(Err((*rejected).into())),
            GuardedProjection::Called { call, permit, judge, .. } => {
                let report = |guard: CallGuard<'_, _, _>, result| {
                    guard.report(|answer| judge.judge(answer), result, X::failed)
                };
                permit.poll(cx, |cx| call.poll(cx), report)
            }
        }
    }
}
