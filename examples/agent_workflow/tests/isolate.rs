//! Breakers steered from another process in mid-run, as `fusebox isolate` does.
#![cfg(target_os = "linux")]

mod common;

use common::{
    operator::{breaker, open, report, start, until},
    region, times,
};
use fusebox::State;
use serde_json::Value;

#[test]
fn an_isolated_service_gets_no_call() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel");
    let child = start(&path, &["--scenario", "calm"]);
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
    let child = start(&path, &["--scenario", "calm"]);
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
