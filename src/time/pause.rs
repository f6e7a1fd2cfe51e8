//! A delay that takes no timer where there is nothing to wait for.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::time::AsyncSleep;

pin_project! {
    /// A delay; one of zero is ready at once, without a timer and the runtime
    /// that has it.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Pause<S> {
        #[pin]
        sleep: Option<S>,
    }
}

impl<S: Future<Output = ()>> Pause<S> {
    pub(crate) fn new<A: AsyncSleep<Sleep = S>>(sleeper: &A, delay: Duration) -> Self {
        Self { sleep: (!delay.is_zero()).then(|| sleeper.sleep_async(delay)) }
    }
}

impl<S: Future<Output = ()>> Future for Pause<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.project().sleep.as_pin_mut() {
            Some(sleep) => sleep.poll(cx),
            None => Poll::Ready(()),
        }
    }
}
