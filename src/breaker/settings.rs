//! A breaker's settings: checked once, packed into 63 bits.

use core::{fmt, time::Duration};

use crate::error::{ConfigError, Fault};

/// Settings of a breaker, not checked yet; [`build`](Self::build) checks them.
///
/// | setting | range | default |
/// |---|---|---|
/// | `failure_threshold` | 1 to 4095 consecutive failures | 5 |
/// | `recovery_timeout` | 1 to 2^32 - 1 ms (49 days) | 60 s |
/// | `probes` | 1 to 15 in flight while half-open | 1 |
/// | `successes_to_close` | 1 to 15 | 1 |
/// | `doublings` | 0 to 15; `recovery_timeout << doublings` at most 2^37 ms (4 years) | 0 |
/// | `recovery_jitter` | 0 to 100 percent | 0 |
///
/// ```
/// use core::time::Duration;
/// use fusebox::{BreakerConfig, BreakerSettings};
///
/// // In a `const` or `static` a bad value is a compile error.
/// const AI: BreakerSettings = BreakerConfig::new()
///     .failure_threshold(3)
///     .recovery_timeout(Duration::from_secs(30))
///     .build();
/// assert_eq!(AI.failure_threshold(), 3);
///
/// // At run time it is an error that names field, value and range.
/// let error = BreakerConfig::new().failure_threshold(0).try_build().unwrap_err();
/// assert_eq!(error.to_string(), "`failure_threshold` is 0, and must be from 1 to 4095");
/// ```
///
/// This does not compile, and says "`probes` must be from 1 to 15":
///
/// ```compile_fail,E0080
/// const BAD: fusebox::Settings = fusebox::BreakerConfig::new().probes(16).build();
/// println!("{BAD}");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct BreakerConfig {
    failure_threshold: u32,
    recovery_timeout: Duration,
    probes: u32,
    successes_to_close: u32,
    doublings: u32,
    recovery_jitter: u32,
}

/// `recovery_timeout << doublings`, in milliseconds, is at most this, so that
/// a wait with its jitter stays within the 2^39 ms that a tick can tell apart.
const MAX_WAIT: u64 = 1 << 37;

impl BreakerConfig {
    /// The defaults: 5 failures, 60 s, 1 probe, 1 success to close, no
    /// doubling, no jitter.
    pub const fn new() -> Self {
        Self {
            failure_threshold: 5,
            recovery_timeout: Duration::from_mins(1),
            probes: 1,
            successes_to_close: 1,
            doublings: 0,
            recovery_jitter: 0,
        }
    }

    /// The number of consecutive failures that opens the breaker.
    pub const fn failure_threshold(mut self, failures: u32) -> Self {
        self.failure_threshold = failures;
        self
    }

    /// How long the breaker stays open; a part of a millisecond counts as a
    /// whole one.
    pub const fn recovery_timeout(mut self, timeout: Duration) -> Self {
        self.recovery_timeout = timeout;
        self
    }

    /// How many probes may be in flight at a time while half-open.
    pub const fn probes(mut self, probes: u32) -> Self {
        self.probes = probes;
        self
    }

    /// How many probes must succeed for the breaker to close.
    pub const fn successes_to_close(mut self, successes: u32) -> Self {
        self.successes_to_close = successes;
        self
    }

    /// How many times the wait doubles when probes fail in a row: the wait
    /// after the n-th is `recovery_timeout << min(n, doublings)`.
    pub const fn doublings(mut self, doublings: u32) -> Self {
        self.doublings = doublings;
        self
    }

    /// By up to how many percent each opening waits longer, so that the
    /// breakers of a fleet do not probe in step.
    pub const fn recovery_jitter(mut self, percent: u32) -> Self {
        self.recovery_jitter = percent;
        self
    }

    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values that are known only at run
    /// time.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> BreakerSettings {
        // A `const` panic cannot format a number: the field must do.
        match self.try_build() {
            Ok(settings) => settings,
            Err(error) => match error.field.as_bytes()[0] {
                b'f' => panic!("`failure_threshold` must be from 1 to 4095"),
                b'p' => panic!("`probes` must be from 1 to 15"),
                b's' => panic!("`successes_to_close` must be from 1 to 15"),
                b'd' => panic!(
                    "`doublings` must be from 0 to 15, `recovery_timeout << doublings` at most 2^37 ms"
                ),
                _ if error.field.as_bytes()[9] == b'j' => {
                    panic!("`recovery_jitter` must be from 0 to 100 %")
                }
                _ => panic!("`recovery_timeout` must be from 1 to 4294967295 ms"),
            },
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range.
    pub const fn try_build(self) -> Result<BreakerSettings, ConfigError> {
        let timeout = self.recovery_timeout.as_nanos().div_ceil(1_000_000);
        let mut most_doublings = 0;
        while most_doublings < 15 && timeout << (most_doublings + 1) <= MAX_WAIT as u128 {
            most_doublings += 1;
        }
        let checks = [
            ("failure_threshold", self.failure_threshold as u128, "", 1, FAILURE_THRESHOLD.max()),
            ("recovery_timeout", timeout, " ms", 1, RECOVERY_TIMEOUT.max()),
            ("probes", self.probes as u128, "", 1, PROBES.max()),
            ("successes_to_close", self.successes_to_close as u128, "", 1, SUCCESSES.max()),
            ("doublings", self.doublings as u128, "", 0, most_doublings),
            ("recovery_jitter", self.recovery_jitter as u128, "%", 0, 100),
        ];
        let mut at = 0;
        while at < checks.len() {
            let (field, value, unit, min, max) = checks[at];
            let (min, max): (u64, u64) = (min, max);
            let (min, max) = (min as u128, max as u128);
            if value < min || value > max {
                return Err(ConfigError { field, fault: Fault::Number { value, unit, min, max } });
            }
            at += 1;
        }
        #[allow(clippy::cast_possible_truncation)] // checked above
        let timeout = timeout as u64;
        Ok(BreakerSettings(
            FAILURE_THRESHOLD.of(self.failure_threshold as u64)
                | RECOVERY_TIMEOUT.of(timeout)
                | PROBES.of(self.probes as u64)
                | SUCCESSES.of(self.successes_to_close as u64)
                | DOUBLINGS.of(self.doublings as u64)
                | JITTER.of(self.recovery_jitter as u64),
        ))
    }
}

/// What was set, to be changed and built again.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker};
///
/// let breaker = CircuitBreaker::new(BreakerConfig::new().probes(2).build());
/// let stricter = BreakerConfig::from(breaker.settings()).failure_threshold(1).try_build()?;
/// breaker.set_settings(stricter);
/// assert_eq!((stricter.failure_threshold(), stricter.probes()), (1, 2));
/// # Ok::<(), fusebox::ConfigError>(())
/// ```
impl From<BreakerSettings> for BreakerConfig {
    fn from(settings: BreakerSettings) -> Self {
        settings.config()
    }
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// A field of a packed word.
struct Field {
    shift: u32,
    bits: u32,
}

impl Field {
    const fn max(&self) -> u64 {
        (1 << self.bits) - 1
    }

    const fn of(&self, value: u64) -> u64 {
        value << self.shift
    }

    #[inline]
    const fn get(&self, packed: u64) -> u64 {
        packed >> self.shift & self.max()
    }
}

const FAILURE_THRESHOLD: Field = Field { shift: 51, bits: 12 };
const RECOVERY_TIMEOUT: Field = Field { shift: 19, bits: 32 };
const PROBES: Field = Field { shift: 15, bits: 4 };
const SUCCESSES: Field = Field { shift: 11, bits: 4 };
const DOUBLINGS: Field = Field { shift: 7, bits: 4 };
const JITTER: Field = Field { shift: 0, bits: 7 };

/// Checked settings of a breaker, packed into one word so that they change at
/// once, without a lock. Built by [`BreakerConfig`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::cast_possible_truncation)] // every field is narrower than its type
pub struct BreakerSettings(u64);

#[allow(clippy::cast_possible_truncation)] // every field is narrower than its type
impl BreakerSettings {
    /// What a slot has before its settings are published.
    pub(crate) const DEFAULT: Self = BreakerConfig::new().build();

    pub(crate) const fn pack(self) -> u64 {
        self.0
    }

    /// The settings that a word holds; `None` when none were published. A
    /// foreign writer's impossible fields are read as the nearest legal ones.
    pub(crate) const fn unpack(word: u64) -> Option<Self> {
        if word == 0 { None } else { Some(Self(word)) }
    }

    /// The same as a [`BreakerConfig`], to change one thing of a preset:
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerSettings, presets};
    ///
    /// const AI: BreakerSettings =
    ///     presets::AI_PROVIDER.config().recovery_timeout(Duration::from_secs(5)).build();
    /// assert_eq!((AI.failure_threshold(), AI.recovery_timeout().as_secs()), (3, 5));
    /// ```
    pub const fn config(self) -> BreakerConfig {
        BreakerConfig {
            failure_threshold: self.failure_threshold() as u32,
            recovery_timeout: self.recovery_timeout(),
            probes: self.probes() as u32,
            successes_to_close: self.successes_to_close() as u32,
            doublings: self.doublings() as u32,
            recovery_jitter: self.recovery_jitter() as u32,
        }
    }

    /// Whether every field is in its range: false only for what a foreign
    /// writer left in shared memory.
    pub(crate) fn is_legal(self) -> bool {
        BreakerConfig::from(self).try_build() == Ok(self)
    }

    /// The number of consecutive failures that opens the breaker.
    #[must_use]
    #[inline]
    pub const fn failure_threshold(self) -> u16 {
        FAILURE_THRESHOLD.get(self.0) as u16
    }

    /// How long the breaker stays open, in whole milliseconds.
    #[must_use]
    pub const fn recovery_timeout(self) -> Duration {
        Duration::from_millis(self.recovery_timeout_ms())
    }

    #[inline]
    pub(crate) const fn recovery_timeout_ms(self) -> u64 {
        RECOVERY_TIMEOUT.get(self.0)
    }

    /// How many probes may be in flight at a time while half-open.
    #[must_use]
    #[inline]
    pub const fn probes(self) -> u8 {
        at_least_one(PROBES.get(self.0)) as u8
    }

    /// How many probes must succeed for the breaker to close.
    #[must_use]
    #[inline]
    pub const fn successes_to_close(self) -> u8 {
        at_least_one(SUCCESSES.get(self.0)) as u8
    }

    /// How many times the wait doubles when probes fail in a row.
    #[must_use]
    #[inline]
    pub const fn doublings(self) -> u8 {
        DOUBLINGS.get(self.0) as u8
    }

    /// By up to how many percent each opening waits longer.
    #[must_use]
    #[inline]
    pub const fn recovery_jitter(self) -> u8 {
        JITTER.get(self.0) as u8
    }

    /// How long an opening waits, in milliseconds, after `reopenings` failed
    /// probes in a row; `draw` picks its jitter, if there is any.
    #[inline]
    pub(crate) fn wait_ms(self, reopenings: u64, draw: impl FnOnce() -> u16) -> u64 {
        let doublings = reopenings.min(self.doublings().into());
        // The limit is only for a foreign writer's settings.
        let wait = (self.recovery_timeout_ms() << doublings).min(MAX_WAIT);
        match u64::from(self.recovery_jitter()) {
            0 => wait,
            // 37 + 7 + 16 bits: no overflow. A shift, and a division by a constant.
            percent => wait + (((wait * percent) / 100 * u64::from(draw())) >> u16::BITS),
        }
    }
}

#[inline]
const fn at_least_one(value: u64) -> u64 {
    if value == 0 { 1 } else { value }
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Debug for BreakerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerSettings")
            .field("failure_threshold", &self.failure_threshold())
            .field("recovery_timeout", &self.recovery_timeout())
            .field("probes", &self.probes())
            .field("successes_to_close", &self.successes_to_close())
            .field("doublings", &self.doublings())
            .field("recovery_jitter", &self.recovery_jitter())
            .finish()
    }
}

impl fmt::Display for BreakerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "failure_threshold={} recovery_timeout={:?} probes={} successes_to_close={} \
             doublings={} recovery_jitter={}%",
            self.failure_threshold(),
            self.recovery_timeout(),
            self.probes(),
            self.successes_to_close(),
            self.doublings(),
            self.recovery_jitter(),
        )
    }
}
