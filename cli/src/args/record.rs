//! What `record` and `replay` take.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum};

/// `record`
#[derive(Args, Debug)]
pub struct Record {
    /// Whether to record them.
    pub switch: Switch,
    /// The breakers' names, as `fusebox ls` shows them. If one is unknown nothing is
    /// changed.
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
}

/// Whether something is done.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// From now on.
    On,
    /// No longer.
    Off,
}

pub(super) const RECORD: &str = "\
A program records calls where it has opened a trace (see `SharedTrace` in the crate
fusebox-shm). Each call of a recorded breaker then writes 8 bytes, and takes some 25 ns
longer; any other call pays nothing.

Examples:
  fusebox record on ai_provider billing
  fusebox record off ai_provider";

/// `replay`
#[derive(Args, Debug)]
pub struct Replay {
    /// The trace's file.
    #[arg(value_name = "TRACE")]
    pub trace: OsString,
    /// Only this breaker: its name, or the number under which it is recorded.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// A file of settings to try, as in `failure_threshold = 3`; may be repeated.
    #[arg(long = "with", value_name = "FILE")]
    pub with: Vec<PathBuf>,
    /// Prints an array of objects instead of tables.
    #[arg(long)]
    pub json: bool,
}

pub(super) const REPLAY: &str = "\
Columns:
  ADMITTED, REFUSED  the calls that the settings let through, and that they do not
  FAILED             of those let through, the ones that failed
  SAVED, LOST        of the refused ones, those that are known to have failed, and to
                     have succeeded
  UNKNOWN            let through, but refused when it happened: nobody knows their end
  OPENED, OPEN       how often the breaker opened by itself, and how long it was open
  DIFFERS            calls to which something else was done than was recorded

Where the end of calls is not known, `3..7` is the range from all of them succeeding to
all of them failing. The live settings must do what was recorded; where several threads
raced, or there is a recovery jitter, the last column says how often they did not.

A file has one setting a line, by the keys of `fusebox ls --json`; what it leaves out has
its default. Names are those of the panel: by default TRACE without its `.trace`.

Examples:
  fusebox replay /dev/shm/shop.panel.trace
  fusebox replay shop.panel.trace --name ai_provider --with a.toml --with b.toml";
