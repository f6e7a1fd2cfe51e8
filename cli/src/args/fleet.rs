//! What `fleet` and `sync` take.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum};

use crate::{changes, given::Given};

/// Where a fleet's store is, and which fleet is meant.
#[derive(Args, Clone)]
pub struct Store {
    /// The fleet's store, as `redis://10.0.0.1:6379`. Where it has a password, put the URL
    /// into the variable: everybody can read a command line.
    #[arg(long, env = "FUSEBOX_STORE", value_name = "URL", hide_env_values = true)]
    pub store: Option<String>,
    /// Which of the fleets in the store.
    #[arg(long, env = "FUSEBOX_NAMESPACE", default_value = "fusebox")]
    pub namespace: String,
    /// The fleet's heartbeat (100ms to 1m): who is silent for three of them is not alive.
    #[arg(long, default_value = "1s", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub heartbeat: Duration,
}

/// Without the URL, which may have a password.
impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("namespace", &self.namespace)
            .field("heartbeat", &self.heartbeat)
            .finish_non_exhaustive()
    }
}

/// `fleet`
#[derive(Args, Debug)]
pub struct Fleet {
    /// What to do.
    #[command(subcommand)]
    pub command: FleetCommand,
}

pub(super) const FLEET: &str = "\
Every instance says in the fleet's store what it sees of breakers that are not well. Of
those that are well nobody says anything, so nobody can know whether a name is one.

An order is signed, and an instance obeys it only with the same key (see `order_key` in the
crate fusebox-fleet, and --key-file of `fusebox sync`).

Examples:
  export FUSEBOX_STORE=redis://:secret@10.0.0.1:6379 FUSEBOX_NAMESPACE=shop-production
  fusebox fleet ls --instances
  fusebox fleet top
  fusebox fleet isolate ai_provider --key-file fleet.key --for 20m
  fusebox fleet close ai_provider --key-file fleet.key
  fusebox fleet set ai_provider failure_threshold=3 --key-file fleet.key
  fusebox fleet log --key-file fleet.key

A key of one's own:
  (umask 077; head -c 32 /dev/urandom | base64 > fleet.key)";

/// What to do with a fleet.
#[derive(Subcommand, Debug)]
pub enum FleetCommand {
    /// Lists the breakers that are not well anywhere.
    #[command(visible_alias = "list", after_help = LS)]
    Ls(FleetLs),
    /// Shows them live, with keys to sort, isolate and close them.
    #[command(after_help = TOP)]
    Top(FleetTop),
    /// Opens breakers by force on every instance, until the order ends.
    #[command(after_help = ORDER)]
    Isolate(Names),
    /// Closes breakers on every instance; an order to isolate them ends.
    #[command(after_help = ORDER)]
    Close(Names),
    /// Changes a breaker's settings on every instance, until the order ends.
    #[command(after_help = format!("{ORDER}\n\n{SET}"))]
    Set(FleetSet),
    /// Prints the orders that were given, the last ones at the end.
    #[command(after_help = LOG)]
    Log(Log),
}

/// `fleet ls`
#[derive(Args, Debug)]
pub struct FleetLs {
    /// The fleet.
    #[command(flatten)]
    pub store: Store,
    /// Also lists what each instance says.
    #[arg(long)]
    pub instances: bool,
    /// Prints one object instead of tables.
    #[arg(long)]
    pub json: bool,
}

const LS: &str = "\
Columns:
  OPEN, HALF-OPEN, FORCED, DISABLED
             on so many instances
  PRIMED     on so many its next failure opens it, as far as the fleet has the default
             quorum and what is usual is left out
  FAILURES   what all have seen together, 2 of each instance at most
  LEFT       the longest time until an instance probes
  GROUPS     the groups of instances that say something of it";

/// `fleet top`
#[derive(Args, Debug)]
pub struct FleetTop {
    /// The fleet.
    #[command(flatten)]
    pub store: Store,
    /// How often the store is read (100ms to 1h).
    #[arg(long, default_value = "1s", value_parser = super::interval::<100>)]
    pub interval: Duration,
    /// Raises an alert of a breaker that is open on more than this share of the instances,
    /// in percent.
    #[arg(long, default_value_t = 25, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub fleet_open_above: u8,
    /// Who orders what keys do.
    #[command(flatten)]
    pub give: Give,
}

const TOP: &str = "\
Keys:
  arrows, j, k  pick a breaker        s  sort by name, instances, failures
  i             isolate it            /  show only names that contain a text
  c             close it              q  quit";

/// Who orders something, and for how long.
#[derive(Args, Debug)]
pub struct Give {
    /// The file of the fleet's key, from 16 bytes on; its last end of line is no part of
    /// it. Or the key itself in the variable `FUSEBOX_FLEET_KEY`.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// How long the order holds, up to a week.
    #[arg(long = "for", default_value = "1h", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub lasts: Duration,
    /// Who orders it, as the log shows it: by default this user and host.
    #[arg(long, value_name = "WHO")]
    pub by: Option<String>,
}

/// `fleet isolate`, `fleet close`
#[derive(Args, Debug)]
pub struct Names {
    /// The breakers' names.
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// The fleet.
    #[command(flatten)]
    pub store: Store,
    /// Who orders it.
    #[command(flatten)]
    pub give: Give,
}

/// `fleet set`
#[derive(Args, Debug)]
pub struct FleetSet {
    /// The breaker's name.
    pub name: String,
    /// What to change, as in `failure_threshold=3`.
    #[arg(value_name = "KEY=VALUE", required = true, value_parser = changes::parse)]
    pub changes: Vec<Given>,
    /// The fleet.
    #[command(flatten)]
    pub store: Store,
    /// Who orders it.
    #[command(flatten)]
    pub give: Give,
}

const ORDER: &str = "\
An instance obeys within a heartbeat or two; one that begins later does, too, as long as the
order holds. When it ends, a breaker that is as the order left it goes back: isolated ones
close, and settings are what they were. An instance refuses an order that comes from more
than a minute ahead of its host's clock. It prints the order as the log has it.";

const SET: &str = "\
The settings are those of `fusebox set --help`. The last order takes the place of the one
before: what that one changed goes back.";

/// `fleet log`
#[derive(Args, Debug)]
pub struct Log {
    /// How many at most.
    #[arg(short = 'n', long, default_value_t = 20, value_name = "COUNT")]
    pub most: usize,
    /// The file of the fleet's key, to tell forged orders. Or the key itself in the variable
    /// `FUSEBOX_FLEET_KEY`.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The fleet.
    #[command(flatten)]
    pub store: Store,
}

const LOG: &str = "\
The store keeps about a thousand orders, for 30 days after the last. Whoever can write to it
can remove lines, and write some that no instance obeys: with the key they are told.";

/// `sync`
#[derive(Args, Debug)]
pub struct Sync {
    /// The name of this host in the fleet, which no other has and which outlives a restart.
    #[arg(long, value_name = "NAME")]
    pub instance: String,
    /// Only hosts of the same group count as peers.
    #[arg(long, default_value = "")]
    pub group: String,
    /// What to do when the others have seen enough of a service that fails.
    #[arg(long, default_value = "advise", value_name = "WHAT")]
    pub obedience: Obeys,
    /// The same for one breaker; may be given several times.
    #[arg(long, value_name = "NAME=WHAT", value_parser = obedience_of)]
    pub obedience_of: Vec<(String, Obeys)>,
    /// The file of the fleet's key, to obey orders. Or the key itself in the variable
    /// `FUSEBOX_FLEET_KEY`. Without one, orders are refused.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The fleet.
    #[command(flatten)]
    pub store: Store,
}

/// A breaker, and what to do when the others have seen enough of its service. A name may
/// have an equals sign in it.
fn obedience_of(text: &str) -> Result<(String, Obeys), String> {
    let (name, what) = text.rsplit_once('=').ok_or("it must be a name, `=`, and what to do")?;
    let what = Obeys::from_str(what, false)
        .map_err(|_| format!("{what:?} must be `observe`, `advise` or `obey`"))?;
    Ok((name.to_owned(), what))
}

/// What to do when the others have seen enough.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obeys {
    /// Nothing.
    Observe,
    /// A breaker's next failure opens it.
    Advise,
    /// It opens.
    Obey,
}

pub(super) const SYNC: &str = "\
One for each host, instead of one in each program: all breakers of the panel take part, also
those that are registered later, and those of a file that takes its place. Programs whose
breakers it shares must not share them themselves. No call waits for it, or for the store; if
it ends, each breaker decides alone.

It prints what happens, a line each with the time in UTC, and ends with code 0 when it is
interrupted or terminated. While the store does not answer, it tries again.

Examples:
  fusebox sync --panel /dev/shm/shop.panel --store redis://10.0.0.1:6379 --instance host-7
  fusebox sync --instance host-7 --group eu-west-1b --key-file /etc/fusebox/fleet.key";
