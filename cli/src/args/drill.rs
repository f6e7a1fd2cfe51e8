//! What `drill` takes, and its help.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueHint};

/// `drill`
#[derive(Args, Debug, Default)]
pub struct Drill {
    /// The breaker's name, as `fusebox ls` shows it.
    pub name: String,
    /// The share of calls that fail without being made.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub fail: Option<f64>,
    /// Makes calls slower by this.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub slow: Option<Duration>,
    /// The share of calls that are slower: by default all that do not fail.
    #[arg(long, value_name = "PERCENT", value_parser = percent, requires = "slow")]
    pub slow_share: Option<f64>,
    /// The share of calls that hang until the drill ends, and then fail.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub hang: Option<f64>,
    /// The share of calls that panic; above the cap.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub panic: Option<f64>,
    /// How long the drill lasts. Every drill has an end.
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub lasts: Option<Duration>,
    /// Which calls get a fault follows from this number.
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// Plays this storm as a drill: a built-in storm's name, or a storm's file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath,
        conflicts_with_all = ["fail", "slow", "hang", "panic", "lasts"])]
    pub storm: Option<PathBuf>,
    /// Writes what the drill did as a storm's file, for `fusebox try` and for `--storm`.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub record: Option<PathBuf>,
    /// Lets the drill be above its cap.
    #[arg(long)]
    pub uncapped: bool,
    /// Ends the drill under way, and does nothing else.
    #[arg(long, conflicts_with_all = ["fail", "slow", "hang", "panic", "lasts", "seed", "storm",
        "record", "uncapped", "status"])]
    pub stop: bool,
    /// Says what drill is under way, and does nothing else.
    #[arg(long, conflicts_with_all = ["fail", "slow", "hang", "panic", "lasts", "seed", "storm",
        "record", "uncapped"])]
    pub status: bool,
}

/// A share such as `5%` or `0.1%`; its range is up to fusebox.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text);
    number.trim().parse().map_err(|_| "write a share such as 5% or 0.1%".into())
}

pub(super) const DRILL: &str = "\
A drill gives a share of a breaker's calls faults, in every program that is built with fusebox's
feature `drill`. It ends by itself, even where this command was killed; until then the command
stays, and ends the drill when it is interrupted. The same seed gives the same failing calls.

The cap: 50% of calls that fail or hang, none that panics, 30s of latency, 1h in all. Above it
say --uncapped.

Of a storm, a drill plays the phases' `errors`, `hang`, `loss`, `stalled` and `added`, and `slower`
where the latency is fixed. A storm whose phases do something else is refused. What a storm says
of clients, retries and servers is left to the program.

Examples:
  fusebox drill ai_provider --fail 5% --slow 200ms --for 60s
  fusebox drill ai_provider --hang 1% --slow 2s --slow-share 10% --for 5m --seed 7
  fusebox drill ai_provider --storm outage.toml --uncapped --record drilled.toml
  fusebox drill ai_provider --status
  fusebox drill ai_provider --stop";
