//! A circuit breaker around a service.

use core::{
    future::Future,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use std::boxed::Box;

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    breaker::{CircuitBreaker, permit::Permit, word::Word},
    error::{CallError, Rejected},
    observe::Observer,
    state::State,
    time::{AsyncSleep, Clock},
};

/// What a service's answer says of its health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is well.
    Success,
    /// It is in trouble.
    Failure,
    /// Neither: the request was at fault, say.
    Ignored,
}

/// Judges a service's answers.
pub trait Judge<T, E> {
    /// What this answer says.
    fn judge(&self, result: &Result<T, E>) -> Outcome;
}

/// Every error is a failure, every response a success.
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorsFail;

impl<T, E> Judge<T, E> for ErrorsFail {
    #[inline]
    fn judge(&self, result: &Result<T, E>) -> Outcome {
        if result.is_ok() { Outcome::Success } else { Outcome::Failure }
    }
}

impl<T, E, F: Fn(&Result<T, E>) -> Outcome> Judge<T, E> for F {
    #[inline]
    fn judge(&self, result: &Result<T, E>) -> Outcome {
        self(result)
    }
}

/// Puts a circuit breaker around a service.
///
/// The breaker is asked in `poll_ready`, before the service's own readiness: a
/// service whose breaker is open is never polled. The rejection comes from
/// `call`, as a [`CallError::Rejected`] at once, since an error from
/// `poll_ready` would say that the service is gone for good.
///
/// A layer that [waits](Self::waiting) turns that around: its service is not
/// ready until the breaker admits a call.
///
/// A permit reserved in `poll_ready` and never used is given back when the
/// service is dropped. Clones share the breaker, and no permit. `B` is a
/// reference to a breaker, or an `Arc` of one.
#[derive(Debug, Clone, Copy)]
pub struct CircuitBreakerLayer<B, J = ErrorsFail, W = Reject> {
    breaker: B,
    judge: J,
    wait: W,
}

/// What a service does while its breaker admits no call.
pub trait Wait {
    /// A delay.
    type Sleep: Future<Output = ()>;

    /// Waits, or not: then the call is rejected.
    fn wait(&self, rejected: &Rejected) -> Option<Self::Sleep>;
}

/// Rejects at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reject;

impl Wait for Reject {
    type Sleep = core::future::Pending<()>;

    fn wait(&self, _rejected: &Rejected) -> Option<Self::Sleep> {
        None
    }
}

/// Waits until the breaker may admit a call.
#[derive(Debug, Clone, Copy)]
pub struct WaitBy<S>(S);

/// How often a service that waits looks again where nothing says when: while
/// others probe, or somebody has forced the breaker open.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl<S: AsyncSleep> Wait for WaitBy<S> {
    type Sleep = S::Sleep;

    fn wait(&self, rejected: &Rejected) -> Option<S::Sleep> {
        let delay = match (rejected.state(), rejected.retry_after()) {
            // The half-open moment is known.
            (State::Open, Some(delay)) => delay.max(Duration::from_millis(1)),
            _ => LOOK_AGAIN,
        };
        Some(self.0.sleep_async(delay))
    }
}

impl<B> CircuitBreakerLayer<B> {
    /// A layer to which every error is a failure.
    #[must_use]
    pub const fn new(breaker: B) -> Self {
        Self { breaker, judge: ErrorsFail, wait: Reject }
    }

    /// A layer whose `judge`, a `Fn(&Result<Response, Error>) -> Outcome`,
    /// says what each answer means: a 503 is a response to HTTP.
    #[must_use]
    pub const fn judged<J>(breaker: B, judge: J) -> CircuitBreakerLayer<B, J> {
        CircuitBreakerLayer { breaker, judge, wait: Reject }
    }
}

impl<B: Copy, J: Copy> CircuitBreakerLayer<B, J> {
    /// Backpressure: instead of rejecting, the service is not ready until the
    /// breaker admits a call. It is woken at the half-open moment; while others
    /// probe, or the breaker is forced open, it looks again every 50 ms.
    #[must_use]
    pub const fn waiting<S: Copy>(self, sleeper: S) -> CircuitBreakerLayer<B, J, WaitBy<S>> {
        CircuitBreakerLayer { breaker: self.breaker, judge: self.judge, wait: WaitBy(sleeper) }
    }
}

impl<S, B: Shared, J: Clone, W: Wait + Clone> Layer<S> for CircuitBreakerLayer<B, J, W> {
    type Service = CircuitBreakerService<S, B, J, W>;

    fn layer(&self, inner: S) -> Self::Service {
        let (breaker, judge, wait) = (self.breaker.clone(), self.judge.clone(), self.wait.clone());
        CircuitBreakerService { inner, breaker, judge, wait, admission: Admission::Unasked }
    }
}

/// A reference to a breaker that can be kept: `&CircuitBreaker`, or an `Arc`.
pub trait Shared: Deref<Target = CircuitBreaker<Self::Clock, Self::Observer>> + Clone {
    /// The breaker's clock.
    type Clock: Clock;
    /// The breaker's observer.
    type Observer: Observer;
}

impl<C: Clock, O: Observer> Shared for &CircuitBreaker<C, O> {
    type Clock = C;
    type Observer = O;
}

impl<C: Clock, O: Observer> Shared for std::sync::Arc<CircuitBreaker<C, O>> {
    type Clock = C;
    type Observer = O;
}

/// A service behind a circuit breaker: made by [`CircuitBreakerLayer`].
#[derive(Debug)]
pub struct CircuitBreakerService<S, B: Shared, J = ErrorsFail, W: Wait = Reject> {
    inner: S,
    breaker: B,
    judge: J,
    wait: W,
    admission: Admission<B, W::Sleep>,
}

/// What the breaker said of the next call.
#[derive(Debug)]
enum Admission<B: Shared, S> {
    Unasked,
    Admitted(Reserved<B>),
    Rejected(Rejected),
    // Boxed, so that the service can be moved while it waits.
    Waiting(Pin<Box<S>>),
}

/// A permit that keeps its breaker; dropped, it is given back, or by a panic
/// a failure.
#[derive(Debug)]
pub struct Reserved<B: Shared> {
    breaker: B,
    /// None once it has been used.
    word: Option<Word>,
}

impl<B: Shared> Reserved<B> {
    fn of(breaker: &B) -> Result<Self, Rejected> {
        let (_, word) = breaker.try_acquire()?.into_parts();
        Ok(Self { breaker: breaker.clone(), word: Some(word) })
    }

    fn permit(&mut self) -> Option<Permit<'_, B::Clock, B::Observer>> {
        self.word.take().map(|word| Permit::new(&self.breaker, word))
    }

    fn report(mut self, outcome: Outcome) {
        if let Some(permit) = self.permit() {
            match outcome {
                Outcome::Success => permit.success(),
                Outcome::Failure => permit.failure(),
                Outcome::Ignored => permit.ignore(),
            };
        }
    }
}

impl<B: Shared> Drop for Reserved<B> {
    fn drop(&mut self) {
        drop(self.permit());
    }
}

impl<S, B: Shared, J, W: Wait> CircuitBreakerService<S, B, J, W> {
    /// The service inside.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The breaker.
    pub const fn breaker(&self) -> &B {
        &self.breaker
    }
}

impl<S: Clone, B: Shared, J: Clone, W: Wait + Clone> Clone for CircuitBreakerService<S, B, J, W> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            breaker: self.breaker.clone(),
            judge: self.judge.clone(),
            wait: self.wait.clone(),
            admission: Admission::Unasked, // a permit is for one call
        }
    }
}

impl<S, Request, B, J, W> Service<Request> for CircuitBreakerService<S, B, J, W>
where
    W: Wait,
    S: Service<Request>,
    B: Shared,
    J: Judge<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = CallError<S::Error>;
    type Future = Guarded<S::Future, B, J>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        loop {
            match &mut self.admission {
                Admission::Admitted(_) => break,
                Admission::Waiting(sleep) => ready!(sleep.as_mut().poll(cx)),
                // Asked anew where it was rejected: time may have passed.
                Admission::Unasked | Admission::Rejected(_) => {}
            }
            self.admission = match Reserved::of(&self.breaker) {
                Ok(permit) => Admission::Admitted(permit),
                Err(rejected) => {
                    let Some(sleep) = self.wait.wait(&rejected) else {
                        self.admission = Admission::Rejected(rejected);
                        return Poll::Ready(Ok(()));
                    };
                    Admission::Waiting(Box::pin(sleep))
                }
            };
        }
        let result = ready!(self.inner.poll_ready(cx));
        result
            .map_err(|error| {
                // A service that cannot even get ready has failed.
                let admission = core::mem::replace(&mut self.admission, Admission::Unasked);
                if let Admission::Admitted(permit) = admission {
                    permit.report(Outcome::Failure);
                }
                CallError::Failed(error)
            })
            .into()
    }

    /// # Panics
    /// Where `poll_ready` did not say that it is ready, as tower allows.
    fn call(&mut self, request: Request) -> Self::Future {
        match core::mem::replace(&mut self.admission, Admission::Unasked) {
            Admission::Admitted(permit) => {
                let call = self.inner.call(request); // a panic here is a failure
                Guarded::Called { call, permit: Some(permit), judge: self.judge.clone() }
            }
            Admission::Rejected(rejected) => Guarded::Rejected { rejected },
            Admission::Unasked | Admission::Waiting(_) => {
                panic!("called before `poll_ready` said that it is ready")
            }
        }
    }
}

pin_project! {
    /// The future of a [`CircuitBreakerService`].
    #[project = GuardedProjection]
    #[must_use = "futures do nothing unless polled"]
    pub enum Guarded<F, B: Shared, J> {
        /// Under way.
        #[doc(hidden)]
        Called {
            #[pin]
            call: F,
            permit: Option<Reserved<B>>,
            judge: J,
        },
        /// Not called.
        #[doc(hidden)]
        Rejected { rejected: Rejected },
    }
}

impl<T, E, F, B, J> Future for Guarded<F, B, J>
where
    F: Future<Output = Result<T, E>>,
    B: Shared,
    J: Judge<T, E>,
{
    type Output = Result<T, CallError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            GuardedProjection::Rejected { rejected } => {
                Poll::Ready(Err(CallError::Rejected(*rejected)))
            }
            GuardedProjection::Called { call, permit, judge } => {
                let armed = permit.take();
                match call.poll(cx) {
                    Poll::Pending => {
                        *permit = armed;
                        Poll::Pending
                    }
                    Poll::Ready(result) => {
                        let outcome = judge.judge(&result);
                        if let Some(permit) = armed {
                            permit.report(outcome);
                        }
                        Poll::Ready(result.map_err(CallError::Failed))
                    }
                }
            }
        }
    }
}
