//! `dashboard`: its expressions, as Prometheus's own tool takes them, and its metrics. What
//! Grafana's schema says of it, `.ci/run dashboard` checks.

mod common;

use std::{fmt::Write as _, fs};

use common::{
    Ran, busy, fusebox,
    monitoring::{self, takes},
};
use fusebox_cli::monitoring::dashboard::expressions;
use serde_json::Value;

fn dashboard(args: &[&str]) -> String {
    Ran::of(fusebox().arg("dashboard").args(args)).ok()
}

#[test]
fn prometheus_takes_every_expression() {
    let mut rules = String::from("groups:\n  - name: dashboard\n    rules:\n");
    for (at, expression) in expressions().iter().enumerate() {
        let quoted = serde_json::to_string(expression).unwrap();
        writeln!(rules, "      - {{ record: it_{at}, expr: {quoted} }}").unwrap();
    }
    takes(&[("rules.yml", &rules)], &["check", "rules", "rules.yml"]);
}

#[test]
fn every_metric_of_the_dashboard_is_one_that_serve_tells() {
    busy::are_told(&expressions());
}

#[test]
fn it_is_titled_as_asked_for() {
    let shown: Value = serde_json::from_str(&dashboard(&["--title", "the \"shop\""])).unwrap();
    assert_eq!(shown["title"], "the \"shop\"");
    for title in ["", " ", "a\nb", &"x".repeat(81)] {
        let error = Ran::of(fusebox().args(["dashboard", "--title", title])).failed(2);
        assert!(error.contains("it must have 1 to 80 characters"), "{error}");
    }
}

#[test]
fn the_file_of_the_docs_is_what_the_command_writes() {
    let Some(docs) = monitoring::docs() else { return };
    let kept = fs::read_to_string(docs.join("grafana.json")).unwrap();
    assert!(kept == dashboard(&[]), "write it anew: fusebox dashboard > docs/grafana.json");
}
