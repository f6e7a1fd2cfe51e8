//! Asynchronous calls through a breaker, on any runtime.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    breaker::{
        CircuitBreaker,
        held::HeldPermit,
        judge::{Counting, EveryError, Judge, OverloadIf},
        permit::CallGuard,
    },
    error::{CallError, Own, Rejected},
    observe::Observer,
    state::Outcome,
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
        self.guard_async(EveryError, future)
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
    /// assert_eq!(API.snapshot().score, 0);
    /// # }).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert!(done.is_ready());
    /// ```
    #[inline]
    pub fn call_async_counting<T, E>(
        &self,
        is_failure: impl Fn(&E) -> bool,
        future: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, CallError<E>>> {
        self.guard_async(Counting(is_failure), future)
    }

    /// Awaits `future` if the breaker admits it. Every error is a failure, and those for
    /// which `is_overload` holds say that the service has more calls than it can answer
    /// ([`Outcome::Overload`]): a timeout, a 429. Where the settings have a
    /// [`max_shed`](crate::BreakerConfig::max_shed), the breaker then sheds load.
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
    /// static API: CircuitBreaker =
    ///     CircuitBreaker::named("api", BreakerConfig::new().max_shed(90).build());
    ///
    /// async fn fetch() -> Result<u32, u16> {
    ///     Err(429)
    /// }
    /// # let done = pin!(async {
    /// let answer = API.call_async_overload_if(|status| matches!(status, 429 | 503), fetch()).await;
    /// assert!(answer.is_err());
    /// assert_eq!(API.counters().failures, 1);
    /// # }).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert!(done.is_ready());
    /// ```
    #[inline]
    pub fn call_async_overload_if<T, E>(
        &self,
        is_overload: impl Fn(&E) -> bool,
        future: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, CallError<E>>> {
        self.guard_async(OverloadIf::new(is_overload), future)
    }

    /// Awaits `future` if the breaker admits it, and lets `judge` say what its
    /// answer means: a success, a failure, or nothing. Use it where a response
    /// can be a failure (a 503), or an error a healthy answer (a 404).
    ///
    /// A panic in `judge` is a failure, and reaches the caller. A call that is
    /// dropped before it is done counts for nothing, so **a timeout belongs
    /// inside**: see [`call_async`](Self::call_async).
    ///
    /// # Errors
    /// [`CallError::Rejected`] when `future` was not polled,
    /// [`CallError::Failed`] with its own error when it failed.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Outcome};
    /// # use std::{future::Future, pin::pin, task::{Context, Waker}};
    ///
    /// static API: CircuitBreaker = CircuitBreaker::named("api", BreakerConfig::new().build());
    ///
    /// async fn fetch() -> Result<u16, std::io::Error> {
    ///     Ok(503)
    /// }
    /// # let done = pin!(async {
    /// let judge = |answer: Result<&u16, &std::io::Error>| match answer {
    ///     Ok(500..) | Err(_) => Outcome::Failure,
    ///     Ok(_) => Outcome::Success,
    /// };
    /// assert_eq!(API.call_async_judged(judge, fetch()).await.unwrap(), 503);
    /// assert_eq!(API.snapshot().score, 1);
    /// # }).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert!(done.is_ready());
    /// ```
    #[inline]
    pub fn call_async_judged<T, E>(
        &self,
        judge: impl Fn(Result<&T, &E>) -> Outcome,
        future: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, CallError<E>>> {
        self.guard_async(judge, future)
    }

    /// Awaits `future` if the breaker admits it, and returns its own error type: a
    /// rejection becomes one of it. It works for every `E: From<Rejected>`: your
    /// own, `anyhow::Error`, `Box<dyn Error + Send + Sync>`, `std::io::Error`.
    ///
    /// Every `Err` of `future` is a failure, and so is a panic. A call that is
    /// dropped before it is done counts for nothing, so **a timeout belongs
    /// inside**: see [`call_async`](Self::call_async).
    ///
    /// # Errors
    /// That of `future`, or one made from the [`Rejected`](crate::Rejected).
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker};
    /// # use std::{future::Future, pin::pin, task::{Context, Waker}};
    ///
    /// static API: CircuitBreaker = CircuitBreaker::named("api", BreakerConfig::new().build());
    ///
    /// async fn fetch() -> Result<u32, anyhow::Error> {
    ///     Ok(7)
    /// }
    /// # let done = pin!(async {
    /// assert_eq!(API.call_async_into(fetch()).await.unwrap(), 7);
    /// # }).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert!(done.is_ready());
    /// ```
    #[inline]
    pub fn call_async_into<T, E: From<Rejected>>(
        &self,
        future: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, E>> {
        Own { call: self.guard_async(EveryError, future) }
    }

    #[inline]
    fn guard_async<T, E, F: Future<Output = Result<T, E>>, J: Judge<T, E>>(
        &self,
        judge: J,
        future: F,
    ) -> GuardedCall<'_, F, J, C, O> {
        GuardedCall { permit: HeldPermit::empty(self), judge, future }
    }
}

pin_project! {
    /// A future under a breaker that is asked at the first poll.
    struct GuardedCall<'a, F, J, C: Clock, O: Observer> {
        permit: HeldPermit<&'a CircuitBreaker<C, O>>,
        judge: J,
        #[pin]
        future: F,
    }
}

impl<T, E, F, J, C, O> Future for GuardedCall<'_, F, J, C, O>
where
    F: Future<Output = Result<T, E>>,
    J: Judge<T, E>,
    C: Clock,
    O: Observer,
{
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let report = |guard: CallGuard<'_, C, O>, result| {
            guard.report(|answer| this.judge.judge(answer), result, CallError::Failed)
        };
        this.permit.poll(cx, |cx| this.future.poll(cx), report)
    }
}
