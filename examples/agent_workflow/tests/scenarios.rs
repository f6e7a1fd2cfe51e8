//! Every scenario, small: all promises are kept, what it breaks is degraded, and
//! the same seed makes the same decisions.

mod common;

use std::thread;

use common::{broken, region, report, rounds, times, visitors};
use serde_json::Value;

/// Two runs with one seed, and one with another.
fn thrice(scenario: &'static str) -> Value {
    let runs = ["1", "1", "2"].map(|seed| {
        thread::spawn(move || report(&["--scenario", scenario, "--quick", "--seed", seed]))
    });
    let [first, second, other] = runs.map(|run| run.join().expect("the run kept its promises"));
    assert_eq!(first["digest"], second["digest"], "{scenario}: the same seed decides the same");
    assert_ne!(first["digest"], other["digest"], "{scenario}: another seed decides otherwise");
    assert_eq!(broken(&first), [""; 0]);
    first
}

#[test]
fn calm() {
    let report = thrice("calm");
    assert_eq!(report["degraded"].as_array().unwrap().len(), 0);
    assert_eq!(report["timeline"].as_array().unwrap().len(), 0);
    assert_eq!(report["health"]["lowest_score"], 100);
    assert_eq!(region(&report, "inferer-near")["answered"], 32, "all of them at home");
    assert_eq!(report["visitors"].as_array().unwrap().len(), 0);
    let steps: Vec<u64> = report["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["finished"].as_u64().unwrap())
        .collect();
    assert_eq!(steps, [8, 8, 32, 32, 32, 32]);
}

#[test]
fn storage() {
    let report = thrice("storage");
    // Each fault in its rounds, and no other round; a deleted file is survived.
    assert_eq!(rounds(&report, "event-log", "kept for later"), [1, 3, 5, 8]);
    assert_eq!(rounds(&report, "context-store", "kept for later"), [1, 2, 6, 7]);
    assert_eq!(rounds(&report, "files-board", "kept for later"), [7]);
    assert!(times(&report, "event-log", "kept for later") > 100);
    assert!(times(&report, "context-store", "kept for later") > 0);
    assert!(times(&report, "context-store", "copy in hand") > 0);
    assert!(times(&report, "files-board", "list in hand") > 0);
    assert_eq!(report["rescued"], 2, "two databases were deleted");
    for outbox in report["outboxes"].as_array().unwrap() {
        assert_eq!(outbox["kept"], outbox["replayed"], "{outbox}");
        assert_eq!(outbox["lost"], 0);
    }
}

#[test]
fn ai() {
    let report = thrice("ai");
    // One project in eight or so says nothing to the heuristic.
    let guessed = times(&report, "inferer", "heuristic") + times(&report, "inferer", "basic");
    assert_eq!(guessed, 16, "8 agents, 2 rounds; the other region answers in the third");
    assert_eq!(times(&report, "coach", "rules"), 16, "8 agents, 2 rounds; flaky, it still answers");
    assert_eq!(times(&report, "memory", "unknown"), 24);
}

#[test]
fn rate_limit() {
    let report = thrice("rate-limit");
    let quotas = report["quotas"].as_array().unwrap();
    let board = quotas.iter().find(|it| it["name"] == "rate-limited-board").unwrap();
    assert!(board["times"].as_u64().unwrap() > 0, "it says how much it takes: {quotas:?}");
    assert!(times(&report, "rate-limited-board", "kept for later") > 0, "it fails, too");
}

#[test]
fn regions() {
    let report = thrice("regions");
    // While one of them is there, the model answers: both are gone in round 6 alone.
    let guessed = times(&report, "inferer", "heuristic") + times(&report, "inferer", "basic");
    assert_eq!((guessed, rounds(&report, "inferer", "heuristic")), (8, vec![6]));
    let (near, far) = (region(&report, "inferer-near"), region(&report, "inferer-far"));
    assert_eq!(near["answered"].as_u64().unwrap() + far["answered"].as_u64().unwrap(), 56);
    assert!(far["answered"].as_u64().unwrap() >= 24, "near is gone in three rounds: {far}");
    assert!(near["answered"].as_u64().unwrap() >= 24, "and comes home: {near}");
    assert_eq!(report["regions"]["state"], "home");
}

/// A region that may take little over takes little over, and the heuristic answers the rest.
#[test]
fn a_region_takes_no_more_than_its_share() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.toml");
    let text = "about = 'a small region'\nrounds = 1\nspill = { share = 0, burst = 1 }\n
        [[fault]]\nsystem = 'inferer-near'\nkind = 'refuse'\nfrom = 1\nuntil = 2\n";
    std::fs::write(&path, text).unwrap();
    let report = report(&["--scenario", path.to_str().unwrap(), "--quick", "--agents", "100"]);
    assert_eq!(broken(&report), [""; 0]);
    let guessed = times(&report, "inferer", "heuristic") + times(&report, "inferer", "basic");
    let answered = region(&report, "inferer-far")["answered"].as_u64().unwrap();
    assert_eq!(guessed + answered, 100);
    assert!(guessed > 0 && answered > 0, "{guessed} guessed, {answered} answered");
}

#[test]
fn overload() {
    let report = thrice("overload");
    for (system, ours) in [("memory", "critical"), ("coach", "sheddable")] {
        let (let_in, shed) = visitors(&report, system, "background");
        assert!(shed > let_in / 4, "{system}: {shed} shed, {let_in} let in");
        let (ours_in, ours_shed) = visitors(&report, system, ours);
        assert!(ours_in > 0, "{system}");
        assert!(ours_shed * (shed + let_in) <= shed * (ours_in + ours_shed), "{system}");
    }
    assert_eq!(visitors(&report, "inferer-near", "default"), (0, 0), "it is not overloaded");
}

#[test]
fn token() {
    let report = thrice("token");
    assert_eq!(report["tokens"], 6, "one at first and one for each round in which it expired");
}

#[test]
fn everything() {
    let report = thrice("everything");
    for system in ["context-store", "event-log", "memory", "files-board", "token-board"] {
        assert!(times(&report, system, "kept for later") > 0, "{system}");
    }
    let health = &report["health"];
    assert!(health["lowest_score"].as_u64().unwrap() < 50, "{health}");
    let kinds: Vec<&str> = health["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"opened_together"), "{health}");
    assert!(visitors(&report, "memory", "background").1 > 0, "strangers are turned away");
}

/// A hundred agents at a time.
#[test]
fn everything_under_load() {
    let report = report(&["--scenario", "everything", "--agents", "100", "--pace", "5"]);
    assert_eq!(broken(&report), [""; 0]);
    assert_eq!(report["steps"][5]["finished"], 100 * 9);
}

/// A file, with the kinds of fault that no other scenario has where they are.
#[test]
fn a_scenario_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    let mut text = "about = 'all moods'\nrounds = 6\n".to_owned();
    let faults = [
        ("token-board", "garbage", 1, ""),
        ("rate-limited-board", "refuse", 1, ""),
        ("coach", "garbage", 2, ""),
        ("memory", "slow", 2, "delay_ms = 30"),
        ("inferer-near", "unavailable", 3, ""),
        ("inferer-far", "garbage", 3, ""),
        ("token-board", "flaky", 3, "percent = 60"),
        ("rate-limited-board", "flaky", 3, "percent = 60"),
        ("memory", "flaky", 4, "percent = 100"),
        ("inferer-near", "flaky", 5, "percent = 100"),
        ("inferer-far", "flaky", 5, "percent = 100"),
        ("event-log", "gone", 6, ""),
        ("context-store", "read-only", 6, ""),
    ];
    for (system, kind, from, more) in faults {
        let until = from + 1;
        let fault = format!(
            "[[fault]]\nsystem = '{system}'\nkind = '{kind}'\nfrom = {from}\nuntil = {until}\n{more}\n"
        );
        text.push_str(&fault);
    }
    std::fs::write(&path, text).unwrap();
    let report = report(&["--scenario", path.to_str().unwrap(), "--quick"]);
    assert_eq!(broken(&report), [""; 0]);
    assert_eq!(rounds(&report, "token-board", "kept for later"), [1]);
    assert_eq!(rounds(&report, "rate-limited-board", "kept for later"), [1]);
    assert_eq!(rounds(&report, "coach", "rules"), [2]);
    assert_eq!(rounds(&report, "inferer", "heuristic"), [3]);
    assert_eq!(rounds(&report, "memory", "unknown"), [0; 0], "slow and flaky, it answers");
    assert_eq!(rounds(&report, "event-log", "kept for later"), [6]);
    assert_eq!(rounds(&report, "context-store", "kept for later"), [6]);
    assert_eq!(rounds(&report, "context-store", "copy in hand"), [0; 0], "it can be read");
}
