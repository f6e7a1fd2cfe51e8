//! fusebox beside its peers, in one run.
#![allow(clippy::cast_precision_loss)] // counts far below 2^52

mod breakers;
mod clocks;
mod instructions;
mod limits;
mod lookups;
mod machine;
mod measure;
mod paths;
mod plots;
mod report;
mod retries;
mod rules;
mod scaling;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

/// Measures fusebox beside its peers.
#[derive(Parser)]
#[command(name = "fusebox-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measures everything, in about five minutes, and writes a page with
    /// tables and pictures.
    Report {
        /// In half a minute, and less exactly.
        #[arg(long)]
        quick: bool,
        /// The page; its pictures go into a folder of its name beside it.
        #[arg(long, default_value = "docs/performance.md")]
        out: PathBuf,
    },
    /// Counts the instructions of each path (needs valgrind), and fails where
    /// there are over 2 % more than the committed baseline has.
    Instructions {
        /// Writes the baseline instead.
        #[arg(long)]
        accept: bool,
        /// Counts the healthy paths alone, and holds only the acquire and success against the
        /// baseline: for a build with the feature `everything`.
        #[arg(long, conflicts_with = "accept")]
        healthy: bool,
    },
    /// Runs one path: what callgrind counts.
    #[command(hide = true)]
    Path {
        /// Its function.
        function: String,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Task::Report { quick, out } => report::write(quick, &out),
        Task::Instructions { healthy: true, .. } => instructions::healthy().map_err(Into::into),
        Task::Instructions { accept, .. } => instructions::check(accept).map_err(Into::into),
        Task::Path { function } => {
            instructions::run(&function);
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
