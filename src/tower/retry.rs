//! A retry as a policy of tower's own retry layer.

use core::fmt::Debug;

use tower::retry::Policy;

use crate::{
    observe::Observer,
    retry::{
        Course, Decision, Retry,
        hooks::{DelayHint, RetryIf},
    },
    time::{AsyncSleep, Clock},
};

/// Tower's own retry layer with one of our policies.
pub type RetryLayer<R> = tower::retry::RetryLayer<RetryPolicy<R>>;

/// A [`Retry`] as a policy of [`tower::retry`]: its delays, limits, hints and
/// events. The request is cloned for each attempt that may need it again.
///
/// `before_retry` plays no part here: that is a layer's business.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy<R> {
    retry: R,
    course: Option<Course<'static>>,
}

impl<R> RetryPolicy<R> {
    /// The policy of this retry; each call begins it anew.
    #[must_use]
    pub const fn new(retry: R) -> Self {
        Self { retry, course: None }
    }

    /// The layer of this policy.
    pub const fn layer(retry: R) -> RetryLayer<R> {
        tower::retry::RetryLayer::new(Self::new(retry))
    }
}

impl<Request, T, E, S, C, O, P, H, B> Policy<Request, T, E> for RetryPolicy<Retry<S, C, O, P, H, B>>
where
    Request: Clone,
    E: Debug,
    S: AsyncSleep,
    C: Clock,
    O: Observer,
    P: RetryIf<E>,
    H: DelayHint<E>,
{
    type Future = S::Sleep;

    fn retry(&mut self, _request: &mut Request, result: &mut Result<T, E>) -> Option<S::Sleep> {
        let error = result.as_ref().err()?;
        let course = self.course.get_or_insert_with(|| Course::begin(&self.retry, false, None));
        match course.next(&self.retry, error) {
            Decision::Retry(delay) => Some(self.retry.sleeper().sleep_async(delay)),
            Decision::GiveUp => None,
        }
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        // Called before the first attempt: the time counts from here.
        self.course.get_or_insert_with(|| Course::begin(&self.retry, false, None));
        Some(request.clone())
    }
}
