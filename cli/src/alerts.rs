//! When `top` and `serve` raise an alert: `--alert open_longer_than=1m`.

use clap::Args;
use fusebox::health::{AlertConfig, AlertRules};

use crate::{
    failure::Failure,
    given::{self, Given, GivenError, once},
};

/// The option `--alert`.
#[derive(Args, Debug, Default)]
pub struct Alerts {
    /// When to raise an alert; see below. May be given several times.
    #[arg(long = "alert", value_name = "KEY=VALUE", value_parser = parse)]
    pub rules: Vec<Given>,
}

fn parse(text: &str) -> Result<Given, GivenError> {
    Given::parse(text, AlertConfig::TABLE)
}

/// What the help says of it.
#[must_use]
pub fn help() -> String {
    format!(
        "Alerts; the window is the last 60 intervals, and shares are judged only where\ncalls \
         are counted:\n{}",
        given::help(AlertConfig::TABLE)
    )
}

/// The default rules, with these in place of theirs.
///
/// # Errors
/// [`Failure::Usage`] when one is given twice, or is out of its range.
///
/// # Panics
/// On a setting of another table, which the command line cannot give.
pub fn rules(given: &[Given]) -> Result<AlertRules, Failure> {
    once(given)?;
    let rule = |config: AlertConfig, Given { setting, value }: &Given| {
        config.set(setting.name(), *value).expect("it is from the table")
    };
    given
        .iter()
        .fold(AlertConfig::new(), rule)
        .try_build()
        .map_err(|error| Failure::Usage(error.to_string()))
}
