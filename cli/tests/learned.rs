//! `learned`: what breakers have learned of their services.

mod common;

use common::{Panel, fail};

#[test]
fn it_is_shown_frozen_and_forgotten() {
    let panel = Panel::with(&["ai", "mail"]);
    let ai = panel.breaker("ai");
    let table = panel.run(&["learned"]).ok();
    assert_eq!(table.lines().next().unwrap().split_whitespace().next(), Some("NAME"));
    assert!(table.lines().count() == 3 && table.contains("ai "), "{table}");

    assert_eq!(panel.run(&["learned", "--freeze", "ai"]).ok(), "ai: what was learned is frozen\n");
    assert!(ai.learned().frozen && !panel.breaker("mail").learned().frozen);
    assert!(panel.run(&["learned", "ai"]).ok().contains("frozen"));
    assert_eq!(
        panel.run(&["learned", "--forget", "ai"]).ok(),
        "ai: what was learned is forgotten\n"
    );
    assert!(ai.learned().frozen, "it stays frozen");
    assert_eq!(panel.run(&["learned", "--thaw", "ai"]).ok(), "ai: learns again\n");
    assert!(!ai.learned().frozen);
}

#[test]
fn json_says_it_in_words_too() {
    let panel = Panel::with(&["ai"]);
    fail(panel.breaker("ai"), 1);
    let shown: serde_json::Value =
        serde_json::from_str(&panel.run(&["learned", "--json"]).ok()).unwrap();
    let expected = serde_json::json!([{
        "name": "ai", "latency_us": null, "baseline_us": null, "outage_ms": null,
        "first_probe_percent": null, "failures_ppm": null, "frozen": false,
        "slow_limit_ms": null, "words": "nothing is learned yet",
    }]);
    assert_eq!(shown, expected);
}

#[test]
fn to_change_all_at_once_is_refused() {
    let panel = Panel::with(&["ai"]);
    assert!(panel.run(&["learned", "--freeze"]).failed(2).contains("<NAME>"));
    assert!(
        panel.run(&["learned", "--freeze", "--thaw", "ai"]).failed(2).contains("cannot be used")
    );
    let error = panel.run(&["learned", "--forget", "ai", "nobody"]).failed(1);
    assert!(error.contains("there is no breaker `nobody`"), "{error}");
}

#[test]
fn the_setting_is_set_and_taken_away() {
    let panel = Panel::with(&["ai"]);
    let said = panel.run(&["set", "ai", "slow_above=200%"]).ok();
    assert_eq!(said, "ai: slow_above none -> 200%\n");
    assert_eq!(panel.breaker("ai").settings().slow_above(), 200);
    assert_eq!(panel.run(&["set", "ai", "slow_above=none"]).ok(), "ai: slow_above 200% -> none\n");
    let error = panel.run(&["set", "ai", "slow_above=105%"]).failed(1);
    assert!(error.contains("`slow_above` is 105%, and must be from 110 to 1000%"), "{error}");
}
