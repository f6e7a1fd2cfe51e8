//! What `tune` takes.

use std::{ffi::OsString, time::Duration};

use clap::Args;

/// `tune`
#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools)] // switches of a command
pub struct Tune {
    /// Only these breakers.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Prints what is proposed, and changes nothing: so it is unless you say otherwise.
    #[arg(long, group = "what")]
    pub dry_run: bool,
    /// Puts the proposals in force, each with a line that says why.
    #[arg(long, group = "what")]
    pub apply: bool,
    /// Says of each breaker what was seen, and of each setting why it stays.
    #[arg(long, conflicts_with = "apply")]
    pub explain: bool,
    /// Freezes the tuning of the whole panel.
    #[arg(long, group = "what", conflicts_with_all = ["names", "explain", "every", "trace"])]
    pub freeze: bool,
    /// Lets the panel be tuned again.
    #[arg(long, group = "what", conflicts_with_all = ["names", "explain", "every", "trace"])]
    pub thaw: bool,
    /// How far a setting may go from the configured one, up and down.
    #[arg(long, default_value_t = 4, value_name = "TIMES")]
    pub bounds: u64,
    /// A trace, for what the proposals would have done to the calls in it.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<OsString>,
    /// Goes on, and looks this often (1s to 1h).
    #[arg(long, value_name = "TIME", value_parser = super::interval::<1_000>)]
    pub every: Option<Duration>,
    /// Prints an array of objects instead of text, on one line for each look of `--every`.
    #[arg(long)]
    pub json: bool,
}

pub(super) const TUNE: &str = "\
It reads what each breaker has learned, and with --every also what happens to it, and proposes
a wait, a rule and a slow limit that had cost least. A setting stays within --bounds of the
one that was configured. Whoever changes a setting otherwise configures it anew.

--apply remembers what was configured, and the outages that were seen, in a file beside the
panel, PANEL.tune. A breaker changes at most once in 30 s, and not at all while its tuning, or
the panel's, is frozen.

With --trace (see `fusebox record`) each proposal is followed by what it had done to the calls
that were recorded: beside what happened, before anything is applied.

Examples:
  fusebox tune
  fusebox tune ai_provider --explain
  fusebox tune --trace /dev/shm/shop.panel.trace
  fusebox tune --apply --every 30s
  fusebox tune --freeze";
