//! A call that a limit admitted, or turned away.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::error::{CallError, Limited};

pin_project! {
    /// A call that a limit admitted, or turned away.
    #[project = LimitedCallProjection]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub enum LimitedCall<F> {
        /// Under way.
        #[doc(hidden)]
        Admitted {
            #[pin]
            call: F,
        },
        /// Not made.
        #[doc(hidden)]
        TurnedAway { limited: Limited },
    }
}

impl<F> LimitedCall<F> {
    #[inline]
    pub(crate) fn of(admitted: Result<F, Limited>) -> Self {
        match admitted {
            Ok(call) => Self::Admitted { call },
            Err(limited) => Self::TurnedAway { limited },
        }
    }
}

impl<T, E, F: Future<Output = Result<T, CallError<E>>>> Future for LimitedCall<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project() {
            LimitedCallProjection::Admitted { call } => call.poll(cx),
            LimitedCallProjection::TurnedAway { limited } => {
                Poll::Ready(Err(CallError::Limited(*limited)))
            }
        }
    }
}
