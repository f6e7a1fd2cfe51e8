//! Breakers by name, in an array of fixed size.

use core::fmt;

use crate::{
    breaker::{CircuitBreaker, settings::BreakerSettings},
    observe::DefaultObserver,
    registry::{error::RegistryError, key::AsKey, panel::Panel},
    time::{ConstDefault, DefaultClock},
};

/// `N` breakers, found by name: no allocation, no lock, no growth.
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
#[repr(transparent)] // so that it can lie in memory which others map, too
pub struct Registry<const N: usize, C = DefaultClock, O = DefaultObserver> {
    slots: [CircuitBreaker<C, O>; N],
}

#[cfg(feature = "std")]
impl<const N: usize> Registry<N> {
    crate::sync::const_fn! {
        /// An empty registry on the host's clock.
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
    /// An empty registry whose clock and observer are those types' constants.
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
        Self { slots: [const { CircuitBreaker::vacant(C::DEFAULT, O::DEFAULT) }; N] }
    }

    /// The same, of loom's atomics, which have no `const` constructor.
    #[cfg(fusebox_loom)]
    #[must_use]
    pub fn const_default() -> Self {
        Self { slots: core::array::from_fn(|_| CircuitBreaker::vacant(C::DEFAULT, O::DEFAULT)) }
    }
}

impl<const N: usize, C: Clone, O: Clone> Registry<N, C, O> {
    /// An empty registry with a clock and an observer of your own; each slot
    /// holds a clone of both.
    #[must_use]
    pub fn with(clock: &C, observer: &O) -> Self {
        Self {
            slots: core::array::from_fn(|_| {
                CircuitBreaker::vacant(clock.clone(), observer.clone())
            }),
        }
    }
}

impl<const N: usize, C, O> Registry<N, C, O> {
    /// The breaker called `name`, with `settings`: found or made.
    ///
    /// # Errors
    /// - [`RegistryError::Name`] for a name that is none,
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

    /// The breaker called `name`, with whatever settings it has: found or
    /// made. A new one has the [defaults](crate::BreakerConfig) until somebody
    /// publishes others.
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

    /// The breaker called `name`, with the settings that it has, and only a
    /// new one with `settings`: for a registry that others share, where an
    /// operator or another version of the program may have set others.
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

    /// The breaker called `name`, if there is one.
    #[must_use]
    #[inline]
    pub fn get<K: AsKey + ?Sized>(&self, name: &K) -> Option<&CircuitBreaker<C, O>> {
        self.panel().get(name)
    }

    /// All breakers that were registered, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = &CircuitBreaker<C, O>> {
        self.panel().iter()
    }

    /// How many breakers were registered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether none was registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many breakers there can be: `N`.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// The same without the number of slots in its type.
    #[must_use]
    #[inline]
    pub const fn panel(&self) -> Panel<'_, C, O> {
        Panel::new(&self.slots)
    }
}

impl<const N: usize, C, O> fmt::Debug for Registry<N, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.panel().fmt(f)
    }
}
