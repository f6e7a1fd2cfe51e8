//! A breaker for each key of requests, found in a registry.

use core::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use crate::{
    breaker::{CircuitBreaker, held::HeldPermit, judge::Judge, settings::BreakerSettings},
    observe::Observer,
    registry::{error::RegistryError, panel::Panel},
    time::Clock,
    tower::{
        breaker::Guarded,
        errors::{ErrorType, OwnErrors, Wrapped},
        known::KnownErrors,
    },
};

/// Puts a circuit breaker around the calls of each key: of each host, tenant or
/// shard that requests go to. The breaker is found in a registry by a text that
/// `key`, a `Fn(&Request) -> &str`, takes from the request.
///
/// A registry has a fixed number of slots, and hosts come and go. Requests whose
/// key finds no place share one breaker, `overflow`: those that come when the
/// registry is full, and those whose key is no name. It is registered first, when
/// the layer is made.
///
/// The breaker is asked in `call`, as a service does not know its request before.
/// The service's own readiness comes first, so what is inside should always be
/// ready, as clients of HTTP are.
///
/// A key is looked up at each call. The fuller the registry is, the longer that
/// takes: where it is full, a key without a place is compared with every slot.
///
/// ```
/// # async fn example() {
/// use fusebox::{BreakerConfig, Registry, tower::KeyedBreakerLayer};
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// struct Query { shard: String, id: u32 }
///
/// static SHARDS: Registry<256> = Registry::new();
///
/// let settings = BreakerConfig::new().failure_threshold(3).build();
/// let layer = KeyedBreakerLayer::new(SHARDS.panel(), "other shards", settings, |query: &Query| {
///     &*query.shard
/// });
/// let mut service = ServiceBuilder::new()
///     .layer(layer.unwrap())
///     .service(service_fn(|query: Query| async move { Ok::<_, std::io::Error>(query.id) }));
/// let query = Query { shard: "eu-1".into(), id: 42 };
/// assert_eq!(service.ready().await.unwrap().call(query).await.unwrap(), 42);
/// assert!(SHARDS.get("eu-1").is_some());
/// # }
/// ```
#[derive(Debug)]
pub struct KeyedBreakerLayer<'p, C, O, F, J = KnownErrors, X = Wrapped> {
    breakers: Breakers<'p, C, O>,
    key: F,
    judge: J,
    errors: X,
}

/// Where the breakers of keys are found.
#[derive(Debug)]
struct Breakers<'p, C, O> {
    panel: Panel<'p, C, O>,
    settings: BreakerSettings,
    overflow: &'p CircuitBreaker<C, O>,
}

// Not derived: that would ask for `C: Copy` and `O: Copy`.
impl<C, O> Clone for Breakers<'_, C, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C, O> Copy for Breakers<'_, C, O> {}

impl<C, O, F: Clone, J: Clone, X: Clone> Clone for KeyedBreakerLayer<'_, C, O, F, J, X> {
    fn clone(&self) -> Self {
        let Self { breakers, key, judge, errors } = self;
        let (key, judge, errors) = (key.clone(), judge.clone(), errors.clone());
        Self { breakers: *breakers, key, judge, errors }
    }
}

impl<'p, C, O, F> KeyedBreakerLayer<'p, C, O, F> {
    /// Makes a layer to which every error is a failure, and a timeout an overload, where its
    /// type is known: see [`KnownErrors`]. New breakers get `settings`; one that exists
    /// keeps its own.
    ///
    /// # Errors
    /// [`RegistryError`] where `overflow` is no name, or finds
    /// no place itself.
    pub fn new<Request>(
        panel: Panel<'p, C, O>,
        overflow: &str,
        settings: BreakerSettings,
        key: F,
    ) -> Result<Self, RegistryError>
    where
        F: Fn(&Request) -> &str,
    {
        let overflow = panel.get_or_init(overflow, settings)?;
        let breakers = Breakers { panel, settings, overflow };
        Ok(Self { breakers, key, judge: KnownErrors, errors: Wrapped })
    }
}

impl<'p, C, O, F, J, X> KeyedBreakerLayer<'p, C, O, F, J, X> {
    /// Lets `judge`, a `Fn(Result<&Response, &Error>) -> Outcome`, say what each
    /// answer means.
    #[must_use]
    pub fn judged<N>(self, judge: N) -> KeyedBreakerLayer<'p, C, O, F, N, X> {
        let Self { breakers, key, errors, .. } = self;
        KeyedBreakerLayer { breakers, key, judge, errors }
    }

    /// Leaves the service its own error type, which a rejection becomes: one that
    /// is `From<Rejected>`, such as tower's `BoxError`.
    #[must_use]
    pub fn own_errors(self) -> KeyedBreakerLayer<'p, C, O, F, J, OwnErrors> {
        let Self { breakers, key, judge, .. } = self;
        KeyedBreakerLayer { breakers, key, judge, errors: OwnErrors }
    }
}

impl<'p, S, C, O, F: Clone, J: Clone, X: Clone> Layer<S> for KeyedBreakerLayer<'p, C, O, F, J, X> {
    type Service = KeyedBreakerService<'p, S, C, O, F, J, X>;

    fn layer(&self, inner: S) -> Self::Service {
        KeyedBreakerService { inner, layer: self.clone() }
    }
}

/// A service with a circuit breaker for each key. [`KeyedBreakerLayer`] makes it.
#[derive(Debug)]
pub struct KeyedBreakerService<'p, S, C, O, F, J = KnownErrors, X = Wrapped> {
    inner: S,
    layer: KeyedBreakerLayer<'p, C, O, F, J, X>,
}

impl<S: Clone, C, O, F: Clone, J: Clone, X: Clone> Clone
    for KeyedBreakerService<'_, S, C, O, F, J, X>
{
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<'p, S, Request, C, O, F, J, X> Service<Request> for KeyedBreakerService<'p, S, C, O, F, J, X>
where
    S: Service<Request>,
    C: Clock,
    O: Observer,
    F: Fn(&Request) -> &str,
    J: Judge<S::Response, S::Error> + Clone,
    X: ErrorType<S::Error>,
{
    type Response = S::Response;
    type Error = X::Error;
    type Future = Guarded<S::Future, &'p CircuitBreaker<C, O>, J, X>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(X::failed)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Breakers { panel, settings, overflow } = self.layer.breakers;
        let found = panel.get_or_init((self.layer.key)(&request), settings);
        let mut permit = HeldPermit::empty(found.unwrap_or(overflow));
        match permit.hold(|| self.inner.call(request)) {
            Ok(call) => Guarded::called(call, permit, self.layer.judge.clone()),
            Err(rejected) => Guarded::rejected(rejected),
        }
    }
}
