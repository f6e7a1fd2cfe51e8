//! An agent workflow that survives its services: the reliability layer of an
//! agent platform at work, with real databases, real servers and real faults.
//! See README.md beside this program.

#![allow(missing_docs, unreachable_pub)] // a program, not a library
#![allow(clippy::cast_possible_truncation)] // small counts

mod agent;
mod args;
mod board;
mod breakers;
mod caretaker;
mod coach;
mod drills;
mod evidence;
mod faults;
mod inferer;
mod ledger;
mod memory;
mod outbox;
mod panel;
mod plant;
mod progress;
mod project;
mod promises;
mod report;
mod run;
mod scenario;
mod server;
mod service;
mod step;
mod store;
mod system;
mod timeline;
mod vitals;
mod watch;
mod world;

use std::{
    error::Error,
    io::{self, IsTerminal},
    process::ExitCode,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::{
    args::Args,
    drills::Drills,
    evidence::{Before, Evidence},
    report::{Done, Report},
    run::Plan,
    scenario::{BUILT_IN, Scenario},
    timeline::Timeline,
    vitals::Watcher,
    world::World,
};

/// Whatever went wrong, for its text.
pub type Failure = Box<dyn Error + Send + Sync>;

const USAGE: u8 = 2;
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let args = Args::parse();
    if args.list_scenarios {
        for (name, _) in BUILT_IN {
            let about = Scenario::load(name).map_or_else(|it| it.to_string(), |it| it.about);
            println!("{name:<12}{about}");
        }
        return ExitCode::SUCCESS;
    }
    let plan = match prepare(&args) {
        Ok(plan) => plan,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(USAGE);
        }
    };
    match run(&args, &plan) {
        Ok(report) => {
            if args.json {
                println!("{}", serde_json::to_string_pretty(&report).expect("plain data"));
            } else {
                report.print();
            }
            match report.is_kept() {
                _ if report.interrupted => ExitCode::from(INTERRUPTED),
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What can be wrong with what the user asked for.
fn prepare(args: &Args) -> Result<Plan, Failure> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) => EnvFilter::try_new(&text).map_err(|it| format!("RUST_LOG=`{text}`: {it}"))?,
        Err(_) => EnvFilter::new("off"),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    let scenario = Scenario::load(&args.scenario)?;
    if let Some(path) = &args.panel {
        panel::share(path)?;
    }
    Ok(Plan { scenario, agents: args.agents(), seed: args.seed, pace: args.pace() })
}

#[tokio::main]
async fn run(args: &Args, plan: &Plan) -> Result<Report, Failure> {
    static STOP: AtomicBool = AtomicBool::new(false);
    tokio::spawn(async {
        while tokio::signal::ctrl_c().await.is_ok() {
            if STOP.swap(true, Ordering::Relaxed) {
                std::process::exit(INTERRUPTED.into()); // asked twice: no report
            }
            eprintln!("interrupted: ending with this round");
        }
    });
    fusebox::set_seed(plan.seed); // of every jitter
    let timeline: &'static Timeline = Box::leak(Box::new(Timeline::new()));
    let drills: &'static Drills = Box::leak(Box::default());
    fusebox::set_observer(Box::leak(Box::new((timeline, drills))))?;

    let world = Arc::new(World::start(plan.scenario.outbox, plan.scenario.spill)?);
    let before = Before::now();
    let watcher = Watcher::start(timeline);
    let start = Instant::now();
    let outcome = plan.run(&world, timeline, &STOP).await?;
    let took = start.elapsed();
    if let Some(plant) = args.plant {
        plant.plant(&world).await?;
    }
    let health = watcher.finish();
    let evidence = Evidence::gather(plan, &world, &outcome, &before, drills, took).await?;
    let (name, world, outcome, before) = (&args.scenario, &world, &outcome, &before);
    let done = Done { name, plan, world, outcome, before, drills, timeline, took };
    Ok(Report::of(&done, health, promises::judge(&evidence)))
}

/// A lock whose holders leave nothing half done, should one panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
