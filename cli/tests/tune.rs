//! `tune`: what it proposes, applies, explains and refuses.

mod common;

use std::{fs, time::Duration};

use fusebox::{BreakerConfig, CircuitBreaker};
use fusebox_shm::{Options, SharedPanel, SharedRegistry, SharedTrace};
use serde_json::Value;

use crate::common::{Panel, Ran, fusebox};

/// A breaker that waits 400 ms.
fn quick(shared: &SharedRegistry<16>) -> &CircuitBreaker {
    let wait = Duration::from_millis(400);
    let settings = BreakerConfig::new().failure_threshold(1).recovery_timeout(wait).build();
    shared.get_or_init("shop", settings).unwrap()
}

/// The same, which has had four outages with calls meanwhile.
fn tried(shared: &SharedRegistry<16>) -> &CircuitBreaker {
    let breaker = quick(shared);
    for _ in 0..4 {
        let _ = breaker.call(|| Err::<(), _>("down"));
        // The service is up again at once; the first call that is let through finds it so.
        while breaker.call(|| Ok::<_, ()>(())).is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    breaker
}

fn panel() -> (Panel, SharedRegistry<16>) {
    let panel = Panel::new();
    let shared = SharedRegistry::open(panel.path(), Options::new()).unwrap();
    (panel, shared)
}

#[test]
fn it_proposes_and_changes_nothing_until_told_to() {
    let (panel, shared) = panel();
    let breaker = tried(&shared);
    let before = breaker.settings();
    let said = panel.run(&["tune"]).ok();
    assert!(said.starts_with("shop: recovery_timeout 400ms → "), "{said}");
    assert!(said.contains("the breaker has learned that it closes "), "{said}");
    assert_eq!(breaker.settings(), before);
    assert!(!panel.folder().join("panel.tune").exists());

    let applied = panel.run(&["tune", "--apply", "--bounds", "2"]).ok();
    assert!(applied.contains("recovery_timeout 400ms → 200ms"), "{applied}");
    assert_eq!(breaker.settings().recovery_timeout(), Duration::from_millis(200));

    // The second run remembers what was configured, and goes no further.
    for _ in 0..3 {
        panel.run(&["tune", "--apply", "--bounds", "2"]);
        assert!(breaker.settings().recovery_timeout() >= Duration::from_millis(200));
    }
    let file = fs::read_to_string(panel.folder().join("panel.tune")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    assert_eq!(file["breakers"]["shop"]["configured"]["recovery_timeout_ms"], 400);
    assert_eq!(file["breakers"]["shop"]["left"]["recovery_timeout_ms"], 200);
}

#[test]
fn it_explains_what_was_seen_and_why_a_setting_stays() {
    let panel = Panel::with(&["ai"]);
    let said = panel.run(&["tune", "ai", "--explain"]).ok();
    assert!(said.starts_with("ai: 0 outages were watched, "), "{said}");
    assert!(said.contains("\n  recovery_timeout stays 3600s: 0 outages are known"), "{said}");
    assert!(said.contains("\n  slow_call stays none: it is not in use\n"), "{said}");
    let json = panel.run(&["tune", "--json"]).ok();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["name"], "ai");
    assert_eq!(json[0]["settings"].as_array().unwrap().len(), 6);
    assert_eq!((&json[0]["applied"], &json[0]["replay"]), (&Value::Bool(false), &Value::Null));
    let nothing = panel.run(&["tune"]);
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(0), ""));
    assert!(nothing.err.contains("nothing is proposed"), "{}", nothing.err);
}

#[test]
fn frozen_it_applies_nothing() {
    let (panel, shared) = panel();
    let breaker = tried(&shared);
    let before = breaker.settings();
    assert!(panel.run(&["tune", "--freeze"]).ok().ends_with("tuning is frozen\n"));
    assert!(SharedPanel::open(panel.path()).unwrap().is_tuning_frozen());
    let frozen = panel.run(&["tune", "--apply"]);
    assert_eq!((frozen.code, frozen.out.as_str()), (Some(0), ""));
    assert!(frozen.err.contains("tuning is frozen in this panel"), "{}", frozen.err);
    assert_eq!(breaker.settings(), before);
    let why = panel.run(&["tune", "--explain"]);
    assert!(why.out.contains("recovery_timeout stays 400ms: tuning is frozen"), "{}", why.out);

    panel.run(&["tune", "--thaw"]).ok();
    breaker.set_learning(false);
    let why = panel.run(&["tune", "--explain"]).ok();
    assert!(why.contains("stays 400ms: what this breaker learns is frozen"), "{why}");
    breaker.set_learning(true);
    panel.run(&["tune", "--apply"]).ok();
    assert_ne!(breaker.settings(), before);
}

#[test]
fn a_replay_says_what_the_proposals_had_done_before_they_are_applied() {
    let (panel, shared) = panel();
    let trace = panel.path().with_added_extension("trace");
    let ring = SharedTrace::open(&trace, 1 << 12, Options::new()).unwrap();
    fusebox::set_trace(ring.leak()).unwrap();
    quick(&shared);
    panel.run(&["record", "on", "shop"]).ok();
    let breaker = tried(&shared);
    let before = breaker.settings();
    let trace = trace.to_str().unwrap();
    let said = panel.run(&["tune", "--trace", trace]).ok();
    assert!(said.contains("shop: of the recorded calls, refused "), "{said}");
    let json = panel.run(&["tune", "--trace", trace, "--json"]).ok();
    let json: Value = serde_json::from_str(&json).unwrap();
    let replay = &json[0]["replay"];
    let (happened, least) = (&replay["happened"], &replay["proposed_least"]);
    assert_eq!(happened["openings"], breaker.counters().openings);
    assert!(happened["refused"].as_u64() > least["refused"].as_u64(), "{replay}");
    assert_eq!(breaker.settings(), before);
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    let panel = Panel::with(&["ai"]);
    for bounds in ["0", "17", "18446744073709551615"] {
        let refused = panel.run(&["tune", "--bounds", bounds]).failed(1);
        let wanted = format!("error: `bounds` is {bounds}, and must be from 1 to 16\n");
        assert_eq!(refused, wanted);
    }
    assert!(panel.run(&["tune", "nobody"]).failed(1).contains("there is no breaker `nobody`"));
    assert!(panel.run(&["tune", "--apply", "--dry-run"]).failed(2).contains("cannot be used with"));
    assert!(
        panel.run(&["tune", "--every", "0s"]).failed(2).contains("it must be from 1000ms to 1h")
    );
    assert!(panel.run(&["tune", "--trace", "/nowhere/trace"]).failed(1).contains("/nowhere/trace"));
    assert!(Ran::of(fusebox().arg("tune")).failed(2).contains("no panel"));
}

#[test]
fn a_damaged_memory_is_refused_and_kept() {
    let panel = Panel::with(&["ai"]);
    let file = panel.folder().join("panel.tune");
    let of = |outage: &str| {
        format!(
            "{{\"fusebox_tune\":1,\"breakers\":{{\"ai\":{{\"configured\":{{}},\"left\":{{}},\
             \"outages\":[{outage}]}}}}}}"
        )
    };
    let part = "\"failed_probes\":0,\"turned_away\":0";
    for (text, why) in [
        (String::new(), "EOF while parsing"),
        ("{\"fusebox_tune\":1}".into(), "missing field `breakers`"),
        ("{\"fusebox_tune\":2,\"breakers\":{}}".into(), "its version is 2"),
        ("\u{1b}[31m".into(), "expected value"),
        (
            of(&format!("{{\"kind\":\"down\",\"down_until_ms\":9,\"up_at_ms\":1,{part}}}")),
            "cannot end before its last failed probe",
        ),
        (
            of(&format!("{{\"kind\":\"false_alarm\",\"down_until_ms\":0,\"up_at_ms\":1,{part}}}")),
            "`false_alarm` has `failed_ppm`",
        ),
        (of("7"), "invalid type"),
        (of("").replace("\"left\":{}", "\"left\":{\"probes\":0}"), "`probes` is 0"),
    ] {
        fs::write(&file, &text).unwrap();
        let said = panel.run(&["tune", "--apply"]).failed(1);
        assert!(said.contains("is not what `fusebox tune` writes"), "{said}");
        assert!(said.contains(why), "{why}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "it is left as it was");
    }
}
