//! What a retry of tower says of its attempts to what is inside it.

use core::task::{Context, Poll};

use tower::{Layer, Service};

use crate::callers::{
    next,
    tried::{Tried, tried},
};

/// Stands directly inside tower's retry layer, so that with the feature `map` breakers
/// further inside learn how often their calls may be tried. [`RetryPolicy::layer`] has it
/// already; it is for a retry layer of your own making. Without the feature it does nothing.
///
/// ```
/// use fusebox::{Retry, RetryConfig, tower::{AttemptLayer, RetryPolicy}};
/// use tower::{ServiceBuilder, retry::RetryLayer};
///
/// let retry = Retry::new(RetryConfig::new().build());
/// let policy = RetryPolicy::new(retry).only_if(|query: &String| query.starts_with("select"));
/// let layers = ServiceBuilder::new().layer(RetryLayer::new(policy)).layer(AttemptLayer);
/// # let _ = layers;
/// ```
///
/// [`RetryPolicy::layer`]: crate::tower::RetryPolicy::layer
#[derive(Debug, Clone, Copy, Default)]
pub struct AttemptLayer;

impl<S> Layer<S> for AttemptLayer {
    type Service = AttemptService<S>;

    fn layer(&self, service: S) -> AttemptService<S> {
        AttemptService { service }
    }
}

/// A service whose calls are attempts. [`AttemptLayer`] makes it.
#[derive(Debug, Clone, Copy)]
pub struct AttemptService<S> {
    service: S,
}

impl<S: Service<Request>, Request> Service<Request> for AttemptService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Tried<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request) -> Tried<S::Future> {
        let attempts = next::take();
        let answer = tried(|| attempts, || self.service.call(request));
        Tried::of(|| attempts, answer)
    }
}
