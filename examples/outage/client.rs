//! The client: threads that make one call after another over real sockets.

use std::{
    thread,
    time::{Duration, Instant},
};

use fusebox::Priority;
use ureq::Agent;

use crate::{
    Failure,
    guard::{Answer, CALL_TIMEOUT, CallFailure, Guard},
    progress::Progress,
    schedule::Schedule,
    server::{Backend, ITEMS},
    stopped,
};

/// What a caller does between two calls.
const THINK: Duration = Duration::from_millis(5);

/// One call of a caller.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// When it began, in milliseconds from the start of the run.
    pub at_ms: u64,
    /// How long the caller waited.
    pub waited: Duration,
    /// How often it reached for the server.
    pub attempts: u32,
    /// How much it matters.
    pub priority: Priority,
    pub answer: Answer,
}

/// Runs the server and its callers through the schedule.
pub fn run(
    schedule: &Schedule,
    backend: &Backend,
    threads: u16,
    guard: &Guard,
    progress: &Progress,
) -> Result<Vec<Sample>, Failure> {
    // Time for the server to listen before the first call.
    let start = Instant::now() + Duration::from_millis(50);
    thread::scope(|scope| {
        let server = scope.spawn(|| backend.serve(schedule, start));
        thread::sleep(start.saturating_duration_since(Instant::now()));
        guard.start(start);
        let callers: Vec<_> = (0..u32::from(threads))
            .map(|number| {
                scope.spawn(move || caller(number, schedule, start, backend, guard, progress))
            })
            .collect();
        let mut samples = Vec::new();
        for caller in callers {
            samples.extend(caller.join().map_err(|_| "a caller panicked")?);
        }
        match server.join() {
            Ok(end) => end?,
            Err(_) => return Err("the server panicked".into()),
        }
        Ok(samples)
    })
}

fn caller(
    number: u32,
    schedule: &Schedule,
    start: Instant,
    backend: &Backend,
    guard: &Guard,
    progress: &Progress,
) -> Vec<Sample> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(CALL_TIMEOUT))
        .http_status_as_error(false)
        .build()
        .into();
    let mut samples = Vec::new();
    for turn in 0.. {
        let begun = Instant::now();
        let at = begun - start;
        if at >= schedule.length() || stopped() {
            break;
        }
        // One question in fifty is about an item that does not exist.
        let unknown = if turn % 50 == 49 { ITEMS } else { 0 };
        let id = (number * 101 + turn) % ITEMS + unknown;
        // One in four can wait.
        let priority = if turn % 4 == 3 { Priority::BACKGROUND } else { Priority::DEFAULT };
        let mut attempts = 0;
        let answer = guard.call(id, priority, |id| {
            attempts += 1;
            ask(&agent, &backend.url(*id))
        });
        let at_ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        samples.push(Sample { at_ms, waited: begun.elapsed(), attempts, priority, answer });
        progress.called(at_ms, guard.state());
        thread::sleep(THINK);
    }
    samples
}

/// One HTTP request, to the end of its answer.
fn ask(agent: &Agent, url: &str) -> Result<u64, CallFailure> {
    let mut response = agent.get(url).call().map_err(|error| failure(&error))?;
    let status = response.status();
    // Read, so that the connection can be used again.
    let body = response.body_mut().read_to_string().map_err(|error| failure(&error))?;
    match status.as_u16() {
        404 => Err(CallFailure::NoSuchItem),
        200 => body.parse().map_err(|_| CallFailure::Outage),
        _ => Err(CallFailure::Outage),
    }
}

fn failure(error: &ureq::Error) -> CallFailure {
    match error {
        ureq::Error::Timeout(_) => CallFailure::TimedOut,
        _ => CallFailure::Outage,
    }
}
