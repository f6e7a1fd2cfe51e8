//! How much a whole fleet may call.

use std::{fmt, time::Duration};

use fusebox::{RateConfig, RateSettings};

/// A quota of a fleet before it is checked; [`build`](Self::build) checks it.
///
/// ```
/// use fusebox_fleet::QuotaConfig;
///
/// let quota = QuotaConfig::per_second(1_000).alone(50).instances(20).build();
/// assert_eq!(quota.calls(), 1_000);
/// let error = QuotaConfig::per_second(0).try_build().unwrap_err();
/// assert_eq!(error.to_string(), "`calls` is 0, and must be from 1 to 10000000");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct QuotaConfig {
    calls: u32,
    time: Duration,
    alone: u8,
    instances: u16,
}

/// A setting of a quota is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuotaConfigError {
    /// Too few calls, or too many.
    Calls(u32),
    /// Too short a time, or too long a one.
    Time(Duration),
    /// No share of the quota.
    Alone(u8),
    /// No instance.
    Instances(u16),
}

const MOST_CALLS: u32 = 10_000_000;
/// The most that a rate limit admits at once.
const MOST_BURST: u32 = 2_000_000;
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_hours(24);

impl fmt::Display for QuotaConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls(calls) => {
                write!(f, "`calls` is {calls}, and must be from 1 to {MOST_CALLS}")
            }
            Self::Time(time) => {
                write!(f, "`time` is {time:?}, and must be from {SHORTEST:?} to {LONGEST:?}")
            }
            Self::Alone(share) => write!(f, "`alone` is {share}%, and must be from 1 to 100%"),
            Self::Instances(count) => {
                write!(f, "`instances` is {count}, and must be from 1 to {}", u16::MAX)
            }
        }
    }
}

impl std::error::Error for QuotaConfigError {}

impl QuotaConfig {
    /// So many calls a second, of all instances together.
    pub const fn per_second(calls: u32) -> Self {
        Self::per(calls, Duration::from_secs(1))
    }

    /// So many calls in a time, from 100 ms to a day, of all instances together.
    pub const fn per(calls: u32, time: Duration) -> Self {
        Self { calls, time, alone: 50, instances: 10 }
    }

    /// The share of the quota in percent, from 1 to 100, that all instances have together
    /// while the store does not answer; 50 by default.
    ///
    /// Each has an equal part of it: of as many parts as it has seen instances alive, at
    /// most, or as [`instances`](Self::instances) says, if that is more.
    pub const fn alone(mut self, percent: u8) -> Self {
        self.alone = percent;
        self
    }

    /// How many instances there are at least; 10 by default. It counts before an instance
    /// has reached the store for the first time.
    pub const fn instances(mut self, instances: u16) -> Self {
        self.instances = instances;
        self
    }

    /// Checks the quota.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> QuotaSettings {
        match self.try_build() {
            Ok(settings) => settings,
            Err(QuotaConfigError::Calls(_)) => panic!("`calls` must be from 1 to 10000000"),
            Err(QuotaConfigError::Time(_)) => panic!("`time` must be from 100 ms to a day"),
            Err(QuotaConfigError::Alone(_)) => panic!("`alone` must be from 1 to 100%"),
            Err(QuotaConfigError::Instances(_)) => panic!("`instances` must be at least 1"),
        }
    }

    /// Checks the quota.
    ///
    /// # Errors
    /// [`QuotaConfigError`] with the first value that is out of its range.
    pub const fn try_build(self) -> Result<QuotaSettings, QuotaConfigError> {
        let Self { calls, time, alone, instances } = self;
        if calls == 0 || calls > MOST_CALLS {
            return Err(QuotaConfigError::Calls(calls));
        }
        if time.as_millis() < SHORTEST.as_millis() || time.as_millis() > LONGEST.as_millis() {
            return Err(QuotaConfigError::Time(time));
        }
        if alone == 0 || alone > 100 {
            return Err(QuotaConfigError::Alone(alone));
        }
        if instances == 0 {
            return Err(QuotaConfigError::Instances(instances));
        }
        Ok(QuotaSettings(self))
    }
}

/// A checked quota of a fleet. [`QuotaConfig`] builds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaSettings(QuotaConfig);

impl QuotaSettings {
    /// How many calls in its time.
    #[must_use]
    pub const fn calls(&self) -> u32 {
        self.0.calls
    }

    /// The time.
    #[must_use]
    pub const fn time(&self) -> Duration {
        self.0.time
    }

    /// The parts that the time is kept in: cells of one are not leased in the next.
    const fn parts(&self) -> u32 {
        if self.0.calls < 4 { self.0.calls } else { 4 }
    }

    /// How many cells there are in a part of the time.
    pub(super) const fn cells(&self) -> u64 {
        (self.0.calls / self.parts()) as u64
    }

    /// How long such a part is.
    pub(super) fn part(&self) -> Duration {
        self.0.time / self.parts()
    }

    /// The share that all have together while the store does not answer, in percent.
    #[must_use]
    pub const fn alone(&self) -> u8 {
        self.0.alone
    }

    /// How many instances there are at least.
    #[must_use]
    pub const fn instances(&self) -> u16 {
        self.0.instances
    }

    /// What one of so many instances has while the store does not answer. Built for a
    /// `const`.
    pub(super) const fn alone_among(&self, instances: u32) -> RateSettings {
        let Self(QuotaConfig { calls, time, alone, instances: least }) = *self;
        let instances = if instances > least as u32 { instances } else { least as u32 };
        let nanos = time.as_nanos() * 100 * instances as u128;
        let interval = nanos.div_ceil(calls as u128 * alone as u128);
        // Within what a rate limit can keep: seldom, and in nanoseconds.
        let interval = if interval < 100 { 100 } else { interval };
        let interval = if interval > LONGEST.as_nanos() { LONGEST.as_nanos() } else { interval };
        // What comes in a part of the time may come at once.
        let burst = time.as_nanos() / self.parts() as u128 / interval;
        let burst = if burst < 1 { 1 } else { burst };
        // A day at most, and no more calls than there are.
        #[allow(clippy::cast_possible_truncation)]
        let (interval, burst) = (Duration::from_nanos(interval as u64), burst as u32);
        let burst = if burst < MOST_BURST { burst } else { MOST_BURST };
        RateConfig::every(interval).burst(burst).precise(true).build()
    }
}
