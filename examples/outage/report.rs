//! The table and the timeline, as text.

use fusebox::State;

use crate::{
    figures::Figures,
    guard::{CALL_TIMEOUT, RAMP_UP},
    schedule::Schedule,
};

pub fn print(schedule: &Schedule, runs: &[Figures]) {
    println!("Both callers give up on a call after {CALL_TIMEOUT:?}. The server:");
    for span in &schedule.spans {
        println!("  {:>6} to {:>6} ms  {}", span.from, span.to, span.phase.label());
    }
    println!();
    row("", runs, |run| run.run.into());
    row("calls", runs, |run| run.calls.to_string());
    row("answered by the server", runs, |run| run.served.to_string());
    row("answered by the fallback", runs, |run| run.stale.to_string());
    row("not answered", runs, |run| (run.failed + run.rejected).to_string());
    row("goodput, answers/s", runs, |run| format!("{:.1}", run.goodput_per_s));
    row("calls that hit the dead server", runs, |run| run.calls_to_dead_server.to_string());
    row("callers' time wasted, s", runs, |run| format!("{:.2}", run.wasted_s));
    row("latency p50, ms", runs, |run| format!("{:.3}", run.p50_ms));
    row("latency p99, ms", runs, |run| format!("{:.3}", run.p99_ms));
    row("latency p99.9, ms", runs, |run| format!("{:.3}", run.p999_ms));
    row("first answer after recovery, ms", runs, |run| {
        run.recovery_ms.map_or_else(|| "none came".into(), |ms| ms.to_string())
    });

    for run in runs.iter().filter(|run| !run.changes.is_empty()) {
        timeline(schedule, run);
        let ramp = &run.ramp;
        println!(
            "\nFor {RAMP_UP:?} after it closed, the breaker let calls back, those that matter more \
             first.\nThe server answered {} of {} calls, and {} of {} in the background.",
            ramp.served, ramp.calls, ramp.background_served, ramp.background_calls
        );
    }
}

fn row(label: &str, runs: &[Figures], cell: impl Fn(&Figures) -> String) {
    print!("{label:<32}");
    for run in runs {
        print!("{:>12}", cell(run));
    }
    println!();
}

/// The changes in words, and a strip with one letter for every 2 % of the run.
fn timeline(schedule: &Schedule, run: &Figures) {
    const COLUMNS: u64 = 50;
    println!("\nThe breaker:");
    for change in &run.changes {
        println!("  {:>6} ms  {}", change.at_ms, change.to);
    }
    let state_at = |ms: u64| {
        let last = run.changes.iter().rev().find(|change| change.at_ms <= ms);
        last.map_or(State::Closed, |change| change.to)
    };
    let middles = (0..COLUMNS).map(|column| schedule.end() * (2 * column + 1) / (2 * COLUMNS));
    let strip = |letter: &dyn Fn(u64) -> char| middles.clone().map(letter).collect::<String>();
    println!(
        "  server  {}   . answers, # does not",
        strip(&|ms| match schedule.phase_at(ms).label() {
            "answers" => '.',
            _ => '#',
        })
    );
    println!(
        "  breaker {}   . closed, O open, h half-open",
        strip(&|ms| match state_at(ms) {
            State::Closed => '.',
            State::HalfOpen => 'h',
            _ => 'O',
        })
    );
}
