//! A host's pressure around a service.

use core::{
    marker::PhantomData,
    ops::Deref,
    task::{Context, Poll},
};

use tower_layer::Layer;
use tower_service::Service;

use crate::{
    overload::{pressure::pressure::Pressure, priority::Priority},
    time::Clock,
    tower::{
        errors::{ErrorType, OwnErrors, Wrapped},
        limited::LimitedResponse,
    },
};

/// A reference to a host's pressure: a `&Pressure`, or an `Arc` of one.
pub trait PressureRef: Deref<Target = Pressure<Self::Clock>> {
    /// Its clock.
    type Clock: Clock;
}

impl<C: Clock> PressureRef for &Pressure<C> {
    type Clock = C;
}

impl<C: Clock> PressureRef for std::sync::Arc<Pressure<C>> {
    type Clock = C;
}

/// Turns requests away while a host is under pressure, those of a lower priority first,
/// with [`CallError::Limited`](crate::CallError::Limited). While the host is calm, that is
/// one load.
///
/// The priority is the [current](Priority::current) one where the service is called, or
/// what a function [finds](Self::priority) in the request.
///
/// `B` is a `&Pressure`, or an `Arc` of one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use fusebox::{CallError, Pressure, PressureConfig, PressureReading, Priority};
/// use fusebox::tower::PressureLayer;
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// static HOST: Pressure = Pressure::new(PressureConfig::new().build());
///
/// let mut service = ServiceBuilder::new()
///     .layer(PressureLayer::new(&HOST).priority(|id: &u32| match id {
///         0 => Priority::BACKGROUND,
///         _ => Priority::DEFAULT,
///     }))
///     .service(service_fn(|id: u32| async move { Ok::<_, std::io::Error>(id * 2) }));
/// HOST.set(PressureReading { cpu: 950, ..PressureReading::CALM });
/// assert_eq!(service.ready().await.unwrap().call(21).await.unwrap(), 42);
/// let limited = service.ready().await.unwrap().call(0).await.unwrap_err();
/// assert!(matches!(limited, CallError::Limited(_)));
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PressureLayer<B, P = CurrentPriority, X = Wrapped> {
    host: B,
    priority: P,
    errors: X,
}

/// The priority of the scope that the service is called in.
#[derive(Debug, Clone, Copy, Default)]
pub struct CurrentPriority;

/// Finds out how much a request matters.
pub trait PriorityOf<Request> {
    /// Its priority.
    #[doc(hidden)]
    fn priority_of(&self, request: &Request) -> Priority;
}

impl<Request> PriorityOf<Request> for CurrentPriority {
    fn priority_of(&self, _request: &Request) -> Priority {
        Priority::current()
    }
}

/// A function that finds the priority in the request.
#[derive(Debug, Clone, Copy)]
pub struct InRequest<F>(F);

impl<Request, F: Fn(&Request) -> Priority> PriorityOf<Request> for InRequest<F> {
    fn priority_of(&self, request: &Request) -> Priority {
        (self.0)(request)
    }
}

impl<B> PressureLayer<B> {
    /// Makes a layer that turns requests away by their current priority.
    #[must_use]
    pub const fn new(host: B) -> Self {
        Self { host, priority: CurrentPriority, errors: Wrapped }
    }
}

impl<B, P, X> PressureLayer<B, P, X> {
    /// Finds the priority by a function, a `Fn(&Request) -> Priority`. It is asked only
    /// while the host is not calm.
    #[must_use]
    pub fn priority<Request, F>(self, priority: F) -> PressureLayer<B, InRequest<F>, X>
    where
        F: Fn(&Request) -> Priority,
    {
        let Self { host, errors, .. } = self;
        PressureLayer { host, priority: InRequest(priority), errors }
    }
}

impl<B, P> PressureLayer<B, P> {
    /// Leaves the service its own error type, which is `From<Rejected>`: what the layer
    /// says becomes one of it.
    #[must_use]
    pub fn own_errors(self) -> PressureLayer<B, P, OwnErrors> {
        let Self { host, priority, .. } = self;
        PressureLayer { host, priority, errors: OwnErrors }
    }
}

impl<S, B: Clone, P: Clone, X> Layer<S> for PressureLayer<B, P, X> {
    type Service = PressureService<S, B, P, X>;

    fn layer(&self, inner: S) -> Self::Service {
        let Self { host, priority, .. } = self;
        let (host, priority) = (host.clone(), priority.clone());
        PressureService { inner, host, priority, errors: PhantomData }
    }
}

/// A service that does without some requests under pressure. [`PressureLayer`] makes it.
#[derive(Debug)]
pub struct PressureService<S, B, P = CurrentPriority, X = Wrapped> {
    inner: S,
    host: B,
    priority: P,
    errors: PhantomData<fn() -> X>,
}

impl<S, B, P, X> PressureService<S, B, P, X> {
    /// Returns the service inside.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S: Clone, B: Clone, P: Clone, X> Clone for PressureService<S, B, P, X> {
    fn clone(&self) -> Self {
        let Self { inner, host, priority, errors } = self;
        let (inner, host) = (inner.clone(), host.clone());
        Self { inner, host, priority: priority.clone(), errors: *errors }
    }
}

impl<S, Request, B, P, X> Service<Request> for PressureService<S, B, P, X>
where
    S: Service<Request>,
    B: PressureRef,
    P: PriorityOf<Request>,
    X: ErrorType<S::Error>,
{
    type Response = S::Response;
    type Error = X::Error;
    type Future = LimitedResponse<S::Future, X>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(X::failed)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.host.admit_of(|| self.priority.priority_of(&request)) {
            Ok(()) => LimitedResponse::admitted(self.inner.call(request)),
            Err(limited) => LimitedResponse::turned_away(limited),
        }
    }
}
