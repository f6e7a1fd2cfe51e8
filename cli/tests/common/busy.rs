//! A panel on which all there is can be seen, for whoever compares names with `/metrics`.

use std::time::Duration;

use fusebox::{BreakerConfig, Drill, Outcome, PressureConfig, PressureReading};
use fusebox_shm::SharedPanel;

use super::{
    Panel, fail, learned,
    server::Server,
    store::{Instance, Store},
    wait_for,
};

/// The metrics of a panel in trouble of every kind, and of a fleet where there is a Redis to
/// hold one: `true`.
pub fn metrics() -> (String, bool) {
    let panel = Panel::with(&["ai", "bank", "mail", "shop"]);
    let counting = panel.counting();
    let _ = counting.get("shop").unwrap().call(|| Ok::<_, ()>(()));
    fail(panel.breaker("ai"), 3);
    // One lets calls back, and one sheds.
    let mail = panel.breaker("mail");
    let settings = BreakerConfig::new().recovery_timeout(Duration::from_millis(1));
    mail.set_settings(settings.ramp_up(Duration::from_hours(1)).build());
    mail.trip();
    wait_for("a probe", || mail.try_acquire().ok()).success();
    let bank = panel.breaker("bank");
    bank.set_settings(BreakerConfig::new().failure_threshold(2_047).max_shed(50).build());
    learned::teach(&panel, "search");
    panel.run(&["set", "search", "foresight=watch"]).ok();
    panel.run(&["tune", "--freeze"]).ok();
    panel.run(&["shadow", "shop", "failure_threshold=2"]).ok();
    let drill = Drill::lasting(Duration::from_mins(1)).fail(5.0).build();
    panel.breaker("shop").start_drill(drill);
    panel.run(&["set", "shop", "rate=100/s", "budget=10%", "bulkhead=8"]).ok();
    let shared = SharedPanel::open(panel.path()).unwrap();
    let long = Duration::from_hours(1);
    shared.pressure().set_settings(PressureConfig::new().stale_after(long).build());
    shared.pressure().set(PressureReading { cpu: 615, memory: 0, io: 5, queue: 40 });

    let store = Store::start();
    let crew = store.as_ref().map(|store| Instance::crew(store, 3));
    if let Some(crew) = &crew {
        fail(crew[0].shop, 3);
    }
    let fleet: &[&str] = match &store {
        Some(store) => &["--store", &store.url, "--namespace", "test"],
        None => &[],
    };
    let server = Server::start(&panel, fleet);
    let all = wait_for("all of it is seen", || {
        if let Ok(permits) = bank.acquire_many(64) {
            let mut outcomes = vec![Outcome::Overload; permits.len()];
            *outcomes.first_mut().unwrap() = Outcome::Success;
            permits.report_all(&outcomes);
        }
        let url = format!("{}metrics", server.url);
        let metrics = ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
        let seen = metrics.contains("breaker_shed_ratio{")
            && (crew.is_none() || metrics.contains("fleet_breaker_instances{"));
        seen.then_some(metrics)
    });
    (all, store.is_some())
}

/// A metric of an expression, and which values of which labels it is asked for.
#[derive(Debug)]
pub struct Metric {
    pub name: String,
    pub labels: Vec<(String, Vec<String>)>,
}

/// The metrics of an expression.
pub fn metrics_of(expression: &str) -> Vec<Metric> {
    let starts = expression.match_indices("fusebox_");
    starts
        .map(|(at, _)| {
            let rest = &expression[at..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
            let inside = rest.strip_prefix('{').and_then(|it| it.split_once('}'));
            let matchers = inside.map_or("", |(inside, _)| inside).split(',');
            let labels = matchers.filter_map(|it| it.split_once('='));
            let labels = labels.map(|(label, values)| {
                let values = values.trim_start_matches('~').trim_matches('"');
                (label.into(), values.split('|').map(String::from).collect())
            });
            Metric { name: name.into(), labels: labels.collect() }
        })
        .collect()
}

/// Whatever is asked for is there, with the labels that it is asked by.
#[track_caller]
pub fn are_told(expressions: &[String]) {
    let (told, has_fleet) = metrics();
    let mut families = std::collections::HashSet::new();
    for family in told.lines().filter(|line| line.starts_with("# TYPE ")) {
        assert!(families.insert(family), "it is told twice: {family}");
    }
    let mut looked = 0;
    for expression in expressions {
        for Metric { name, labels } in metrics_of(expression) {
            if !has_fleet && name.starts_with("fusebox_fleet_") {
                continue; // said by the store that there is not
            }
            let series: Vec<_> =
                told.lines().filter(|line| line.starts_with(&format!("{name}{{"))).collect();
            let bare = told.lines().any(|line| line.starts_with(&format!("{name} ")));
            assert!(bare || !series.is_empty(), "nobody tells {name}, which {expression} asks for");
            for (label, values) in labels.iter().filter(|(_, values)| values != &[".*"]) {
                for value in values {
                    let has = series.iter().any(|it| it.contains(&format!("{label}=\"{value}\"")));
                    assert!(has, "{name} has no {label}=\"{value}\", which {expression} asks for");
                }
            }
            looked += 1;
        }
    }
    assert!(looked > 20, "{looked} metrics");
}
