//! Drills from another process in mid-run, as `fusebox drill` starts them.
#![cfg(target_os = "linux")]

mod common;

use std::time::Duration;

use common::{
    broken,
    operator::{breaker, open, report, start, until},
};
use fusebox::{CircuitBreaker, Drill, State};
use serde_json::Value;

/// Longer than it takes to see the faults: then it is stopped.
const LONG: Duration = Duration::from_secs(30);

/// Waits until a drill has given so many calls a fault. One that was over before is begun anew.
fn until_drilled(breaker: &CircuitBreaker, begun: Drill, faults: u64) {
    until(|| {
        let drill = breaker.drill();
        if drill.is_none() {
            breaker.start_drill(begun);
        }
        drill.filter(|it| it.faults >= faults)
    });
}

/// How many calls of a breaker got a fault of this kind.
fn drilled(report: &Value, breaker: &str, kind: &str) -> u64 {
    let breakers = report["breakers"].as_array().unwrap();
    let it = breakers.iter().find(|it| it["name"] == breaker).unwrap();
    it["drilled"][kind].as_u64().unwrap()
}

#[test]
fn drills_of_several_services_break_no_promise_and_every_breaker_closes_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel");
    let child = start(&path, &["--scenario", "calm"]);
    let panel = open(&path);
    let errors = Drill::lasting(LONG).fail(50.0).seed(1).build();
    let late = Drill::lasting(LONG).slow(Duration::from_millis(100), 50.0).seed(2).build();
    let hangs = Drill::lasting(Duration::from_millis(1500)).hang(20.0).seed(3).build();
    let drills = [("memory", errors), ("rate-limited-board", late), ("event-log", hangs)];
    let drills = drills.map(|(name, drill)| (breaker(panel, name), drill));
    for (breaker, drill) in drills {
        breaker.start_drill(drill);
    }
    let [(memory, _), (board, _), (events, _)] = drills;
    until_drilled(events, hangs, 1);
    until(|| events.drill().is_none().then_some(())); // by itself
    for (breaker, drill) in [(memory, errors), (board, late)] {
        until_drilled(breaker, drill, 3);
        assert!(breaker.stop_drill());
    }
    let report = report(&child.wait_with_output().unwrap());

    assert!(drilled(&report, "memory", "errors") >= 3, "{report}");
    assert!(drilled(&report, "rate-limited-board", "late") >= 3, "{report}");
    assert!(drilled(&report, "event-log", "hangs") >= 1, "{report}");
    assert_eq!(drilled(&report, "coach", "errors"), 0, "nobody drilled it");
    for (breaker, _) in drills {
        assert_eq!((breaker.state(), breaker.drill()), (State::Closed, None));
    }
    // A call that hung was not made: what it had to write is kept, and replayed.
    let outbox = &report["outboxes"][1];
    assert_eq!(outbox["name"], "event-log");
    assert!(outbox["kept"].as_u64().unwrap() >= 1, "{outbox}");
    assert_eq!(outbox["kept"], outbox["replayed"], "{outbox}");
}

/// A call that a drill fails is admitted and not made. Were it counted as made, it would hide
/// one that goes past the breaker.
#[test]
fn a_drill_hides_no_call_past_the_breaker() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel");
    let child = start(&path, &["--scenario", "calm", "--plant", "pass-breaker"]);
    let inferer = breaker(open(&path), "inferer-near");
    let errors = Drill::lasting(LONG).fail(40.0).seed(5).build();
    until_drilled(inferer, errors, 3);
    assert!(inferer.stop_drill());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(drilled(&report, "inferer-near", "errors") >= 3);
    assert_eq!(broken(&report), ["no call made to an open breaker"]);
}

/// The run waits for the end of a drill before it judges itself.
#[test]
fn a_drill_that_outlasts_the_rounds_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel");
    let scenario = folder.path().join("short.toml");
    std::fs::write(&scenario, "about = 'two rounds'\nrounds = 2\n").unwrap();
    let child = start(&path, &["--scenario", scenario.to_str().unwrap()]);
    let board = breaker(open(&path), "files-board");
    board.start_drill(Drill::lasting(Duration::from_secs(8)).fail(50.0).seed(3).build());
    let report = report(&child.wait_with_output().unwrap());
    assert!(drilled(&report, "files-board", "errors") >= 1, "{report}");
    assert_eq!((board.state(), board.drill()), (State::Closed, None));
}
