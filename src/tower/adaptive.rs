//! A limit of calls in flight that is found out, around a service.

use core::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    error::Limited,
    limit::adaptive::held::{AdaptiveRef, HeldTicket},
    pipeline::adaptive::{Answers, LoadJudge},
    tower::errors::{ErrorType, OwnErrors, Wrapped},
};

/// Puts a limit of calls in flight around a service that is found out from the calls.
///
/// Each response is measured, and an error says nothing of how busy the service is; with
/// [`judged`](Self::judged) you say which responses and errors do. A call that finds no
/// place is turned away by `call`, as a [`CallError::Limited`](crate::CallError::Limited):
/// the service is as ready as the one inside. A place is held until the response is there,
/// or its future is dropped; a dropped one says nothing.
///
/// `A` is an `&AdaptiveLimit`, or an `Arc` of one. **Put it inside a retry**: the delays
/// between attempts are no work of the service.
///
/// ```
/// # async fn example() {
/// use fusebox::{AdaptiveConfig, AdaptiveLimit, Load, tower::AdaptiveLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// static SHOP: AdaptiveLimit =
///     AdaptiveLimit::named("shop", AdaptiveConfig::new().build());
///
/// fn busy(answer: Result<&u16, &std::io::Error>) -> Load {
///     match answer {
///         Ok(429 | 503) => Load::Overloaded,
///         Ok(_) => Load::Served,
///         Err(_) => Load::Unknown,
///     }
/// }
///
/// let mut service = ServiceBuilder::new()
///     .layer(AdaptiveLayer::judged(&SHOP, busy))
///     .service(service_fn(|_: &str| async { Ok::<_, std::io::Error>(200) }));
/// assert_eq!(service.ready().await.unwrap().call("/").await.unwrap(), 200);
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct AdaptiveLayer<A, J = Answers, X = Wrapped> {
    limit: A,
    judge: J,
    errors: PhantomData<fn() -> X>,
}

impl<A> AdaptiveLayer<A> {
    /// Makes a layer that measures each response.
    #[must_use]
    pub const fn new(limit: A) -> Self {
        Self { limit, judge: Answers, errors: PhantomData }
    }

    /// Makes a layer whose `judge`, a `Fn(Result<&Response, &Error>) -> Load`, says what
    /// each answer says of how busy the service is.
    #[must_use]
    pub const fn judged<J>(limit: A, judge: J) -> AdaptiveLayer<A, J> {
        AdaptiveLayer { limit, judge, errors: PhantomData }
    }
}

impl<A, J> AdaptiveLayer<A, J> {
    /// Leaves the service its own error type, which a refusal becomes: one that is
    /// `From<Rejected>`, as tower's `BoxError` is.
    #[must_use]
    pub fn own_errors(self) -> AdaptiveLayer<A, J, OwnErrors> {
        AdaptiveLayer { limit: self.limit, judge: self.judge, errors: PhantomData }
    }
}

impl<S, A: AdaptiveRef + Clone, J: Clone, X> Layer<S> for AdaptiveLayer<A, J, X> {
    type Service = AdaptiveService<S, A, J, X>;

    fn layer(&self, inner: S) -> Self::Service {
        let (limit, judge) = (self.limit.clone(), self.judge.clone());
        AdaptiveService { inner, limit, judge, errors: self.errors }
    }
}

/// A service under an adaptive limit. [`AdaptiveLayer`] makes it. Clones share the limit.
#[derive(Debug)]
pub struct AdaptiveService<S, A, J = Answers, X = Wrapped> {
    inner: S,
    limit: A,
    judge: J,
    errors: PhantomData<fn() -> X>,
}

// Not derived: that would ask for `X: Clone`.
impl<S: Clone, A: Clone, J: Clone, X> Clone for AdaptiveService<S, A, J, X> {
    fn clone(&self) -> Self {
        let (inner, limit, judge) = (self.inner.clone(), self.limit.clone(), self.judge.clone());
        Self { inner, limit, judge, errors: self.errors }
    }
}

impl<S, A, J, X> AdaptiveService<S, A, J, X> {
    /// Returns the service inside.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, Request, A, J, X> Service<Request> for AdaptiveService<S, A, J, X>
where
    S: Service<Request>,
    A: AdaptiveRef + Clone,
    J: LoadJudge<S::Response, S::Error> + Clone,
    X: ErrorType<S::Error>,
{
    type Response = S::Response;
    type Error = X::Error;
    type Future = UnderLimit<S::Future, A, J, X>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(X::failed)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let judge = self.judge.clone();
        let (call, ticket, limited) = match HeldTicket::acquire(self.limit.clone()) {
            Ok(ticket) => (Some(self.inner.call(request)), Some(ticket), None),
            Err(limited) => (None, None, Some(limited)),
        };
        UnderLimit { call, ticket, limited, judge, errors: PhantomData }
    }
}

pin_project! {
    /// The future of an [`AdaptiveService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct UnderLimit<F, A: AdaptiveRef, J = Answers, X = Wrapped> {
        // Dropped before its place is given back.
        #[pin]
        call: Option<F>,
        ticket: Option<HeldTicket<A>>,
        limited: Option<Limited>,
        judge: J,
        errors: PhantomData<fn() -> X>,
    }
}

impl<T, E, F, A, J, X> Future for UnderLimit<F, A, J, X>
where
    X: ErrorType<E>,
    F: Future<Output = Result<T, E>>,
    A: AdaptiveRef,
    J: LoadJudge<T, E>,
{
    type Output = Result<T, X::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(call) = this.call.as_mut().as_pin_mut() else {
            let limited = this.limited.take();
            return Poll::Ready(Err(X::limited(limited.expect("polled after it was done"))));
        };
        let result = ready!(call.poll(cx));
        this.call.set(None);
        if let Some(ticket) = this.ticket.take() {
            ticket.report(this.judge.load(result.as_ref()));
        }
        Poll::Ready(result.map_err(X::failed))
    }
}
