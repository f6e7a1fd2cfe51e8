//! The priority of whatever runs on a thread or in a task, where no argument carries it.

use core::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{overload::priority::Priority, scope::Scope};

std::thread_local! {
    static CURRENT: Cell<Option<Priority>> = const { Cell::new(None) };
}

/// The priority of this thread's scope; none where the thread is about to end.
#[inline]
pub(crate) fn current() -> Option<Priority> {
    CURRENT.try_with(Cell::get).ok().flatten()
}

impl Priority {
    /// Begins a scope on this thread, which ends when the guard is dropped. The inner of
    /// two scopes holds.
    ///
    /// ```
    /// use fusebox::Priority;
    ///
    /// let scope = Priority::BACKGROUND.enter();
    /// assert_eq!(Priority::current(), Priority::BACKGROUND);
    /// drop(scope);
    /// assert_eq!(Priority::current(), Priority::DEFAULT);
    /// ```
    pub fn enter(self) -> PriorityGuard {
        PriorityGuard { _scope: Scope::begin(&CURRENT, Some(self)) }
    }

    /// Begins a scope around `future`, wherever it is polled. The inner of two scopes
    /// holds.
    ///
    /// A task that `future` spawns is outside of the scope.
    ///
    /// ```
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// use fusebox::Priority;
    ///
    /// let seen = Priority::CRITICAL.scope(async { Priority::current() });
    /// # let mut cx = Context::from_waker(Waker::noop());
    /// # assert_eq!(pin!(seen).poll(&mut cx), Poll::Ready(Priority::CRITICAL));
    /// assert_eq!(Priority::current(), Priority::DEFAULT);
    /// ```
    pub fn scope<F: Future>(self, future: F) -> PriorityFuture<F> {
        PriorityFuture { priority: self, future }
    }
}

/// The scope of a priority on this thread: it ends when this is dropped.
/// [`Priority::enter`] begins it. Guards are dropped in the reverse order.
#[derive(Debug)]
#[must_use = "dropped at once, its scope is empty"]
pub struct PriorityGuard {
    _scope: Scope<Option<Priority>>,
}

pin_project! {
    /// A future in the scope of a priority. [`Priority::scope`] makes it.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct PriorityFuture<F> {
        priority: Priority,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for PriorityFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _scope = this.priority.enter();
        this.future.poll(cx)
    }
}
