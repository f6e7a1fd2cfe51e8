//! The process's own registry, and slots in it that are found once.

use core::{error::Error, fmt};
use std::sync::OnceLock;

use crate::{
    breaker::{
        CircuitBreaker,
        settings::{BreakerConfig, BreakerSettings},
    },
    observe::{DefaultObserver, Event, Misconfigured, Observer},
    registry::{Registry, error::RegistryError},
};

/// How many breakers [`global`] has.
const SLOTS: usize = 256;

static CHOSEN: OnceLock<&Registry<SLOTS>> = OnceLock::new();

/// Returns the registry of the process, which the attributes use. It has 256
/// slots. [`set_global`] puts another one in its place.
///
/// ```
/// use fusebox::{BreakerConfig, RegistryError, global};
///
/// let ai = global().get_or_register("ai_provider", BreakerConfig::new().build())?;
/// assert!(core::ptr::eq(ai, global().get_or_default("ai_provider")?));
/// # Ok::<(), RegistryError>(())
/// ```
#[must_use]
pub fn global() -> &'static Registry<SLOTS> {
    #[cfg(not(fusebox_loom))]
    static GLOBAL: Registry<SLOTS> = Registry::new();
    #[cfg(fusebox_loom)]
    static GLOBAL: std::sync::LazyLock<Registry<SLOTS>> = std::sync::LazyLock::new(Registry::new);
    CHOSEN.get_or_init(|| &GLOBAL)
}

/// Makes `registry` the one that [`global`] returns. It must be called before
/// the first use. With a registry in shared memory, the breakers of attributes
/// are shared with other processes.
///
/// # Errors
/// [`GlobalInUse`] when there is one already: it was chosen before, or somebody
/// has asked for it and may hold breakers of it.
///
/// ```
/// use fusebox::{Registry, global, set_global};
///
/// static PANEL: Registry<256> = Registry::new();
///
/// set_global(&PANEL)?;
/// assert!(core::ptr::eq(global(), &PANEL));
/// assert!(set_global(&PANEL).is_err());
/// # Ok::<(), fusebox::GlobalInUse>(())
/// ```
pub fn set_global(registry: &'static Registry<SLOTS>) -> Result<(), GlobalInUse> {
    CHOSEN.set(registry).map_err(|_| GlobalInUse)
}

/// The registry of the process is in use, so no other can take its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobalInUse;

impl fmt::Display for GlobalInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the global registry is in use: set another before the first call that needs it",
        )
    }
}

impl Error for GlobalInUse {}

/// A breaker of the [`global`] registry. It is looked up at the first use, and
/// costs one load afterwards. The attribute `#[with_circuit_breaker]` puts one
/// in a `static`.
///
/// It never fails. Where others published other settings under the name,
/// theirs hold; where the registry is full, it keeps a breaker of its own, so
/// that protection is never off. Either is an ERROR event, once.
///
/// ```
/// use fusebox::{BreakerConfig, GlobalBreaker};
///
/// static AI: GlobalBreaker = GlobalBreaker::new("ai", Some(BreakerConfig::new().failure_threshold(3).build()));
/// assert_eq!(AI.get().call(|| Ok::<_, ()>(42)), Ok(42));
/// ```
#[derive(Debug)]
pub struct GlobalBreaker {
    name: &'static str,
    settings: Option<BreakerSettings>,
    found: OnceLock<&'static CircuitBreaker>,
    own: OnceLock<CircuitBreaker>,
}

impl GlobalBreaker {
    /// Names a breaker, which is looked up at the first use. Without `settings`
    /// it has those that others gave it, or the defaults.
    ///
    /// # Panics
    /// On a name that [`Name::try_new`](crate::Name::try_new) refuses; in a
    /// `static` that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str, settings: Option<BreakerSettings>) -> Self {
        let _ = crate::name::Name::new(name); // checked now, not at first use
        Self { name, settings, found: OnceLock::new(), own: OnceLock::new() }
    }

    /// Returns the breaker.
    #[inline]
    pub fn get(&'static self) -> &'static CircuitBreaker {
        match self.found.get() {
            Some(breaker) => breaker,
            None => self.find(),
        }
    }

    #[cold]
    fn find(&'static self) -> &'static CircuitBreaker {
        self.found.get_or_init(|| self.find_in(global()))
    }

    fn find_in<const N: usize>(
        &'static self,
        registry: &'static Registry<N>,
    ) -> &'static CircuitBreaker {
        let found = match self.settings {
            Some(settings) => registry.get_or_register(self.name, settings),
            None => registry.get_or_default(self.name),
        };
        let error = match found {
            Ok(breaker) => return breaker,
            Err(error) => error,
        };
        DefaultObserver
            .on_event(&Event::Misconfigured(Misconfigured { subject: self.name, error: &error }));
        let published = match error {
            RegistryError::Clash { .. } => registry.get(self.name),
            _ => None,
        };
        published.unwrap_or_else(|| {
            let settings = self.settings.unwrap_or(BreakerConfig::new().build());
            self.own.get_or_init(|| CircuitBreaker::named(self.name, settings))
        })
    }
}

#[cfg(all(test, not(fusebox_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_full_registry_leaves_a_breaker_of_ones_own() {
        static FULL: Registry<1> = Registry::new();
        static LATE: GlobalBreaker = GlobalBreaker::new("late", None);
        FULL.get_or_default("first").unwrap();
        let own = LATE.find_in(&FULL);
        assert_eq!(own.name().unwrap().as_str(), "late");
        assert!(core::ptr::eq(own, LATE.find_in(&FULL)), "one, however often it is looked for");
        assert_eq!(FULL.len(), 1);
        own.force_open();
        assert!(own.try_acquire().is_err(), "protection is on");
    }
}
