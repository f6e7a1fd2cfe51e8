//! What `try` takes, and its help.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint, builder::PossibleValuesParser};
use fusebox::{BreakerConfig, Setting};
use fusebox_lab::rules::FIELD;

/// `try`
#[derive(ClapArgs, Debug, Default)]
pub struct Try {
    /// A built-in storm's name, or a storm's file.
    #[arg(required_unless_present = "list", value_hint = ValueHint::FilePath)]
    pub storm: Option<PathBuf>,
    /// Tries a breaker with the settings of this file. Can be given several times.
    #[arg(long, value_name = "SETTINGS", value_hint = ValueHint::FilePath)]
    pub with: Vec<PathBuf>,
    /// Tries the settings that this breaker of the panel has. Can be given several times.
    #[arg(long, value_name = "NAME")]
    pub breaker: Vec<String>,
    /// Of the other libraries' rules, tries only the one with this key. Can be given
    /// several times; `--against none` leaves all of them out.
    #[arg(
        long,
        value_name = "KEY",
        value_parser = PossibleValuesParser::new(FIELD.iter().map(|entry| entry.key)),
        hide_possible_values = true
    )]
    pub against: Vec<String>,
    /// Draws all chance from this number, and not from the storm's own.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Prints an object instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Writes a picture, too: the answers of each second, a line for each rule.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub svg: Option<PathBuf>,
    /// Lists the built-in storms, and the rules of other libraries with their keys.
    #[arg(long, conflicts_with_all = ["storm", "with", "breaker", "against", "seed", "svg"])]
    pub list: bool,
}

/// What stands below the options: all of it, with the settings' keys.
pub(super) fn help() -> String {
    let keys: Vec<_> = BreakerConfig::TABLE.iter().map(Setting::key).collect();
    format!("{ABOUT}{}\n\n{EXAMPLES}", keys.join(", "))
}

const ABOUT: &str = "\
Each rule meets the same storm, in virtual time: no breaker at all, then your settings,
then fusebox's defaults and its preset `SERVICE`, then the rules of other libraries at
their published defaults. The same storm and seed give the same figures. No panel is
changed.

Where the storm gives each caller a breaker of its own, fusebox's are tried a second
time as one that all callers share, as the threads of a program and the programs of a
panel do.

Columns:
  ANSWERED    requests that were answered before the storm's end, retries included
  FAILED      attempts that failed or took too long
  TIMED OUT   of those, the ones that took too long
  REFUSED     attempts that the rule turned away
  LOAD        attempts for each request, from when the trouble begins until the rule is
              back
  BACK AFTER  from the trouble's end until requests are answered as before
  OPENED      how often the rule began to turn calls to the service in trouble away; with
              a breaker for each caller, all of them together
  PROBES      calls to it that were let through while others were turned away
  WRITES      to memory that callers share, for each call

A storm's file says who calls whom, and what goes wrong when:
  title = \"Ten seconds of errors\"
  [clients]
  per_second = 100
  [service]
  latency.fixed = \"20ms\"
  [[phases]]
  lasts = \"30s\"
  [[phases]]
  lasts = \"10s\"
  errors = \"80%\"
  [[phases]]
  lasts = \"30s\"

A file of --with has settings, as a program reads them by fusebox's feature `serde`:
  failure_ratio = { above = 0.5, normally = 0.2 }
  recovery_timeout_ms = 10000
What it leaves out has its default; `fusebox set --help` says what each is for. The
keys are failure_ratio, max_recovery_timeout, ";

const EXAMPLES: &str = "\
Examples:
  fusebox try --list
  fusebox try outage
  fusebox try outage --with mine.toml --with other.toml --svg outage.svg
  fusebox try ./my-storm.toml --with mine.toml --against polly --against hystrix
  fusebox try outage --panel /dev/shm/shop.panel --breaker ai_provider
  fusebox try outage --json | jq -r '.rules[] | [.rule, .refused] | @tsv'";
