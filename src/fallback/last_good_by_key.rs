//! The latest success of each of a fixed number of keys.

use core::{
    fmt,
    future::{Ready, ready},
    time::Duration,
};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    vec::Vec,
};

use crate::{
    config::{ConfigError, Unit},
    fallback::step::{Answer, AsyncStep, Said, Step},
    time::{Clock, DefaultClock, StdClock, Tick},
};

/// The last good answer for each of a fixed number of keys, with its age: for each
/// user, item or request. As a layer of a [`Fallback`](crate::Fallback) it notes
/// every success of the call under the call's key, and answers with the value of
/// that key when the call fails.
///
/// When there are as many keys as it holds, the one that was not used for the
/// longest time goes. Both noting a value and giving one out are a use.
///
/// Noting costs a clone, a reading of the clock, a lock, and a search through the
/// keys, which is linear. The first values take memory from the allocator.
///
/// ```
/// use fusebox::LastGoodByKey;
///
/// static NAMES: LastGoodByKey<u32, &str> = LastGoodByKey::new(2);
///
/// NAMES.set(1, &"Ada");
/// NAMES.set(2, &"Grace");
/// assert_eq!(NAMES.get(&1).map(|(name, _age)| name), Some("Ada"));
/// NAMES.set(3, &"Edsger"); // 2 was not used for longer than 1
/// assert!(NAMES.get(&2).is_none() && NAMES.get(&1).is_some());
/// ```
pub struct LastGoodByKey<K, T, C = DefaultClock> {
    /// The one used last stands last.
    latest: Mutex<Vec<Latest<K, T>>>,
    keys: usize,
    max_age: Duration,
    clock: C,
}

struct Latest<K, T> {
    key: K,
    value: T,
    at: Tick,
}

/// The largest number of keys: a search looks at each.
const MOST: usize = 65_536;

impl<K, T> LastGoodByKey<K, T> {
    /// Makes an empty one for so many keys, on the host's clock.
    ///
    /// # Panics
    /// On a number that is not from 1 to 65536; in a `static` that is a compile
    /// error.
    #[must_use]
    #[track_caller]
    pub const fn new(keys: usize) -> Self {
        if let Err(error) = check(keys) {
            error.panic()
        }
        Self { latest: Mutex::new(Vec::new()), keys, max_age: Duration::MAX, clock: StdClock }
    }
}

impl<K, T, C> LastGoodByKey<K, T, C> {
    /// Makes an empty one for so many keys, on a clock of your own, which gives out
    /// no value older than `max_age`.
    ///
    /// # Errors
    /// [`ConfigError`] with the field `keys` where it is not from 1 to 65536.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{LastGoodByKey, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// let names = LastGoodByKey::try_with(100, Duration::from_secs(60), &clock)?;
    /// names.set(1, &"Ada");
    /// clock.advance(Duration::from_secs(61));
    /// assert!(names.get(&1).is_none());
    ///
    /// let error = LastGoodByKey::<u32, u32, _>::try_with(0, Duration::MAX, &clock).unwrap_err();
    /// assert_eq!(error.to_string(), "`keys` is 0, and must be from 1 to 65536");
    /// # Ok::<(), fusebox::ConfigError>(())
    /// ```
    pub fn try_with(keys: usize, max_age: Duration, clock: C) -> Result<Self, ConfigError> {
        check(keys)?;
        Ok(Self { latest: Mutex::new(Vec::new()), keys, max_age, clock })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Latest<K, T>>> {
        // A panic of the user's code leaves whole values.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of keys that have a value, however old.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Returns whether no key has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all values.
    pub fn clear(&self) {
        let latest = core::mem::take(&mut *self.lock());
        drop(latest); // out of the lock: the destructors are the user's
    }
}

impl<K: PartialEq, T: Clone, C: Clock> LastGoodByKey<K, T, C> {
    /// Notes a value as the latest of its key.
    pub fn set(&self, key: K, value: &T) {
        let latest = Latest { key, value: value.clone(), at: self.clock.now() };
        let mut all = self.lock();
        let old = match all.iter().position(|it| it.key == latest.key) {
            Some(at) => Some(all.remove(at)),
            None if all.len() == self.keys => Some(all.remove(0)),
            None => None,
        };
        all.push(latest);
        drop(all);
        drop(old); // out of the lock: its destructor is the user's
    }

    /// Returns the latest value of a key and its age, unless there is none or it is
    /// too old.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<(T, Duration)> {
        let mut all = self.lock();
        let at = all.iter().position(|it| it.key == *key)?;
        all[at..].rotate_left(1); // used last
        let latest = all.last()?;
        let age = self.clock.now().since(latest.at);
        (age <= self.max_age).then(|| (latest.value.clone(), age))
    }

    fn answer<E>(&self, key: &K) -> Said<T, E> {
        self.get(key).map(|(value, age)| Ok(Answer { value, age: Some(age) }))
    }
}

const fn check(keys: usize) -> Result<(), ConfigError> {
    if 1 <= keys && keys <= MOST {
        return Ok(());
    }
    Err(ConfigError::out_of_range("keys", Unit::Count, keys as u128, 1, MOST as u128))
}

// The values are not shown: they may be somebody's.
impl<K, T, C> fmt::Debug for LastGoodByKey<K, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastGoodByKey")
            .field("keys", &self.keys)
            .field("len", &self.len())
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

/// The last good value of a call's key:
/// [`Fallback::or_last_good_of`](crate::Fallback::or_last_good_of) makes it.
#[derive(Debug)]
pub struct OfKey<'l, K, T, C, F> {
    last: &'l LastGoodByKey<K, T, C>,
    key: F,
}

impl<'l, K, T, C, F> OfKey<'l, K, T, C, F> {
    pub(crate) const fn new(last: &'l LastGoodByKey<K, T, C>, key: F) -> Self {
        Self { last, key }
    }
}

// Not derived: that would ask for `T: Clone`.
impl<K, T, C, F: Clone> Clone for OfKey<'_, K, T, C, F> {
    fn clone(&self) -> Self {
        Self { last: self.last, key: self.key.clone() }
    }
}

impl<K, T, C, F: Copy> Copy for OfKey<'_, K, T, C, F> {}

impl<A, K, T, E, Seen, C, F> Step<A, T, E, Seen> for OfKey<'_, K, T, C, F>
where
    A: ?Sized,
    K: PartialEq,
    T: Clone,
    C: Clock,
    F: Fn(&A) -> K,
{
    fn ask(&self, args: &A, _error: Option<&Seen>) -> Said<T, E> {
        self.last.answer(&(self.key)(args))
    }

    fn note(&self, args: &A, value: &T) {
        self.last.set((self.key)(args), value);
    }
}

impl<'a, A, K, T, E, Seen, C, F> AsyncStep<'a, A, T, E, Seen> for OfKey<'_, K, T, C, F>
where
    A: ?Sized + 'a,
    K: PartialEq,
    T: Clone,
    C: Clock,
    F: Fn(&A) -> K,
{
    type Asking = Ready<Said<T, E>>;

    fn begin(&'a self, args: &'a A, _error: Option<&Seen>) -> Self::Asking {
        ready(self.last.answer(&(self.key)(args)))
    }

    fn note_async(&self, args: &A, value: &T) {
        self.last.set((self.key)(args), value);
    }
}
