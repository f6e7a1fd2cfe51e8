//! A hedge around a service.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    limit::hedge::{future::HedgeCall, hedge::Hedging, hedged::Hedged},
    time::AsyncSleep,
    tower::again::{Cloned, CopiedBy, CopyRequest, OnlyIf},
};

/// Sends a request a second time where the answer takes long, by a
/// [`Hedge`](crate::Hedge), and takes whichever answer comes first. The other call is
/// dropped.
///
/// It must be told which requests may be sent twice: [`only_if`](Self::only_if),
/// [`copying`](Self::copying), [`every_request`](Self::every_request), or with the feature
/// `http` [`idempotent`](Self::idempotent). A request is copied before the call, and the
/// service is cloned for the second one.
///
/// A breaker inside this layer gives the loser's permit back. Let the hedge watch it, so
/// that none starts while the service is in trouble: [`Hedge::breaker`](crate::Hedge::breaker).
///
/// ```
/// # async fn example() {
/// use std::time::Duration;
/// use fusebox::{BreakerConfig, CircuitBreaker, Hedge, LatencyQuantile, QuantileConfig};
/// use fusebox::tower::{CircuitBreakerLayer, HedgeLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
/// static P98: LatencyQuantile = LatencyQuantile::new(QuantileConfig::new().build());
///
/// let mut service = ServiceBuilder::new()
///     .layer(HedgeLayer::new(Hedge::new(&P98).breaker(&SHOP)).every_request())
///     .layer(CircuitBreakerLayer::new(&SHOP))
///     .service(service_fn(|id: u32| async move { Ok::<_, std::io::Error>(id * 2) }));
/// assert_eq!(service.ready().await.unwrap().call(21).await.unwrap(), 42);
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct HedgeLayer<H, K = Untold> {
    hedge: H,
    copy: K,
}

/// Nobody has said yet which requests may be sent twice.
#[derive(Debug, Clone, Copy, Default)]
pub struct Untold;

impl<H> HedgeLayer<H> {
    /// Makes a layer of this hedge, which is then told which requests may be sent twice.
    #[must_use]
    pub const fn new(hedge: H) -> Self {
        Self { hedge, copy: Untold }
    }

    /// Sends those requests twice for which `may_repeat`, a `Fn(&Request) -> bool`, holds.
    /// The others are not even copied.
    #[must_use]
    pub fn only_if<Request, F>(self, may_repeat: F) -> HedgeLayer<H, OnlyIf<Cloned, F>>
    where
        F: Fn(&Request) -> bool,
    {
        HedgeLayer { hedge: self.hedge, copy: OnlyIf(Cloned, may_repeat) }
    }

    /// Copies requests by a function, a `Fn(&Request) -> Option<Request>`. Where it returns
    /// `None`, the request is sent once.
    #[must_use]
    pub fn copying<Request, F>(self, copy: F) -> HedgeLayer<H, CopiedBy<F>>
    where
        F: Fn(&Request) -> Option<Request>,
    {
        HedgeLayer { hedge: self.hedge, copy: CopiedBy(copy) }
    }

    /// Sends every request twice: all of them do no harm when they are.
    #[must_use]
    pub fn every_request(self) -> HedgeLayer<H, Cloned> {
        HedgeLayer { hedge: self.hedge, copy: Cloned }
    }

    /// Sends HTTP requests with an idempotent method twice (see
    /// [`is_idempotent`](crate::http::is_idempotent)), and no others.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn idempotent(self) -> HedgeLayer<H, super::again::Idempotent> {
        HedgeLayer { hedge: self.hedge, copy: super::again::Idempotent }
    }
}

impl<S, H: Clone, K: Clone> Layer<S> for HedgeLayer<H, K> {
    type Service = HedgeService<S, H, K>;

    fn layer(&self, inner: S) -> Self::Service {
        HedgeService { inner, hedge: self.hedge.clone(), copy: self.copy.clone() }
    }
}

/// A service whose slow calls are hedged. [`HedgeLayer`] makes it.
#[derive(Debug, Clone, Copy)]
pub struct HedgeService<S, H, K> {
    inner: S,
    hedge: H,
    copy: K,
}

impl<S, Request, H, K, W> Service<Request> for HedgeService<S, H, K>
where
    S: Service<Request> + Clone,
    H: Hedging + Clone,
    H::Sleeper: AsyncSleep<Sleep = W>,
    W: Future<Output = ()>,
    K: CopyRequest<Request>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future =
        HedgeCall<'static, H, Spare<S, Request>, S::Future, SpareCall<S, Request, S::Future>, W>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let spare = self.copy.copy(&request).map(|copy| {
            // The one that is ready makes this call, and the second one when it is again.
            let fresh = self.inner.clone();
            (core::mem::replace(&mut self.inner, fresh), copy)
        });
        let (call, spare) = match spare {
            Some((mut service, copy)) => (service.call(request), Some((service, copy))),
            None => (self.inner.call(request), None),
        };
        let may_repeat = spare.is_some();
        HedgeCall::started(self.hedge.clone(), Spare(spare), None, call, may_repeat)
    }
}

/// A service and a request for the second call.
#[derive(Debug)]
pub struct Spare<S, Request>(Option<(S, Request)>);

impl<S: Service<Request>, Request> Hedged for Spare<S, Request> {
    type Value = S::Response;
    type Error = S::Error;
    type First = S::Future;
    type Second = SpareCall<S, Request, S::Future>;

    fn second(&mut self) -> Option<Self::Second> {
        let (service, request) = self.0.take()?;
        Some(SpareCall::Preparing { service, request: Some(request) })
    }
}

pin_project! {
    /// The second call, once its service is ready.
    #[project = SpareProjection]
    #[must_use = "futures do nothing unless polled"]
    pub enum SpareCall<S, Request, F> {
        /// Until the service is ready.
        #[doc(hidden)]
        Preparing { service: S, request: Option<Request> },
        /// Under way.
        #[doc(hidden)]
        Calling {
            #[pin]
            call: F,
        },
    }
}

impl<S, Request, F> Future for SpareCall<S, Request, F>
where
    S: Service<Request, Future = F>,
    F: Future<Output = Result<S::Response, S::Error>>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let call = match self.as_mut().project() {
                SpareProjection::Calling { call } => return call.poll(cx),
                SpareProjection::Preparing { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    service.call(request.take().expect("a request is sent once"))
                }
            };
            self.set(Self::Calling { call });
        }
    }
}
