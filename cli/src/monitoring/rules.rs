//! The rules file of Prometheus: what there is to be told, and when.

use std::{fmt::Write as _, time::Duration};

use fusebox::{Unit, health::AlertRules};

use crate::{
    monitoring::{breaker_rules, panel_rules, selector::Selector, trial_rules},
    text::exact,
};

/// One alert. Its expression has `@` where label matchers go, and `<name>` where a bound goes.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub alert: &'static str,
    /// How soon somebody should look.
    pub severity: Severity,
    /// When it is raised.
    pub expression: &'static str,
    /// For how long that must hold.
    pub hold: Hold,
    /// What is wrong, in one line.
    pub summary: &'static str,
    /// What it means.
    pub description: &'static str,
    /// What to do first.
    pub runbook: &'static str,
}

/// How soon somebody should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Now.
    Critical,
    /// Today.
    Warning,
    /// When there is time.
    Info,
}

impl Severity {
    const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// For how long an expression must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It has its own time in it.
    AtOnce,
    /// As long as was asked for.
    Given,
    /// As long as was asked for, and at least this many minutes.
    Minutes(u64),
}

/// What whoever writes the rules can choose.
#[derive(Debug, Clone)]
pub struct Choice {
    /// For how long most must hold.
    pub hold: Duration,
    /// The bounds of `top` and `serve`.
    pub bounds: AlertRules,
    /// On so many percent of a fleet's instances a breaker may be open.
    pub fleet_open_above: u8,
    /// Which series are meant.
    pub selector: Selector,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            hold: Duration::from_mins(1),
            bounds: AlertRules::DEFAULT,
            fleet_open_above: 25,
            selector: Selector::default(),
        }
    }
}

/// All rules, by groups.
#[must_use]
pub fn groups() -> [(&'static str, &'static [Rule]); 6] {
    [
        ("fusebox-panel", panel_rules::PANEL),
        ("fusebox-breakers", breaker_rules::BREAKERS),
        ("fusebox-trials", trial_rules::TRIALS),
        ("fusebox-limits", panel_rules::LIMITS),
        ("fusebox-host", panel_rules::HOST),
        ("fusebox-fleet", panel_rules::FLEET),
    ]
}

impl Rule {
    /// Its expression with bounds and matchers in place.
    #[must_use]
    pub fn expression(&self, choice: &Choice) -> String {
        choice.selector.put_into(&bounded(self.expression, choice))
    }

    fn hold(&self, choice: &Choice) -> Option<Duration> {
        match self.hold {
            Hold::AtOnce => None,
            Hold::Given => Some(choice.hold),
            Hold::Minutes(minutes) => Some(choice.hold.max(Duration::from_mins(minutes))),
        }
    }
}

/// `<open_longer_than>` becomes `300`: seconds and shares, as Prometheus has them.
fn bounded(expression: &str, choice: &Choice) -> String {
    let mut bounded = expression
        .replace("<fleet_open_above>", &(f64::from(choice.fleet_open_above) / 100.0).to_string());
    for (setting, value) in choice.bounds.values() {
        #[allow(clippy::cast_precision_loss)] // none comes near 2^52
        let value = match setting.unit() {
            Unit::Milliseconds => value as f64 / 1e3,
            Unit::Percent => value as f64 / 100.0,
            _ => value as f64,
        };
        bounded = bounded.replace(&format!("<{}>", setting.name()), &value.to_string());
    }
    bounded
}

/// The rules file.
#[must_use]
pub fn yaml(choice: &Choice) -> String {
    let mut out = String::from(
        "# Alerts on the circuit breakers of a panel, for Prometheus. Made by `fusebox alerts`,\n\
         # from what `fusebox serve` tells at /metrics; what they mean is in docs/alerts.md.\n\
         groups:\n",
    );
    // A `String` takes all that is written to it.
    for (group, rules) in groups() {
        let _ = writeln!(out, "  - name: {group}\n    rules:");
        for rule in rules {
            let _ = writeln!(out, "      - alert: {}\n        expr: |-", rule.alert);
            for line in rule.expression(choice).lines() {
                let _ = writeln!(out, "          {}", line.trim());
            }
            if let Some(hold) = rule.hold(choice).filter(|hold| !hold.is_zero()) {
                let _ = writeln!(out, "        for: {}", exact(hold));
            }
            let _ = writeln!(
                out,
                "        labels:\n          severity: {}\n        annotations:",
                rule.severity.word()
            );
            for (key, text) in [
                ("summary", rule.summary),
                ("description", rule.description),
                ("runbook", rule.runbook),
            ] {
                let _ = writeln!(out, "          {key}: {}", quoted(text));
            }
        }
    }
    out
}

/// A scalar in single quotes, in which YAML knows one escape only.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn all() -> impl Iterator<Item = &'static Rule> {
        groups().into_iter().flat_map(|(_, rules)| rules)
    }

    #[test]
    fn each_alert_has_a_name_of_its_own_and_says_all_there_is_to_say() {
        let mut names = HashSet::new();
        for rule in all() {
            assert!(names.insert(rule.alert) && rule.alert.starts_with("Fusebox"), "{rule:?}");
            for text in [rule.summary, rule.description, rule.runbook] {
                assert!(text.len() > 15 && !text.contains('\n'), "{rule:?}");
            }
        }
    }

    #[test]
    fn bounds_are_in_seconds_and_shares_and_none_is_left_open() {
        let bounds = fusebox::health::AlertConfig::new()
            .open_longer_than(Duration::from_millis(1_500))
            .fallbacks_above(25)
            .build();
        let choice = Choice { bounds, fleet_open_above: 50, ..Choice::default() };
        let of = |name: &str| all().find(|it| it.alert == name).unwrap().expression(&choice);
        assert_eq!(of("FuseboxOpenTooLong"), "fusebox_breaker_open_seconds > 1.5");
        assert!(of("FuseboxFallbacks").contains("> 0.25"), "{}", of("FuseboxFallbacks"));
        assert!(of("FuseboxOpenInFleet").contains("0.5 * "), "{}", of("FuseboxOpenInFleet"));
        for rule in all() {
            let expression = rule.expression(&choice);
            assert!(!expression.contains('@'), "{expression}");
            let open = expression.match_indices('<').filter(|(at, _)| {
                expression[at + 1..].starts_with(|c: char| c.is_ascii_lowercase())
            });
            assert_eq!(open.count(), 0, "{expression}");
        }
    }

    #[test]
    fn matchers_go_to_every_metric() {
        let selector = Selector::parse("job=\"shop\"").unwrap();
        let choice = Choice { selector, ..Choice::default() };
        for rule in all() {
            let expression = rule.expression(&choice);
            let metrics = expression.matches("fusebox_").count();
            assert_eq!(expression.matches("job=\"shop\"").count(), metrics, "{expression}");
        }
    }
}
