//! A limit of calls in flight around a service, in which calls wait for a place.

use core::{
    future::Future,
    marker::PhantomData,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use std::boxed::Box;

use tower_layer::Layer;
use tower_service::Service;

use crate::{
    limit::bulkhead::waiting::WaitingBulkhead,
    observe::{DefaultObserver, Observer},
    tower::errors::{ErrorType, OwnErrors, Wrapped},
};

/// Puts a limit of calls in flight around a service, in which calls wait for a place.
///
/// The wait is part of the call: its future takes a place when it is polled, in the order
/// in which callers came, makes the call, and gives the place back. One that is dropped
/// while it waits leaves the queue. A call that finds no place in time is turned away, as
/// a [`CallError::Limited`](crate::CallError::Limited). The future is boxed.
///
/// `B` is a `&'static WaitingBulkhead`, or an `Arc` of one.
///
/// ```
/// # async fn example() {
/// use std::time::Duration;
/// use fusebox::{WaitingBulkhead, tower::WaitingBulkheadLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// static WORKERS: WaitingBulkhead = WaitingBulkhead::named("workers", 32);
///
/// let mut service = ServiceBuilder::new()
///     .layer(WaitingBulkheadLayer::new(&WORKERS, Duration::from_millis(100)))
///     .service(service_fn(|id: u32| async move { Ok::<_, std::io::Error>(id * 2) }));
/// assert_eq!(service.ready().await.unwrap().call(21).await.unwrap(), 42);
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct WaitingBulkheadLayer<B, O = DefaultObserver, X = Wrapped> {
    bulkhead: B,
    longest: Duration,
    observer: PhantomData<fn() -> O>,
    errors: PhantomData<fn() -> X>,
}

impl<B: Deref<Target = WaitingBulkhead<O>>, O> WaitingBulkheadLayer<B, O> {
    /// Makes a layer in which a call waits for `longest` at most.
    #[must_use]
    pub const fn new(bulkhead: B, longest: Duration) -> Self {
        Self { bulkhead, longest, observer: PhantomData, errors: PhantomData }
    }

    /// Leaves the service its own error type, which a refusal becomes: one that is
    /// `From<Rejected>`, as tower's `BoxError` is.
    #[must_use]
    pub fn own_errors(self) -> WaitingBulkheadLayer<B, O, OwnErrors> {
        let Self { bulkhead, longest, observer, .. } = self;
        WaitingBulkheadLayer { bulkhead, longest, observer, errors: PhantomData }
    }
}

impl<S, B: Clone, O, X> Layer<S> for WaitingBulkheadLayer<B, O, X> {
    type Service = WaitingBulkheadService<S, B, O, X>;

    fn layer(&self, inner: S) -> Self::Service {
        let Self { bulkhead, longest, observer, errors } = self;
        WaitingBulkheadService {
            inner,
            bulkhead: bulkhead.clone(),
            longest: *longest,
            observer: *observer,
            errors: *errors,
        }
    }
}

/// A service in a bulkhead in which calls wait. [`WaitingBulkheadLayer`] makes it. Clones
/// share the bulkhead.
#[derive(Debug)]
pub struct WaitingBulkheadService<S, B, O = DefaultObserver, X = Wrapped> {
    inner: S,
    bulkhead: B,
    longest: Duration,
    observer: PhantomData<fn() -> O>,
    errors: PhantomData<fn() -> X>,
}

// Not derived: that would ask for `O: Clone` and `X: Clone`.
impl<S: Clone, B: Clone, O, X> Clone for WaitingBulkheadService<S, B, O, X> {
    fn clone(&self) -> Self {
        let (inner, bulkhead) = (self.inner.clone(), self.bulkhead.clone());
        Self { inner, bulkhead, ..*self }
    }
}

type Answer<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

impl<S, Request, B, O, X> Service<Request> for WaitingBulkheadService<S, B, O, X>
where
    S: Service<Request, Future: Send> + Clone + Send + 'static,
    Request: Send + 'static,
    B: Deref<Target = WaitingBulkhead<O>> + Clone + Send + Sync + 'static,
    O: Observer + Send + Sync + 'static,
    X: ErrorType<S::Error>,
{
    type Response = S::Response;
    type Error = X::Error;
    type Future = Answer<S::Response, X::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(X::failed)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that said it is ready makes the call; its clone gets ready anew.
        let clone = self.inner.clone();
        let mut inner = core::mem::replace(&mut self.inner, clone);
        let (bulkhead, longest) = (self.bulkhead.clone(), self.longest);
        Box::pin(async move {
            let _place = bulkhead.acquire_within(longest).await.map_err(X::limited)?;
            inner.call(request).await.map_err(X::failed)
        })
    }
}
