//! A retry as a policy of tower's own retry layer.

use core::fmt::Debug;

use tower::{layer::util::Stack, retry::Policy};

use crate::{
    callers::next,
    observe::Observer,
    retry::{
        Retry,
        hooks::Asked,
        progress::{Decision, Progress},
        surroundings::RetrySurroundings,
    },
    time::{AsyncSleep, Clock, Pause},
    tower::{
        again::{Cloned, CopiedBy, CopyRequest, OnlyIf},
        attempt::AttemptLayer,
    },
};

/// Tower's own retry layer, with a policy of fusebox, around an [`AttemptLayer`].
pub type RetryLayer<R, K = Cloned> =
    Stack<AttemptLayer, tower::retry::RetryLayer<RetryPolicy<R, K>>>;

/// A [`Retry`] as a policy of [`tower::retry`], with its delays, limits, hints
/// and events. The request is copied before the first attempt, and again for each
/// attempt that may need it: by its `Clone`, or by [`copying`](Self::copying).
///
/// **Retry only what can be done twice.** [`only_if`](Self::only_if) looks at the
/// request. With the feature `http`, [`idempotent`](Self::idempotent) does so for
/// HTTP's methods.
///
/// `before_retry` plays no part here: that is a layer's business.
///
/// ```
/// # async fn example() {
/// use fusebox::{Retry, RetryConfig, tower::RetryPolicy};
/// use tower::{Service, ServiceBuilder, ServiceExt, retry::RetryLayer, service_fn};
///
/// /// What the service consumes, and cannot clone.
/// struct Upload { path: String, replayable: bool }
///
/// let retry = Retry::new(RetryConfig::new().build());
/// let policy = RetryPolicy::new(retry).copying(|upload: &Upload| {
///     let Upload { path, replayable } = upload;
///     replayable.then(|| Upload { path: path.clone(), replayable: true })
/// });
/// let mut service = ServiceBuilder::new()
///     .layer(RetryLayer::new(policy))
///     .service(service_fn(|upload: Upload| async move { Ok::<_, std::io::Error>(upload.path) }));
/// let upload = Upload { path: "a".into(), replayable: true };
/// assert_eq!(service.ready().await.unwrap().call(upload).await.unwrap(), "a");
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy<R, K = Cloned> {
    retry: R,
    copy: K,
    progress: Option<Progress<'static>>,
}

impl<R> RetryPolicy<R> {
    /// Makes the policy of this retry. Each call begins it anew.
    #[must_use]
    pub const fn new(retry: R) -> Self {
        Self { retry, copy: Cloned, progress: None }
    }

    /// Makes the layer of this policy.
    pub const fn layer(retry: R) -> RetryLayer<R> {
        Stack::new(AttemptLayer, tower::retry::RetryLayer::new(Self::new(retry)))
    }

    /// Copies requests by a function, a `Fn(&Request) -> Option<Request>`, for
    /// those that cannot be cloned. Where it returns `None`, the request is sent
    /// once, and not retried.
    #[must_use]
    pub fn copying<Request, F>(self, copy: F) -> RetryPolicy<R, CopiedBy<F>>
    where
        F: Fn(&Request) -> Option<Request>,
    {
        self.with(|_| CopiedBy(copy))
    }
}

impl<R, K> RetryPolicy<R, K> {
    /// Retries only the requests for which `only_if`, a `Fn(&Request) -> bool`,
    /// holds. The others are sent once, and not even copied.
    ///
    /// ```
    /// use fusebox::{Retry, RetryConfig, tower::RetryPolicy};
    ///
    /// let retry = Retry::new(RetryConfig::new().build());
    /// let policy = RetryPolicy::new(retry).only_if(|query: &String| query.starts_with("select"));
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub fn only_if<Request, F>(self, only_if: F) -> RetryPolicy<R, OnlyIf<K, F>>
    where
        F: Fn(&Request) -> bool,
    {
        self.with(|copy| OnlyIf(copy, only_if))
    }

    pub(super) fn with<N>(self, copy: impl FnOnce(K) -> N) -> RetryPolicy<R, N> {
        let Self { retry, copy: old, progress } = self;
        RetryPolicy { retry, copy: copy(old), progress }
    }
}

impl<Request, T, E, H, C, S, O, K> Policy<Request, T, E>
    for RetryPolicy<Retry<H, RetrySurroundings<C, S, O>>, K>
where
    K: CopyRequest<Request>,
    E: Debug,
    H: Asked<T, E>,
    C: Clock,
    S: AsyncSleep,
    O: Observer,
{
    type Future = Pause<S::Sleep>;

    fn retry(
        &mut self,
        _request: &mut Request,
        result: &mut Result<T, E>,
    ) -> Option<Pause<S::Sleep>> {
        if result.as_ref().is_ok_and(|response| !self.retry.refuses(response)) {
            return None;
        }
        let progress = self.progress.get_or_insert_with(|| self.retry.begin(false, None, None));
        match progress.next(&self.retry, result.as_ref()) {
            Decision::Retry(delay) => Some(Pause::new(self.retry.sleeper(), delay)),
            Decision::GiveUp => None,
        }
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        // Called before the first attempt, from which the time counts, and before each later
        // one, by a clone that is that call's own.
        let begun = self.progress.filter(|progress| progress.tries(&self.retry).is_some());
        let progress = begun.unwrap_or_else(|| self.retry.begin(false, None, None));
        self.progress = Some(progress);
        let copy = self.copy.copy(request);
        // Last: to copy a request may be a call, too.
        next::set(progress.tries(&self.retry));
        copy
    }
}
