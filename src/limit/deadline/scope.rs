//! The deadline of whatever runs on a thread or in a task, where no argument carries it.

use core::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    limit::deadline::{deadline::Deadline, until::Until},
    scope::Scope,
};

std::thread_local! {
    static CURRENT: Cell<Option<Until<'static>>> = const { Cell::new(None) };
}

/// The deadline of this thread's scope; none where the thread is about to end.
pub(crate) fn current() -> Option<Until<'static>> {
    CURRENT.try_with(Cell::get).ok().flatten()
}

impl Deadline {
    /// Returns the deadline of the scope that this code runs in, or
    /// [`NEVER`](Self::NEVER). [`enter`](Self::enter) and [`scope`](Self::scope) begin one.
    ///
    /// Hand it on to a pipeline (`call_by`), or to another host.
    #[must_use]
    pub fn current() -> Self {
        current().map_or(Self::NEVER, |until| until.deadline())
    }

    /// Begins a scope on this thread, which ends when the guard is dropped. Where one is
    /// in force already, the earlier deadline holds. The deadline is one of the host's
    /// clock; [`on`](Self::on) names another one.
    ///
    /// Retries, fallbacks, hedges and timeouts in the scope heed it, and so does what
    /// `#[resilient]` and its like make, but for the fallback of a sync function: that one
    /// heeds a deadline among the function's own attributes alone. Only a call that has
    /// failed, or waits, looks at it.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{Deadline, Retry, RetryConfig};
    ///
    /// let retry = Retry::new(RetryConfig::new().base_delay(Duration::from_secs(9)).build());
    /// let _scope = Deadline::within(Duration::from_secs(1)).enter();
    /// assert_eq!(retry.call(|| Err::<(), _>("down")), Err("down")); // at once
    /// ```
    pub fn enter(self) -> DeadlineGuard {
        Until::from(self).enter()
    }

    /// Begins a scope around `future`, wherever it is polled. Where one is in force
    /// already, the earlier deadline holds. The deadline is one of the host's clock;
    /// [`on`](Self::on) names another one.
    ///
    /// A task that `future` spawns is outside of the scope.
    ///
    /// ```
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// use core::time::Duration;
    /// use fusebox::Deadline;
    ///
    /// let deadline = Deadline::within(Duration::from_secs(1));
    /// let seen = deadline.scope(async { Deadline::current() });
    /// # let mut cx = Context::from_waker(Waker::noop());
    /// # assert_eq!(pin!(seen).poll(&mut cx), Poll::Ready(deadline));
    /// assert!(Deadline::current().is_never());
    /// ```
    pub fn scope<F: Future>(self, future: F) -> DeadlineFuture<F> {
        Until::from(self).scope(future)
    }
}

impl Until<'static> {
    /// Begins a scope on this thread, which ends when the guard is dropped. Where one is
    /// in force already, the earlier deadline holds.
    pub fn enter(self) -> DeadlineGuard {
        let until = self.earlier_of(current());
        DeadlineGuard { _scope: Scope::begin(&CURRENT, Some(until)) }
    }

    /// Begins a scope around `future`, wherever it is polled. Where one is in force
    /// already, the earlier deadline holds.
    pub fn scope<F: Future>(self, future: F) -> DeadlineFuture<F> {
        DeadlineFuture { until: self, future }
    }
}

/// The scope of a deadline on this thread: it ends when this is dropped.
/// [`Deadline::enter`] begins it. Guards are dropped in the reverse order.
#[derive(Debug)]
#[must_use = "dropped at once, its scope is empty"]
pub struct DeadlineGuard {
    _scope: Scope<Option<Until<'static>>>,
}

pin_project! {
    /// A future in the scope of a deadline. [`Deadline::scope`] makes it.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct DeadlineFuture<F> {
        until: Until<'static>,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for DeadlineFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _scope = this.until.enter();
        this.future.poll(cx)
    }
}
