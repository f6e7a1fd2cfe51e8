//! The answer of a service behind a limit.

use core::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    error::Limited,
    tower::errors::{ErrorType, Wrapped},
};

pin_project! {
    /// The future of a service behind a limit.
    #[project = LimitedResponseProjection]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub enum LimitedResponse<F, X = Wrapped> {
        /// Under way.
        #[doc(hidden)]
        Admitted {
            #[pin]
            call: F,
            errors: PhantomData<fn() -> X>,
        },
        /// Not called.
        #[doc(hidden)]
        TurnedAway { limited: Limited },
    }
}

impl<F, X> LimitedResponse<F, X> {
    pub(super) const fn admitted(call: F) -> Self {
        Self::Admitted { call, errors: PhantomData }
    }

    pub(super) const fn turned_away(limited: Limited) -> Self {
        Self::TurnedAway { limited }
    }
}

impl<T, E, F: Future<Output = Result<T, E>>, X: ErrorType<E>> Future for LimitedResponse<F, X> {
    type Output = Result<T, X::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            LimitedResponseProjection::Admitted { call, .. } => call.poll(cx).map_err(X::failed),
            LimitedResponseProjection::TurnedAway { limited } => {
                Poll::Ready(Err(X::limited(*limited)))
            }
        }
    }
}
