//! A limit of a rate around a service.

use core::{
    future::Future,
    marker::PhantomData,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use std::boxed::Box;

use tower_layer::Layer;
use tower_service::Service;

use crate::{
    error::Limited,
    limit::rate::rate_limit::RateLimit,
    observe::Observer,
    time::{AsyncSleep, Clock},
    tower::{
        errors::{ErrorType, OwnErrors, Wrapped},
        limited::LimitedResponse,
    },
};

/// A reference to a rate limit: a `&RateLimit`, or an `Arc` of one.
pub trait RateLimitRef: Deref<Target = RateLimit<Self::Clock, Self::Observer>> {
    /// The limit's clock.
    type Clock: Clock;
    /// The limit's observer.
    type Observer: Observer;
}

impl<C: Clock, O: Observer> RateLimitRef for &RateLimit<C, O> {
    type Clock = C;
    type Observer = O;
}

impl<C: Clock, O: Observer> RateLimitRef for std::sync::Arc<RateLimit<C, O>> {
    type Clock = C;
    type Observer = O;
}

/// Puts a limit of a rate around a service.
///
/// A call that the limit turns away ends at once, with
/// [`CallError::Limited`](crate::CallError::Limited). A layer that
/// [waits](Self::waiting) makes its service not ready instead, as tower's own does.
/// Clones share the limit.
///
/// `B` is a `&RateLimit`, or an `Arc` of one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use fusebox::{CallError, RateConfig, RateLimit, tower::RateLimitLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// static QUOTA: RateLimit = RateLimit::named("quota", RateConfig::per_minute(1).build());
///
/// let mut service = ServiceBuilder::new()
///     .layer(RateLimitLayer::new(&QUOTA))
///     .service(service_fn(|id: u32| async move { Ok::<_, std::io::Error>(id * 2) }));
/// assert_eq!(service.ready().await.unwrap().call(21).await.unwrap(), 42);
/// let limited = service.ready().await.unwrap().call(21).await.unwrap_err();
/// assert!(matches!(limited, CallError::Limited(_)));
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RateLimitLayer<B, P = AtOnce, X = Wrapped> {
    limit: B,
    patience: P,
    errors: X,
}

impl<B> RateLimitLayer<B> {
    /// Makes a layer that turns calls away.
    #[must_use]
    pub const fn new(limit: B) -> Self {
        Self { limit, patience: AtOnce, errors: Wrapped }
    }
}

impl<B, X> RateLimitLayer<B, AtOnce, X> {
    /// Makes the service wait, for `longest` at most, until the limit admits a call: it is
    /// not ready until then. The call is reserved meanwhile, in the order in which they
    /// came. A call that would have to wait for longer is turned away.
    #[must_use]
    pub fn waiting<S>(self, sleeper: S, longest: Duration) -> RateLimitLayer<B, UpTo<S>, X> {
        let Self { limit, errors, .. } = self;
        RateLimitLayer { limit, patience: UpTo { sleeper, longest }, errors }
    }
}

impl<B, P> RateLimitLayer<B, P> {
    /// Leaves the service its own error type, which is `From<Rejected>`: what the limit
    /// said becomes one of it.
    #[must_use]
    pub fn own_errors(self) -> RateLimitLayer<B, P, OwnErrors> {
        let Self { limit, patience, .. } = self;
        RateLimitLayer { limit, patience, errors: OwnErrors }
    }
}

/// What a service does while its limit admits no call.
pub trait Patience {
    /// A delay.
    type Sleep: Future<Output = ()>;
    /// How long it waits at most.
    fn longest(&self) -> Duration;
    /// Waits so long.
    fn sleep(&self, wait: Duration) -> Self::Sleep;
}

/// Does not wait.
#[derive(Debug, Clone, Copy, Default)]
pub struct AtOnce;

impl Patience for AtOnce {
    type Sleep = core::future::Ready<()>;

    fn longest(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _wait: Duration) -> Self::Sleep {
        core::future::ready(())
    }
}

/// Waits, up to a time.
#[derive(Debug, Clone, Copy)]
pub struct UpTo<S> {
    sleeper: S,
    longest: Duration,
}

impl<S: AsyncSleep> Patience for UpTo<S> {
    type Sleep = S::Sleep;

    fn longest(&self) -> Duration {
        self.longest
    }

    fn sleep(&self, wait: Duration) -> S::Sleep {
        self.sleeper.sleep_async(wait)
    }
}

impl<S, B: Clone, P: Patience + Clone, X: Copy> Layer<S> for RateLimitLayer<B, P, X> {
    type Service = RateLimitService<S, B, P, X>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimitService::new(inner, self.limit.clone(), self.patience.clone())
    }
}

/// A service behind a limit of a rate. [`RateLimitLayer`] makes it.
#[derive(Debug)]
pub struct RateLimitService<S, B, P: Patience = AtOnce, X = Wrapped> {
    inner: S,
    limit: B,
    patience: P,
    next: Next<P::Sleep>,
    errors: PhantomData<fn() -> X>,
}

/// What becomes of the next call.
#[derive(Debug)]
enum Next<S> {
    /// The limit has not been asked.
    NotAsked,
    // Boxed, so that the service can be moved while it waits.
    Waits(Pin<Box<S>>),
    Admitted,
    TurnedAway(Limited),
}

impl<S, B, P: Patience, X> RateLimitService<S, B, P, X> {
    const fn new(inner: S, limit: B, patience: P) -> Self {
        Self { inner, limit, patience, next: Next::NotAsked, errors: PhantomData }
    }

    /// Returns the service inside.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the limit.
    pub const fn limit(&self) -> &B {
        &self.limit
    }
}

impl<S: Clone, B: Clone, P: Patience + Clone, X> Clone for RateLimitService<S, B, P, X> {
    fn clone(&self) -> Self {
        // What was taken is for one call: the clone asks for its own.
        Self::new(self.inner.clone(), self.limit.clone(), self.patience.clone())
    }
}

impl<S, Request, B, P, X> Service<Request> for RateLimitService<S, B, P, X>
where
    S: Service<Request>,
    B: RateLimitRef,
    P: Patience,
    X: ErrorType<S::Error>,
{
    type Response = S::Response;
    type Error = X::Error;
    type Future = LimitedResponse<S::Future, X>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // The service first: a call that it is not ready for takes none of the limit.
        if matches!(self.next, Next::NotAsked) {
            ready!(self.inner.poll_ready(cx)).map_err(X::failed)?;
            self.next = match self.limit.reserve(1, self.patience.longest()) {
                Ok(reserved) if reserved.wait().is_zero() => Next::Admitted,
                Ok(reserved) => Next::Waits(Box::pin(self.patience.sleep(reserved.wait()))),
                Err(limited) => Next::TurnedAway(limited),
            };
        }
        if let Next::Waits(sleep) = &mut self.next {
            ready!(sleep.as_mut().poll(cx));
            self.next = Next::Admitted;
        }
        Poll::Ready(Ok(())) // `call` says where it was turned away
    }

    /// # Panics
    /// Where `poll_ready` did not say that it is ready, as tower allows.
    fn call(&mut self, request: Request) -> Self::Future {
        match core::mem::replace(&mut self.next, Next::NotAsked) {
            Next::Admitted => LimitedResponse::admitted(self.inner.call(request)),
            Next::TurnedAway(limited) => LimitedResponse::turned_away(limited),
            Next::NotAsked | Next::Waits(_) => {
                panic!("called before `poll_ready` said that it is ready")
            }
        }
    }
}
