//! A bulkhead in which callers wait for a place, in the queue of tokio's semaphore.

use core::{fmt, time::Duration};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    bypass,
    error::{LimitKind, Limited},
    label::Label,
    limit::bulkhead::bulkhead::check,
    name::Name,
    observe::{Counter, DefaultObserver, Event, Observer},
};

/// A limit of the calls in flight in which callers wait for a place, in the order in
/// which they came.
///
/// The queue is that of tokio's [`Semaphore`]: fair, and a caller that is cancelled
/// leaves it. It works in any runtime; a wait with an end needs tokio's timer. The limit
/// is fixed. Where callers should be turned away at once, use a
/// [`Bulkhead`](crate::Bulkhead): it is smaller and faster.
///
/// ```
/// use std::time::Duration;
/// use fusebox::WaitingBulkhead;
///
/// static WORKERS: WaitingBulkhead = WaitingBulkhead::named("workers", 2);
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), fusebox::Limited> {
/// let first = WORKERS.acquire_within(Duration::from_millis(50)).await?;
/// let second = WORKERS.acquire_within(Duration::from_millis(50)).await?;
/// assert!(WORKERS.acquire_within(Duration::from_millis(50)).await.is_err());
/// drop(first);
/// assert!(WORKERS.acquire_within(Duration::from_millis(50)).await.is_ok());
/// # drop(second);
/// # Ok(())
/// # }
/// ```
pub struct WaitingBulkhead<O = DefaultObserver> {
    free: Semaphore,
    limit: u32,
    refused: Counter,
    label: Label,
    observer: O,
}

impl WaitingBulkhead {
    /// Makes a bulkhead for so many calls in flight, from 1 to 16777215.
    ///
    /// # Panics
    /// On another limit; in a `const` or `static` that is a compile error.
    #[must_use]
    #[track_caller]
    #[cfg(not(fusebox_loom))]
    pub const fn new(limit: u32) -> Self {
        Self::with(None, limit, DefaultObserver)
    }

    /// Makes a bulkhead with a name, which its errors and events carry.
    ///
    /// # Panics
    /// On a limit that is not from 1 to 16777215, and on a name that is empty, too long,
    /// or holds a control character; in a `const` or `static` that is a compile error.
    #[must_use]
    #[track_caller]
    #[cfg(not(fusebox_loom))]
    pub const fn named(name: &str, limit: u32) -> Self {
        Self::with(Some(Name::new(name)), limit, DefaultObserver)
    }
}

impl<O> WaitingBulkhead<O> {
    /// Makes a bulkhead with an observer of your own.
    ///
    /// # Panics
    /// On a limit that is not from 1 to 16777215; in a `const` or `static` that is a
    /// compile error.
    #[must_use]
    #[track_caller]
    #[cfg(not(fusebox_loom))]
    pub const fn with(name: Option<Name>, limit: u32, observer: O) -> Self {
        if let Err(error) = check(limit) {
            error.panic();
        }
        Self {
            free: Semaphore::const_new(limit as usize),
            limit,
            refused: Counter::new(),
            label: Label::of(name),
            observer,
        }
    }

    /// Returns the name, or `None` if it has none.
    #[must_use]
    pub fn name(&self) -> Option<Name> {
        Some(self.label.get()).filter(|name| !name.is_none())
    }

    /// Returns how many calls may be in flight.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// Returns how many calls are in flight. A place that was given to a caller in the
    /// queue counts, before that caller has run.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // no more are free than the limit
    pub fn in_flight(&self) -> u32 {
        self.limit.saturating_sub(self.free.available_permits() as u32)
    }

    /// Returns how many times callers were turned away. The count wraps; it is up to a
    /// 64th too large where one thread was turned away very often.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.get()
    }
}

impl<O: Observer> WaitingBulkhead<O> {
    /// Takes a place for one call, if one is free and nobody waits for it.
    ///
    /// # Errors
    /// [`Limited`] if not.
    pub fn try_acquire(&self) -> Result<WaitingPlace<'_>, Limited> {
        match self.free.try_acquire() {
            Ok(permit) => Ok(WaitingPlace { _permit: Some(permit) }),
            Err(_) => self.refuse(),
        }
    }

    /// Waits for a place, however long that takes. Callers get their places in the order
    /// in which they were first polled; one that is dropped leaves the queue, and gives
    /// back a place that it was just given. Where the wait has an end, use [`acquire_within`](Self::acquire_within).
    pub async fn acquire(&self) -> WaitingPlace<'_> {
        // It fails only when the semaphore is closed, which nobody can do.
        WaitingPlace { _permit: self.free.acquire().await.ok() }
    }

    /// Waits for a place, for `longest` at most. Callers get their places in the order in
    /// which they were first polled; one that is dropped leaves the queue, and gives back
    /// a place that it was just given.
    ///
    /// # Errors
    /// [`Limited`] when no place came in this time.
    ///
    /// # Panics
    /// Outside of a tokio runtime with a timer, where it must wait.
    pub async fn acquire_within(&self, longest: Duration) -> Result<WaitingPlace<'_>, Limited> {
        // Nobody needs a timer where nobody waits.
        if let Ok(permit) = self.free.try_acquire() {
            return Ok(WaitingPlace { _permit: Some(permit) });
        }
        match tokio::time::timeout(longest, self.free.acquire()).await {
            Ok(Ok(permit)) => Ok(WaitingPlace { _permit: Some(permit) }),
            _ => self.refuse(),
        }
    }

    /// Counts and tells a refusal, unless a bypass has taken limits out.
    #[cold]
    #[inline(never)]
    fn refuse(&self) -> Result<WaitingPlace<'_>, Limited> {
        if bypass::limits() {
            return Ok(WaitingPlace { _permit: None });
        }
        self.refused.add_often();
        let (name, kind) = (self.label.get(), LimitKind::Bulkhead);
        let limited = Limited::of(name, kind, None);
        self.observer.on_event(&Event::Limited(&limited));
        Err(limited)
    }
}

/// A place in a [`WaitingBulkhead`]. Dropped, it goes to the next in the queue.
#[derive(Debug)]
#[must_use = "a place that is dropped at once limits nothing"]
pub struct WaitingPlace<'a> {
    /// None where a bypass admitted the call.
    _permit: Option<SemaphorePermit<'a>>,
}

impl<O> fmt::Debug for WaitingBulkhead<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitingBulkhead")
            .field("name", &self.name())
            .field("limit", &self.limit)
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
