//! Breakers that shed load or let calls back after an outage: `set`, `ls`, `top`, `serve`.

mod common;

use std::{thread, time::Duration};

use common::{Panel, server::Server, terminal::Top, wait_for};
use fusebox::{BreakerConfig, CircuitBreaker, Outcome, Priority, State};
use openmetrics_parser::{openmetrics::parse_openmetrics, prometheus::parse_prometheus};
use serde_json::{Value, json};

/// Closes it after an outage: it lets calls back for as long as the test lasts.
fn ramp(breaker: &CircuitBreaker) {
    let settings = BreakerConfig::new().recovery_timeout(Duration::from_millis(1));
    breaker.set_settings(settings.ramp_up(Duration::from_hours(1)).build());
    breaker.trip();
    wait_for("a probe", || breaker.try_acquire().ok()).success();
    assert_eq!(breaker.state(), State::Closed);
}

/// It sheds half of the calls at most, and never opens.
fn may_shed(breaker: &CircuitBreaker) {
    breaker.set_settings(BreakerConfig::new().failure_threshold(2_047).max_shed(50).build());
}

/// Of these calls the service answers one. What it does not answer is forgotten within
/// seconds, so this is for each look at it.
fn overload(breaker: &CircuitBreaker) {
    let Ok(permits) = breaker.acquire_many(64) else { return };
    let mut outcomes = vec![Outcome::Overload; permits.len()];
    if let Some(last) = outcomes.last_mut() {
        *last = Outcome::Success;
    }
    permits.report_all(&outcomes);
}

fn shed(panel: &Panel, name: &str) {
    wait_for("shedding", || {
        overload(panel.breaker(name));
        (panel.breaker(name).reading().shed == 50).then_some(())
    });
}

fn get(server: &Server, path: &str, accept: &str) -> String {
    let request = ureq::get(format!("{}{path}", server.url)).header("accept", accept);
    request.call().unwrap().body_mut().read_to_string().unwrap()
}

#[test]
fn what_a_breaker_does_about_load_is_set_in_every_unit() {
    let panel = Panel::with(&["shop"]);
    let set = |changes: &[&str]| panel.run(&[&["set", "shop"], changes].concat());
    // A long time is kept by its highest bits, rounded up.
    assert_eq!(
        set(&["ramp_up=5s", "max_shed=30%"]).ok(),
        "shop: ramp_up 0s -> 5s8ms\nshop: max_shed 0% -> 30%\n"
    );
    assert_eq!(
        set(&["ramp_up=500ms", "ramp_from=25", "max_shed=99"]).ok(),
        "shop: ramp_up 5s8ms -> 500ms\nshop: ramp_from 10% -> 25%\nshop: max_shed 30% -> 99%\n"
    );
    let table = panel.run(&["ls"]).ok();
    assert!(table.contains(" ramp_up=500ms ramp_from=25% max_shed=99%"), "{table}");
    assert_eq!(set(&["ramp_up=1m 4s"]).ok(), "shop: ramp_up 500ms -> 1m4s\n");
    let shop = panel.breaker("shop").settings();
    assert_eq!(
        (shop.ramp_up(), shop.ramp_from(), shop.max_shed()),
        (Duration::from_secs(64), 25, 99)
    );
    set(&["ramp_up=0s", "ramp_from=10%", "max_shed=0"]).ok();
    assert_eq!(panel.breaker("shop").settings(), common::settings());

    assert_eq!(
        set(&["probes=2", "max_shed=100%"]).failed(1),
        "error: `max_shed` is 100%, and must be from 0 to 99%; nothing was changed\n"
    );
    assert!(set(&["ramp_from=0%"]).failed(1).contains("must be from 1 to 100%"));
    assert!(set(&["ramp_up=5h"]).failed(1).contains("`ramp_up` is 18000000 ms"));
    assert!(set(&["ramp_up=5"]).failed(2).contains("such as 500ms, 10s or 1m30s"));
    assert!(set(&["max_shed=half"]).failed(2).contains("a whole number"));
    let help = panel.run(&["set", "--help"]).ok();
    // Whole sentences, and their ends.
    for line in ["lets calls back; 0 lets all back at once.", "service; 0 sheds none."] {
        assert!(help.contains(line), "{line}: {help}");
    }
    for line in ["  ramp_up=TIME\n", "  ramp_from=N%\n", "  max_shed=N%\n", "From 0% to 99%; 0% by"]
    {
        assert!(help.contains(line), "{line}: {help}");
    }
}

#[test]
fn a_list_without_it_has_no_room_for_it() {
    let panel = Panel::with(&["ai", "shop"]);
    let columns = |table: &str| table.lines().next().unwrap().to_owned();
    let before = panel.run(&["ls"]).ok();
    assert!(!columns(&before).contains("SHED"), "{before}");
    // Nor has one of breakers that may shed, and do not.
    may_shed(panel.breaker("shop"));
    assert_eq!(columns(&panel.run(&["ls"]).ok()), columns(&before));

    shed(&panel, "shop");
    let _ = panel.breaker("shop").try_acquire_as(Priority::BACKGROUND).unwrap_err();
    let during = panel.run(&["ls"]).ok();
    assert!(
        columns(&during).contains("REJECTED  SHED  SHEDS NOW  ADMITS FROM  OPENED"),
        "{during}"
    );
    panel.breaker("shop").close();
    assert_eq!(columns(&panel.run(&["ls"]).ok()), columns(&before));
}

#[test]
fn a_ramp_stands_in_the_list() {
    let panel = Panel::with(&["ai", "shop"]);
    ramp(panel.breaker("shop"));
    for _ in 0..5 {
        let _ = panel.breaker("shop").try_acquire();
    }
    let table = panel.run(&["ls"]).ok();
    let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let words = |name: &str| row(name).split_whitespace().map(String::from).collect::<Vec<_>>();
    let shop = words("shop");
    assert_eq!(shop[1..3], ["closed,", "admits"], "{table}");
    assert!(["10%", "11%"].contains(&&*shop[3]), "{table}");
    assert!(shop[4] == "1h00m" || shop[4].starts_with("59m"), "until it admits all: {table}");
    // Rejections, those while closed, what is shed, the priority.
    assert!(shop[9].parse::<u64>().unwrap() >= 5, "those before its probe, too: {table}");
    assert_eq!(shop[10..13], ["5", "-", "default"], "{table}");
    assert_eq!(words("ai")[7..11], ["0", "0", "-", "-"], "{table}");

    let shown: Value = serde_json::from_str(&panel.run(&["ls", "shop", "--json"]).ok()).unwrap();
    let left = shown[0]["ramp_left_ms"].as_u64().unwrap();
    assert!((3_000_000..=3_605_000).contains(&left), "{shown}");
    assert!([10, 11].contains(&shown[0]["admits_percent"].as_u64().unwrap()), "{shown}");
    assert_eq!((&shown[0]["shed_percent"], &shown[0]["admits_from"]), (&json!(0), &json!(160)));
    assert_eq!((&shown[0]["state"], &shown[0]["score"]), (&json!("closed"), &json!(55)));
    assert_eq!(shown[0]["counters"]["shed"], 5);
}

#[test]
fn top_shows_it_at_a_glance() {
    let panel = Panel::with(&["ai", "shop"]);
    may_shed(panel.breaker("shop"));
    let mut top = Top::start(&panel, (24, 120));
    top.line("shop", "closed");
    assert!(!top.text().contains("SHEDS") && top.text().contains("0 of 2 turn calls away"));
    wait_for("it is shown", || {
        overload(panel.breaker("shop"));
        let text = top.text();
        let line = text.lines().find(|line| line.starts_with("shop"))?.to_owned();
        (line.contains("admits 50%") && line.contains("  50%  default")).then_some(())
    });
    assert!(top.text().contains("SHEDS  ADMITS FROM"), "{}", top.text());
    top.shows("how many", |text| {
        overload(panel.breaker("shop"));
        text.contains("1 of 2 turn calls away")
    });
    panel.breaker("shop").close();
    top.shows("no columns", |text| !text.contains("SHEDS"));

    ramp(panel.breaker("ai"));
    let line = top.line("ai", "admits 1");
    assert!(line.contains("1h00m") || line.contains("59m"), "{line}");
    // On a narrow screen, too.
    top.resize(24, 40);
    top.line("ai", "admits 1");
    top.press("ss");
    top.shows("the worse first", |text| {
        let at = |name: &str| text.lines().position(|line| line.starts_with(name));
        at("ai") < at("shop")
    });
    top.press("q");
    assert_eq!(top.ends(), 0);
}

#[test]
fn it_is_degraded_and_neither_well_nor_down() {
    let panel = Panel::with(&["ai", "shop"]);
    let server = Server::start(&panel, &["--down-below", "50"]);
    let health = || -> Value { serde_json::from_str(&get(&server, "health", "*/*")).unwrap() };
    assert_eq!((&health()["status"], health().get("admit_a_share")), (&json!("ok"), None));
    ramp(panel.breaker("shop"));
    let health = wait_for("degraded", || Some(health()).filter(|it| it["status"] == "degraded"));
    // 100 and 55.
    assert_eq!((&health["score"], &health["admit_a_share"]), (&json!(66), &json!(1)));
    assert_eq!((&health["breakers"], &health["alerts"]), (&json!({ "closed": 2 }), &json!([])));
}

#[test]
fn shedding_for_too_long_is_told() {
    let panel = Panel::with(&["ai", "shop"]);
    may_shed(panel.breaker("shop"));
    let server = Server::start(&panel, &["--alert", "sheds_longer_than=500ms"]);
    let alert = wait_for("an alert", || {
        overload(panel.breaker("shop"));
        let panel: Value = serde_json::from_str(&get(&server, "panel.json", "*/*")).unwrap();
        panel["alerts"].get(0).cloned()
    });
    assert_eq!((&alert["kind"], &alert["breaker"]), (&json!("sheds_too_long"), &json!("shop")));
    let text = alert["text"].as_str().unwrap();
    assert!(text.starts_with("breaker `shop` has shed load for "), "{text}");
    // None by default, for a minute.
    let health = get(&Server::start(&panel, &[]), "health", "*/*");
    assert!(health.contains("\"alerts\": []"), "{health}");
    let help = panel.run(&["serve", "--help"]).ok();
    assert!(help.contains("  sheds_longer_than=TIME\n"), "{help}");
}

#[test]
fn it_is_a_metric_while_it_is_in_force() {
    let panel = Panel::with(&["ai", "bank", "shop"]);
    let server = Server::start(&panel, &[]);
    let gauges = [
        "fusebox_breaker_admitted_ratio{",
        "fusebox_breaker_shed_ratio{",
        "fusebox_breaker_ramp_left_seconds{",
    ];
    let before = get(&server, "metrics", "*/*");
    assert!(!gauges.iter().any(|it| before.contains(it)), "{before}");
    assert!(!before.contains("shed_calls"), "none of them may: {before}");
    may_shed(panel.breaker("shop"));
    wait_for("a counter from 0 on", || {
        let text = get(&server, "metrics", "*/*");
        text.contains("fusebox_breaker_shed_calls_total{breaker=\"shop\"} 0\n").then_some(())
    });

    ramp(panel.breaker("bank"));
    for _ in 0..3 {
        let _ = panel.breaker("bank").try_acquire();
    }
    let text = wait_for("all of them", || {
        overload(panel.breaker("shop"));
        let text = get(&server, "metrics", "*/*");
        gauges.iter().all(|it| text.contains(it)).then_some(text)
    });
    let value = |name: &str, breaker: &str| {
        let start = format!("fusebox_breaker_{name}{{breaker=\"{breaker}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&start))?;
        Some(line.parse::<f64>().unwrap())
    };
    let bank = value("admitted_ratio", "bank").unwrap();
    assert!((0.10..=0.11).contains(&bank), "{text}");
    let left = value("ramp_left_seconds", "bank").unwrap();
    assert!((3_000.0..=3_605.0).contains(&left), "{text}");
    assert_eq!(value("shed_calls_total", "bank"), Some(3.0), "{text}");
    let (admitted, shed) = (value("admitted_ratio", "shop"), value("shed_ratio", "shop"));
    let sum = admitted.unwrap() + shed.unwrap();
    assert!((1.0..=1.02).contains(&sum), "each is rounded up: {text}");
    for name in ["admitted_ratio", "shed_ratio", "ramp_left_seconds", "shed_calls_total"] {
        assert_eq!(value(name, "ai"), None, "{name}: {text}");
    }
    assert_eq!(value("ramp_left_seconds", "shop"), None, "{text}");
    parse_prometheus(&text).unwrap_or_else(|it| panic!("{it:?} in {text}"));
    let open = get(&server, "metrics", "application/openmetrics-text;version=1.0.0");
    parse_openmetrics(&open).unwrap_or_else(|it| panic!("{it:?} in {open}"));

    panel.breaker("bank").close();
    panel.breaker("shop").close();
    wait_for("their end", || {
        thread::sleep(Duration::from_millis(20));
        let text = get(&server, "metrics", "*/*");
        (!gauges.iter().any(|it| text.contains(it))).then_some(())
    });
}
