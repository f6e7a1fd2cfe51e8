//! A call with a time limit.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::{error::TimedOut, time::AsyncSleep};

pin_project! {
    /// The future of a call with a time limit: the call's answer, or an error
    /// made from [`TimedOut`], whichever is ready first.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct TimeoutCall<F, S> {
        #[pin]
        call: F,
        #[pin]
        sleep: S,
        limit: Duration,
    }
}

impl<F, S: Future<Output = ()>> TimeoutCall<F, S> {
    pub(crate) fn new<A: AsyncSleep<Sleep = S>>(call: F, sleeper: &A, limit: Duration) -> Self {
        Self { call, sleep: sleeper.sleep_async(limit), limit }
    }
}

impl<T, E, F, S> Future for TimeoutCall<F, S>
where
    F: Future<Output = Result<T, E>>,
    S: Future<Output = ()>,
    E: From<TimedOut>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // The call first: an answer that is there is taken, however late.
        if let Poll::Ready(result) = this.call.poll(cx) {
            return Poll::Ready(result);
        }
        this.sleep.poll(cx).map(|()| Err(TimedOut { limit: *this.limit }.into()))
    }
}
