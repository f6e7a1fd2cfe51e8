//! When `top` and `serve` raise an alert: `--alert open_longer_than=1m`.

use std::{str::FromStr, time::Duration};

use clap::Args;
use fusebox::health::{AlertConfig, AlertRules};

use crate::{
    failure::Failure,
    pair::{Pair, PairError, once},
};

/// What can be set.
const KEYS: [&str; 5] =
    ["open_longer_than", "fallbacks_above", "exhausted_above", "least_calls", "openings_together"];

/// The option `--alert`.
#[derive(Args, Debug, Default)]
pub struct Alerts {
    /// When to raise an alert; see below. May be given several times.
    #[arg(long = "alert", value_name = "KEY=VALUE")]
    pub rules: Vec<Rule>,
}

/// What the help says of it.
pub const HELP: &str = "\
Alerts, with their defaults; the window is the last 60 intervals:
  open_longer_than=5m   a breaker has let nobody through for longer
  fallbacks_above=10%   more of a breaker's calls in the window needed a fallback
  exhausted_above=5%    more of them exhausted their retries
  least_calls=10        with fewer calls than that in the window no share is judged,
                        nor is one where calls are not counted
  openings_together=3   as many breakers opened in the window";

/// One `key=value`, not compared with its range yet: that is up to fusebox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// How long a breaker may turn calls away.
    OpenLongerThan(Duration),
    /// Percent of calls that may need a fallback.
    FallbacksAbove(u32),
    /// Percent of calls that may exhaust their retries.
    ExhaustedAbove(u32),
    /// Calls that a share must be of.
    LeastCalls(u32),
    /// Breakers that may not open within one window.
    OpeningsTogether(u32),
}

impl Rule {
    const fn key(self) -> &'static str {
        match self {
            Self::OpenLongerThan(_) => KEYS[0],
            Self::FallbacksAbove(_) => KEYS[1],
            Self::ExhaustedAbove(_) => KEYS[2],
            Self::LeastCalls(_) => KEYS[3],
            Self::OpeningsTogether(_) => KEYS[4],
        }
    }

    const fn apply(self, config: AlertConfig) -> AlertConfig {
        match self {
            Self::OpenLongerThan(time) => config.open_longer_than(time),
            Self::FallbacksAbove(percent) => config.fallbacks_above(percent),
            Self::ExhaustedAbove(percent) => config.exhausted_above(percent),
            Self::LeastCalls(calls) => config.least_calls(calls),
            Self::OpeningsTogether(breakers) => config.openings_together(breakers),
        }
    }
}

impl FromStr for Rule {
    type Err = PairError;

    /// ```
    /// use std::time::Duration;
    /// use fusebox_cli::alerts::Rule;
    ///
    /// assert_eq!("open_longer_than=1m".parse(), Ok(Rule::OpenLongerThan(Duration::from_secs(60))));
    /// assert_eq!("fallbacks_above=25%".parse(), Ok(Rule::FallbacksAbove(25)));
    /// assert!("open_for=1m".parse::<Rule>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, PairError> {
        let pair = Pair::split(text, &KEYS)?;
        Ok(match pair.key {
            "open_longer_than" => Self::OpenLongerThan(pair.time()?),
            "fallbacks_above" => Self::FallbacksAbove(pair.percent()?),
            "exhausted_above" => Self::ExhaustedAbove(pair.percent()?),
            "least_calls" => Self::LeastCalls(pair.number()?),
            _ => Self::OpeningsTogether(pair.number()?),
        })
    }
}

/// The default rules, with these in place of theirs.
///
/// # Errors
/// [`Failure::Usage`] when one is given twice, or is out of its range.
pub fn rules(given: &[Rule]) -> Result<AlertRules, Failure> {
    once(given.iter().map(|rule| rule.key()))?;
    given
        .iter()
        .fold(AlertConfig::new(), |config, rule| rule.apply(config))
        .try_build()
        .map_err(|error| Failure::Usage(error.to_string()))
}
