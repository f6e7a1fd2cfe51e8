//! Breakers by name, in an array of fixed size.

use core::fmt;

#[cfg(not(any(fusebox_compact, fusebox_loom)))]
use crate::registry::limits::Limits;
use crate::{
    breaker::{CircuitBreaker, settings::BreakerSettings},
    observe::DefaultObserver,
    registry::{error::RegistryError, key::AsKey, panel::Panel},
    time::{ConstDefault, DefaultClock},
};

/// Up to `N` breakers that are found by name, without allocation, lock or
/// growth.
///
/// Look a breaker up once and keep the reference: after that its name is
/// never looked at again. A lookup is wait-free, a registration lock-free, and
/// a breaker lives as long as its registry.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{BreakerConfig, CircuitBreaker, Registry, RegistryError};
///
/// static PANEL: Registry<64> = Registry::new();
///
/// let settings = BreakerConfig::new().recovery_timeout(Duration::from_secs(30)).build();
/// let ai: &'static CircuitBreaker = PANEL.get_or_register("ai_provider", settings)?;
/// // The same name is the same breaker.
/// assert!(core::ptr::eq(ai, PANEL.get_or_register("ai_provider", settings)?));
/// // Other settings under that name are an error that shows both.
/// let clash = PANEL.get_or_register("ai_provider", BreakerConfig::new().build());
/// assert!(matches!(clash, Err(RegistryError::Clash { .. })));
/// # Ok::<(), RegistryError>(())
/// ```
#[repr(C)] // so that it can lie in memory which others map, too
pub struct Registry<const N: usize, C = DefaultClock, O = DefaultObserver> {
    slots: [CircuitBreaker<C, O>; N],
    /// Of the slot with the same number.
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    limits: [Limits<C, O>; N],
}

#[cfg(feature = "std")]
impl<const N: usize> Registry<N> {
    crate::sync::const_fn! {
        /// Makes an empty registry on the host's clock.
        #[must_use]
        pub fn new() -> Self {
            Self::const_default()
        }
    }
}

#[cfg(feature = "std")]
impl<const N: usize> Default for Registry<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, C: ConstDefault, O: ConstDefault> Registry<N, C, O> {
    /// Makes an empty registry whose clock and observer are the constants of
    /// their types.
    ///
    /// ```
    /// # use fusebox::{Clock, ConstDefault, DefaultObserver, Registry, Tick};
    /// struct Uptime;
    /// impl Clock for Uptime {
    ///     fn now(&self) -> Tick { Tick::from_millis(0) }
    /// }
    /// impl ConstDefault for Uptime {
    ///     const DEFAULT: Self = Self;
    /// }
    /// static PANEL: Registry<8, Uptime> = Registry::const_default();
    /// ```
    #[cfg(not(fusebox_loom))]
    #[must_use]
    pub const fn const_default() -> Self {
        Self {
            slots: [const { CircuitBreaker::vacant(C::DEFAULT, O::DEFAULT) }; N],
            #[cfg(not(fusebox_compact))]
            limits: [const { Limits::const_default() }; N],
        }
    }

    /// The same, of loom's atomics, which have no `const` constructor.
    #[cfg(fusebox_loom)]
    #[must_use]
    pub fn const_default() -> Self {
        Self { slots: core::array::from_fn(|_| CircuitBreaker::vacant(C::DEFAULT, O::DEFAULT)) }
    }
}

impl<const N: usize, C: Clone, O: Clone> Registry<N, C, O> {
    /// Makes an empty registry with a clock and an observer of your own. Each
    /// slot holds a clone of both.
    #[must_use]
    pub fn with(clock: &C, observer: &O) -> Self {
        Self {
            slots: core::array::from_fn(|_| {
                CircuitBreaker::vacant(clock.clone(), observer.clone())
            }),
            #[cfg(not(any(fusebox_compact, fusebox_loom)))]
            limits: core::array::from_fn(|_| Limits::vacant(clock, observer)),
        }
    }
}

impl<const N: usize, C, O> Registry<N, C, O> {
    /// Finds the breaker called `name`, or registers it with `settings`.
    ///
    /// # Errors
    /// - [`RegistryError::Name`] for a name that no breaker can have,
    /// - [`RegistryError::Full`] when the name is new and no slot is free,
    /// - [`RegistryError::Clash`] when the breaker has other settings.
    ///
    /// Nothing is changed then.
    pub fn get_or_register<K: AsKey + ?Sized>(
        &self,
        name: &K,
        settings: BreakerSettings,
    ) -> Result<&CircuitBreaker<C, O>, RegistryError> {
        self.panel().get_or_register(name, settings)
    }

    /// Finds the breaker called `name`, whatever its settings, or registers it.
    /// A new breaker has the [default settings](crate::BreakerConfig) until
    /// others are published.
    ///
    /// # Errors
    /// [`RegistryError::Name`] and [`RegistryError::Full`], as
    /// [`get_or_register`](Self::get_or_register).
    pub fn get_or_default<K: AsKey + ?Sized>(
        &self,
        name: &K,
    ) -> Result<&CircuitBreaker<C, O>, RegistryError> {
        self.panel().get_or_default(name)
    }

    /// Finds the breaker called `name`, whatever its settings, or registers it
    /// with `settings`. Use it in a registry that others share, where an
    /// operator or another version of the program may have changed the
    /// settings.
    ///
    /// # Errors
    /// As [`get_or_default`](Self::get_or_default).
    pub fn get_or_init<K: AsKey + ?Sized>(
        &self,
        name: &K,
        settings: BreakerSettings,
    ) -> Result<&CircuitBreaker<C, O>, RegistryError> {
        self.panel().get_or_init(name, settings)
    }

    /// Finds the breaker called `name`, whatever its settings, or registers it with
    /// `settings`. If it finds no place, because the registry is full or `name` is
    /// no name, the breaker called `overflow` stands for it and for all others that
    /// find none. Register that one first, so that it has a place.
    ///
    /// # Errors
    /// As [`get_or_default`](Self::get_or_default), if there is no breaker called
    /// `overflow`.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, Registry, RegistryError};
    ///
    /// static HOSTS: Registry<3> = Registry::new();
    ///
    /// let settings = BreakerConfig::new().build();
    /// let others = HOSTS.get_or_init("other hosts", settings)?;
    /// for host in ["a.example", "b.example", "c.example", "d.example"] {
    ///     let breaker = HOSTS.get_or_overflow(host, settings, "other hosts")?;
    ///     assert_eq!(core::ptr::eq(breaker, others), host >= "c");
    /// }
    /// # Ok::<(), RegistryError>(())
    /// ```
    pub fn get_or_overflow<K: AsKey + ?Sized, V: AsKey + ?Sized>(
        &self,
        name: &K,
        settings: BreakerSettings,
        overflow: &V,
    ) -> Result<&CircuitBreaker<C, O>, RegistryError> {
        self.panel().get_or_overflow(name, settings, overflow)
    }

    /// Finds the breaker called `name`. `None` if there is none.
    #[must_use]
    #[inline]
    pub fn get<K: AsKey + ?Sized>(&self, name: &K) -> Option<&CircuitBreaker<C, O>> {
        self.panel().get(name)
    }

    /// Finds the limits of the slot called `name`, whatever their settings, or registers
    /// the slot. It is that of the breaker which
    /// [`get_or_default`](Self::get_or_default) finds.
    ///
    /// # Errors
    /// As there.
    ///
    /// ```
    /// use fusebox::{LimitKind, RateConfig, Registry};
    ///
    /// static PANEL: Registry<64> = Registry::new();
    ///
    /// let shop = PANEL.limits("shop")?;
    /// shop.rate_limit().init_settings(RateConfig::per_minute(1).build());
    /// shop.rate_limit().try_acquire()?;
    /// let limited = PANEL.limits("shop")?.rate_limit().try_acquire().unwrap_err();
    /// assert_eq!((limited.kind(), limited.name()), (LimitKind::Rate, Some("shop")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(not(any(fusebox_compact, fusebox_loom)))]
    pub fn limits<K: AsKey + ?Sized>(&self, name: &K) -> Result<&Limits<C, O>, RegistryError> {
        self.panel().limits(name)
    }

    /// Iterates over the breakers that were registered, in the order of their
    /// slots.
    pub fn iter(&self) -> impl Iterator<Item = &CircuitBreaker<C, O>> {
        self.panel().iter()
    }

    /// Returns the number of breakers that were registered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Returns whether no breaker was registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the largest number of breakers, `N`.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// Returns the slots as a panel, which has no number in its type.
    #[must_use]
    #[inline]
    pub const fn panel(&self) -> Panel<'_, C, O> {
        #[cfg(not(any(fusebox_compact, fusebox_loom)))]
        return Panel::of(&self.slots, &self.limits);
        #[cfg(any(fusebox_compact, fusebox_loom))]
        Panel::new(&self.slots)
    }
}

impl<const N: usize, C, O> fmt::Debug for Registry<N, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.panel().fmt(f)
    }
}
