//! Observers that come and go while the program runs.

use core::{error::Error, fmt};
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::{
    observe::{Event, Observer},
    sync::{Ordering, UnmodelledU64},
};

/// Up to `N` observers that are added and removed while the program runs, from any
/// thread: an observer of observers.
///
/// An event is handed to each, in the order of their places. That takes no lock: it
/// loads each place, by `arc-swap`. To add one allocates.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
/// use fusebox::{
///     BreakerConfig, CircuitBreaker, Event, Listeners, ListenersFull, Observer, StdClock,
/// };
///
/// static LISTENERS: Listeners<8> = Listeners::new();
/// static SHOP: CircuitBreaker<StdClock, &Listeners<8>> =
///     CircuitBreaker::with(None, BreakerConfig::new().build(), StdClock, &LISTENERS);
///
/// struct Count(AtomicU32);
/// impl Observer for Count {
///     fn on_event(&self, _: &Event<'_>) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let count = Arc::new(Count(AtomicU32::new(0)));
/// let listener = LISTENERS.add(count.clone())?;
/// SHOP.force_open();
/// assert!(LISTENERS.remove(listener));
/// SHOP.close();
/// assert_eq!(count.0.load(Ordering::Relaxed), 1);
/// # Ok::<(), ListenersFull>(())
/// ```
///
/// For breakers and policies without an observer of their own, hand it to
/// [`set_observer`](crate::set_observer) once: `set_observer(&LISTENERS)`.
pub struct Listeners<const N: usize> {
    places: [ArcSwapOption<Listening>; N],
    /// The number of the next one.
    next: UnmodelledU64,
}

struct Listening {
    number: u64,
    observer: Arc<dyn Observer + Send + Sync>,
}

/// Names a listener that was added, to remove it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Listener {
    place: usize,
    number: u64,
}

impl<const N: usize> Listeners<N> {
    /// Makes an empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self { places: [const { ArcSwapOption::const_empty() }; N], next: UnmodelledU64::new(0) }
    }

    /// Adds a listener, which hears of every event from now on.
    ///
    /// # Errors
    /// [`ListenersFull`] when there are `N` already.
    pub fn add(
        &self,
        observer: Arc<dyn Observer + Send + Sync>,
    ) -> Result<Listener, ListenersFull> {
        // A number that is given once, and orders nothing: relaxed.
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let listening = Arc::new(Listening { number, observer });
        for (place, slot) in self.places.iter().enumerate() {
            let nobody: Option<Arc<Listening>> = None;
            if slot.compare_and_swap(&nobody, Some(Arc::clone(&listening))).is_none() {
                return Ok(Listener { place, number });
            }
        }
        Err(ListenersFull { capacity: N })
    }

    /// Removes a listener, and returns whether it was there. An event that another
    /// thread is handing out may still reach it.
    pub fn remove(&self, listener: Listener) -> bool {
        let Some(slot) = self.places.get(listener.place) else { return false };
        let held = slot.load_full();
        if held.as_ref().is_none_or(|it| it.number != listener.number) {
            return false;
        }
        // Only if it is still there: somebody else may have removed it, and added
        // another since.
        let before = slot.compare_and_swap(&held, None);
        before.as_ref().is_some_and(|it| it.number == listener.number)
    }

    /// Returns the number of listeners.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.iter().filter(|slot| slot.load().is_some()).count()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<const N: usize> Default for Listeners<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Observer for Listeners<N> {
    fn on_event(&self, event: &Event<'_>) {
        for slot in &self.places {
            if let Some(listening) = &*slot.load() {
                listening.observer.on_event(event);
            }
        }
    }
}

impl<const N: usize> fmt::Debug for Listeners<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Every place is taken: a listener must be removed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenersFull {
    capacity: usize,
}

impl fmt::Display for ListenersFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "all {} places for listeners are taken", self.capacity)
    }
}

impl Error for ListenersFull {}
