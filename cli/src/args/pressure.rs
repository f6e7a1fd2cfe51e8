//! What `pressure` takes.

use clap::Args;
use fusebox::PressureConfig;

use crate::given::{self, Given, GivenError};

/// `pressure`
#[derive(Args, Debug)]
pub struct Pressure {
    /// Where a pressure is high, as in `cpu=50%`: what is not given is the default.
    #[arg(value_name = "KEY=VALUE", value_parser = parse)]
    pub settings: Vec<Given>,
    /// Reads the pressure of this process's own control group instead of the host's.
    #[arg(long)]
    pub own_group: bool,
    /// Prints one reading of a quarter of a second, and ends; for that no panel is needed.
    #[arg(long, conflicts_with = "settings")]
    pub once: bool,
}

fn parse(text: &str) -> Result<Given, GivenError> {
    Given::parse(text, PressureConfig::TABLE)
}

const PRESSURE: &str = "\
One for each host, instead of a sampler in each program: it reads Linux's pressure figures and
the run queue four times a second, and writes them into the panel. Programs that ask the
panel's pressure then turn background work away, leave retries and hedges out, or narrow their
limits, as each was told. When it ends, the host is taken for calm, and two seconds after it
was killed, too.

It prints each change of level, a line each with the time in UTC, and ends with code 0 when it
is interrupted or terminated.

Examples:
  fusebox pressure --once
  fusebox pressure --panel /dev/shm/shop.panel
  fusebox pressure cpu=50% memory=10% queue=0";

pub(super) fn help() -> String {
    format!("Settings:\n{}\n{PRESSURE}", given::help(PressureConfig::TABLE))
}
