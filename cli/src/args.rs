//! What the command takes, and its help.

mod compare;
mod drill;
mod fleet;
mod learned;
mod map;
mod monitoring;
mod pressure;
mod record;
mod serve;
mod try_storm;
mod tune;

use std::{ffi::OsString, time::Duration};

use clap::{Args as ClapArgs, Parser, Subcommand};
use fusebox::BreakerConfig;

pub use self::{
    compare::{Compare, Shadow},
    drill::Drill,
    fleet::{
        Fleet, FleetCommand, FleetLs, FleetSet, FleetTop, Give, Log, Names as FleetNames, Obeys,
        Store, Sync,
    },
    learned::Learned,
    map::{Format, Map},
    monitoring::{AlertsFile, Dashboard},
    pressure::Pressure,
    record::{Record, Replay, Switch},
    serve::Serve,
    try_storm::Try,
    tune::Tune,
};
use crate::{
    alerts::{self, Alerts},
    changes::Change,
    given, limits,
};

/// Shows and changes the circuit breakers of a shared panel.
///
/// A panel is a file that programs map into their memory, and in it their
/// breakers live (see the crate fusebox-shm). What this command changes takes
/// effect in all of them at their next call; it never makes such a file. And it tries
/// settings in a storm before a real one does, for which it needs no panel.
#[derive(Parser, Debug)]
#[command(name = "fusebox", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Args {
    /// The panel's file.
    #[arg(
        long,
        short,
        global = true,
        env = "FUSEBOX_PANEL",
        value_name = "FILE",
        hide_env_values = true
    )]
    pub panel: Option<OsString>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  export FUSEBOX_PANEL=/dev/shm/shop.panel
  fusebox ls                            all breakers, once
  fusebox top                           all breakers, live
  fusebox watch --json | jq .to         each change of state as it happens
  fusebox isolate ai_provider           let nobody through until told otherwise
  fusebox close ai_provider             let everybody through again
  fusebox set ai_provider failure_threshold=3 recovery_timeout=10s
  fusebox map --learn on                have breakers learn who calls them; then `map`
  fusebox record on ai_provider         its calls go into the program's trace
  fusebox replay shop.panel.trace --with b.toml   and what b.toml had done to them
  fusebox shadow ai_provider failure_threshold=3   what that would do to its calls
  fusebox compare ai_provider           says so; or which of two arms does better
  fusebox fleet ls                      what is not well anywhere in the fleet
  fusebox sync --instance host-7        shares this host's panel with the fleet
  fusebox learned                       what breakers know of their services
  fusebox drill ai_provider --fail 5% --for 60s   one call in twenty fails
  fusebox pressure                      samples this host's pressure for the panel
  fusebox serve                         http://127.0.0.1:9898/ /health /metrics
  fusebox alerts > fusebox.yml          rules for Prometheus; and `fusebox dashboard`
  fusebox try outage --with mine.toml   settings in a storm, beside other libraries' rules

Exit codes:
  0  done
  1  it failed: no such file, no such breaker or storm, a value out of range, no store
  2  the command was not understood";

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Lists the breakers with their states, counters and settings.
    #[command(visible_alias = "list", after_help = LS)]
    Ls(Ls),
    /// Shows the breakers live, with keys to sort, isolate and close them.
    #[command(after_help = format!("{}\n{TOP}", alerts::help()))]
    Top(Top),
    /// Prints each change of state as it happens, one line each.
    #[command(after_help = WATCH)]
    Watch(Watch),
    /// Opens breakers by force: no call gets through until somebody closes them.
    #[command(after_help = ISOLATE)]
    Isolate(Names),
    /// Closes breakers, with no failures counted.
    #[command(after_help = CLOSE)]
    Close(Names),
    /// Takes breakers out of the picture: they admit all and count nothing.
    #[command(after_help = DISABLE)]
    Disable(Names),
    /// Makes breakers as new; their counters and settings stay.
    #[command(after_help = RESET)]
    Reset(Names),
    /// Changes the settings of a breaker and its limits, all that are given or none.
    #[command(after_help = format!(
        "Settings:\n{}\nLimits:\n{}\n{SET}",
        given::help(BreakerConfig::TABLE),
        limits::help()
    ))]
    Set(Set),
    /// Records breakers in their programs' trace, or no longer.
    #[command(after_help = record::RECORD)]
    Record(Record),
    /// Shows which breakers' calls call which others, once they have learned it.
    #[command(after_help = map::MAP)]
    Map(Map),
    /// Says what other settings would have done to the calls of a trace.
    #[command(after_help = record::REPLAY)]
    Replay(Replay),
    /// Runs other settings beside a breaker's own, without an effect.
    #[command(after_help = compare::SHADOW)]
    Shadow(Shadow),
    /// Shows a breaker beside its shadow, or says which arm of a split does better.
    #[command(after_help = compare::COMPARE)]
    Compare(Compare),
    /// Serves the panel over HTTP: a live page, /health, /metrics.
    #[command(after_help = serve::help())]
    Serve(Serve),
    /// Writes the rules of Prometheus's alerts.
    #[command(after_help = monitoring::alerts_help())]
    Alerts(AlertsFile),
    /// Writes a dashboard for Grafana.
    #[command(after_help = monitoring::DASHBOARD)]
    Dashboard(Dashboard),
    /// Shows the breakers of a whole fleet, and orders something of all of them.
    #[command(after_help = fleet::FLEET)]
    Fleet(Fleet),
    /// Takes a host's part in its fleet, for all programs that share a panel.
    #[command(after_help = fleet::SYNC)]
    Sync(Sync),
    /// Shows what breakers have learned of their services, and freezes it.
    #[command(after_help = learned::LEARNED)]
    Learned(Learned),
    /// Gives a share of a breaker's calls faults, for a while.
    #[command(after_help = drill::DRILL)]
    Drill(Box<Drill>),
    /// Samples the host's pressure, for all programs that share a panel.
    #[command(after_help = pressure::help())]
    Pressure(Pressure),
    /// Proposes settings from what was seen of the breakers, and applies them if told to.
    #[command(after_help = tune::TUNE)]
    Tune(Tune),
    /// Tries settings in a simulated storm, beside the rules of other libraries.
    #[command(after_help = try_storm::help())]
    Try(Try),
    /// Prints a script that completes this command in a shell.
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// `ls`
#[derive(ClapArgs, Debug)]
pub struct Ls {
    /// Only these breakers.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Prints an array of objects instead of a table.
    #[arg(long)]
    pub json: bool,
}

const LS: &str = "\
Columns:
  STATE      \"closed, admits 40%\" while a breaker sheds load or lets calls back
  LEFT       until an open breaker lets a probe through, without jitter, or until one that
             lets calls back admits every call
  OPEN FOR   since when it turns calls away
  POINTS     the score by which it opens, and the one at which it does: by default,
             failures in a row
  FAILED, SLOW, REJECTED, OPENED, CALLS, RETRIES, GAVE UP, FALLBACKS
             since the breaker was made; CALLS only where they are counted, and SLOW
             only where a limit is set
  SCORE      100 is well, 0 is open; a disabled breaker has none
  SETTINGS   the recovery timeout, and what differs from the defaults
  DRILL      only while some breaker is drilled: what the drill does, and what has come
             of it
  SHED, SHEDS NOW, ADMITS FROM
             only while some breaker sheds load or lets calls back: how many of those
             REJECTED came while it was closed; which part of the calls is shed now; the
             lowest priority of which any call is admitted
  LIMITED, NO RETRY, RETRIES LEFT, IN FLIGHT, LIMITS
             only where there are limits: calls that the rate limit or the bulkhead turned
             away, retries that the budget refused, and those it would allow now; calls in
             the bulkhead, where there is one; what the limits are

Examples:
  fusebox ls --panel /dev/shm/shop.panel
  fusebox ls ai_provider billing
  fusebox ls --json | jq -r '.[] | select(.state != \"closed\") | .name'";

/// `top`
#[derive(ClapArgs, Debug)]
pub struct Top {
    /// How often the panel is read (100ms to 1h).
    #[arg(long, default_value = "1s", value_parser = interval::<100>)]
    pub interval: Duration,
    /// When to raise an alert.
    #[command(flatten)]
    pub alerts: Alerts,
}

const TOP: &str = "\
Keys:
  arrows, j, k  pick a breaker        s  sort by name, state, score, rate
  i             isolate it            /  show only names that contain a text
  c             close it              ?  help
  d             disable it            q  quit
  r             reset it

Examples:
  fusebox top
  fusebox top --interval 250ms
  fusebox top --alert open_longer_than=30s --alert openings_together=2";

/// `watch`
#[derive(ClapArgs, Debug)]
pub struct Watch {
    /// How often the panel is read (1ms to 1h). A breaker that changes more
    /// than once in between is said to have: none goes unnoticed.
    #[arg(long, default_value = "50ms", value_parser = interval::<1>)]
    pub interval: Duration,
    /// Prints one JSON object a line.
    #[arg(long)]
    pub json: bool,
}

const WATCH: &str = "\
It prints changes of state, new breakers and changes of settings, each with the
time in UTC, and runs until it is interrupted (as by Ctrl-C, which ends it as it
ends any command) or nobody reads what it prints.

Examples:
  fusebox watch
  fusebox watch --json >> transitions.jsonl
  fusebox watch --json | jq -r 'select(.to == \"open\") | .name'";

/// `isolate`, `close`, `disable`, `reset`
#[derive(ClapArgs, Debug)]
pub struct Names {
    /// The breakers' names, as `fusebox ls` shows them. If one is unknown
    /// nothing is changed.
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
}

const ISOLATE: &str = "\
Examples:
  fusebox isolate ai_provider
  fusebox isolate ai_provider billing";
const CLOSE: &str = "\
Examples:
  fusebox close ai_provider";
const DISABLE: &str = "\
A disabled breaker guards nothing. Close or reset it when you are done.

Examples:
  fusebox disable ai_provider";
const RESET: &str = "\
A reset is a close that also forgets when the last failure was. Calls in flight
cannot change the breaker any more.

Examples:
  fusebox reset ai_provider";

/// `set`
#[derive(ClapArgs, Debug)]
pub struct Set {
    /// The breaker's name.
    pub name: String,
    /// What to change, as in `failure_threshold=3` or `rate=100/s`.
    #[arg(value_name = "KEY=VALUE", required = true, value_parser = Change::parse)]
    pub changes: Vec<Change>,
}

const SET: &str = "\
A TIME is written as 500ms, 10s, 1m30s or 2h. Settings take effect at the next call, in every program, and change no state.
A limit is one where the programs ask for it: `panel.limits(\"ai_provider\")`.

Examples:
  fusebox set ai_provider failure_threshold=3 recovery_timeout=10s
  fusebox set ai_provider recovery_jitter=20%
  fusebox set ai_provider ramp_up=5s max_shed=30%
  fusebox set ai_provider rate=100/s burst=20 budget=10% reserve=10/s bulkhead=32
  fusebox set ai_provider rate=none";

const COMPLETIONS: &str = "\
Examples:
  fusebox completions bash > ~/.local/share/bash-completion/completions/fusebox
  fusebox completions zsh  > ~/.zfunc/_fusebox
  fusebox completions fish > ~/.config/fish/completions/fusebox.fish";

/// An interval of at least `LEAST` milliseconds.
fn interval<const LEAST: u64>(text: &str) -> Result<Duration, String> {
    const MOST: Duration = Duration::from_hours(1);
    let interval = humantime::parse_duration(text)
        .map_err(|_| String::from("write a time such as 250ms or 2s"))?;
    if (Duration::from_millis(LEAST)..=MOST).contains(&interval) {
        Ok(interval)
    } else {
        Err(format!("it must be from {LEAST}ms to 1h"))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_holds_together() {
        super::Args::command().debug_assert();
    }
}
