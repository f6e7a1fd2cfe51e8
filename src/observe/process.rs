//! One observer for whatever was given none.

use core::{error::Error, fmt};
use std::sync::OnceLock;

use crate::observe::{Event, Observer};

static CHOSEN: OnceLock<&(dyn Observer + Sync)> = OnceLock::new();

/// Sets the observer of the process. It hears the events of every breaker and
/// policy without an observer of its own, beside `tracing` and `log`; those of
/// [`global`](crate::global) and of the attributes are among them. Only the
/// first call in a process has an effect.
///
/// # Errors
/// [`ObserverInUse`] when there is one already.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use fusebox::{Event, Observer, global, set_observer};
///
/// struct Openings(AtomicU32);
/// impl Observer for Openings {
///     fn on_event(&self, event: &Event<'_>) {
///         if let Event::Transition(_) = event {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// static OPENINGS: Openings = Openings(AtomicU32::new(0));
///
/// set_observer(&OPENINGS)?;
/// global().get_or_default("ai")?.force_open();
/// assert_eq!(OPENINGS.0.load(Ordering::Relaxed), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn set_observer(observer: &'static (dyn Observer + Sync)) -> Result<(), ObserverInUse> {
    CHOSEN.set(observer).map_err(|_| ObserverInUse)
}

pub(crate) fn tell(event: &Event<'_>) {
    if let Some(observer) = CHOSEN.get() {
        observer.on_event(event);
    }
}

/// The process has an observer already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObserverInUse;

impl fmt::Display for ObserverInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the process has an observer already: only the first one is taken")
    }
}

impl Error for ObserverInUse {}
