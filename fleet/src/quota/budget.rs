//! A retry budget whose reserve is the whole fleet's.

use std::fmt;

use fusebox::{BudgetConfig, Clock, ConfigError, Name, RetryBudget, StdClock};

use super::lease::Share;
use crate::transport::{Store, StoreError};

/// Shares the reserve of a retry budget with a fleet.
///
/// The share of calls that a budget allows is the same for one instance and for a fleet. Its
/// reserve is not: a thousand instances that may each try again ten times a second are ten
/// thousand retries against a service that is down. So the fleet's task gives each
/// instance's budget its part of the fleet's reserve, in whole retries a second, rounded
/// down. While the store does not answer, the part stays what it was.
///
/// ```
/// use fusebox::{BudgetConfig, RetryBudget};
/// use fusebox_fleet::FleetBudget;
///
/// static BUDGET: RetryBudget = RetryBudget::new(BudgetConfig::share(0.1).build());
/// static SHARED: FleetBudget = FleetBudget::new("shop", &BUDGET, 100);
/// // fleet.share(&SHARED);
/// assert_eq!(SHARED.reserve_per_second(), 100);
/// ```
pub struct FleetBudget<C: 'static = StdClock> {
    name: Name,
    budget: &'static RetryBudget<C>,
    reserve_per_second: u32,
}

impl<C> FleetBudget<C> {
    /// Shares so many retries a second among the instances of a fleet, however many calls
    /// they make. The rest of the budget's settings stays its own.
    ///
    /// # Panics
    /// On a name that is empty, too long, or holds a control character; in a `const` that
    /// is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &str, budget: &'static RetryBudget<C>, reserve_per_second: u32) -> Self {
        Self { name: Name::new(name), budget, reserve_per_second }
    }

    /// The reserve of all instances together, in retries a second.
    #[must_use]
    pub const fn reserve_per_second(&self) -> u32 {
        self.reserve_per_second
    }
}

impl<C: Clock + Send + Sync> FleetBudget<C> {
    /// Gives the budget the part of one of so many instances.
    fn share_among(&self, alive: u32) -> Result<(), ConfigError> {
        let Some(settings) = self.budget.settings() else { return Ok(()) };
        let part = self.reserve_per_second / alive.max(1);
        if part != settings.reserve_per_second() {
            let config: BudgetConfig = settings.config();
            self.budget.set_settings(config.reserve_per_second(part).try_build()?);
        }
        Ok(())
    }
}

impl<C: Clock + Send + Sync> Share for FleetBudget<C> {
    fn name(&self) -> Name {
        self.name
    }

    fn renew(&self, _: &mut dyn Store, alive: u32) -> Result<(), StoreError> {
        self.share_among(alive).map_err(StoreError::new)
    }
}

impl<C> fmt::Debug for FleetBudget<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetBudget")
            .field("name", &self.name)
            .field("reserve_per_second", &self.reserve_per_second)
            .finish_non_exhaustive()
    }
}
