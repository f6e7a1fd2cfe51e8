//! Both runs, and what they come to. A worker is this program once more, with a
//! plan in its environment.

mod figures;
mod processes;
mod progress;
mod report;
mod schedule;
mod server;
mod worker;

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use clap::Parser;
use fusebox_shm::{Options, SharedRegistry};

use crate::show::{figures::Figures, progress::Progress, schedule::Schedule, worker::PLAN};

/// Whatever went wrong, for its text.
type Failure = Box<dyn Error + Send + Sync>;

/// The panel of the shared run.
type Panel = SharedRegistry<64>;

/// The name of the breaker, in either run.
const BACKEND: &str = "backend";

/// Set by Ctrl-C; everything that waits looks at it.
static STOP: AtomicBool = AtomicBool::new(false);

fn stopped() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Shows an outage to several processes twice: each with a breaker of its own,
/// and all with one that they share.
#[derive(Parser)]
struct Args {
    /// How long a worker waits for an answer (20ms to 1m); all other times of the
    /// schedule are multiples of it.
    #[arg(long, default_value = "500ms", value_parser = timeout)]
    timeout: Duration,
    /// A timeout of 100 ms: about 5 seconds in all instead of 26.
    #[arg(long, conflicts_with = "timeout")]
    quick: bool,
    /// Worker processes, each of one thread that makes one call after another
    /// (1 to 64).
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
    /// The file of the shared panel, for a tool to watch; without it, memory
    /// that has no name. A file that was not there is deleted at the end.
    #[arg(long, value_name = "FILE")]
    panel: Option<PathBuf>,
    /// Prints the figures as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

fn timeout(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(timeout) if (Duration::from_millis(20)..=Duration::from_mins(1)).contains(&timeout) => {
            Ok(timeout)
        }
        Ok(_) => Err("it must be from 20ms to 1m".into()),
        Err(error) => Err(format!("{error}; write it as 500ms or 25s")),
    }
}

pub fn main() -> ExitCode {
    let result = match env::var(PLAN) {
        Ok(plan) => worker::main(&plan),
        Err(_) => run(&Args::parse()),
    };
    match result {
        // A worker that Ctrl-C has ended is an error as well.
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
    let timeout = if args.quick { Duration::from_millis(100) } else { args.timeout };
    let schedule = Schedule::of(timeout);
    // Before the runs: a panel that cannot be opened should not cost ten seconds.
    let panel = SharedPlace::open(args.panel.as_deref())?;

    let mut runs = Vec::new();
    for (label, path) in [("own", None), ("shared", Some(panel.panel.path()))] {
        let progress = Progress::new(label, schedule);
        let samples = processes::run(schedule, args.workers, path, &progress)?;
        progress.finish();
        if stopped() {
            return Ok(());
        }
        runs.push(Figures::of(label, schedule, &samples));
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&runs)?);
    } else {
        report::print(schedule, &runs);
    }
    Ok(())
}

/// The shared panel; its file vanishes with it, unless it was there before.
struct SharedPlace {
    panel: Panel,
    made: Option<PathBuf>,
}

impl SharedPlace {
    fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file else {
            return Ok(Self { panel: Panel::sealed("fusebox-host")?, made: None });
        };
        let made = (!file.exists()).then(|| file.to_owned());
        let place = Self { panel: Panel::open(file, Options::new())?, made };
        // As a former run left it.
        if let Some(backend) = place.panel.get(BACKEND) {
            backend.reset();
        }
        Ok(place)
    }
}

impl Drop for SharedPlace {
    fn drop(&mut self) {
        if let Some(file) = &self.made
            && let Err(error) = fs::remove_file(file)
        {
            eprintln!("cannot delete {}: {error}", file.display());
        }
    }
}
