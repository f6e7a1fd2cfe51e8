//! Asynchronous calls through a breaker, on any runtime.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    breaker::{CircuitBreaker, held::HeldPermit, permit::CallGuard},
    error::CallError,
    observe::Observer,
    time::Clock,
};

impl<C: Clock, O: Observer> CircuitBreaker<C, O> {
    /// Awaits `future` if the breaker admits it. The breaker is asked when the
    /// returned future is first polled, and a rejected call is never polled.
    ///
    /// Every `Err` is a failure, and so is a panic. A call that is dropped
    /// before it is done counts for nothing, and gives a probe's place back.
    /// **So a timeout belongs inside.** A timeout around the call, such as
    /// tokio's, cancels it, and a service that hangs never opens the breaker.
    ///
    /// The returned future is `Send` where `future` is, and allocates nothing.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when `future` was not polled,
    /// [`CallError::Failed`] with its own error when it failed.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    /// # use std::{future::Future, pin::pin, task::{Context, Waker}};
    ///
    /// static API: CircuitBreaker = CircuitBreaker::named("api", BreakerConfig::new().build());
    ///
    /// async fn fetch() -> Result<u32, std::io::Error> {
    ///     Ok(7)
    /// }
    /// # let done = pin!(async {
    /// assert_eq!(API.call_async(fetch()).await.unwrap(), 7);
    /// # }).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert!(done.is_ready());
    /// ```
    #[inline]
    pub fn call_async<T, E>(
        &self,
        future: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, CallError<E>>> {
        self.call_async_counting(|_| true, future)
    }

    /// Awaits `future` if the breaker admits it, and counts as failures those
    /// of its errors for which `is_failure` holds. The others neither count nor
    /// reset.
    ///
    /// A panic is a failure. A call that is dropped before it is done counts
    /// for nothing, so **a timeout belongs inside**: see
    /// [`call_async`](Self::call_async).
    ///
    /// # Errors
    /// [`CallError::Rejected`] when `future` was not polled,
    /// [`CallError::Failed`] with its own error when it failed.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    /// # use std::{future::Future, pin::pin, task::{Context, Waker}};
    ///
    /// static API: CircuitBreaker = CircuitBreaker::named("api", BreakerConfig::new().build());
    ///
    /// async fn fetch() -> Result<u32, u16> {
    ///     Err(404)
    /// }
    /// # let done = pin!(async {
    /// let answer = API.call_async_counting(|status: &u16| *status >= 500, fetch()).await;
    /// assert!(answer.is_err());
    /// assert_eq!(API.snapshot().consecutive_failures, 0);
    /// # }).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert!(done.is_ready());
    /// ```
    #[inline]
    pub fn call_async_counting<T, E>(
        &self,
        is_failure: impl FnOnce(&E) -> bool,
        future: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, CallError<E>>> {
        GuardedCall { permit: HeldPermit::empty(self), is_failure: Some(is_failure), future }
    }
}

pin_project! {
    /// A future under a breaker that is asked at the first poll.
    struct GuardedCall<'a, F, P, C: Clock, O: Observer> {
        permit: HeldPermit<&'a CircuitBreaker<C, O>>,
        is_failure: Option<P>,
        #[pin]
        future: F,
    }
}

impl<T, E, F, P, C, O> Future for GuardedCall<'_, F, P, C, O>
where
    F: Future<Output = Result<T, E>>,
    P: FnOnce(&E) -> bool,
    C: Clock,
    O: Observer,
{
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let is_failure = |error: &E| this.is_failure.take().is_none_or(|it| it(error));
        let report = |guard: CallGuard<'_, C, O>, result| {
            guard.report(is_failure, result, CallError::Failed)
        };
        this.permit.poll(|| this.future.poll(cx), report)
    }
}
