//! The key of the request for which code runs, where a drill goes by that.

use core::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{random::mix, scope::Scope};

/// The key of a request, by which a drill chooses its faults: the same request gets the same
/// fault in every run, however threads and tasks race.
///
/// Without a scope a drill chooses by the number of the call. Within one it chooses by the
/// key and by how many drilled calls the scope has made before, so that a retry is another
/// call.
///
/// ```
/// use fusebox::DrillKey;
///
/// let order = 4711;
/// let scope = DrillKey::new(order).enter();
/// // Calls through breakers here are chosen by the order's number.
/// drop(scope);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DrillKey(u64);

std::thread_local! {
    /// The key, and the number of the next call.
    static CURRENT: Cell<Option<(DrillKey, u64)>> = const { Cell::new(None) };
}

/// What stands for a call's number in a scope, which counts it.
#[cfg_attr(any(not(feature = "drill"), fusebox_compact), allow(dead_code))] // no call asks
pub(crate) fn next_call() -> Option<u64> {
    CURRENT
        .try_with(|current| {
            let (key, calls) = current.get()?;
            current.set(Some((key, calls + 1)));
            Some(mix(key.0 ^ mix(calls)))
        })
        .ok()
        .flatten()
}

impl DrillKey {
    /// Makes one of a number that is the request's own. For a text, hash it first.
    #[must_use]
    pub const fn new(key: u64) -> Self {
        Self(key)
    }

    /// Begins a scope on this thread, which ends when the guard is dropped. The inner of two
    /// scopes holds.
    pub fn enter(self) -> DrillKeyGuard {
        DrillKeyGuard { _scope: Scope::begin(&CURRENT, Some((self, 0))) }
    }

    /// Begins a scope around `future`, wherever it is polled. A task that it spawns is
    /// outside of the scope.
    pub fn scope<F: Future>(self, future: F) -> DrillKeyFuture<F> {
        DrillKeyFuture { key: self, calls: 0, future }
    }
}

/// The scope of a key on this thread: it ends when this is dropped. [`DrillKey::enter`]
/// begins it. Guards are dropped in the reverse order.
#[derive(Debug)]
#[must_use = "dropped at once, its scope is empty"]
pub struct DrillKeyGuard {
    _scope: Scope<Option<(DrillKey, u64)>>,
}

pin_project! {
    /// A future in the scope of a request's key. [`DrillKey::scope`] makes it.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct DrillKeyFuture<F> {
        key: DrillKey,
        calls: u64,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for DrillKeyFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let scope = this.key.enter();
        CURRENT.set(Some((*this.key, *this.calls)));
        let polled = this.future.poll(cx);
        if let Some((_, calls)) = CURRENT.get() {
            *this.calls = calls;
        }
        drop(scope);
        polled
    }
}
