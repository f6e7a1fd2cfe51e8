//! The slots of a registry, however many there are.

#[cfg(not(any(fusebox_compact, fusebox_loom)))]
use crate::registry::{limits::Limits, limits_reading::LimitsReading};
#[cfg(not(fusebox_compact))]
use crate::{breaker::reading::Reading, time::Clock};
use crate::{
    breaker::{CircuitBreaker, settings::BreakerSettings},
    observe::DefaultObserver,
    registry::{
        error::RegistryError,
        key::{AsKey, Key},
        slot::{self, Slot},
    },
    sync::{Ordering, planted},
    time::DefaultClock,
};

/// The slots of a registry, whose number is known at run time. A
/// [`Registry`](crate::Registry) lends its own, and shared memory holds such
/// slots, too. A panel is a reference; pass it by value.
///
/// ```
/// use fusebox::{Panel, Registry};
///
/// static SMALL: Registry<8> = Registry::new();
/// static LARGE: Registry<64> = Registry::new();
///
/// fn names(panel: Panel<'_>) -> Vec<String> {
///     panel.iter().filter_map(|breaker| Some(breaker.name()?.to_string())).collect()
/// }
/// SMALL.get_or_default("ai")?;
/// assert_eq!(names(SMALL.panel()), ["ai"]);
/// assert!(names(LARGE.panel()).is_empty());
/// # Ok::<(), fusebox::RegistryError>(())
/// ```
pub struct Panel<'a, C = DefaultClock, O = DefaultObserver> {
    slots: &'a [CircuitBreaker<C, O>],
    /// Of the slot with the same number; or none at all.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    limits: &'a [Limits<C, O>],
}

// Not derived: that would ask for `C: Copy` and `O: Copy`.
impl<C, O> Clone for Panel<'_, C, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C, O> Copy for Panel<'_, C, O> {}

impl<'a, C, O> Panel<'a, C, O> {
    /// Makes a panel of these slots, which are zeros or what a registry of this
    /// layout left there. At most 2^32 of them are used. They have no limits.
    #[must_use]
    #[inline]
    pub const fn new(slots: &'a [CircuitBreaker<C, O>]) -> Self {
        Self {
            slots,
            #[cfg(not(any(fusebox_compact, fusebox_loom)))]
            limits: &[],
        }
    }

    /// Makes a panel of these slots, as [`new`](Self::new) does, and of their limits, which
    /// are zeros or what a registry left there, too.
    ///
    /// # Panics
    /// Unless there are as many limits as slots.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    #[must_use]
    #[track_caller]
    pub const fn with_limits(
        slots: &'a [CircuitBreaker<C, O>],
        limits: &'a [Limits<C, O>],
    ) -> Self {
        assert!(slots.len() == limits.len(), "each slot has its limits, and no other has");
        Self::of(slots, limits)
    }

    /// The same, of as many.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    #[inline]
    pub(super) const fn of(slots: &'a [CircuitBreaker<C, O>], limits: &'a [Limits<C, O>]) -> Self {
        Self { slots, limits }
    }

    /// Finds the limits of the slot called `name`, or registers the slot; see
    /// [`Registry::limits`](crate::Registry::limits).
    ///
    /// # Errors
    /// As there, and [`RegistryError::NoLimits`] in a panel without limits.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub fn limits<K: AsKey + ?Sized>(self, name: &K) -> Result<&'a Limits<C, O>, RegistryError> {
        let key = name.as_key()?;
        if self.limits.is_empty() && !self.slots.is_empty() {
            return Err(RegistryError::NoLimits);
        }
        let breaker = self.slot(&key)?;
        let start = self.slots.as_ptr().addr();
        let slot = (core::ptr::from_ref(breaker).addr() - start) / size_of_val(breaker);
        let limits = &self.limits[slot];
        limits.publish_name(&key.name());
        Ok(limits)
    }

    /// Returns the limits of the slot with this number, from 0. `None` if nobody has
    /// registered it, and in a panel without limits. It is for tools; a program finds them
    /// [by name](Self::limits).
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    #[must_use]
    pub fn limits_of(self, slot: usize) -> Option<&'a Limits<C, O>> {
        let (breaker, limits) = (self.slots.get(slot)?, self.limits.get(slot)?);
        is_registered(breaker).then_some(limits)
    }

    /// Reads the limits of every registered slot that has any, with the number of the slot,
    /// from 0. None of their words is written.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub fn limits_readings(self) -> impl Iterator<Item = (usize, LimitsReading)>
    where
        C: Clock,
    {
        (0..self.limits.len()).filter_map(move |slot| {
            let reading = self.limits_of(slot)?.reading();
            reading.has_any().then_some((slot, reading))
        })
    }

    /// Finds the breaker called `name`, or registers it with `settings`; see
    /// [`Registry::get_or_register`](crate::Registry::get_or_register).
    ///
    /// # Errors
    /// As there.
    pub fn get_or_register<K: AsKey + ?Sized>(
        self,
        name: &K,
        settings: BreakerSettings,
    ) -> Result<&'a CircuitBreaker<C, O>, RegistryError> {
        let key = name.as_key()?;
        let breaker = self.slot(&key)?;
        let published = breaker.cell.publish_settings(settings);
        if published == settings {
            Ok(breaker)
        } else {
            Err(RegistryError::Clash { name: key.name(), published, asked: settings })
        }
    }

    /// Finds the breaker called `name`, or registers it with the default
    /// settings; see
    /// [`Registry::get_or_default`](crate::Registry::get_or_default).
    ///
    /// # Errors
    /// As there.
    pub fn get_or_default<K: AsKey + ?Sized>(
        self,
        name: &K,
    ) -> Result<&'a CircuitBreaker<C, O>, RegistryError> {
        self.slot(&name.as_key()?)
    }

    /// Finds the breaker called `name`, and gives a new one `settings`; see
    /// [`Registry::get_or_init`](crate::Registry::get_or_init).
    ///
    /// # Errors
    /// As there.
    pub fn get_or_init<K: AsKey + ?Sized>(
        self,
        name: &K,
        settings: BreakerSettings,
    ) -> Result<&'a CircuitBreaker<C, O>, RegistryError> {
        let breaker = self.get_or_default(name)?;
        breaker.cell.publish_settings(settings);
        Ok(breaker)
    }

    /// Finds the breaker called `name`, or registers it with `settings`; `overflow`
    /// stands for those that find no place. See
    /// [`Registry::get_or_overflow`](crate::Registry::get_or_overflow).
    ///
    /// # Errors
    /// As there.
    pub fn get_or_overflow<K: AsKey + ?Sized, V: AsKey + ?Sized>(
        self,
        name: &K,
        settings: BreakerSettings,
        overflow: &V,
    ) -> Result<&'a CircuitBreaker<C, O>, RegistryError> {
        self.get_or_init(name, settings).or_else(|error| self.get(overflow).ok_or(error))
    }

    /// Finds the breaker called `name`. `None` if there is none.
    #[must_use]
    #[inline]
    pub fn get<K: AsKey + ?Sized>(self, name: &K) -> Option<&'a CircuitBreaker<C, O>> {
        let key = name.as_key().ok()?;
        // Not by a loop, which would ask at each slot in which half of the walk it is.
        let found = self.walk(&key).find_map(|breaker| match slot::look(&breaker.cell, &key) {
            Slot::Own => Some(Some(breaker)),
            Slot::Vacant => Some(None),
            Slot::Foreign => None,
        });
        found.flatten()
    }

    /// Iterates over the breakers that were registered, in the order of their
    /// slots.
    pub fn iter(self) -> impl Iterator<Item = &'a CircuitBreaker<C, O>> {
        self.slots.iter().filter(|breaker| is_registered(breaker))
    }

    /// Reads every registered breaker, with the number of its slot, from 0.
    #[cfg(not(fusebox_compact))]
    pub fn readings(self) -> impl Iterator<Item = (usize, Reading)>
    where
        C: Clock,
    {
        let numbered = self.slots.iter().enumerate();
        numbered
            .filter(|(_, breaker)| is_registered(breaker))
            .map(|(slot, breaker)| (slot, breaker.reading()))
    }

    /// Returns every slot, registered or not.
    #[must_use]
    pub const fn slots(self) -> &'a [CircuitBreaker<C, O>] {
        self.slots
    }

    /// Returns the number of breakers that were registered.
    #[must_use]
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Returns whether no breaker was registered.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the largest number of breakers.
    #[must_use]
    pub const fn capacity(self) -> usize {
        self.slots.len()
    }

    /// The slot of `key`, found or claimed.
    fn slot(self, key: &Key) -> Result<&'a CircuitBreaker<C, O>, RegistryError> {
        for breaker in self.walk(key) {
            // A slot is never given up, so no vacant one lies before an owned
            // one of the same name: the first that is not foreign is it.
            let slot = match slot::look(&breaker.cell, key) {
                Slot::Vacant => slot::claim(&breaker.cell, key),
                seen => seen,
            };
            if slot == Slot::Own {
                return Ok(breaker);
            }
        }
        if planted!(FullSharesFirst) {
            return Ok(&self.slots[0]);
        }
        Err(RegistryError::Full { capacity: self.slots.len() })
    }

    /// Every slot once, from the one where `key` belongs.
    #[inline]
    fn walk(self, key: &Key) -> impl Iterator<Item = &'a CircuitBreaker<C, O>> {
        // The high half of the hash, scaled to the slots without a division.
        #[allow(clippy::cast_possible_truncation)] // below their number
        let home = (((key.hash() >> 32) * self.slots.len() as u64) >> 32) as usize;
        let (before, from) = self.slots.split_at(home);
        from.iter().chain(before)
    }
}

fn is_registered<C, O>(breaker: &CircuitBreaker<C, O>) -> bool {
    // What the slot says is read from other words, each by itself: relaxed.
    breaker.cell.key.load(Ordering::Relaxed) != 0
}

impl<C, O> core::fmt::Debug for Panel<'_, C, O> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
