//! An outage you can watch: a real HTTP server answers, hangs, refuses
//! connections, answers 503, and recovers, while a multi-threaded client calls
//! it twice under the same schedule: bare, with a timeout only, and through a
//! pipeline: fallback to the last good value, breaker, retry.
//!
//! `cargo run --release --example outage` takes about 20 seconds, prints a
//! table and a timeline, and draws `outage.svg`. `--help` lists the options.

// Counts and times far below the range where a cast would lose anything.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
#![allow(missing_docs, unreachable_pub)] // a program, not a library

mod client;
mod figures;
mod guard;
mod picture;
mod progress;
mod report;
mod schedule;
mod server;

use std::{
    error::Error,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

use clap::Parser;

use crate::{figures::Figures, guard::Guard, progress::Progress, schedule::Schedule};

/// Whatever went wrong, for its text.
type Failure = Box<dyn Error + Send + Sync>;

/// Set by Ctrl-C; everything that waits looks at it.
static STOP: AtomicBool = AtomicBool::new(false);

fn stopped() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Shows an outage twice: bare, and through a fusebox pipeline.
#[derive(Parser)]
struct Args {
    /// Runs for about 4 seconds in all instead of 20.
    #[arg(long)]
    quick: bool,
    /// Prints the figures as JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Client threads, each making one call after another (1 to 64).
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
    /// Where to write the picture.
    #[arg(long, default_value = "outage.svg", conflicts_with = "no_svg")]
    svg: PathBuf,
    /// Draws no picture.
    #[arg(long)]
    no_svg: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) if stopped() => {
            eprintln!("interrupted: no figures, nothing left behind");
            ExitCode::from(130)
        }
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed))?;
    if !args.no_svg {
        // Before the run, not after it: a picture that cannot be written
        // should not cost twenty seconds.
        check_writable(&args.svg)
            .map_err(|error| format!("cannot write {}: {error}", args.svg.display()))?;
    }
    let schedule = if args.quick { Schedule::quick() } else { Schedule::full() };

    let mut runs = Vec::new();
    for guard in [Guard::bare(), Guard::fusebox()] {
        let progress = Progress::new(&guard, &schedule);
        let backend = server::Backend::new()?;
        let samples = client::run(&schedule, &backend, args.threads, &guard, &progress)?;
        progress.finish();
        if stopped() {
            return Ok(());
        }
        runs.push(Figures::of(&guard, &schedule, &samples));
    }

    if !args.no_svg {
        picture::draw(&args.svg, &schedule, &runs)?;
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&runs)?);
    } else {
        report::print(&schedule, &runs);
        if !args.no_svg {
            println!("\nThe picture: {}", args.svg.display());
        }
    }
    Ok(())
}

/// Whether a file can be written there; leaves things as they are.
fn check_writable(path: &Path) -> io::Result<()> {
    let existed = path.exists();
    File::options().append(true).create(true).open(path)?;
    if existed { Ok(()) } else { fs::remove_file(path) }
}
