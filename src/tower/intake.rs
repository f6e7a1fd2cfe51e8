//! A server's own guard, around its service.

use core::{
    future::Future,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll},
};
use std::{boxed::Box, sync::Arc};

use tower_layer::Layer;
use tower_service::Service;

use crate::{
    error::Limited,
    intake::intake::Intake,
    limit::deadline::deadline::Deadline,
    observe::Observer,
    overload::priority::Priority,
    time::Clock,
    tower::{
        deadline::{FindDeadline, FoundBy},
        errors::{OwnErrors, Wrapped},
        shed::{AnsweredBy, OnShed},
        workers::Workers,
    },
};

/// A reference to an intake that can be kept: `&Intake`, or an `Arc` of one. Implemented
/// for these two, and for no others.
pub trait IntakeRef: Deref<Target = Intake<Self::Clock, Self::Observer>> {
    /// The intake's clock.
    type Clock: Clock + Sync;
    /// The intake's observer.
    type Observer: Observer;
}

impl<C: Clock + Sync, O: Observer> IntakeRef for &Intake<C, O> {
    type Clock = C;
    type Observer = O;
}

impl<C: Clock + Sync, O: Observer> IntakeRef for Arc<Intake<C, O>> {
    type Clock = C;
    type Observer = O;
}

/// Finds the priority of a request.
#[diagnostic::on_unimplemented(
    message = "a priority cannot be found in a `{Request}`",
    note = "give the layer a function: `.priority_of(|request: &…| …)`; with the feature `http`, `IntakeLayer::http` looks into the extensions of an `http::Request`"
)]
pub trait FindPriority<Request> {
    /// The priority.
    #[doc(hidden)]
    fn find(&self, request: &Request) -> Priority;
}

/// It is that of the scope in which the service is called.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfScope;

impl<Request> FindPriority<Request> for OfScope {
    fn find(&self, _: &Request) -> Priority {
        Priority::current()
    }
}

impl<Request> FindDeadline<Request> for OfScope {
    fn find<C: Clock>(&self, _: &mut Request, _: &C) -> Deadline {
        Deadline::NEVER // an intake heeds that of the scope by itself
    }
}

/// A function finds it.
#[derive(Debug, Clone, Copy)]
pub struct PriorityBy<F>(F);

impl<Request, F: Fn(&Request) -> Priority> FindPriority<Request> for PriorityBy<F> {
    fn find(&self, request: &Request) -> Priority {
        (self.0)(request)
    }
}

/// The extension of an HTTP request has it, or else it is that of the scope.
#[cfg(feature = "http")]
#[derive(Debug, Clone, Copy, Default)]
pub struct InExtensions;

#[cfg(feature = "http")]
impl<B> FindPriority<http::Request<B>> for InExtensions {
    fn find(&self, request: &http::Request<B>) -> Priority {
        request.extensions().get().copied().unwrap_or_else(Priority::current)
    }
}

/// Guards a server's service against more calls than it can answer, by an
/// [`Intake`](crate::Intake).
///
/// So many calls are handed to the service at a time as the intake has
/// [`workers`](crate::IntakeSettings::workers); others wait in line, in the order in which
/// they came. A call that would wait for too long is refused at once, before the service
/// hears of it. One that is dropped while it waits leaves the line. The workers are those
/// of this layer: for many services that share them, clone it.
///
/// A call's priority is that of the [scope](crate::Priority::current) in which the service
/// is called, or [`priority_of`](Self::priority_of) finds it; and so with its deadline. The
/// answer to a refused call is a [`CallError::Limited`](crate::CallError::Limited), the
/// service's [own error](Self::own_errors), or a [response](Self::on_shed).
///
/// `I` is a `&'static Intake`, or an `Arc` of one. The future is boxed; it enters the line
/// when it is first polled. It works in any runtime.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use fusebox::{Intake, IntakeConfig, Priority, tower::IntakeLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// static API: Intake = Intake::named("api", IntakeConfig::new().workers(8).build());
///
/// #[derive(Clone)]
/// struct Query { id: u32, paid: bool }
///
/// let mut service = ServiceBuilder::new()
///     .layer(IntakeLayer::new(&API).priority_of(|query: &Query| {
///         if query.paid { Priority::CRITICAL } else { Priority::DEFAULT }
///     }))
///     .service(service_fn(|query: Query| async move { Ok::<_, std::io::Error>(query.id * 2) }));
/// let query = Query { id: 21, paid: true };
/// assert_eq!(service.ready().await.unwrap().call(query).await.unwrap(), 42);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct IntakeLayer<I, P = OfScope, D = OfScope, R = Wrapped> {
    intake: I,
    workers: Arc<Workers>,
    priority: P,
    deadline: D,
    on_shed: R,
}

impl<I: IntakeRef> IntakeLayer<I> {
    /// Makes a layer. A call's priority and deadline are those of the scope in which the
    /// service is called.
    #[must_use]
    pub fn new(intake: I) -> Self {
        Self::with(intake, OfScope, OfScope)
    }
}

#[cfg(feature = "http")]
impl<I: IntakeRef> IntakeLayer<I, InExtensions, crate::tower::deadline::InHeaders> {
    /// Makes a layer for HTTP. The priority is the [`Priority`] among the request's
    /// extensions, or that of the scope. The deadline is the [`Deadline`] among them, or it
    /// is read from the headers ([`read_deadline`](crate::http::read_deadline)) and put
    /// there. A header that is not what it should be counts as none.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::convert::Infallible;
    /// use fusebox::{Intake, IntakeConfig, http::unavailable, tower::IntakeLayer};
    /// use http::{Request, Response, StatusCode};
    /// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
    ///
    /// static API: Intake = Intake::named("api", IntakeConfig::new().workers(8).build());
    ///
    /// let mut service = ServiceBuilder::new()
    ///     // 503, with a `Retry-After`.
    ///     .layer(IntakeLayer::http(&API).on_shed(unavailable))
    ///     .service(service_fn(|request: Request<String>| async move {
    ///         Ok::<_, Infallible>(Response::new(request.into_body()))
    ///     }));
    /// let late = Request::builder().header("x-fusebox-deadline", "0").body("?".into()).unwrap();
    /// let response = service.ready().await.unwrap().call(late).await.unwrap();
    /// assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    /// # }
    /// ```
    #[must_use]
    pub fn http(intake: I) -> Self {
        Self::with(intake, InExtensions, crate::tower::deadline::InHeaders)
    }
}

impl<I: IntakeRef, P, D> IntakeLayer<I, P, D> {
    fn with(intake: I, priority: P, deadline: D) -> Self {
        let workers = Arc::new(Workers::new(intake.settings().workers()));
        Self { intake, workers, priority, deadline, on_shed: Wrapped }
    }
}

impl<I, P, D, R> IntakeLayer<I, P, D, R> {
    /// Finds a request's priority by a function.
    #[must_use]
    pub fn priority_of<Request, F>(self, find: F) -> IntakeLayer<I, PriorityBy<F>, D, R>
    where
        F: Fn(&Request) -> Priority,
    {
        let Self { intake, workers, deadline, on_shed, .. } = self;
        IntakeLayer { intake, workers, priority: PriorityBy(find), deadline, on_shed }
    }

    /// Finds a request's deadline by a function. It is one of the intake's clock.
    #[must_use]
    pub fn deadline_of<Request, F>(self, find: F) -> IntakeLayer<I, P, FoundBy<F>, R>
    where
        F: Fn(&Request) -> Deadline,
    {
        let Self { intake, workers, priority, on_shed, .. } = self;
        IntakeLayer { intake, workers, priority, deadline: FoundBy::new(find), on_shed }
    }

    /// Answers refused calls with a response, made by a function. The errors are then the
    /// service's own. For HTTP, `fusebox::http::unavailable` is one.
    #[must_use]
    pub fn on_shed<T, F: Fn(&Limited) -> T>(
        self,
        answer: F,
    ) -> IntakeLayer<I, P, D, AnsweredBy<F>> {
        self.answering(AnsweredBy(answer))
    }

    /// Leaves the service its own error type, which a refusal becomes: one that is
    /// `From<Rejected>`, as tower's `BoxError` is.
    #[must_use]
    pub fn own_errors(self) -> IntakeLayer<I, P, D, OwnErrors> {
        self.answering(OwnErrors)
    }

    fn answering<N>(self, on_shed: N) -> IntakeLayer<I, P, D, N> {
        let Self { intake, workers, priority, deadline, .. } = self;
        IntakeLayer { intake, workers, priority, deadline, on_shed }
    }
}

impl<S, I: Clone, P: Clone, D: Clone, R: Clone> Layer<S> for IntakeLayer<I, P, D, R> {
    type Service = IntakeService<S, I, P, D, R>;

    fn layer(&self, inner: S) -> Self::Service {
        IntakeService { inner, layer: self.clone() }
    }
}

/// A service behind an intake. [`IntakeLayer`] makes it. Clones share the intake and its
/// line.
#[derive(Debug, Clone)]
pub struct IntakeService<S, I, P = OfScope, D = OfScope, R = Wrapped> {
    inner: S,
    layer: IntakeLayer<I, P, D, R>,
}

type Answer<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

impl<S, Request, I, P, D, R> Service<Request> for IntakeService<S, I, P, D, R>
where
    S: Service<Request, Future: Send> + Clone + Send + 'static,
    Request: Send + 'static,
    I: IntakeRef<Observer: Sync> + Clone + Send + Sync + 'static,
    P: FindPriority<Request>,
    D: FindDeadline<Request>,
    R: OnShed<S::Response, S::Error> + Clone + Send + 'static,
{
    type Response = S::Response;
    type Error = R::Error;
    type Future = Answer<S::Response, R::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(R::failed)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        // The one that said it is ready makes the call; its clone gets ready anew.
        let clone = self.inner.clone();
        let mut inner = core::mem::replace(&mut self.inner, clone);
        let IntakeLayer { intake, workers, priority, deadline, on_shed } = &self.layer;
        let (intake, workers) = (intake.clone(), Arc::clone(workers));
        let priority = priority.find(&request);
        let deadline = deadline.find(&mut request, intake.clock());
        let on_shed = on_shed.clone();
        Box::pin(async move {
            let place = match intake.enter_by(priority, deadline.on(intake.clock())) {
                Ok(place) => place,
                Err(limited) => return on_shed.shed(limited),
            };
            let _worker = workers.take(|| intake.settings().workers()).await;
            // Dropped before the worker is: the next call begins when this one has ended.
            let _at_work = match place.begin() {
                Ok(at_work) => at_work,
                Err(limited) => return on_shed.shed(limited),
            };
            inner.call(request).await.map_err(R::failed)
        })
    }
}
