//! All runs, and what they come to. The other processes are this program once more, with
//! a job in their environment.

mod beside;
mod caller;
mod crew;
mod figures;
mod instance;
mod outage;
mod picture;
mod progress;
mod published;
mod redis;
mod report;
mod schedule;
mod service;

use std::{
    error::Error,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

use clap::Parser;
use serde::Serialize;

use crate::show::{
    beside::{Beside, Design},
    crew::Job,
    figures::Figures,
    outage::Run,
    redis::Redis,
    schedule::Schedule,
};

/// Whatever went wrong, for its text.
type Failure = Box<dyn Error + Send + Sync>;

/// Set by Ctrl-C; everything that waits looks at it.
static STOP: AtomicBool = AtomicBool::new(false);

fn stopped() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Shows an outage to a fleet of processes three times: each alone, all sharing what they
/// know over Redis, and the same while Redis is killed. Then it re-enacts a published
/// design beside it.
#[derive(Parser)]
struct Args {
    /// Runs for about 11 seconds in all instead of 50.
    #[arg(long)]
    quick: bool,
    /// Prints the figures as JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Processes, each with a breaker of its own (2 to 32).
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(2..=32))]
    processes: u16,
    /// Where to write the picture.
    #[arg(long, default_value = "fleet.svg", conflicts_with = "no_svg")]
    svg: PathBuf,
    /// Draws no picture.
    #[arg(long)]
    no_svg: bool,
}

/// What is printed with `--json`.
#[derive(Serialize)]
struct Everything {
    processes: u16,
    schedule: Schedule,
    outage: Vec<Figures>,
    beside: Vec<Beside>,
}

pub fn main() -> ExitCode {
    let result = match Job::of_this_process() {
        Some(job) => job.and_then(Job::run),
        None => run(&Args::parse()),
    };
    match result {
        // What Ctrl-C has broken off is an error as well.
        _ if stopped() => {
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
        // Before the runs: a picture that cannot be written should not cost a minute.
        check_writable(&args.svg)
            .map_err(|error| format!("cannot write {}: {error}", args.svg.display()))?;
    }
    let schedule = if args.quick { Schedule::quick() } else { Schedule::full() };
    let mut redis = Redis::start()?;

    let mut outage = Vec::new();
    for run in [Run::Alone, Run::Sharing, Run::RedisKilled] {
        let stories = outage::watch(run, schedule, args.processes, &mut redis)?;
        if stopped() {
            return Ok(());
        }
        outage.push(Figures::of(run, schedule, &stories));
    }
    let mut beside = Vec::new();
    for design in Design::ALL {
        beside.push(beside::measure(design, args.quick, args.processes, &mut redis)?);
        if stopped() {
            return Ok(());
        }
    }

    if !args.no_svg {
        picture::draw(&args.svg, schedule, args.processes, &outage)?;
    }
    let all = Everything { processes: args.processes, schedule, outage, beside };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        report::print(&all);
        if !args.no_svg {
            println!("\nThe picture: {}", args.svg.display());
        }
    }
    check(&all)
}

/// What must hold on any machine: no caller sees an error that is neither the service's
/// nor the breaker's.
fn check(all: &Everything) -> Result<(), Failure> {
    let outage = all.outage.iter().map(|run| run.other_errors);
    let beside = all.beside.iter().filter(|it| it.design == Design::Fusebox);
    let errors: usize = outage.chain(beside.map(Beside::errors)).sum();
    if errors == 0 {
        return Ok(());
    }
    Err(format!("{errors} guarded calls got an error that is not the service's").into())
}

/// Whether a file can be written there; leaves things as they are.
fn check_writable(path: &Path) -> io::Result<()> {
    let existed = path.exists();
    File::options().append(true).create(true).open(path)?;
    if existed { Ok(()) } else { fs::remove_file(path) }
}
