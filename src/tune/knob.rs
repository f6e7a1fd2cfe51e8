//! The settings that a tuner knows how to tune.

use core::fmt;

use crate::{
    breaker::settings::{BreakerConfig, BreakerSettings},
    config::Setting,
};

/// A setting that a tuner knows how to tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Knob {
    /// [`recovery_timeout`](BreakerConfig::recovery_timeout), in milliseconds.
    RecoveryTimeout,
    /// [`doublings`](BreakerConfig::doublings).
    Doublings,
    /// [`failure_threshold`](BreakerConfig::failure_threshold).
    FailureThreshold,
    /// [`failure_weight`](BreakerConfig::failure_weight).
    FailureWeight,
    /// [`successes_to_close`](BreakerConfig::successes_to_close).
    SuccessesToClose,
    /// [`slow_call`](BreakerConfig::slow_call), in milliseconds.
    SlowCall,
}

impl Knob {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::RecoveryTimeout,
        Self::Doublings,
        Self::FailureThreshold,
        Self::FailureWeight,
        Self::SuccessesToClose,
        Self::SlowCall,
    ];

    /// Returns the name of the setting, as in the table of settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RecoveryTimeout => "recovery_timeout",
            Self::Doublings => "doublings",
            Self::FailureThreshold => "failure_threshold",
            Self::FailureWeight => "failure_weight",
            Self::SuccessesToClose => "successes_to_close",
            Self::SlowCall => "slow_call",
        }
    }

    /// Returns the setting's row in the table of a breaker's settings.
    ///
    /// # Panics
    /// Never: each is in the table.
    #[must_use]
    pub fn setting(self) -> &'static Setting {
        let row = BreakerConfig::TABLE.iter().find(|row| row.name() == self.name());
        row.expect("a setting of the table")
    }

    /// Its value.
    pub(super) fn of(self, settings: BreakerSettings) -> u64 {
        settings.get(self.name()).unwrap_or(0)
    }

    /// These settings with another value of it.
    pub(super) fn with(self, config: BreakerConfig, value: u64) -> BreakerConfig {
        config.set(self.name(), value).unwrap_or(config)
    }
}

impl fmt::Display for Knob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
