//! A retry as a policy of tower's own retry layer.

use core::fmt::Debug;

use tower::retry::Policy;

use crate::{
    observe::Observer,
    retry::{
        Retry,
        hooks::Asked,
        progress::{Decision, Progress},
        surroundings::RetrySurroundings,
    },
    time::{AsyncSleep, Clock, Pause},
};

/// Tower's own retry layer, with a policy of fusebox.
pub type RetryLayer<R> = tower::retry::RetryLayer<RetryPolicy<R>>;

/// A [`Retry`] as a policy of [`tower::retry`], with its delays, limits, hints
/// and events. The request is cloned for each attempt that may need it again.
///
/// `before_retry` plays no part here: that is a layer's business.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy<R> {
    retry: R,
    progress: Option<Progress<'static>>,
}

impl<R> RetryPolicy<R> {
    /// Makes the policy of this retry. Each call begins it anew.
    #[must_use]
    pub const fn new(retry: R) -> Self {
        Self { retry, progress: None }
    }

    /// Makes the layer of this policy.
    pub const fn layer(retry: R) -> RetryLayer<R> {
        tower::retry::RetryLayer::new(Self::new(retry))
    }
}

impl<Request, T, E, H, C, S, O> Policy<Request, T, E>
    for RetryPolicy<Retry<H, RetrySurroundings<C, S, O>>>
where
    Request: Clone,
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
        let progress = self.progress.get_or_insert_with(|| self.retry.begin(false, None));
        match progress.next(&self.retry, result.as_ref()) {
            Decision::Retry(delay) => Some(Pause::new(self.retry.sleeper(), delay)),
            Decision::GiveUp => None,
        }
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        // Called before the first attempt: the time counts from here.
        self.progress.get_or_insert_with(|| self.retry.begin(false, None));
        Some(request.clone())
    }
}
