//! A limit of calls in flight around a service.

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
    limit::bulkhead::held::{BulkheadRef, HeldPlace},
    tower::errors::{ErrorType, OwnErrors, Wrapped},
};

/// Puts a limit of calls in flight around a service.
///
/// A call that finds no place is turned away by `call`, as a
/// [`CallError::Limited`](crate::CallError::Limited). The service is as ready as the one
/// inside: being full is no reason to keep callers waiting, who may have another service
/// to ask. A place is held until the response is there, or its future is dropped.
///
/// `B` is a `&Bulkhead`, or an `Arc` of one.
///
/// ```
/// # async fn example() {
/// use fusebox::{Bulkhead, tower::BulkheadLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// static WORKERS: Bulkhead = Bulkhead::named("workers", 32);
///
/// let mut service = ServiceBuilder::new()
///     .layer(BulkheadLayer::new(&WORKERS))
///     .service(service_fn(|id: u32| async move { Ok::<_, std::io::Error>(id * 2) }));
/// assert_eq!(service.ready().await.unwrap().call(21).await.unwrap(), 42);
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BulkheadLayer<B, X = Wrapped> {
    bulkhead: B,
    errors: PhantomData<fn() -> X>,
}

impl<B> BulkheadLayer<B> {
    /// Makes a layer.
    #[must_use]
    pub const fn new(bulkhead: B) -> Self {
        Self { bulkhead, errors: PhantomData }
    }

    /// Leaves the service its own error type, which a refusal becomes: one that is
    /// `From<Rejected>`, as tower's `BoxError` is.
    #[must_use]
    pub fn own_errors(self) -> BulkheadLayer<B, OwnErrors> {
        BulkheadLayer { bulkhead: self.bulkhead, errors: PhantomData }
    }
}

impl<S, B: BulkheadRef + Clone, X> Layer<S> for BulkheadLayer<B, X> {
    type Service = BulkheadService<S, B, X>;

    fn layer(&self, inner: S) -> Self::Service {
        BulkheadService { inner, bulkhead: self.bulkhead.clone(), errors: self.errors }
    }
}

/// A service in a bulkhead. [`BulkheadLayer`] makes it. Clones share the bulkhead.
#[derive(Debug)]
pub struct BulkheadService<S, B, X = Wrapped> {
    inner: S,
    bulkhead: B,
    errors: PhantomData<fn() -> X>,
}

// Not derived: that would ask for `X: Clone`.
impl<S: Clone, B: Clone, X> Clone for BulkheadService<S, B, X> {
    fn clone(&self) -> Self {
        let (inner, bulkhead) = (self.inner.clone(), self.bulkhead.clone());
        Self { inner, bulkhead, errors: self.errors }
    }
}

impl<S, B, X> BulkheadService<S, B, X> {
    /// Returns the service inside.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, Request, B, X> Service<Request> for BulkheadService<S, B, X>
where
    S: Service<Request>,
    B: BulkheadRef + Clone,
    X: ErrorType<S::Error>,
{
    type Response = S::Response;
    type Error = X::Error;
    type Future = InBulkhead<S::Future, B, X>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(X::failed)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match HeldPlace::acquire(self.bulkhead.clone()) {
            Ok(place) => InBulkhead {
                call: Some(self.inner.call(request)),
                place: Some(place),
                limited: None,
                errors: PhantomData,
            },
            Err(limited) => {
                InBulkhead { call: None, place: None, limited: Some(limited), errors: PhantomData }
            }
        }
    }
}

pin_project! {
    /// The future of a [`BulkheadService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InBulkhead<F, B: BulkheadRef, X = Wrapped> {
        // Dropped before its place is given back.
        #[pin]
        call: Option<F>,
        place: Option<HeldPlace<B>>,
        limited: Option<Limited>,
        errors: PhantomData<fn() -> X>,
    }
}

impl<T, E, F, B, X> Future for InBulkhead<F, B, X>
where
    X: ErrorType<E>,
    F: Future<Output = Result<T, E>>,
    B: BulkheadRef,
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
        *this.place = None;
        Poll::Ready(result.map_err(X::failed))
    }
}
