//! The latest success of a call, for when it fails.

use core::{
    future::{Ready, ready},
    time::Duration,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    fallback::step::{Answer, AsyncStep, Said, Step},
    time::{Clock, DefaultClock, StdClock, Tick},
};

/// The last good answer of a call, with its age. As a layer of a
/// [`Fallback`](crate::Fallback) it notes every success of the call, and
/// answers when the call fails.
///
/// **There is one value for all calls.** Where answers belong to somebody, user B
/// would get what was user A's. [`LastGoodByKey`](crate::LastGoodByKey) keeps one
/// for each key.
///
/// Noting costs a clone, a reading of the clock and an uncontended lock on
/// each success; a fallback without this layer pays none of them.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{Fallback, LastGood};
///
/// static PRICE: LastGood<u32> = LastGood::new();
///
/// let price = Fallback::new().or_last_good(&PRICE);
/// assert_eq!(price.call(&(), |()| Err::<u32, _>("no answer yet")), Err("no answer yet"));
/// assert_eq!(price.call(&(), |()| Ok::<_, &str>(42)), Ok(42));
/// assert_eq!(price.call(&(), |()| Err::<u32, _>("down")), Ok(42));
/// assert!(PRICE.get().is_some_and(|(price, age)| price == 42 && age < Duration::from_mins(1)));
/// ```
#[derive(Debug)]
pub struct LastGood<T, C = DefaultClock> {
    latest: Mutex<Option<(T, Tick)>>,
    max_age: Duration,
    clock: C,
}

impl<T> LastGood<T> {
    /// Makes an empty one, on the host's clock.
    #[must_use]
    pub const fn new() -> Self {
        Self::with(StdClock)
    }
}

impl<T> Default for LastGood<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, C> LastGood<T, C> {
    /// Makes an empty one, on a clock of your own.
    #[must_use]
    pub const fn with(clock: C) -> Self {
        Self::with_max_age(Duration::MAX, clock)
    }

    /// Makes an empty one that gives out no value older than `max_age`.
    #[must_use]
    pub const fn with_max_age(max_age: Duration, clock: C) -> Self {
        Self { latest: Mutex::new(None), max_age, clock }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(T, Tick)>> {
        // A panic of `T::clone` leaves the last value whole.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the value.
    pub fn clear(&self) {
        let last = self.lock().take();
        drop(last); // out of the lock: its destructor is the user's
    }
}

impl<T: Clone, C: Clock> LastGood<T, C> {
    /// Notes a value as the latest.
    pub fn set(&self, value: &T) {
        let latest = (value.clone(), self.clock.now());
        let last = self.lock().replace(latest);
        drop(last); // out of the lock: its destructor is the user's
    }

    /// Returns the latest value and its age, unless there is none or it is too
    /// old.
    #[must_use]
    pub fn get(&self) -> Option<(T, Duration)> {
        let (value, at) = self.lock().clone()?;
        let age = self.clock.now().since(at);
        (age <= self.max_age).then_some((value, age))
    }

    fn answer<E>(&self) -> Said<T, E> {
        self.get().map(|(value, age)| Ok(Answer { value, age: Some(age) }))
    }
}

impl<A: ?Sized, T: Clone, E, Seen, C: Clock> Step<A, T, E, Seen> for &LastGood<T, C> {
    fn ask(&self, _args: &A, _error: Option<&Seen>) -> Said<T, E> {
        self.answer()
    }

    fn note(&self, _args: &A, value: &T) {
        self.set(value);
    }
}

impl<'a, A: ?Sized + 'a, T: Clone, E, Seen, C: Clock> AsyncStep<'a, A, T, E, Seen>
    for &LastGood<T, C>
{
    type Asking = Ready<Said<T, E>>;

    fn begin(&'a self, _args: &'a A, _error: Option<&Seen>) -> Self::Asking {
        ready(self.answer())
    }

    fn note_async(&self, _args: &A, value: &T) {
        self.set(value);
    }
}
