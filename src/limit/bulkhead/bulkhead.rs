//! The bulkhead itself: how it is made, and how it is asked.

use core::fmt;

use crate::{
    bypass,
    config::{ConfigError, Unit},
    error::{LimitKind, Limited},
    label::Label,
    limit::bulkhead::{
        place::Place,
        word::{MOST, PLACE, Word},
    },
    machine::Machine,
    name::Name,
    observe::{Counter, DefaultObserver, Event, Observer},
    sync::const_fn,
};

/// A limit of the calls in flight, in one atomic word.
///
/// It keeps a slow service from taking every thread, task and connection of a program:
/// so many calls may be under way, and others are turned away at once. It never admits
/// more than its limit, and turns nobody away while a place is free.
///
/// A call costs two read-modify-writes of the word, one at its start and one at its end.
/// There is no queue: `WaitingBulkhead`, of the feature `tokio`, has one.
///
/// ```
/// use fusebox::{Bulkhead, LimitKind};
///
/// static WORKERS: Bulkhead = Bulkhead::named("workers", 2);
///
/// let first = WORKERS.try_acquire()?;
/// let second = WORKERS.try_acquire()?;
/// let limited = WORKERS.try_acquire().unwrap_err();
/// assert_eq!(limited.kind(), LimitKind::Bulkhead);
/// assert_eq!(limited.to_string(), "bulkhead `workers` is full");
/// drop(first);
/// assert!(WORKERS.try_acquire().is_ok());
/// # drop(second);
/// # Ok::<(), fusebox::Limited>(())
/// ```
#[repr(C)]
pub struct Bulkhead<O = DefaultObserver> {
    word: Machine,
    refused: Counter,
    label: Label,
    observer: O,
}

impl Bulkhead {
    const_fn! {
        /// Makes a bulkhead for so many calls in flight, from 1 to 16777215.
        ///
        /// # Panics
        /// On another limit; in a `const` or `static` that is a compile error.
        #[must_use]
        #[track_caller]
        pub fn new(limit: u32) -> Self {
            Self::with(None, limit, DefaultObserver)
        }
    }

    const_fn! {
        /// Makes a bulkhead with a name, which its errors and events carry.
        ///
        /// # Panics
        /// On a limit that is not from 1 to 16777215, and on a name that is empty, too
        /// long, or holds a control character; in a `const` or `static` that is a compile
        /// error.
        #[must_use]
        #[track_caller]
        pub fn named(name: &str, limit: u32) -> Self {
            Self::with(Some(Name::new(name)), limit, DefaultObserver)
        }
    }
}

impl<O> Bulkhead<O> {
    const_fn! {
        /// Makes a bulkhead with an observer of your own.
        ///
        /// # Panics
        /// On a limit that is not from 1 to 16777215; in a `const` or `static` that is a
        /// compile error.
        #[must_use]
        #[track_caller]
        pub fn with(name: Option<Name>, limit: u32, observer: O) -> Self {
            if let Err(error) = check(limit) {
                error.panic();
            }
            Self {
                word: Machine::new(Word::empty(limit)),
                refused: Counter::new(),
                label: Label::of(name),
                observer,
            }
        }
    }

    /// That of a slot which was given none.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub(crate) const fn none(observer: O) -> Self {
        Self { word: Machine::new(0), refused: Counter::new(), label: Label::of(None), observer }
    }

    /// Gives that of a slot the slot's name.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub(crate) fn publish_name(&self, name: &Name) {
        self.label.publish(name);
    }

    /// From now on it counts nothing, and keeps a limit only for others. Nobody may hold a
    /// place.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub(crate) fn stop_counting(&self) {
        // By a step: another who maps the same memory may have kept a limit by now.
        let stop = |word: Word| (if word.is_uncounted() { word } else { Word::UNCOUNTED }, ());
        self.word.step(self.word(), stop);
    }

    /// Keeps a limit, or none, to which others hold the calls: those who have its places
    /// elsewhere, as `fusebox-shm` does in memory that processes share. From then on the
    /// bulkhead itself admits every call and counts none, as after
    /// [`Limits::share`](crate::Limits::share). Nobody may hold a place in it.
    ///
    /// # Errors
    /// [`ConfigError`] on a limit that is not from 1 to 65535. Then nothing was changed.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub fn keep_limit(&self, limit: Option<u32>) -> Result<(), ConfigError> {
        self.word.store(Word::keeping(limit.map_or(Ok(0), kept)?));
        Ok(())
    }

    /// Keeps a limit as [`keep_limit`](Self::keep_limit) does, if there is none yet, and
    /// returns the one in force.
    ///
    /// # Errors
    /// As there.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub fn init_kept_limit(&self, limit: u32) -> Result<u32, ConfigError> {
        let limit = kept(limit)?;
        let step = self.word.step(self.word(), |word: Word| {
            let is_there = word.in_force() > 0;
            (if is_there { word } else { Word::keeping(limit) }, ())
        });
        Ok(step.to.in_force())
    }

    /// Returns the name, or `None` if it has none.
    #[must_use]
    pub fn name(&self) -> Option<Name> {
        Some(self.label.get()).filter(|name| !name.is_none())
    }

    /// Returns how many calls may be in flight.
    ///
    /// A bulkhead in a slot that was given none admits every call: then this is `None`. In
    /// memory that processes share it is the limit that the shared places have.
    #[must_use]
    pub fn limit(&self) -> Option<u32> {
        Some(self.word().in_force()).filter(|limit| *limit > 0)
    }

    /// Puts another limit in force, from 1 to 16777215, at once. If more calls are in
    /// flight than that, none is admitted until so many have ended.
    ///
    /// # Errors
    /// [`ConfigError`] on another limit, and where the bulkhead lies in memory that
    /// processes share: the places of one that is killed would be lost there. Its limit is
    /// that of other places, which have a type of their own. Then nothing was changed.
    ///
    /// ```
    /// use fusebox::Bulkhead;
    ///
    /// let workers = Bulkhead::new(2);
    /// let (first, second) = (workers.try_acquire()?, workers.try_acquire()?);
    /// workers.set_limit(1)?;
    /// drop(first);
    /// assert!(workers.try_acquire().is_err()); // the second is still in flight
    /// drop(second);
    /// assert!(workers.try_acquire().is_ok());
    ///
    /// let error = workers.set_limit(0).unwrap_err();
    /// assert_eq!(error.to_string(), "`limit` is 0, and must be from 1 to 16777215");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_limit(&self, limit: u32) -> Result<(), ConfigError> {
        check(limit)?;
        self.limited(limit, |word| word.limited(limit)).map(drop)
    }

    /// Puts this limit in force if there is none yet, and returns the one in force. It is
    /// for a bulkhead in a slot that others share: an operator may have changed it.
    ///
    /// # Errors
    /// As [`set_limit`](Self::set_limit).
    pub fn init_limit(&self, limit: u32) -> Result<u32, ConfigError> {
        check(limit)?;
        let unless_there = |word: Word| if word.limit() == 0 { word.limited(limit) } else { word };
        self.limited(limit, unless_there).map(Word::limit)
    }

    /// Takes the limit away: every call is admitted, until another is put in force.
    pub fn lift(&self) {
        let lift = |word: Word| (if word.is_uncounted() { word } else { word.limited(0) }, ());
        self.word.step(self.word(), lift);
    }

    /// Changes the limit, if the bulkhead counts calls.
    fn limited(&self, limit: u32, change: impl Fn(Word) -> Word) -> Result<Word, ConfigError> {
        let step = self.word.step(self.word(), |word: Word| {
            let counts = !word.is_uncounted();
            (if counts { change(word) } else { word }, counts)
        });
        if step.said {
            Ok(step.to)
        } else {
            Err(ConfigError::excluded("limit", Unit::Count, limit.into(), SHARED))
        }
    }

    /// Returns how many calls are in flight: how many places are taken. It is 0 where the
    /// bulkhead lies in memory that processes share.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        match self.word() {
            word if word.is_uncounted() => 0,
            word => word.in_flight(),
        }
    }

    /// Returns the most calls that were in flight at a time since the bulkhead was made.
    /// 65535 is so many, or more. It is 0 where the bulkhead lies in memory that processes
    /// share.
    #[must_use]
    pub fn peak(&self) -> u32 {
        match self.word() {
            word if word.is_uncounted() => 0,
            word => word.peak(),
        }
    }

    /// Returns how many times callers were turned away. The count wraps; it is up to a
    /// 64th too large where one thread was turned away very often.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.get()
    }

    #[inline]
    fn word(&self) -> Word {
        self.word.load()
    }

    /// Gives places back, each of which was taken.
    #[inline]
    pub(super) fn release(&self, places: u32) {
        if places > 0 {
            self.word.subtract(u64::from(places) * PLACE);
        }
    }
}

impl<O: Observer> Bulkhead<O> {
    /// Takes a place for one call.
    ///
    /// # Errors
    /// [`Limited`] when so many calls are in flight as the limit allows. When a place will
    /// be free, nobody knows: it names no time.
    #[inline]
    pub fn try_acquire(&self) -> Result<Place<'_, O>, Limited> {
        self.acquire_n(1)
    }

    /// Takes `places` at once: all of them, or none. It is for a call that is worth
    /// several.
    ///
    /// # Errors
    /// [`Limited`] when fewer are free; more than the limit never are.
    ///
    /// ```
    /// use fusebox::Bulkhead;
    ///
    /// let workers = Bulkhead::new(4);
    /// let large = workers.acquire_n(3)?;
    /// assert!(workers.acquire_n(2).is_err()); // one is free, and is not taken
    /// assert_eq!(workers.in_flight(), 3);
    /// drop(large);
    /// assert_eq!((workers.in_flight(), workers.peak()), (0, 3));
    /// # Ok::<(), fusebox::Limited>(())
    /// ```
    #[inline]
    pub fn acquire_n(&self, places: u32) -> Result<Place<'_, O>, Limited> {
        let places = self.take(places)?;
        Ok(Place::new(self, places))
    }

    /// Takes a place for one call, of so many percent of the limit, rounded down, and of one
    /// place at least. It is for a while in which there should be less to do, as under
    /// pressure; places that are taken already stay so.
    ///
    /// # Errors
    /// [`Limited`] when as many calls are in flight as that.
    ///
    /// # Panics
    /// On a share that is not from 1 to 100.
    ///
    /// ```
    /// use fusebox::Bulkhead;
    ///
    /// let workers = Bulkhead::new(4);
    /// let places = [workers.try_acquire_within(50)?, workers.try_acquire_within(50)?];
    /// assert!(workers.try_acquire_within(50).is_err());
    /// assert!(workers.try_acquire().is_ok());
    /// # drop(places);
    /// # Ok::<(), fusebox::Limited>(())
    /// ```
    #[track_caller]
    pub fn try_acquire_within(&self, percent: u32) -> Result<Place<'_, O>, Limited> {
        assert!((1..=100).contains(&percent), "`percent` must be from 1 to 100%");
        let places = if self.word.step(self.word(), |word: Word| word.take_within(percent)).said {
            1
        } else {
            self.refuse::<false>()?
        };
        Ok(Place::new(self, places))
    }

    /// Takes places, all or none, and returns how many are to be given back.
    #[inline]
    pub(super) fn take(&self, places: u32) -> Result<u32, Limited> {
        if self.word.step(self.word(), |word: Word| word.take(places)).said {
            Ok(places)
        } else {
            self.refuse::<false>()
        }
    }

    /// Counts and tells a refusal, unless a bypass has taken limits out, or there is none:
    /// neither here nor, `KEPT`, for somebody else.
    #[cold]
    #[inline(never)]
    fn refuse<const KEPT: bool>(&self) -> Result<u32, Limited> {
        if bypass::limits() || !KEPT && self.word().limit() == 0 {
            return Ok(0);
        }
        self.refused.add_often();
        let (name, kind) = (self.label.get(), LimitKind::Bulkhead);
        let limited = Limited::of(name, kind, None);
        self.observer.on_event(&Event::Limited(&limited));
        Err(limited)
    }

    /// Turns a call away on behalf of those who [keep](Self::keep_limit) the limit and have
    /// the places elsewhere: counts that, and tells the observer.
    ///
    /// # Errors
    /// [`Limited`], unless a bypass has taken limits out: then the call is admitted.
    pub fn turn_away(&self) -> Result<(), Limited> {
        self.refuse::<true>().map(drop)
    }
}

/// A limit that can be kept.
#[cfg(not(any(fusebox_compact, fusebox_loom)))]
fn kept(limit: u32) -> Result<u16, ConfigError> {
    let most = u16::MAX.into();
    u16::try_from(limit)
        .ok()
        .filter(|limit| *limit > 0)
        .ok_or_else(|| ConfigError::out_of_range("limit", Unit::Count, limit.into(), 1, most))
}

/// Where no bulkhead of this kind can be.
const SHARED: &str = "a panel that processes share: set it through the panel";

/// Whether it is a limit.
pub(super) const fn check(limit: u32) -> Result<(), ConfigError> {
    if limit >= 1 && limit <= MOST {
        Ok(())
    } else {
        Err(ConfigError::out_of_range("limit", Unit::Count, limit as u128, 1, MOST as u128))
    }
}

impl<O> fmt::Debug for Bulkhead<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulkhead")
            .field("name", &self.name())
            .field("limit", &self.limit())
            .field("in_flight", &self.in_flight())
            .field("peak", &self.peak())
            .finish_non_exhaustive()
    }
}
