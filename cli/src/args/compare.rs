//! What `shadow` and `compare` take, and their help.

use std::time::Duration;

use clap::Args as ClapArgs;

use crate::{
    changes,
    given::{Given, GivenError},
};

/// `shadow`
#[derive(ClapArgs, Debug)]
pub struct Shadow {
    /// The breaker's name.
    pub name: String,
    /// What the shadow has otherwise than the breaker, as in `failure_threshold=3`.
    #[arg(value_name = "KEY=VALUE", value_parser = change, required_unless_present = "off")]
    pub changes: Vec<Given>,
    /// Takes the shadow away.
    #[arg(long, conflicts_with = "changes")]
    pub off: bool,
}

fn change(text: &str) -> Result<Given, GivenError> {
    changes::parse(text)
}

pub(super) const SHADOW: &str = "\
A shadow is a breaker of other settings that is fed with the outcomes of the live one's
calls, and answers nobody. Its settings are those that the breaker has now, with what is
given here; `ramp_up`, `ramp_from` and `max_shed` stay as they are, as a shadow refuses
nobody. Setting one begins to count anew. While there is one, each call of the breaker is
timed; without one nothing is different. `fusebox compare` shows what it would have done.

Examples:
  fusebox shadow ai_provider failure_threshold=3 recovery_timeout=10s
  fusebox compare ai_provider
  fusebox shadow ai_provider --off";

/// `compare`
#[derive(ClapArgs, Debug)]
pub struct Compare {
    /// The breaker's name: the one with the shadow, or arm A of a split.
    pub name: String,
    /// Arm B of the split. Without it, the breaker is compared with its shadow.
    pub other: Option<String>,
    /// The chance of a mistake that you allow (1e-12 to 0.5).
    #[arg(long, default_value_t = 0.05, requires = "other")]
    pub alpha: f64,
    /// The shares that the split has, in thousandths, as in `900,100`: it says where the
    /// requests are not split so.
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 1, requires = "other")]
    pub shares: Vec<u16>,
    /// Goes on, and prints it again and again.
    #[arg(long)]
    pub watch: bool,
    /// How often, with --watch (100ms to 1h).
    #[arg(long, default_value = "5s", value_parser = super::interval::<100>)]
    pub interval: Duration,
    /// Prints an object, and with --watch one a line.
    #[arg(long)]
    pub json: bool,
}

pub(super) const COMPARE: &str = "\
Of a breaker with its shadow:
  LOST     calls that succeeded, and that the shadow would have refused
  SAVED    calls that failed or were slow, and that it would have refused
  PASSED   calls that failed or were slow, and that it would have admitted
  UNKNOWN  calls that the live breaker turned away: nobody knows how they would have
           ended, so of these up to all might be added to what succeeded, or to what failed

Of two breakers between which a program splits its requests (see `Split` in the crate
fusebox):
  REQUESTS    calls that were admitted or refused, since the breaker was made
  UNANSWERED  which share of them failed or was refused, and in parentheses what it is
              likely to be in truth (Wilson's interval of 95 %)
The verdict may be looked at at any time: where there is no difference it is wrong with a
chance of --alpha at most, however often you look. That holds for requests that fail
independently of each other: wait until many outages have come and gone. Nothing is ever
switched by itself.

Examples:
  fusebox compare ai_provider
  fusebox compare ai_provider ai_provider-b --shares 900,100
  fusebox compare ai_provider ai_provider-b --alpha 0.01 --watch";
