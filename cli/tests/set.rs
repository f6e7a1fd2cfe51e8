//! `set`.

mod common;

use std::time::Duration;

use common::{Panel, fail};
use fusebox::{BreakerConfig, State};

#[test]
fn a_change_takes_effect_at_the_next_decision() {
    let panel = Panel::with(&["ai"]);
    let ai = panel.breaker("ai");
    fail(ai, 1);
    let said = panel.run(&["set", "ai", "failure_threshold=2", "recovery_timeout=1ms"]).ok();
    assert_eq!(said, "ai: failure_threshold 3 -> 2\nai: recovery_timeout 1h -> 1ms\n");
    assert_eq!((ai.state(), ai.snapshot().score), (State::Closed, 1));
    fail(ai, 1);
    assert_eq!(ai.state(), State::Open);
    drop(common::wait_for("a millisecond", || ai.try_acquire().ok()));

    // And those that are not named stay.
    let expected = BreakerConfig::from(common::settings())
        .failure_threshold(2)
        .recovery_timeout(Duration::from_millis(1));
    assert_eq!(ai.settings(), expected.build());
}

#[test]
fn every_setting_in_its_own_units() {
    let panel = Panel::with(&["ai"]);
    let said = panel
        .run(&[
            "set",
            "ai",
            "failure_threshold=2047",
            "recovery_timeout=4m 5s 250ms",
            "probes=15",
            "successes_to_close=2",
            "doublings=3",
            "growth=150%",
            "recovery_jitter=10%",
        ])
        .ok();
    assert_eq!(said.lines().count(), 7, "{said}");
    assert_eq!(
        panel.breaker("ai").settings().to_string(),
        "failure_threshold=2047 failure_weight=0 window=0 min_span=0ns quiet=0ns slow_call=none \
         slow_weight=0 recovery_timeout=245.25s probes=15 successes_to_close=2 doublings=3 \
         growth=150% recovery_jitter=10% ramp_up=0ns ramp_from=10% max_shed=0% foresight=off \
         slow_above=none"
    );
    assert_eq!(
        panel.run(&["set", "ai", "probes=15"]).ok(),
        "ai: nothing changed, it has these settings\n"
    );
}

#[test]
fn the_rule_changes_live_and_a_limit_goes_away_by_none() {
    let panel = Panel::with(&["ai"]);
    let changes = ["failure_weight=6", "failure_threshold=40", "slow_call=250ms", "min_span=20ms"];
    let said = panel.run(&[&["set", "ai"], &changes[..]].concat()).ok();
    assert_eq!(
        said,
        "ai: failure_threshold 3 -> 40\nai: failure_weight 0 -> 6\nai: min_span 0s -> 20ms\n\
         ai: slow_call none -> 250ms\n"
    );
    fail(panel.breaker("ai"), 2);
    let table = panel.run(&["ls"]).ok();
    assert!(table.contains(" 12/40 "), "{table}");
    assert!(table.contains("failure_weight=6 min_span=20ms slow_call=250ms"), "{table}");
    let said = panel.run(&["set", "ai", "slow_call=none"]).ok();
    assert_eq!(said, "ai: slow_call 250ms -> none\n");
    let error = panel.run(&["set", "ai", "window=64"]).failed(1);
    assert!(error.contains("`failure_weight` is 6, and must be left alone with a `window`"));
}

#[test]
fn all_or_nothing() {
    let panel = Panel::with(&["ai"]);
    let error = panel.run(&["set", "ai", "probes=2", "failure_threshold=0"]).failed(1);
    assert_eq!(
        error,
        "error: `failure_threshold` is 0, and must be from 1 to 2047; nothing was changed\n"
    );
    // Fine by itself, but not with the timeout that is there.
    panel.run(&["set", "ai", "recovery_timeout=24d"]).ok();
    let error = panel.run(&["set", "ai", "doublings=15", "probes=2"]).failed(1);
    assert!(error.contains("`doublings` is 15, and must be from 0 to 6"), "{error}");
    assert_eq!(panel.breaker("ai").settings().probes(), 1);
}

#[test]
fn what_is_not_understood_is_code_2() {
    let panel = Panel::with(&["ai"]);
    let error = |change: &str| panel.run(&["set", "ai", change]).failed(2);
    assert!(error("probs=3").contains(
        "there is no setting `probs`; there are failure_threshold, failure_weight, window, \
         min_span, quiet, slow_call, slow_weight, recovery_timeout, probes, \
         successes_to_close, doublings, growth, recovery_jitter"
    ));
    assert!(error("recovery_timeout=10").contains("such as 500ms, 10s or 1m30s, and `10` is none"));
    assert!(error("probes").contains("write it as key=value"));
    assert!(error("probes=-1").contains("`probes` takes a whole number, and `-1` is none"));
    assert!(error("recovery_jitter=ten").contains("a whole number"));
    let twice = panel.run(&["set", "ai", "probes=1", "probes=2"]).failed(2);
    assert!(twice.contains("`probes` is given twice"), "{twice}");
    assert!(panel.run(&["set", "ai"]).failed(2).contains("<KEY=VALUE>..."));
    assert!(panel.run(&["set", "ia", "probes=2"]).failed(1).contains("did you mean `ai`?"));
    assert_eq!(panel.breaker("ai").settings(), common::settings());
}
