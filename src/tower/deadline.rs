//! A deadline around a service.

use core::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    error::Limited,
    limit::deadline::{deadline::Deadline, scope::DeadlineFuture, until::Until},
    time::{Clock, StdClock},
    tower::errors::{ErrorType, OwnErrors, Wrapped},
};

/// Finds the deadline of a request.
#[diagnostic::on_unimplemented(
    message = "a deadline cannot be found in a `{Request}`",
    note = "give the layer a function: `DeadlineLayer::of(|request| …)`; with the feature `http`, `DeadlineLayer::from_headers()` reads those of an `http::Request`"
)]
pub trait FindDeadline<Request> {
    /// The deadline, or [`Deadline::NEVER`].
    #[doc(hidden)]
    fn find<C: Clock>(&self, request: &mut Request, clock: &C) -> Deadline;
}

/// A function finds it.
#[derive(Debug, Clone, Copy)]
pub struct FoundBy<F>(F);

impl<F> FoundBy<F> {
    #[cfg(feature = "tokio")]
    pub(super) const fn new(find: F) -> Self {
        Self(find)
    }
}

impl<Request, F: Fn(&Request) -> Deadline> FindDeadline<Request> for FoundBy<F> {
    fn find<C: Clock>(&self, request: &mut Request, _clock: &C) -> Deadline {
        (self.0)(request)
    }
}

/// The extension of an HTTP request has it, or its headers.
#[cfg(feature = "http")]
#[derive(Debug, Clone, Copy, Default)]
pub struct InHeaders;

#[cfg(feature = "http")]
impl<B> FindDeadline<http::Request<B>> for InHeaders {
    fn find<C: Clock>(&self, request: &mut http::Request<B>, clock: &C) -> Deadline {
        if let Some(known) = request.extensions().get::<Deadline>() {
            return *known;
        }
        let told = crate::http::read_deadline(request.headers(), clock);
        // A header that means nothing is none.
        let deadline = told.unwrap_or(Deadline::NEVER);
        if !deadline.is_never() {
            request.extensions_mut().insert(deadline);
        }
        deadline
    }
}

/// Gives the calls of a service their deadline.
///
/// A request whose deadline is over is not handed to the service. All others run in the
/// [scope](Deadline::scope) of theirs: retries, fallbacks, hedges and timeouts inside this
/// layer start nothing that cannot end before it, and [`Deadline::current`] is what to hand
/// on. A task that the service spawns is outside of the scope.
///
/// ```
/// # async fn example() {
/// use std::time::Duration;
/// use fusebox::{CallError, Deadline, tower::DeadlineLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// #[derive(Clone)]
/// struct Query { id: u32, deadline: Deadline }
///
/// let mut service = ServiceBuilder::new()
///     .layer(DeadlineLayer::of(|query: &Query| query.deadline))
///     .service(service_fn(|query: Query| async move { Ok::<_, std::io::Error>(query.id) }));
/// let late = Query { id: 7, deadline: Deadline::within(Duration::ZERO) };
/// let answer = service.ready().await.unwrap().call(late).await;
/// assert!(matches!(answer, Err(CallError::Limited(_))));
/// # }
/// ```
#[derive(Debug)]
pub struct DeadlineLayer<F, C: 'static = StdClock, X = Wrapped> {
    find: F,
    clock: &'static C,
    errors: X,
}

// Not derived: that would ask for `C: Copy`.
impl<F: Clone, C, X: Copy> Clone for DeadlineLayer<F, C, X> {
    fn clone(&self) -> Self {
        Self { find: self.find.clone(), ..*self }
    }
}

impl<F: Copy, C, X: Copy> Copy for DeadlineLayer<F, C, X> {}

impl<F> DeadlineLayer<FoundBy<F>> {
    /// Makes a layer that finds a request's deadline by a function, a
    /// `Fn(&Request) -> Deadline`. It is one of the host's clock.
    #[must_use]
    pub const fn of<Request>(find: F) -> Self
    where
        F: Fn(&Request) -> Deadline,
    {
        Self { find: FoundBy(find), clock: &StdClock, errors: Wrapped }
    }
}

#[cfg(feature = "http")]
impl DeadlineLayer<InHeaders> {
    /// Makes a layer that reads an HTTP request's deadline from its headers
    /// ([`read_deadline`](crate::http::read_deadline)) and puts it into the request's
    /// extensions, as a [`Deadline`]. Where one is there already, it holds, and the headers
    /// are not read. A header that is not what it should be counts as none.
    ///
    /// ```
    /// # async fn example() {
    /// use fusebox::{Deadline, tower::DeadlineLayer};
    /// use http::Request;
    /// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
    ///
    /// let mut service = ServiceBuilder::new()
    ///     .layer(DeadlineLayer::from_headers())
    ///     .service(service_fn(|request: Request<()>| async move {
    ///         Ok::<_, std::io::Error>(request.extensions().get::<Deadline>().is_some())
    ///     }));
    /// let request = Request::builder().header("grpc-timeout", "2S").body(()).unwrap();
    /// assert!(service.ready().await.unwrap().call(request).await.unwrap());
    /// # }
    /// ```
    #[must_use]
    pub const fn from_headers() -> Self {
        Self { find: InHeaders, clock: &StdClock, errors: Wrapped }
    }
}

impl<F, C, X> DeadlineLayer<F, C, X> {
    /// Measures deadlines by another clock.
    #[must_use]
    pub fn clock<N: Clock>(self, clock: &'static N) -> DeadlineLayer<F, N, X> {
        let Self { find, errors, .. } = self;
        DeadlineLayer { find, clock, errors }
    }

    /// Leaves the service its own error type, which a [`Rejected`](crate::Rejected) becomes: one that is
    /// `From<Rejected>`, such as tower's `BoxError`.
    #[must_use]
    pub fn own_errors(self) -> DeadlineLayer<F, C, OwnErrors> {
        let Self { find, clock, .. } = self;
        DeadlineLayer { find, clock, errors: OwnErrors }
    }
}

impl<S, F: Clone, C, X: Copy> Layer<S> for DeadlineLayer<F, C, X> {
    type Service = DeadlineService<S, F, C, X>;

    fn layer(&self, inner: S) -> Self::Service {
        DeadlineService { inner, layer: self.clone() }
    }
}

/// A service whose calls have a deadline. [`DeadlineLayer`] makes it.
#[derive(Debug)]
pub struct DeadlineService<S, F, C: 'static = StdClock, X = Wrapped> {
    inner: S,
    layer: DeadlineLayer<F, C, X>,
}

impl<S: Clone, F: Clone, C, X: Copy> Clone for DeadlineService<S, F, C, X> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S, Request, F, C, X> Service<Request> for DeadlineService<S, F, C, X>
where
    S: Service<Request>,
    F: FindDeadline<Request>,
    C: Clock + Sync,
    X: ErrorType<S::Error>,
{
    type Response = S::Response;
    type Error = X::Error;
    type Future = InTime<S::Future, X>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(X::failed)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let deadline = self.layer.find.find(&mut request, self.layer.clock);
        let until: Until<'static> = deadline.on(self.layer.clock);
        if let Err(limited) = until.admit() {
            return InTime::Late { limited };
        }
        // What is done before the first poll is in the scope, too.
        let call = {
            let _scope = until.enter();
            self.inner.call(request)
        };
        InTime::Called { call: until.scope(call), errors: PhantomData }
    }
}

pin_project! {
    /// The future of a [`DeadlineService`].
    #[project = InTimeProjection]
    #[must_use = "futures do nothing unless polled"]
    pub enum InTime<F, X = Wrapped> {
        /// Under way.
        #[doc(hidden)]
        Called {
            #[pin]
            call: DeadlineFuture<F>,
            errors: PhantomData<fn() -> X>,
        },
        /// Not called.
        #[doc(hidden)]
        Late { limited: Limited },
    }
}

impl<T, E, F: Future<Output = Result<T, E>>, X: ErrorType<E>> Future for InTime<F, X> {
    type Output = Result<T, X::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            InTimeProjection::Called { call, .. } => call.poll(cx).map_err(X::failed),
            InTimeProjection::Late { limited } => Poll::Ready(Err(X::limited(*limited))),
        }
    }
}
