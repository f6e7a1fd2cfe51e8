//! A primary way and a fallback, with what went wrong remembered.

use core::{fmt::Debug, future::Future};

use crate::observe::{DefaultObserver, Errors, Event, FallbackUsed, Observer, One};

/// Tries a primary way, remembers whether and with what it failed, and runs a
/// fallback only when asked to.
///
/// Where a [`Fallback`](crate::Fallback) is a policy around one call, this is
/// a value that lives as long as a task does and steers it.
///
/// ```
/// use fusebox::Degradation;
///
/// let mut store = Degradation::named("context store");
/// let saved = store.try_primary(|| Err::<(), _>("disk full"));
/// assert!(saved.is_none() && store.failed());
/// assert_eq!(store.error(), Some(&"disk full"));
///
/// let kept = store.use_fallback(|error| format!("kept for later: {error:?}"));
/// assert_eq!(kept, "kept for later: Some(\"disk full\")");
///
/// // A later success clears it, and `None` is an answer like any other.
/// assert_eq!(store.try_primary(|| Ok::<Option<u32>, _>(None)), Some(None));
/// assert!(!store.failed());
/// ```
#[derive(Debug, Clone)]
pub struct Degradation<E, O = DefaultObserver> {
    name: Option<&'static str>,
    error: Option<E>,
    quiet: bool,
    observer: O,
}

impl<E> Degradation<E> {
    /// Nothing has failed yet.
    #[must_use]
    pub const fn new() -> Self {
        Self::with(None, DefaultObserver)
    }

    /// The same with a name, which its events carry.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self::with(Some(name), DefaultObserver)
    }
}

impl<E> Default for Degradation<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E, O> Degradation<E, O> {
    /// Nothing has failed yet; `observer` hears of every use of a fallback.
    #[must_use]
    pub const fn with(name: Option<&'static str>, observer: O) -> Self {
        Self { name, error: None, quiet: false, observer }
    }

    /// Whether the use of a fallback is an event; it is, unless told otherwise.
    #[must_use]
    pub fn log_errors(mut self, log: bool) -> Self {
        self.quiet = !log;
        self
    }

    /// Whether the last primary call failed.
    #[must_use]
    pub const fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// What it failed with.
    #[must_use]
    pub const fn error(&self) -> Option<&E> {
        self.error.as_ref()
    }

    /// The same, by value; nothing has failed then.
    pub const fn take_error(&mut self) -> Option<E> {
        self.error.take()
    }

    fn remember<T>(&mut self, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => {
                self.error = None;
                Some(value)
            }
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    /// Runs the primary way. `None` means that it failed, and
    /// [`error`](Self::error) says with what.
    pub fn try_primary<T>(&mut self, primary: impl FnOnce() -> Result<T, E>) -> Option<T> {
        self.remember(primary())
    }

    /// Awaits the primary way. Dropped before it is done, nothing changes.
    pub async fn try_primary_async<T>(
        &mut self,
        primary: impl Future<Output = Result<T, E>>,
    ) -> Option<T> {
        let result = primary.await;
        self.remember(result)
    }
}

impl<E: Debug, O: Observer> Degradation<E, O> {
    /// Runs the fallback, which sees what the primary way failed with: nothing
    /// where it did not, and then it is no event.
    pub fn use_fallback<T>(&self, fallback: impl FnOnce(Option<&E>) -> T) -> T {
        self.tell();
        fallback(self.error())
    }

    /// Awaits the fallback. The error is seen by the function, not kept by its
    /// future.
    pub fn use_fallback_async<F: Future>(&self, fallback: impl FnOnce(Option<&E>) -> F) -> F {
        self.tell();
        fallback(self.error())
    }

    fn tell(&self) {
        if let Some(error) = self.error.as_ref().filter(|_| !self.quiet) {
            let (one, policy) = (One(error), self.name);
            let used = FallbackUsed { policy, layer: Some(1), age: None, errors: Errors(&one) };
            self.observer.on_event(&Event::Fallback(used));
        }
    }
}
