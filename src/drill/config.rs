//! What a drill does, checked once.

use core::{fmt, time::Duration};

use crate::drill::error::DrillError;

/// All calls, in hundredths of a percent.
pub(crate) const ALL: u32 = 10_000;

const LEAST: Duration = Duration::from_millis(1);
/// No drill lasts longer.
pub(crate) const LONGEST: Duration = Duration::from_hours(24);
/// No call is made slower by more.
const SLOWEST: Duration = Duration::from_mins(15);

/// Above this a drill must be asked for as [`uncapped`](DrillConfig::uncapped): the share of
/// calls that fail, the time of a slow one, and how long it lasts.
const CAP: u32 = ALL / 2;
const CAP_SLOW: Duration = Duration::from_secs(30);
const CAP_LASTS: Duration = Duration::from_hours(1);

/// A drill: which share of a breaker's calls gets which fault, and for how long.
///
/// [`Drill::lasting`] begins one, so there is none without an end.
/// [`start_drill`](crate::CircuitBreaker::start_drill) hands it to a breaker. What it does to
/// calls needs the feature `drill` in the program that makes them.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{BreakerConfig, CircuitBreaker, Drill, DrillError};
///
/// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
///
/// let minute = Duration::from_secs(60);
/// let drill = Drill::lasting(minute).fail(5.0).slow(Duration::from_millis(200), 10.0).seed(7);
/// SHOP.start_drill(drill.build());
/// assert!(SHOP.drill().unwrap().left > Duration::from_secs(50));
/// SHOP.stop_drill();
/// assert_eq!(SHOP.drill(), None);
///
/// let error = Drill::lasting(Duration::ZERO).fail(5.0).try_build().unwrap_err();
/// assert_eq!(error.to_string(), "`lasts` is 0ns, and must be from 1ms to 86400s");
/// # let _: DrillError = error;
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Drill {
    pub(crate) fail: u16,
    pub(crate) hang: u16,
    pub(crate) panic: u16,
    pub(crate) slow: u16,
    pub(crate) slow_ms: u32,
    pub(crate) lasts_ms: u32,
    pub(crate) seed: u32,
}

impl Drill {
    /// Begins a drill that ends by itself after this time, from 1 ms to 24 h. Whole
    /// milliseconds count, a part of one as a whole.
    pub const fn lasting(time: Duration) -> DrillConfig {
        DrillConfig {
            lasts: time,
            fail: 0.0,
            hang: 0.0,
            panic: 0.0,
            slow: 0.0,
            slow_by: LEAST,
            seed: 0,
            cap: Cap::InRelease,
        }
    }

    /// Returns the share of calls that fail, in percent.
    #[must_use]
    pub fn fail(&self) -> f64 {
        percent(self.fail)
    }

    /// Returns the share of calls that hang, in percent.
    #[must_use]
    pub fn hang(&self) -> f64 {
        percent(self.hang)
    }

    /// Returns the share of calls that panic, in percent.
    #[must_use]
    pub fn panic(&self) -> f64 {
        percent(self.panic)
    }

    /// Returns the share of calls that are slower, in percent.
    #[must_use]
    pub fn slow(&self) -> f64 {
        percent(self.slow)
    }

    /// Returns by how much a slow call is slower.
    #[must_use]
    pub const fn slow_by(&self) -> Duration {
        Duration::from_millis(self.slow_ms as u64)
    }

    /// Returns how long the drill lasts.
    #[must_use]
    pub const fn lasts(&self) -> Duration {
        Duration::from_millis(self.lasts_ms as u64)
    }

    /// Returns the seed from which the calls with a fault follow.
    #[must_use]
    pub const fn seed(&self) -> u32 {
        self.seed
    }
}

fn percent(hundredths: u16) -> f64 {
    f64::from(hundredths) / 100.0
}

/// As in `fail 5%, slow 200ms on 10%, for 60s, seed 7`.
impl fmt::Display for Drill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, share) in [("fail", self.fail), ("hang", self.hang), ("panic", self.panic)] {
            if share > 0 {
                write!(f, "{name} {}%, ", percent(share))?;
            }
        }
        if self.slow > 0 {
            write!(f, "slow {:?} on {}%, ", self.slow_by(), percent(self.slow))?;
        }
        write!(f, "for {:?}, seed {}", self.lasts(), self.seed)
    }
}

impl fmt::Debug for Drill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Drill({self})")
    }
}

/// A drill that is being written; [`Drill::lasting`] begins it.
///
/// Shares are in percent, and count to a hundredth of one; together they are 100 % at most.
/// A build in release mode has a cap: it refuses more than 50 % of calls that fail, hang or
/// panic together, any that panic, a slow call of more than 30 s and a drill of more than one
/// hour, unless it is [`uncapped`](Self::uncapped).
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct DrillConfig {
    lasts: Duration,
    fail: f64,
    hang: f64,
    panic: f64,
    slow: f64,
    slow_by: Duration,
    seed: u32,
    cap: Cap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cap {
    InRelease,
    Always,
    Never,
}

impl DrillConfig {
    /// Sets the share of calls that fail without being made, in percent.
    pub const fn fail(mut self, percent: f64) -> Self {
        self.fail = percent;
        self
    }

    /// Sets the share of calls that take so much longer, in percent; they are made after
    /// that. From 1 ms to 15 min.
    pub const fn slow(mut self, by: Duration, percent: f64) -> Self {
        (self.slow_by, self.slow) = (by, percent);
        self
    }

    /// Sets the share of calls that hang until the drill ends, and then fail, in percent.
    pub const fn hang(mut self, percent: f64) -> Self {
        self.hang = percent;
        self
    }

    /// Sets the share of calls that panic, in percent.
    pub const fn panic(mut self, percent: f64) -> Self {
        self.panic = percent;
        self
    }

    /// Sets the seed. The same seed gives the same numbers of failing calls, on any number of
    /// threads.
    pub const fn seed(mut self, seed: u32) -> Self {
        self.seed = seed;
        self
    }

    /// Lifts the cap of a release build.
    pub const fn uncapped(mut self) -> Self {
        self.cap = Cap::Never;
        self
    }

    /// Holds the cap in any build.
    pub const fn capped(mut self) -> Self {
        self.cap = Cap::Always;
        self
    }

    /// Makes the drill.
    ///
    /// # Errors
    /// [`DrillError`] names the first setting that is wrong, its value and its range.
    #[allow(clippy::cast_possible_truncation, clippy::missing_panics_doc)] // within their ranges
    pub const fn try_build(self) -> Result<Drill, DrillError> {
        macro_rules! checked {
            ($checked:expr) => {
                match $checked {
                    Ok(value) => value,
                    Err(error) => return Err(error),
                }
            };
        }
        let lasts_ms = checked!(millis("lasts", self.lasts, LONGEST));
        let fail = checked!(share("fail", self.fail));
        let hang = checked!(share("hang", self.hang));
        let panic = checked!(share("panic", self.panic));
        let slow = checked!(share("slow", self.slow));
        let slow_ms = checked!(millis("slow", self.slow_by, SLOWEST));
        let failing = fail as u32 + hang as u32 + panic as u32;
        if failing + slow as u32 > ALL {
            return Err(DrillError::sum(failing + slow as u32));
        }
        if failing + slow as u32 == 0 {
            return Err(DrillError::nothing());
        }
        let capped = match self.cap {
            Cap::InRelease => !cfg!(debug_assertions),
            Cap::Always => true,
            Cap::Never => false,
        };
        if capped {
            if panic > 0 {
                return Err(DrillError::capped_share("panic", panic as u32, 0));
            }
            if failing > CAP {
                return Err(DrillError::capped_share("fail, hang and panic", failing, CAP));
            }
            if slow > 0 && slow_ms as u128 > CAP_SLOW.as_millis() {
                return Err(DrillError::capped_time("slow", self.slow_by, CAP_SLOW));
            }
            if lasts_ms as u128 > CAP_LASTS.as_millis() {
                return Err(DrillError::capped_time("lasts", self.lasts, CAP_LASTS));
            }
        }
        Ok(Drill { fail, hang, panic, slow, slow_ms, lasts_ms, seed: self.seed })
    }

    /// Makes the drill.
    ///
    /// # Panics
    /// Where [`try_build`](Self::try_build) is an error. In a constant that is a compile
    /// error.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> Drill {
        match self.try_build() {
            Ok(drill) => drill,
            Err(error) => error.panic(),
        }
    }
}

/// A share in hundredths of a percent.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 10 000
const fn share(field: &'static str, percent: f64) -> Result<u16, DrillError> {
    // So written that no number is refused, too.
    if percent == 0.0 {
        Ok(0)
    } else if percent >= 0.01 && percent <= 100.0 {
        Ok((percent * 100.0 + 0.5) as u16)
    } else {
        Err(DrillError::percent(field, percent))
    }
}

/// A time in milliseconds, a part of one as a whole.
#[allow(clippy::cast_possible_truncation)] // a day at most
const fn millis(field: &'static str, time: Duration, most: Duration) -> Result<u32, DrillError> {
    let millis = time.as_nanos().div_ceil(1_000_000);
    if millis >= 1 && millis <= most.as_millis() {
        Ok(millis as u32)
    } else {
        Err(DrillError::time(field, time, LEAST, most))
    }
}
