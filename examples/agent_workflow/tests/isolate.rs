//! Breakers steered from another process in mid-run, as `fusebox isolate` does.
#![cfg(target_os = "linux")]

mod common;

use std::{
    path::Path,
    process::{Child, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::{broken, command, region, times};
use fusebox::{CircuitBreaker, State};
use fusebox_shm::SharedPanel;
use serde_json::Value;

fn start(panel: &Path, scenario: &str) -> Child {
    let panel = panel.to_str().unwrap();
    let args =
        ["--scenario", scenario, "--agents", "8", "--pace", "200", "--json", "--panel", panel];
    command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the program to be far enough.
#[track_caller]
fn until<T>(mut there: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(it) = there() {
            return it;
        }
        assert!(Instant::now() < deadline, "it never came about");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The other mapping of the panel, once the program has made it.
fn open(path: &Path) -> &'static SharedPanel {
    Box::leak(Box::new(until(|| SharedPanel::open(path).ok())))
}

fn breaker(panel: &'static SharedPanel, name: &str) -> &'static CircuitBreaker {
    let called = |it: &&CircuitBreaker| it.counters().calls > 0;
    until(|| panel.panel().get(name).filter(called))
}

fn report(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let report = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(broken(&report), [""; 0]);
    report
}

#[test]
fn an_isolated_service_gets_no_call() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel");
    let child = start(&path, "calm");
    let inferer = breaker(open(&path), "inferer-near");
    inferer.force_open(); // in its first round
    let report = report(&child.wait_with_output().unwrap());

    assert_eq!(inferer.state(), State::ForcedOpen, "the program leaves an operator's hand alone");
    let isolated = report["isolated"].as_array().unwrap();
    assert!(isolated.len() >= 3, "rounds 2 to 4: {isolated:?}");
    let quiet = |it: &Value| it["system"] == "inferer-near" && it["seen"] == 0;
    assert!(isolated.iter().all(quiet), "{isolated:?}");
    // The other region answers.
    let guessed = times(&report, "inferer", "heuristic") + times(&report, "inferer", "basic");
    assert_eq!(guessed, 0);
    let answered = region(&report, "inferer-far")["answered"].as_u64().unwrap();
    assert!(answered >= 24, "8 agents, 3 rounds: {answered}");
    assert_eq!(report["regions"]["state"], "away");
    let timeline = report["timeline"].as_array().unwrap();
    let held = timeline.iter().any(|it| it["breaker"] == "inferer-near" && it["forced"] == true);
    assert!(held, "seen though nobody in the program did it: {timeline:?}");
}

#[test]
fn what_an_isolated_store_missed_is_replayed_when_it_is_released() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel");
    let child = start(&path, "calm");
    let events = breaker(open(&path), "event-log");
    events.force_open();
    until(|| (events.counters().rejections > 8).then_some(()));
    events.close();
    let report = report(&child.wait_with_output().unwrap());
    let outbox = &report["outboxes"][1];
    assert_eq!(outbox["name"], "event-log");
    assert!(outbox["kept"].as_u64().unwrap() > 0, "{outbox}");
    assert_eq!(outbox["kept"], outbox["replayed"], "{outbox}");
}
