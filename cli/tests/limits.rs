//! The limits of a panel's slots: `set`, `ls`, `top`, `serve`.

mod common;

use common::{Panel, server::Server, terminal::Top, wait_for};
use fusebox::{BudgetConfig, Limits, RateConfig};
use fusebox_shm::{Options, SharedPanel, SharedRegistry};
use openmetrics_parser::{openmetrics::parse_openmetrics, prometheus::parse_prometheus};
use serde_json::{Value, json};

/// The limits of a slot, as another program finds them.
fn with_limits<T>(panel: &Panel, name: &str, use_them: impl FnOnce(&Limits) -> T) -> T {
    use_them(SharedPanel::open(panel.path()).unwrap().panel().limits(name).unwrap())
}

/// A rate limit that is used up, and has turned away so many calls.
fn exhaust(panel: &Panel, name: &str, refused: usize) {
    with_limits(panel, name, |limits| {
        while limits.rate_limit().try_acquire().is_ok() {}
        for _ in 1..refused {
            assert!(limits.rate_limit().try_acquire().is_err());
        }
    });
}

fn get(server: &Server, path: &str, accept: &str) -> String {
    let request = ureq::get(format!("{}{path}", server.url)).header("accept", accept);
    request.call().unwrap().body_mut().read_to_string().unwrap()
}

#[test]
fn a_limit_is_set_changed_and_lifted() {
    let panel = Panel::with(&["ai"]);
    let set = |changes: &[&str]| panel.run(&[&["set", "ai"], changes].concat());
    let said = set(&["rate=100/s", "burst=20", "budget=10%", "reserve=5/s"]).ok();
    assert_eq!(
        said,
        "ai: rate none -> 100/s\nai: burst none -> 20\n\
         ai: budget none -> 10%\nai: reserve none -> 5/s\nai: budget_burst none -> 100\n"
    );
    with_limits(&panel, "ai", |limits| {
        let rate = RateConfig::per_second(100).burst(20).build();
        let budget = BudgetConfig::share(0.1).reserve_per_second(5).build();
        assert_eq!(limits.rate_limit().settings(), Some(rate));
        assert_eq!(limits.budget().settings(), Some(budget));
        assert!(limits.rate_limit().acquire_n(20).is_ok());
        assert_eq!(limits.rate_limit().acquire_n(21).unwrap_err().name(), Some("ai"));
    });
    // Those that are not named stay; of a breaker and a limit together, too.
    let said = set(&["rate=5/min", "probes=2"]).ok();
    assert_eq!(said, "ai: probes 1 -> 2\nai: rate 100/s -> 5/min\n");
    assert_eq!(panel.breaker("ai").settings().probes(), 2);
    assert_eq!(set(&["burst=20"]).ok(), "ai: nothing changed, it has these settings\n");
    let said = set(&["rate=none"]).ok();
    assert_eq!(said, "ai: rate 5/min -> none\nai: burst 20 -> none\n");
    with_limits(&panel, "ai", |limits| {
        assert_eq!(limits.rate_limit().settings(), None);
        assert!(limits.budget().settings().is_some());
    });
}

#[test]
fn all_or_nothing() {
    let panel = Panel::with(&["ai"]);
    let refused = |changes: &[&str]| panel.run(&[&["set", "ai"], changes].concat()).failed(1);
    assert_eq!(
        refused(&["probes=2", "rate=100/s", "burst=0"]),
        "error: `burst` is 0, and must be from 1 to 2000000; nothing was changed\n"
    );
    assert_eq!(
        refused(&["rate=0/s"]),
        "error: `rate` is 0/s, and must be from 1/d to 10000000/s; nothing was changed\n"
    );
    assert!(refused(&["failure_threshold=0", "rate=1/s", "budget=10%"]).contains("to 2047"));
    assert!(refused(&["burst=9"]).contains("`burst` needs a `rate`, and there is none"));
    for limit in [0, 63, 100_000] {
        assert_eq!(
            refused(&["rate=9/s", &format!("bulkhead={limit}")]),
            format!(
                "error: `bulkhead` is {limit}, and must be from 1 to 62 in a panel; nothing was \
                 changed\n"
            )
        );
    }
    assert_eq!(panel.breaker("ai").settings(), common::settings());
    with_limits(&panel, "ai", |limits| assert!(!limits.reading().has_any()));
}

#[test]
fn what_is_not_understood_is_code_2() {
    let panel = Panel::with(&["ai"]);
    let error = |change: &str| panel.run(&["set", "ai", change]).failed(2);
    assert!(error("rate=100").contains("`rate` takes calls in a time, such as 100/s, 5/min"));
    assert!(error("budget=much").contains("a share of the calls, such as 10% or 0.1, or none"));
    assert!(error("rates=1/s").contains("and of the limits rate, burst, precise, budget"));
    let twice = panel.run(&["set", "ai", "rate=1/s", "rate=2/s"]).failed(2);
    assert!(twice.contains("`rate` is given twice"), "{twice}");
    let help = panel.run(&["set", "--help"]).ok();
    assert!(help.contains("rate=N/TIME") && help.contains("budget=N%"), "{help}");
}

#[test]
fn ls_shows_them_where_there_are_any() {
    let panel = Panel::with(&["ai", "mail"]);
    assert!(!panel.run(&["ls"]).ok().contains("LIMIT"));
    panel.run(&["set", "ai", "rate=1/h", "burst=3", "budget=10%", "reserve=0"]).ok();
    exhaust(&panel, "ai", 4);
    with_limits(&panel, "ai", |limits| assert!(limits.budget().try_withdraw()));

    let table = panel.run(&["ls"]).ok();
    let lines: Vec<&str> = table.lines().collect();
    let head = "SETTINGS             LIMITED  NO RETRY  RETRIES LEFT  LIMITS";
    assert!(lines[0].ends_with(head), "{table}");
    let last: Vec<&str> = lines[1].split_whitespace().skip(15).collect();
    let limits = ["rate=1/h", "burst=3", "budget=10%", "reserve=0/s", "budget_burst=100"];
    assert_eq!(last, [&["4", "0", "99"][..], &limits].concat());
    assert!(lines[2].ends_with("-         -             -  -"), "{table:?}");

    let shown: Value = serde_json::from_str(&panel.run(&["ls", "--json"]).ok()).unwrap();
    let ai = &shown[0]["limits"];
    assert_eq!(
        (&ai["rate"]["refused"], &ai["rate"]["settings"]["burst"], &ai["bulkhead"]),
        (&json!(4), &json!(3), &Value::Null)
    );
    assert_eq!((&ai["budget"]["available"], &shown[1]["limits"]), (&json!(99), &Value::Null));
}

#[test]
fn a_bulkhead_is_set_shown_and_lifted() {
    let panel = Panel::with(&["ai", "mail"]);
    let set = |change: &str| panel.run(&["set", "ai", "rate=100/s", change]).ok();
    let said = set("bulkhead=2");
    let rate = "ai: rate none -> 100/s\nai: burst none -> 100\n";
    assert_eq!(said, format!("{rate}ai: bulkhead none -> 2\n"));
    let program = SharedRegistry::<16>::open(panel.path(), Options::new()).unwrap();
    let workers = program.bulkhead("ai").unwrap();
    let places = [workers.try_acquire().unwrap(), workers.try_acquire().unwrap()];
    assert!((0..5).all(|_| workers.try_acquire().is_err()));

    let table = panel.run(&["ls"]).ok();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].contains("RETRIES LEFT  IN FLIGHT  LIMITS"), "{table}");
    let last: Vec<&str> = lines[1].split_whitespace().skip(15).collect();
    let limits = ["rate=100/s", "burst=100", "bulkhead=2"];
    assert_eq!(last, [&["5", "-", "-", "2"][..], &limits].concat(), "{table}");

    let shown: Value = serde_json::from_str(&panel.run(&["ls", "--json"]).ok()).unwrap();
    let bulkhead = &shown[0]["limits"]["bulkhead"];
    assert_eq!(
        (&bulkhead["limit"], &bulkhead["in_flight"], &bulkhead["refused"]),
        (&json!(2), &json!(2), &json!(5))
    );
    assert_eq!(shown[1]["limits"], Value::Null);

    let server = Server::start(&panel, &[]);
    let body = wait_for("the bulkhead", || {
        let body = get(&server, "metrics", "*/*");
        body.contains("fusebox_bulkhead_limit{breaker=\"ai\"} 2").then_some(body)
    });
    for line in [
        "fusebox_limited_total{breaker=\"ai\",kind=\"rate\"} 0",
        "fusebox_limited_total{breaker=\"ai\",kind=\"bulkhead\"} 5",
        "fusebox_bulkhead_in_flight{breaker=\"ai\"} 2",
    ] {
        assert!(body.lines().any(|it| it.starts_with(line)), "{line}: {body}");
    }
    parse_prometheus(&body).unwrap();
    let open = get(&server, "metrics", "application/openmetrics-text; version=1.0.0");
    parse_openmetrics(&open).unwrap();

    // Live: it drains, is raised, and lifted.
    assert_eq!(set("bulkhead=1"), "ai: bulkhead 2 -> 1\n");
    drop(places);
    let place = workers.try_acquire().unwrap();
    assert!(workers.try_acquire().is_err());
    assert_eq!(set("bulkhead=62"), "ai: bulkhead 1 -> 62\n");
    assert!(workers.try_acquire().is_ok());
    assert_eq!(set("bulkhead=none"), "ai: bulkhead 62 -> none\n");
    assert_eq!(workers.limit(), None);
    drop(place);
    assert_eq!(set("bulkhead=none"), "ai: nothing changed, it has these settings\n");
}

#[test]
fn metrics_have_them_where_there_are_any() {
    let panel = Panel::with(&["ai", "mail"]);
    let server = Server::start(&panel, &[]);
    assert!(!get(&server, "metrics", "*/*").contains("limit"));
    panel.run(&["set", "ai", "rate=60/min", "budget=10%"]).ok();
    exhaust(&panel, "ai", 3);
    let body = wait_for("the limits", || {
        let body = get(&server, "metrics", "*/*");
        body.contains("fusebox_limited_total{breaker=\"ai\",kind=\"rate\"} 3").then_some(body)
    });
    for line in [
        "fusebox_rate_limit_burst{breaker=\"ai\"} 60",
        "fusebox_rate_limit_per_second{breaker=\"ai\"} 1",
        "fusebox_budget_refused_total{breaker=\"ai\"} 0",
        "fusebox_budget_share_ratio{breaker=\"ai\"} 0.1",
        "fusebox_budget_reserve_per_second{breaker=\"ai\"} 10",
        "fusebox_budget_available{breaker=\"ai\"} 100",
    ] {
        assert!(body.lines().any(|it| it.starts_with(line)), "{line}: {body}");
    }
    assert!(!body.contains("limit_burst{breaker=\"mail\"}"), "{body}");
    parse_prometheus(&body).unwrap();
    let open = get(&server, "metrics", "application/openmetrics-text; version=1.0.0");
    parse_openmetrics(&open).unwrap();
}

#[test]
fn what_the_page_and_top_show_is_a_rate() {
    let panel = Panel::with(&["ai", "mail"]);
    let mut top = Top::start(&panel, (24, 140));
    top.line("ai", "closed");
    assert!(!top.text().contains("LIM/S"), "{}", top.text());
    let server = Server::start(&panel, &[]);
    panel.run(&["set", "ai", "rate=1/h", "burst=3"]).ok();
    top.shows("the limits", |text| text.contains("LIM/S"));
    let shown = || -> Value { serde_json::from_str(&get(&server, "panel.json", "*/*")).unwrap() };
    wait_for("a limit that turns nobody away", || {
        (shown()["breakers"][0]["limited_per_second"] == json!(0.0)).then_some(())
    });
    exhaust(&panel, "ai", 100);
    let limited = wait_for("calls that were turned away", || {
        shown()["breakers"].as_array().unwrap().iter().find_map(|breaker| {
            breaker["limited_per_second"].as_f64().filter(|limited| *limited > 0.0)
        })
    });
    assert!(limited > 1.0, "{limited}");
    assert!(shown()["breakers"].as_array().unwrap().iter().any(|it| {
        it["label"] == "mail" && it["limited_per_second"].is_null() && it["limits"].is_null()
    }));
    top.press("q");
}
