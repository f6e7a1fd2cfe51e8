//! `ls`.

mod common;

use common::{Panel, Ran, fail};
use serde_json::{Value, json};

#[test]
fn a_table_of_all_breakers() {
    let panel = Panel::with(&["zebra", "ai"]);
    fail(panel.breaker("zebra"), 2);
    fail(panel.breaker("ai"), 3);
    let _ = panel.breaker("ai").try_acquire();
    let table = panel.run(&["ls"]).ok();

    let lines: Vec<Vec<&str>> = table.lines().map(|it| it.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert_eq!(lines[0][..3], ["NAME", "STATE", "LEFT"]);
    assert_eq!(lines[1][..2], ["ai", "open"]);
    // By name; points, failures, slow calls, rejections, openings, calls …, score.
    assert_eq!(lines[1][4..10], ["-", "3", "-", "1", "1", "-"]);
    assert_eq!(lines[1][13..], ["0", "recovery_timeout=1h"]);
    assert_eq!(lines[2][..6], ["zebra", "closed", "-", "-", "2/3", "2"]);
    assert!(!table.contains("FAULT"), "{table}");
    assert!(!table.contains('\x1b'), "no colours in a pipe: {table:?}");
    assert!(table.lines().all(|line| line == line.trim_end()), "{table:?}");
}

#[test]
fn only_the_breakers_that_are_named() {
    let panel = Panel::with(&["ai", "billing", "mail"]);
    let table = panel.run(&["ls", "mail", "ai"]).ok();
    let names: Vec<_> = table.lines().skip(1).map(|line| &line[..4]).collect();
    assert_eq!(names, ["mail", "ai  "]);
    let error = panel.run(&["ls", "mial"]).failed(1);
    assert_eq!(error, "error: there is no breaker `mial`; did you mean `mail`?\n");
}

#[test]
fn json_of_a_stable_form() {
    let panel = Panel::with(&["ai"]);
    fail(panel.breaker("ai"), 2);
    let counting = panel.counting();
    assert!(counting.get("ai").unwrap().call(|| Err::<(), _>("down")).is_err());
    let shown: Value = serde_json::from_str(&panel.run(&["ls", "--json"]).ok()).unwrap();
    let ms = |key: &str| shown[0][key].as_u64().unwrap();
    assert!((3_000_000..=3_600_000).contains(&ms("time_left_ms")), "{shown}");
    assert!(ms("open_for_ms") <= 600_000, "{shown}");
    let expected = json!([{
        "name": "ai",
        "state": "open",
        "generation": 1,
        "failure_score": 0,
        "nearness_percent": null,
        "time_left_ms": ms("time_left_ms"),
        "open_for_ms": ms("open_for_ms"),
        "drill": null, "ramp_left_ms": null, "admits_percent": 100, "shed_percent": 0, "admits_from": null,
        "score": 0,
        "reopenings": 0,
        "probes_in_flight": 0,
        "probes_succeeded": 0,
        "counters": {
            "failures": 3, "slow": 0, "rejections": 0, "shed": 0, "openings": 1, "calls": 1,
            "retries": 0, "exhausted": 0, "fallbacks": 0,
        },
        "settings": {
            "failure_threshold": 3, "failure_weight": 0, "window": 0, "min_span_ms": 0,
            "quiet_ms": 0, "slow_call_ms": 0, "slow_weight": 0,
            "recovery_timeout_ms": 3_600_000, "probes": 1,
            "successes_to_close": 1, "doublings": 0, "growth_percent": 200,
            "recovery_jitter_percent": 0, "ramp_up_ms": 0, "ramp_from_percent": 10,
            "max_shed_percent": 0, "foresight": "off", "slow_above_percent": 0,
        },
        "slow_limit_ms": null,
        "learned": {
            "latency_us": null, "baseline_us": null, "outage_ms": null,
            "first_probe_percent": null, "failures_ppm": null, "frozen": false,
        },
        "risk": { "level": "calm", "percent": 0, "signs": {} },
        "shadow": null,
        "last_error": null,
        "fault": null,
        "limits": null,
        "at_ms": shown[0]["at_ms"], "stamp_ms": shown[0]["stamp_ms"],
    }]);
    let millis = |key: &str| shown[0][key].as_u64().unwrap();
    assert_eq!(millis("at_ms") - millis("stamp_ms"), millis("open_for_ms"));
    assert_eq!(shown, expected);
}

/// The keys of a value, and of all that is in it.
fn keys(value: &Value) -> Vec<String> {
    let Value::Object(map) = value else { return Vec::new() };
    let below = |(key, value): (&String, &Value)| {
        let below: Vec<_> = keys(value).iter().map(|it| format!("{key}.{it}")).collect();
        [vec![key.clone()], below].concat()
    };
    let mut keys: Vec<_> = map.iter().flat_map(below).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn the_readme_shows_every_key() {
    let readme = include_str!("../README.md");
    let (_, from) = readme.split_once("prints an array, sorted by name, of\n\n```json\n").unwrap();
    let example: Value = serde_json::from_str(from.split_once("```").unwrap().0).unwrap();
    let shown: Value =
        serde_json::from_str(&Panel::with(&["ai"]).run(&["ls", "--json"]).ok()).unwrap();
    assert_eq!(keys(&example), keys(&shown[0]));
    assert!(keys(&example).len() > 20, "{example}");
}

#[test]
fn every_state_has_its_word() {
    let panel = Panel::with(&["a", "b", "c", "d"]);
    panel.breaker("b").force_open();
    panel.breaker("c").disable();
    fail(panel.breaker("d"), 3);
    let shown: Value = serde_json::from_str(&panel.run(&["ls", "--json"]).ok()).unwrap();
    let states: Vec<_> = (0..4).map(|at| shown[at]["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["closed", "forced open", "disabled", "open"]);
    assert_eq!((&shown[1]["time_left_ms"], &shown[2]["score"]), (&Value::Null, &Value::Null));
}

#[test]
fn an_empty_panel_is_no_failure() {
    let panel = Panel::new();
    let Ran { code, out, err } = panel.run(&["ls"]);
    assert_eq!((code, out.lines().count()), (Some(0), 1));
    assert_eq!(err, "no breaker is registered in this panel yet\n");
    assert_eq!(panel.run(&["ls", "--json"]).out, "[]\n");
}

#[test]
fn colours_where_they_are_asked_for() {
    let panel = Panel::with(&["ai"]);
    let forced = Ran::of(panel.command().arg("ls").env("CLICOLOR_FORCE", "1")).ok();
    assert!(forced.contains("\x1b[32mclosed\x1b[0m"), "{forced:?}");
    let not =
        Ran::of(panel.command().arg("ls").env("CLICOLOR_FORCE", "0").env("NO_COLOR", "1")).ok();
    assert!(!not.contains('\x1b'), "{not:?}");
}

/// The whole of a large panel, by the command itself; how long it takes is
/// measured elsewhere.
#[test]
fn four_thousand_breakers() {
    use fusebox_shm::{Options, SharedRegistry};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let shared = SharedRegistry::<4096>::open(&path, Options::new()).unwrap();
    for number in 0..4096 {
        shared.get_or_default(&*format!("breaker_{number:04}")).unwrap();
    }
    let table = Ran::of(common::fusebox().arg("-p").arg(&path).arg("ls")).ok();
    assert_eq!(table.lines().count(), 4097);
    assert!(table.lines().nth(4096).unwrap().starts_with("breaker_4095  closed"));
}
