//! All that the limits of a slot say of themselves, to be shown or judged.

use crate::{
    limit::{budget::settings::BudgetSettings, rate::settings::RateSettings},
    registry::limits::Limits,
    time::Clock,
};

/// A reading of a slot's limits: their settings and counts. The parts are read one after
/// another, not at one moment, and nobody is stopped meanwhile.
///
/// ```
/// use fusebox::{RateConfig, Registry};
///
/// static PANEL: Registry<64> = Registry::new();
///
/// let shop = PANEL.limits("shop")?;
/// let settings = RateConfig::per_minute(1).build();
/// shop.rate_limit().init_settings(settings);
/// let refused = (0..3).filter(|_| shop.rate_limit().try_acquire().is_err()).count();
///
/// let reading = shop.reading();
/// assert_eq!(reading.rate.unwrap().settings, settings);
/// assert_eq!((reading.refused(), refused), (2, 2));
/// assert_eq!((reading.budget, reading.bulkhead), (None, None));
/// # Ok::<(), fusebox::RegistryError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitsReading {
    /// What the rate limit says, if there is one.
    pub rate: Option<RateReading>,
    /// What the retry budget says, if there is one.
    pub budget: Option<BudgetReading>,
    /// What the bulkhead says, if there is one.
    pub bulkhead: Option<BulkheadReading>,
}

/// What a rate limit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateReading {
    /// The settings in force.
    pub settings: RateSettings,
    /// How many calls it turned away.
    pub refused: u64,
}

/// What a retry budget says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetReading {
    /// The settings in force.
    pub settings: BudgetSettings,
    /// How many retries it would allow now.
    pub available: u32,
    /// How many retries it refused.
    pub refused: u64,
}

/// What a bulkhead says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkheadReading {
    /// How many calls may be in flight.
    pub limit: u32,
    /// How many are. In memory that processes share only `fusebox-shm` can tell.
    pub in_flight: u32,
    /// The most that were; 65535 is so many, or more. In memory that processes share it is 0:
    /// nobody counts it.
    pub peak: u32,
    /// How many calls it turned away.
    pub refused: u64,
}

impl LimitsReading {
    /// Returns whether the slot has any limit.
    #[must_use]
    pub const fn has_any(&self) -> bool {
        self.rate.is_some() || self.budget.is_some() || self.bulkhead.is_some()
    }

    /// Returns how many calls were turned away, by the rate limit and the bulkhead
    /// together. Retries that a budget refused are none.
    #[must_use]
    pub fn refused(&self) -> u64 {
        let rate = self.rate.map_or(0, |it| it.refused);
        rate.wrapping_add(self.bulkhead.map_or(0, |it| it.refused))
    }
}

impl<C: Clock, O> Limits<C, O> {
    /// Reads the settings and counts of all limits.
    #[must_use]
    pub fn reading(&self) -> LimitsReading {
        let (rate, budget, bulkhead) = (self.rate_limit(), self.budget(), self.bulkhead());
        LimitsReading {
            rate: rate.settings().map(|settings| RateReading { settings, refused: rate.refused() }),
            budget: budget.settings().map(|settings| BudgetReading {
                settings,
                available: budget.available(),
                refused: budget.refused(),
            }),
            bulkhead: bulkhead.limit().map(|limit| BulkheadReading {
                limit,
                in_flight: bulkhead.in_flight(),
                peak: bulkhead.peak(),
                refused: bulkhead.refused(),
            }),
        }
    }
}
