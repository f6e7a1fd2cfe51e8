//! A worker: a process of one thread, which makes one call after another
//! through its breaker.

use std::{
    io::{self, Write},
    path::PathBuf,
    thread,
    time::Duration,
};

use fusebox::{CallError, CircuitBreaker, Clock, PreciseClock, State, Tick};
use fusebox_shm::Options;
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};
use ureq::Agent;

use crate::show::{BACKEND, Failure, Panel, schedule::Schedule};

/// The environment variable that makes this program a worker.
pub const PLAN: &str = "FUSEBOX_EXAMPLE_HOST_WORKER";

/// What a worker is told.
#[derive(Debug, Serialize, Deserialize)]
pub struct Plan {
    /// From 0.
    pub number: u16,
    pub workers: u16,
    pub parent: u32,
    pub port: u16,
    pub timeout: Duration,
    /// The panel that it shares with the others; none for a breaker of its own.
    pub panel: Option<PathBuf>,
}

/// One call of a worker.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// When it began, in milliseconds from the start of the run.
    pub at_ms: u64,
    pub took_ms: u64,
    pub outcome: Outcome,
    /// Whether the worker saw the breaker open, or half-open, afterwards.
    pub open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Answered,
    /// It reached for the server, and waited in vain.
    Wasted,
    /// The breaker turned it away at once.
    TurnedAway,
}

/// Says `ready`, waits to be told when to start, works, and says its samples.
pub fn main(plan: &str) -> Result<(), Failure> {
    let plan: Plan = serde_json::from_str(plan)?;
    // It ends with its parent, also if that is killed.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid().map(|parent| parent.as_raw_nonzero().get().cast_unsigned()) != Some(plan.parent) {
        return Err("its parent has gone".into());
    }
    let schedule = Schedule::of(plan.timeout);
    let settings = schedule.settings()?;
    match &plan.panel {
        Some(path) => {
            let panel = Panel::open(path, Options::new().create(false))?;
            work(&plan, panel.get_or_init(BACKEND, settings)?)
        }
        None => work(&plan, &CircuitBreaker::named(BACKEND, settings)),
    }
}

fn work(plan: &Plan, breaker: &CircuitBreaker) -> Result<(), Failure> {
    let schedule = Schedule::of(plan.timeout);
    let agent: Agent =
        Agent::config_builder().timeout_global(Some(schedule.timeout)).build().into();
    let url = format!("http://127.0.0.1:{}/answer", plan.port);

    println!("ready");
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    // The host's monotonic clock, which is the same in all processes.
    let start = Tick::from_millis(line.trim().parse()?);
    let now = || PreciseClock.now().since(start);

    thread::sleep(start.since(PreciseClock.now()));
    thread::sleep(schedule.first_call(plan.number, plan.workers));
    let mut samples = Vec::new();
    while now() < schedule.end() {
        let at = now();
        let outcome = match breaker.call(|| ask(&agent, &url)) {
            Ok(()) => Outcome::Answered,
            Err(CallError::Rejected(_)) => Outcome::TurnedAway,
            Err(_) => Outcome::Wasted,
        };
        let took = now().saturating_sub(at);
        let open = breaker.state() != State::Closed;
        samples.push(Sample { at_ms: millis(at), took_ms: millis(took), outcome, open });
        thread::sleep(schedule.pause());
    }
    println!("{}", serde_json::to_string(&samples)?);
    Ok(())
}

/// One HTTP request, to the end of its answer.
fn ask(agent: &Agent, url: &str) -> Result<(), ureq::Error> {
    agent.get(url).call()?.body_mut().read_to_string().map(drop)
}

fn millis(time: Duration) -> u64 {
    time.as_millis() as u64
}
