//! A primary way and a fallback, with what went wrong remembered.

use core::{fmt::Debug, future::Future};

use crate::{
    fallback::report::Report,
    observe::{DefaultObserver, EachError, Observer},
};

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
    silent: bool,
    observer: O,
}

impl<E> Degradation<E> {
    /// Begins a call; nothing has failed yet.
    #[must_use]
    pub const fn new() -> Self {
        Self::with(None, DefaultObserver)
    }

    /// Begins a call whose events carry the name; nothing has failed yet.
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
    /// Begins a call of which `observer` hears every use of a fallback; nothing
    /// has failed yet.
    #[must_use]
    pub const fn with(name: Option<&'static str>, observer: O) -> Self {
        Self { name, error: None, silent: false, observer }
    }

    /// Silences the events: none is sent when a fallback is used.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Returns whether the last primary call failed.
    #[must_use]
    pub const fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// Returns the error of the last primary call, or `None` if it did not
    /// fail.
    #[must_use]
    pub const fn error(&self) -> Option<&E> {
        self.error.as_ref()
    }

    /// Takes the error of the last primary call out. The call counts as not
    /// failed afterwards.
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

    /// Runs the primary way. If that fails, this returns `None`, and
    /// [`error`](Self::error) returns the error.
    pub fn try_primary<T>(&mut self, primary: impl FnOnce() -> Result<T, E>) -> Option<T> {
        self.remember(primary())
    }

    /// Awaits the primary way. If the future is dropped before it is done,
    /// nothing changes.
    pub async fn try_primary_async<T>(
        &mut self,
        primary: impl Future<Output = Result<T, E>>,
    ) -> Option<T> {
        let result = primary.await;
        self.remember(result)
    }
}

impl<E: Debug, O: Observer> Degradation<E, O> {
    /// Runs a fallback that cannot fail. It sees the error of the primary way,
    /// or `None` if that did not fail; in that case no event is sent.
    pub fn use_fallback<T>(&self, fallback: impl FnOnce(Option<&E>) -> T) -> T {
        let answer = fallback(self.error());
        self.report(Some(1), None);
        answer
    }

    /// Awaits a fallback that cannot fail. The function sees the error of the
    /// primary way; its future cannot keep it.
    pub async fn use_fallback_async<F: Future>(
        &self,
        fallback: impl FnOnce(Option<&E>) -> F,
    ) -> F::Output {
        let answer = fallback(self.error()).await;
        self.report(Some(1), None);
        answer
    }

    /// Runs a fallback that may fail. If it does, the event names no layer and
    /// carries both errors.
    ///
    /// # Errors
    /// That of the fallback.
    ///
    /// ```
    /// use fusebox::Degradation;
    ///
    /// let mut store = Degradation::named("context store");
    /// store.try_primary(|| Err::<(), _>("disk full"));
    /// assert_eq!(store.try_fallback(|_| Err::<(), _>("network down")), Err("network down"));
    /// ```
    pub fn try_fallback<T>(
        &self,
        fallback: impl FnOnce(Option<&E>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.reported(fallback(self.error()))
    }

    /// Awaits a fallback that may fail. If it does, the event names no layer
    /// and carries both errors.
    ///
    /// # Errors
    /// That of the fallback.
    pub async fn try_fallback_async<T, F: Future<Output = Result<T, E>>>(
        &self,
        fallback: impl FnOnce(Option<&E>) -> F,
    ) -> Result<T, E> {
        self.reported(fallback(self.error()).await)
    }

    fn reported<T>(&self, answer: Result<T, E>) -> Result<T, E> {
        match &answer {
            Ok(_) => self.report(Some(1), None),
            Err(error) => self.report(None, Some(error)),
        }
        answer
    }

    fn report(&self, layer: Option<u32>, second: Option<&E>) {
        if let Some(first) = self.error.as_ref() {
            let Self { name: policy, silent, observer, .. } = self;
            Report { policy: *policy, silent: *silent, observer, tally: None }.send(
                layer,
                None,
                &Both { first, second },
            );
        }
    }
}

/// The error of the primary way, and that of the fallback where it failed, too.
struct Both<'a, E> {
    first: &'a E,
    second: Option<&'a E>,
}

impl<E: Debug> EachError for Both<'_, E> {
    fn each(&self, see: &mut dyn FnMut(&dyn Debug)) {
        see(self.first);
        if let Some(second) = self.second {
            see(second);
        }
    }
}
