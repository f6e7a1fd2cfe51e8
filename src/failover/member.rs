//! A member of a failover set, and what a call learns of the one that takes it.

use core::fmt;

use crate::{
    breaker::CircuitBreaker, failover::spill::Spill, name::Name, observe::DefaultObserver,
    sync::const_fn, time::DefaultClock,
};

/// A member of a [`FailoverSet`](crate::FailoverSet): a region, or an endpoint. It has a
/// name, a breaker, and a value of yours, such as an address.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, Member};
///
/// static EU: CircuitBreaker = CircuitBreaker::named("shop eu", BreakerConfig::new().build());
///
/// let member = Member::new("eu", &EU).at("https://eu.example.com");
/// assert_eq!((member.name(), *member.value()), ("eu", "https://eu.example.com"));
/// ```
pub struct Member<'a, T = (), C = DefaultClock, O = DefaultObserver> {
    pub(super) name: &'a str,
    pub(super) breaker: &'a CircuitBreaker<C, O>,
    pub(super) spill: Spill,
    pub(super) value: T,
}

impl<'a, C, O> Member<'a, (), C, O> {
    const_fn! {
        /// Makes a member behind a breaker, without a value.
        ///
        /// Its breaker judges its calls. Whatever runs inside, such as a pipeline, needs
        /// none of its own.
        ///
        /// # Panics
        /// On a name that [`Name::try_new`] refuses; in a `static` that is a compile
        /// error.
        #[must_use]
        #[track_caller]
        pub fn new(name: &'a str, breaker: &'a CircuitBreaker<C, O>) -> Self {
            let _ = Name::new(name);
            Self { name, breaker, spill: Spill::new(), value: () }
        }
    }

    /// Gives the member a value, which each of its calls gets.
    #[must_use]
    pub const fn at<T>(self, value: T) -> Member<'a, T, C, O> {
        let Self { name, breaker, spill, value: () } = self;
        Member { name, breaker, spill, value }
    }
}

impl<'a, T, C, O> Member<'a, T, C, O> {
    /// Returns the name of the member.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the breaker of the member.
    #[must_use]
    pub const fn breaker(&self) -> &'a CircuitBreaker<C, O> {
        self.breaker
    }

    /// Returns the value of the member.
    #[must_use]
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// Returns how many calls spilled onto the member. The count wraps.
    ///
    /// Programs with compact slots (see the crate's docs) do not count them, and lack
    /// this function.
    #[cfg(not(fusebox_compact))]
    #[must_use]
    pub fn spilled(&self) -> u64 {
        self.spill.spilled()
    }
}

impl<T: fmt::Debug, C, O> fmt::Debug for Member<'_, T, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("name", &self.name)
            .field("value", &self.value)
            .field("breaker", &self.breaker.snapshot())
            .finish_non_exhaustive()
    }
}

/// The member that takes a call: its place in the set, its name, and its value.
#[derive(Debug)]
pub struct Chosen<'s, T = ()> {
    index: usize,
    name: &'s str,
    value: &'s T,
}

impl<'s, T> Chosen<'s, T> {
    pub(super) const fn new(index: usize, name: &'s str, value: &'s T) -> Self {
        Self { index, name, value }
    }

    /// Returns the place of the member in the set; 0 is the home.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index
    }

    /// Returns the name of the member.
    #[must_use]
    pub const fn name(self) -> &'s str {
        self.name
    }

    /// Returns the value of the member.
    #[must_use]
    pub const fn value(self) -> &'s T {
        self.value
    }
}

impl<T> Clone for Chosen<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Chosen<'_, T> {}
