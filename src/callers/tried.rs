//! An attempt of a retry, and how often its call may be tried.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

#[cfg(feature = "map")]
use crate::callers::scope::Again;

/// How many attempts there may be. Without the map nobody asks, and it takes no room.
#[cfg(feature = "map")]
type Many = u32;
#[cfg(not(feature = "map"))]
type Many = core::convert::Infallible;

/// Makes an attempt: one of so many, where it is not the first.
#[inline]
pub(crate) fn tried<R>(attempts: impl FnOnce() -> Option<u32>, attempt: impl FnOnce() -> R) -> R {
    #[cfg(feature = "map")]
    let _scope = attempts().map(Again::of);
    #[cfg(not(feature = "map"))]
    let _ = attempts;
    attempt()
}

pin_project! {
    /// An attempt that is awaited, by a loop of your own.
    /// [`Attempts::run_async`](crate::Attempts::run_async) makes it.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Tried<F> {
        attempts: Option<Many>,
        #[pin]
        attempt: F,
    }
}

impl<F> Tried<F> {
    /// One of so many, where it is not the first.
    #[inline]
    pub(crate) fn of(attempts: impl FnOnce() -> Option<u32>, attempt: F) -> Self {
        #[cfg(feature = "map")]
        let attempts = attempts();
        #[cfg(not(feature = "map"))]
        let attempts = {
            let _ = attempts;
            None
        };
        Self { attempts, attempt }
    }
}

impl<F: Future> Future for Tried<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        #[cfg(feature = "map")]
        let _scope = this.attempts.map(Again::of);
        this.attempt.poll(cx)
    }
}
