//! A failover set's settings: checked once, packed into one word.

use core::time::Duration;

use crate::{
    config::{ConfigError, settings},
    limit::budget::word::Terms,
};

settings! {
    /// The settings of a failover set before they are checked; [`build`](Self::build)
    /// checks them.
    table
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{FailoverConfig, FailoverSettings};
    ///
    /// // In a `const` or `static` a bad value is a compile error.
    /// const HALF: FailoverSettings = FailoverConfig::new().spill_share(50).build();
    /// assert_eq!((HALF.spill_share(), HALF.return_over()), (50, Duration::from_secs(10)));
    ///
    /// // At run time it is an error that names field, value and range.
    /// let error = FailoverConfig::new().spill_share(150).try_build().unwrap_err();
    /// assert_eq!(error.to_string(), "`spill_share` is 150%, and must be from 0 to 100%");
    /// ```
    #[derive(Eq)]
    config FailoverConfig {
        /// The share of the set's calls that may spill onto each other member.
        ///
        /// The set takes its own calls as the measure of what a member bears besides: where
        /// several regions are each the home of as many calls, 40 % adds at most 40 % to
        /// what each of the others does. Envoy's overprovisioning factor of 1.4 allows as
        /// much. A standby that can bear all the calls gets 100 %; then its budget refuses
        /// none.
        spill_share: percent -> u8 = 40, 0..=100, at 0;
        /// The calls that may spill onto each other member in a second besides.
        ///
        /// They are for where calls are rare: 40 % of one call is none. Each process adds as
        /// many: a hundred of them, a hundred a second.
        reserve_per_second: count -> u32 = 1, 0..=4_095, at 7;
        /// The calls that may spill at once onto each other member when none did for a while.
        ///
        /// A sixteenth of it is kept for each class of [`Priority`](crate::Priority) that is
        /// higher than the call's own.
        burst: count -> u32 = 20, 1..=160, at 19;
        /// The share of members below which the set panics; 0 is never.
        ///
        /// A member is available while its breaker is closed. A set that panics sends its
        /// calls to all members in turn, whatever their breakers and budgets say. That helps
        /// where most breakers may be wrong for one common reason, such as this host's
        /// network. Otherwise it sends calls to members that are down, and a set of two or
        /// three would do so in any total outage. So the default is never, where Envoy has
        /// 50 %.
        panic_below: percent -> u8 = 0, 0..=100, at 27;
        /// The share of the calls that the home takes first when it is back.
        ///
        /// It grows evenly to all of them over `return_over`. Besides, the home takes each
        /// call that finds no place elsewhere.
        return_from: percent -> u8 = 10, 1..=100, at 34;
        /// The time over which calls return to the home.
        ///
        /// With 0 they return at once. Use this where the home's breaker has no
        /// [`ramp_up`](crate::BreakerConfig::ramp_up) of its own: with both, the home takes
        /// the product of the two shares.
        return_over: millis -> Duration = 10_000, 0..=3_600_000, at 41;
        /// Whether calls stay where they went, until that member's breaker opens.
        ///
        /// They do not return home before. So many of them as `spill_share` allows stay,
        /// and the rest goes to the first member that admits it.
        sticky: flag -> bool = 0, 0..=1, at 63;
    }
    => packed FailoverSettings
}

impl FailoverConfig {
    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values that are known only at run time.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> FailoverSettings {
        match self.try_build() {
            Ok(settings) => settings,
            Err(error) => error.panic(),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range.
    pub const fn try_build(self) -> Result<FailoverSettings, ConfigError> {
        match self.check_rows() {
            Ok(()) => Ok(FailoverSettings(FailoverSettings::packed(&self))),
            Err(error) => Err(error),
        }
    }
}

/// Takes settings apart again, to change some of them.
impl From<FailoverSettings> for FailoverConfig {
    fn from(settings: FailoverSettings) -> Self {
        settings.config()
    }
}

/// Checked settings of a failover set. [`FailoverConfig`] builds them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FailoverSettings([u64; Self::WORDS]);

/// The parts of one call in a budget: so many that a percent of it, and a thousandth of it,
/// are whole numbers.
const CALL: u64 = 100_000;

impl FailoverSettings {
    pub(crate) const WORDS: usize = 1;

    /// The settings as a [`FailoverConfig`], to change one thing of them.
    ///
    /// ```
    /// use fusebox::{FailoverConfig, FailoverSettings};
    ///
    /// const USUAL: FailoverSettings = FailoverConfig::new().build();
    /// const STANDBY: FailoverSettings = USUAL.config().spill_share(100).build();
    /// assert_eq!((STANDBY.spill_share(), STANDBY.burst()), (100, USUAL.burst()));
    /// ```
    pub const fn config(self) -> FailoverConfig {
        FailoverConfig { values: self.raw() }
    }

    /// What a member's budget computes with.
    pub(super) const fn terms(self) -> Terms {
        Terms {
            gain: self.spill_share() as u64 * (CALL / 100),
            cost: CALL,
            reserve: self.reserve_per_second() as u64 * (CALL / 1_000),
            depth: self.burst() as u64 * CALL,
        }
    }

    /// The same for calls of a class of priority: of the burst, a part is kept for each
    /// higher class.
    pub(super) const fn terms_of(self, class: u8) -> Terms {
        let kept = self.burst() as u64 * (15 - class as u64) / 16;
        let all = self.terms();
        Terms { depth: all.depth - kept * all.cost, ..all }
    }
}
