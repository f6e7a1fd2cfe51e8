//! A retry budget's settings: checked once, packed into one word.

use crate::{
    config::{ConfigError, Unit, settings},
    limit::budget::word::{MOST, Terms},
};

settings! {
    /// The settings of a retry budget before they are checked; [`build`](Self::build)
    /// checks them.
    table
    /// In any time t in which k calls begin, the budget allows at most
    /// `burst + k * retries / calls + t * reserve_per_second` retries. It computes with
    /// the fraction itself, so a share of 60 % is 60 %, and one of 0.1 % is a retry for
    /// each thousand calls.
    ///
    /// ```
    /// use fusebox::{BudgetConfig, BudgetSettings};
    ///
    /// // In a `const` or `static` a bad value is a compile error.
    /// const TENTH: BudgetSettings = BudgetConfig::share(0.10).reserve_per_second(5).build();
    /// const THIRD: BudgetSettings = BudgetConfig::share_of(1, 3).build();
    /// assert_eq!(TENTH, BudgetConfig::share_of(1, 10).reserve_per_second(5).build());
    ///
    /// // At run time it is an error that names field, value and range.
    /// let error = BudgetConfig::share(1.5).try_build().unwrap_err();
    /// assert_eq!(error.to_string(), "`share` is 1.5, and must be 0, or from 0.000001 to 1");
    /// ```
    #[derive(Eq)]
    config BudgetConfig {
        /// The retries that are allowed for each `calls`.
        ///
        /// [`share`](crate::BudgetConfig::share) and
        /// [`share_of`](crate::BudgetConfig::share_of) set both. Once built, they may be
        /// other numbers with the same ratio.
        retries: count -> u32 = 1, 0..=1_048_575, at 0;
        /// The calls for which so many `retries` are allowed.
        ///
        /// In lowest terms, at most 1048; more where they divide a million, as those of
        /// a share in decimals do.
        calls: count -> u32 = 10, 1..=1_048_575, at 20 floored;
        /// The retries that are allowed in each second besides.
        ///
        /// They are for where calls are rare: a tenth of one call is none.
        reserve_per_second: count -> u32 = 10, 0..=4_095, at 40;
        /// The retries that a budget saves up at most, and begins with.
        ///
        /// The default is the reserve of ten seconds. With 1 a budget cannot save the
        /// part of a retry that is left over, so it allows less than its share. A share with a large denominator
        /// leaves less room: the error then says how much.
        burst: count -> u32 = 100, 1..=4_095, at 52 floored;
    }
    => packed BudgetSettings
}

/// A share that is none: above this bit are no numbers that a setter takes.
const NO_SHARE: u128 = 1 << 127;

/// The largest cost of a withdrawal, in parts: its place has so many bits.
const DEAREST: u64 = (1 << 20) - 1;

impl BudgetConfig {
    /// So large a share of the calls, from 0 to 1, in whole millionths, rounded down.
    pub const fn share(share: f64) -> Self {
        let mut config = Self::new();
        if share == 0.0 || 1e-6 <= share && share <= 1.0 {
            // A little more, as 0.6 is not quite 0.6 as a float. Not negative, and small.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let millionths = (share * 1e6 + 1e-3) as u64;
            let divisor = common_divisor(millionths, 1_000_000);
            config.values[Row::retries as usize] = (millionths / divisor) as u128;
            config.values[Row::calls as usize] = (1_000_000 / divisor) as u128;
        } else {
            config.values[Row::retries as usize] = NO_SHARE | share.to_bits() as u128;
        }
        config
    }

    /// So many retries for each `calls`.
    pub const fn share_of(retries: u32, calls: u32) -> Self {
        Self::new().retries(retries).calls(calls)
    }

    /// Checks the settings.
    ///
    /// # Panics
    /// On a value out of its range; in a `const` that is a compile error. Use
    /// [`try_build`](Self::try_build) for values that are known only at run time.
    #[must_use]
    #[track_caller]
    pub const fn build(self) -> BudgetSettings {
        match self.try_build() {
            Ok(settings) => settings,
            Err(error) => error.panic(),
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with the first field that is out of its range. More `retries` than
    /// `calls` are, too, and a `burst` for which the share leaves no room.
    #[allow(clippy::cast_possible_truncation)] // checked, or the lower half
    pub const fn try_build(mut self) -> Result<BudgetSettings, ConfigError> {
        let (given, calls) = (self.values[Row::retries as usize], Row::calls as usize);
        if given & NO_SHARE != 0 {
            return Err(ConfigError::no_part("share", f64::from_bits(given as u64)));
        }
        if let Err(error) = self.check_rows() {
            return Err(error);
        }
        if given > self.values[calls] {
            return Err(ConfigError::out_of_range(
                "retries",
                Unit::Count,
                given,
                0,
                self.values[calls],
            ));
        }
        // In parts so small that the reserve of a millisecond is a whole number of them.
        let (gain, cost) = (given as u64, self.values[calls] as u64);
        let divisor = common_divisor(gain, cost);
        let (gain, cost) = (gain / divisor, cost / divisor);
        let reserve = self.values[Row::reserve_per_second as usize] as u64 * cost;
        let finer = 1_000 / common_divisor(reserve, 1_000);
        let (gain, cost) = (gain * finer, cost * finer);
        if cost > DEAREST {
            let most = DEAREST / 1_000;
            return Err(ConfigError::out_of_range(
                "calls",
                Unit::Count,
                self.values[calls],
                1,
                most as u128,
            ));
        }
        let burst = self.values[Row::burst as usize];
        if burst > (MOST / cost) as u128 {
            let most = (MOST / cost) as u128;
            return Err(ConfigError::out_of_range("burst", Unit::Count, burst, 1, most));
        }
        self.values[Row::retries as usize] = gain as u128;
        self.values[calls] = cost as u128;
        Ok(BudgetSettings(BudgetSettings::packed(&self)))
    }
}

/// The greatest common divisor; of 0 and a number, that number.
const fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Takes settings apart again, to change some of them.
impl From<BudgetSettings> for BudgetConfig {
    fn from(settings: BudgetSettings) -> Self {
        settings.config()
    }
}

/// Checked settings of a retry budget, packed into one word that changes without a lock.
/// [`BudgetConfig`] builds them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BudgetSettings([u64; Self::WORDS]);

impl BudgetSettings {
    pub(crate) const WORDS: usize = 1;

    pub(crate) const fn pack(self) -> u64 {
        self.0[0]
    }

    /// The settings of this word, which is not 0. A foreign writer's impossible fields are
    /// read as the nearest legal ones where they would do harm.
    #[inline]
    pub(crate) const fn unpack(word: u64) -> Self {
        Self([word])
    }

    /// The settings as a [`BudgetConfig`], to change one thing of them.
    ///
    /// ```
    /// use fusebox::{BudgetConfig, BudgetSettings};
    ///
    /// const TENTH: BudgetSettings = BudgetConfig::share(0.10).build();
    /// const STRICT: BudgetSettings = TENTH.config().reserve_per_second(0).build();
    /// assert_eq!(STRICT, BudgetConfig::share(0.10).reserve_per_second(0).build());
    /// ```
    pub const fn config(self) -> BudgetConfig {
        BudgetConfig { values: self.raw() }
    }

    #[inline]
    pub(super) const fn terms(self) -> Terms {
        let (gain, cost) = (self.retries() as u64, self.calls() as u64);
        let depth = self.burst() as u64 * cost;
        Terms {
            gain,
            cost,
            // Without a rest, as it was built.
            reserve: self.reserve_per_second() as u64 * cost / 1_000,
            // Of a foreign writer's settings, too.
            depth: if depth < MOST { depth } else { MOST },
        }
    }
}
