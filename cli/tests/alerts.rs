//! `alerts`: the rules file, as Prometheus's own tool takes it, and what it fires on.

mod common;

use std::{collections::HashMap, fs};

use common::{
    Ran, busy, fusebox,
    monitoring::{self, promtool, takes},
};
use fusebox_cli::monitoring::rules::{Choice, groups};

const TESTS: &str = include_str!("alerts/fires.yml");

fn rules(args: &[&str]) -> String {
    Ran::of(fusebox().arg("alerts").args(args)).ok()
}

/// The tests say which alert fires, on what; the annotations have a test of their own.
fn without_annotations(rules: &str) -> String {
    let texts = ["annotations:", "summary: ", "description: ", "runbook: "];
    rules
        .lines()
        .filter(|line| !texts.iter().any(|it| line.trim_start().starts_with(it)))
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[test]
fn prometheus_takes_the_rules() {
    for args in [
        &[][..],
        &["--for", "0s"],
        &["--for", "90s", "--alert", "open_longer_than=90s", "--alert", "least_calls=100"],
        &["--select", r#"job="sh'op",instance=~"web-\\d+""#, "--fleet-open-above", "0"],
    ] {
        let rules = rules(args);
        takes(&[("rules.yml", &rules)], &["check", "rules", "rules.yml"]);
    }
}

#[test]
fn each_alert_fires_and_stops() {
    let rules = without_annotations(&rules(&[]));
    takes(&[("rules.yml", &rules), ("fires.yml", TESTS)], &["test", "rules", "fires.yml"]);
}

/// Where a test has forgotten an alert, `promtool` would not say so.
#[test]
fn each_alert_has_a_time_at_which_it_fires_and_a_later_one_at_which_it_does_not() {
    let mut times: HashMap<&str, Vec<bool>> = HashMap::new();
    for test in TESTS.split("alertname: ").skip(1) {
        let (name, rest) = test.split_once('\n').unwrap();
        let own = rest.split("- name:").next().unwrap();
        times.entry(name).or_default().push(own.contains("exp_alerts:"));
    }
    for rule in groups().into_iter().flat_map(|(_, rules)| rules) {
        let fires = times.remove(rule.alert).unwrap_or_default();
        let first = fires.iter().position(|&it| it);
        let first = first.unwrap_or_else(|| panic!("{} fires in no test", rule.alert));
        assert!(fires[first..].contains(&false), "{} never stops", rule.alert);
    }
    assert!(times.is_empty(), "no rule is called {:?}", times.keys());
}

#[test]
fn a_test_that_expects_too_much_fails() {
    let rules = without_annotations(&rules(&["--alert", "open_longer_than=10m"]));
    let files = [("rules.yml", &*rules), ("fires.yml", TESTS)];
    let Some(output) = promtool(&files, &["test", "rules", "fires.yml"]) else { return };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("FuseboxOpenTooLong"), "{said}");
}

#[test]
fn an_alert_says_which_breaker_and_for_how_long() {
    let test = r#"
rule_files: [rules.yml]
tests:
  - interval: 15s
    input_series:
      - series: fusebox_breaker_open_seconds{breaker="bank"}
        values: '0+15x24'
    alert_rule_test:
      - alertname: FuseboxOpenTooLong
        eval_time: 6m
        exp_alerts:
          - exp_labels: { severity: critical, breaker: bank }
            exp_annotations:
              summary: Breaker bank has let nobody through for 6m 0s
              description: >-
                Its service has not answered a probe since, or somebody opened it by force and
                forgot it. Its callers live on fallbacks or errors.
              runbook: >-
                `fusebox ls` says whether it is open or forced open. Forced: `fusebox close`.
                Open: look at the service; the breaker closes by itself once a probe succeeds.
"#;
    takes(&[("rules.yml", &rules(&[])), ("says.yml", test)], &["test", "rules", "says.yml"]);
}

#[test]
fn every_metric_of_the_rules_is_one_that_serve_tells() {
    let choice = Choice::default();
    let all = groups().into_iter().flat_map(|(_, rules)| rules);
    busy::are_told(&all.map(|rule| rule.expression(&choice)).collect::<Vec<_>>());
}

#[test]
fn the_file_of_the_docs_is_what_the_command_writes() {
    let Some(docs) = monitoring::docs() else { return };
    let kept = fs::read_to_string(docs.join("alerts.rules.yml")).unwrap();
    assert!(kept == rules(&[]), "write it anew: fusebox alerts > docs/alerts.rules.yml");
    let page = fs::read_to_string(docs.join("alerts.md")).unwrap();
    for rule in groups().into_iter().flat_map(|(_, rules)| rules) {
        assert!(page.contains(&format!("| `{}` |", rule.alert)), "{} is not there", rule.alert);
    }
}

#[test]
fn what_is_no_bound_or_no_matcher_is_refused() {
    for (args, why) in [
        (["--for", "2h"], "it must be from 0s to 1h"),
        (["--for", "soon"], "write a time such as 30s or 2m"),
        (["--select", "job=shop"], "write label matchers such as job="),
        (["--fleet-open-above", "101"], "101 is not in 0..=100"),
        (["--alert", "open_for=1m"], "there is no setting `open_for`"),
        (["--alert", "fallbacks_above=101%"], "is 101%, and must be from 0 to 100%"),
    ] {
        let error = Ran::of(fusebox().arg("alerts").args(args)).failed(2);
        assert!(error.contains(why), "{args:?}: {error}");
    }
}
