//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use crate::plant::Plant;

/// Agents at work on their projects, while the services that they need fail for
/// real: databases, HTTP servers, boards.
#[derive(Debug, Parser)]
#[command(
    name = "agent-workflow",
    after_help = "Examples:
  agent-workflow                                 everything goes wrong, for about 20 seconds
  agent-workflow --scenario storage --quick      a few agents, no pauses
  agent-workflow --scenario my.toml --json       for a program
  agent-workflow --panel /dev/shm/panel          then: fusebox -p /dev/shm/panel top
  RUST_LOG=fusebox=warn,agent_workflow=info agent-workflow --quick

Exit code: 0 if every promise was kept, 1 if one was broken, 2 for a mistake in
the arguments or the scenario, 130 after Ctrl-C."
)]
pub struct Args {
    /// What goes wrong: calm, storage, ai, regions, overload, rate-limit, token,
    /// everything, or a TOML file.
    #[arg(long, default_value = "everything", value_name = "NAME|FILE")]
    pub scenario: String,
    /// Lists the scenarios that come with the program.
    #[arg(long)]
    pub list_scenarios: bool,
    /// How many agents work at a time (1 to 1000) [default: 40]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000), value_name = "N")]
    pub agents: Option<u32>,
    /// Decides on projects, skills and blockers: the same seed, the same
    /// decisions.
    #[arg(long, default_value_t = 42, value_name = "N")]
    pub seed: u64,
    /// How long an agent works on a step at most, in milliseconds [default: 150]
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=10_000), value_name = "MS")]
    pub pace: Option<u32>,
    /// 8 agents without pauses, unless told otherwise.
    #[arg(long)]
    pub quick: bool,
    /// Shares the circuit breakers in this file, for `fusebox top` and `fusebox
    /// isolate`.
    #[arg(long, value_name = "FILE")]
    pub panel: Option<PathBuf>,
    /// Prints the report as JSON.
    #[arg(long)]
    pub json: bool,
    /// Breaks a promise on purpose.
    #[arg(long, hide = true)]
    pub plant: Option<Plant>,
}

impl Args {
    pub fn agents(&self) -> u32 {
        self.agents.unwrap_or(if self.quick { 8 } else { 40 })
    }

    pub fn pace(&self) -> Duration {
        let pace = self.pace.unwrap_or(if self.quick { 0 } else { 150 });
        Duration::from_millis(pace.into())
    }
}
