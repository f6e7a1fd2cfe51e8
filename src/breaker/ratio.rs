//! A share of failures that opens a breaker, as a user says it.

use crate::{
    breaker::chain::{MAX_WEIGHT, threshold_for},
    config::ConfigError,
};

/// The share of failures at which a breaker is to open, and how seldom it may do
/// so by mistake.
///
/// From these three numbers [`BreakerConfig::failure_ratio`](crate::BreakerConfig)
/// derives the weight of a failure and the threshold of the score, so that the
/// breaker opens as soon as can be at a share `above`, and at the `normally` share
/// not more than once in `false_alarm_every` calls. This is Page's test of two
/// shares ("Continuous inspection schemes", 1954): a failure counts for
/// `ln(above / normally)`, a success for `ln((1 - normally) / (1 - above))`.
///
/// ```
/// use fusebox::{BreakerConfig, Ratio};
///
/// let ratio = Ratio::above(0.20).normally(0.01).false_alarm_every(1_000_000_000);
/// let settings = BreakerConfig::new().failure_ratio(ratio).build();
/// assert_eq!((settings.failure_weight(), settings.failure_threshold()), (14, 85));
/// println!("{}", settings.promise()); // what it opens after, and how often by mistake
/// ```
///
/// A ratio that cannot be is an error; in a constant it does not compile, and says
/// "`failure_ratio` must be of shares between 0 and 1":
///
/// ```compile_fail,E0080
/// use fusebox::{BreakerConfig, BreakerSettings, Ratio};
///
/// const BAD: BreakerSettings = BreakerConfig::new().failure_ratio(Ratio::above(1.5)).build();
/// println!("{BAD}");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(::serde::Serialize, ::serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[must_use]
pub struct Ratio {
    above: f64,
    #[cfg_attr(feature = "serde", serde(default = "normally"))]
    normally: f64,
    #[cfg_attr(feature = "serde", serde(default = "false_alarm_every"))]
    false_alarm_every: u64,
}

/// The setting.
const FIELD: &str = "failure_ratio";
const NORMALLY: f64 = 0.01;
const FALSE_ALARM_EVERY: u64 = 1_000_000_000;

#[cfg(feature = "serde")]
const fn normally() -> f64 {
    NORMALLY
}

#[cfg(feature = "serde")]
const fn false_alarm_every() -> u64 {
    FALSE_ALARM_EVERY
}

// None of its numbers is NaN once it was checked, and whoever compares configs
// wants a config to equal itself.
impl Eq for Ratio {}

impl Ratio {
    /// A breaker that opens at a share of failures of this size: above 0, below 1.
    ///
    /// Unless you say otherwise, 0.01 are normal, and one false alarm in 10^9 calls
    /// is allowed.
    pub const fn above(share: f64) -> Self {
        Self { above: share, normally: NORMALLY, false_alarm_every: FALSE_ALARM_EVERY }
    }

    /// The share of failures that is normal: above 0, and below the one that opens.
    pub const fn normally(mut self, share: f64) -> Self {
        self.normally = share;
        self
    }

    /// The mean number of calls between openings by mistake, at the normal share.
    pub const fn false_alarm_every(mut self, calls: u64) -> Self {
        self.false_alarm_every = calls;
        self
    }

    /// The weight of a failure, and the threshold of the score, of at most `most`.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(super) const fn derive(self, most: u64) -> Result<(u64, u64), ConfigError> {
        let Self { above, normally, false_alarm_every } = self;
        if !(above > 0.0 && above < 1.0) {
            return Err(ConfigError::no_share(FIELD, above));
        }
        if !(normally > 0.0 && normally < above) {
            return Err(ConfigError::not_normal(FIELD, normally));
        }
        let weight = ln(above / normally) / ln((1.0 - normally) / (1.0 - above)) + 0.5;
        // Below 1 nothing can be done: more than half of the calls must fail.
        let weight = if weight < 1.0 { 1 } else { weight as u64 };
        let keeps = if weight > MAX_WEIGHT as u64 {
            None
        } else {
            threshold_for(false_alarm_every as f64, weight, normally, most)
        };
        match keeps {
            // A threshold within one weight would open at the first failure.
            Some(threshold) => Ok((weight, threshold)),
            None => Err(ConfigError::no_promise(FIELD, false_alarm_every)),
        }
    }
}

/// The natural logarithm of a number above 0, to some 15 digits: that of a power of
/// two, and a series for what is left. `core` has none, and a constant needs it.
#[allow(clippy::cast_possible_truncation)] // an exponent has 11 bits
const fn ln(number: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    let bits = number.to_bits();
    let exponent = (bits >> 52) as i32 - 1_023;
    // From 1 to 2; ln m = 2 artanh((m - 1) / (m + 1)).
    let mantissa = f64::from_bits(bits & MANTISSA | 1_023 << 52);
    let x = (mantissa - 1.0) / (mantissa + 1.0);
    let (mut sum, mut power, mut at) = (0.0, x, 1);
    while at < 40 {
        sum += power / at as f64;
        power *= x * x;
        at += 2;
    }
    2.0 * sum + exponent as f64 * core::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_std() {
        for number in [1e-12_f64, 0.01, 0.5, 0.999, 1.0, 1.25, 2.0, 20.0, 1e12] {
            assert!(
                (ln(number) - number.ln()).abs() < 1e-14 * number.ln().abs().max(1.0),
                "{number}"
            );
        }
    }

    #[test]
    fn the_weights_of_the_presets() {
        let weight = |above, normally| {
            let ratio = Ratio::above(above).normally(normally).false_alarm_every(1_000);
            ratio.derive(2_047).unwrap().0
        };
        assert_eq!(weight(0.2, 0.01), 14);
        assert_eq!(weight(0.3, 0.05), 6);
        assert_eq!(weight(0.5, 0.2), 2);
        assert_eq!(weight(0.99, 0.98), 1, "never less than a success");
    }
}
