//! The command `fusebox`.

use std::process::ExitCode;

use clap::Parser as _;
use fusebox_cli::{args::Args, command};

fn main() -> ExitCode {
    match command::run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
