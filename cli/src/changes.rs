//! What `set` is asked to change: `failure_threshold=3 recovery_timeout=10s`.

use std::{str::FromStr, time::Duration};

use fusebox::{BreakerConfig, BreakerSettings, ConfigError};

use crate::pair::{Pair, PairError};

/// What can be set, in the order in which it is shown.
pub const KEYS: [&str; 6] = [
    "failure_threshold",
    "recovery_timeout",
    "probes",
    "successes_to_close",
    "doublings",
    "recovery_jitter",
];

/// One `key=value`, not compared with its range yet: that is up to fusebox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Consecutive failures that open.
    FailureThreshold(u32),
    /// How long it stays open.
    RecoveryTimeout(Duration),
    /// Probes in flight.
    Probes(u32),
    /// Probes that must succeed.
    SuccessesToClose(u32),
    /// How often the wait doubles.
    Doublings(u32),
    /// Percent by which an opening waits longer.
    RecoveryJitter(u32),
}

impl Change {
    /// Its key, one of [`KEYS`].
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::FailureThreshold(_) => KEYS[0],
            Self::RecoveryTimeout(_) => KEYS[1],
            Self::Probes(_) => KEYS[2],
            Self::SuccessesToClose(_) => KEYS[3],
            Self::Doublings(_) => KEYS[4],
            Self::RecoveryJitter(_) => KEYS[5],
        }
    }

    const fn apply(self, config: BreakerConfig) -> BreakerConfig {
        match self {
            Self::FailureThreshold(failures) => config.failure_threshold(failures),
            Self::RecoveryTimeout(timeout) => config.recovery_timeout(timeout),
            Self::Probes(probes) => config.probes(probes),
            Self::SuccessesToClose(successes) => config.successes_to_close(successes),
            Self::Doublings(doublings) => config.doublings(doublings),
            Self::RecoveryJitter(percent) => config.recovery_jitter(percent),
        }
    }
}

/// `settings` with all `changes`, or none of them.
///
/// # Errors
/// [`ConfigError`] when a value is out of its range.
pub fn apply(
    changes: &[Change],
    settings: BreakerSettings,
) -> Result<BreakerSettings, ConfigError> {
    changes
        .iter()
        .fold(BreakerConfig::from(settings), |config, change| change.apply(config))
        .try_build()
}

impl FromStr for Change {
    type Err = PairError;

    /// ```
    /// use std::time::Duration;
    /// use fusebox_cli::changes::Change;
    ///
    /// assert_eq!("recovery_timeout=1m30s".parse(), Ok(Change::RecoveryTimeout(Duration::from_secs(90))));
    /// assert_eq!("recovery_jitter=10%".parse(), Ok(Change::RecoveryJitter(10)));
    /// assert!("recovery_timeout=10".parse::<Change>().is_err()); // of what?
    /// ```
    fn from_str(text: &str) -> Result<Self, PairError> {
        let pair = Pair::split(text, &KEYS)?;
        Ok(match pair.key {
            "failure_threshold" => Self::FailureThreshold(pair.number()?),
            "recovery_timeout" => Self::RecoveryTimeout(pair.time()?),
            "probes" => Self::Probes(pair.number()?),
            "successes_to_close" => Self::SuccessesToClose(pair.number()?),
            "doublings" => Self::Doublings(pair.number()?),
            _ => Self::RecoveryJitter(pair.percent()?),
        })
    }
}

/// Every setting by its key, as `set` takes it.
#[must_use]
pub fn list(settings: BreakerSettings) -> [(&'static str, String); KEYS.len()] {
    [
        (KEYS[0], settings.failure_threshold().to_string()),
        (KEYS[1], crate::text::exact(settings.recovery_timeout())),
        (KEYS[2], settings.probes().to_string()),
        (KEYS[3], settings.successes_to_close().to_string()),
        (KEYS[4], settings.doublings().to_string()),
        (KEYS[5], format!("{}%", settings.recovery_jitter())),
    ]
}

/// What differs, as `probes 1 -> 2`.
#[must_use]
pub fn differences(old: BreakerSettings, new: BreakerSettings) -> Vec<String> {
    let both = list(old).into_iter().zip(list(new));
    both.filter(|(old, new)| old != new)
        .map(|((key, old), (_, new))| format!("{key} {old} -> {new}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn legal() -> impl Strategy<Value = BreakerSettings> {
        (1..=4095u32, 1..=4_194_304u64, 1..=15u32, 1..=15u32, 0..=15u32, 0..=100u32).prop_map(
            |(failures, timeout, probes, successes, doublings, jitter)| {
                BreakerConfig::new()
                    .failure_threshold(failures)
                    .recovery_timeout(Duration::from_millis(timeout))
                    .probes(probes)
                    .successes_to_close(successes)
                    .doublings(doublings)
                    .recovery_jitter(jitter)
                    .build()
            },
        )
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Change>();
        }

        #[test]
        fn no_value_panics(key in proptest::sample::select(&KEYS[..]), value in "[-+0-9a-z.% ]{0,24}") {
            if let Ok(change) = format!("{key}={value}").parse::<Change>() {
                prop_assert_eq!(change.key(), key);
                let _ = apply(&[change], BreakerSettings::default());
            }
        }

        /// What is shown can be given back to `set`.
        #[test]
        fn shown_settings_parse_to_themselves(settings in legal(), other in legal()) {
            let changes: Vec<Change> = list(settings)
                .iter()
                .map(|(key, value)| format!("{key}={value}").parse().expect("it is shown so"))
                .collect();
            prop_assert_eq!(apply(&changes, other), Ok(settings));
        }
    }

    #[test]
    fn errors_say_what_to_write() {
        let error = |text: &str| text.parse::<Change>().unwrap_err().to_string();
        assert_eq!(error("probes"), "write it as key=value, as in failure_threshold=3");
        assert!(error("probs=1").contains("there is no setting `probs`; there are failure_thresh"));
        assert_eq!(error("probes=one"), "`probes` takes a whole number, and `one` is none");
        assert!(error("recovery_timeout=10").contains("such as 500ms, 10s or 1m30s, and `10`"));
        assert!(error("\x1b[2J=1").contains(r"`\u{1b}[2J`"));
    }
}
