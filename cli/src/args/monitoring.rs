//! What `alerts` and `dashboard` take.

use std::time::Duration;

use clap::Args;
use fusebox::health::AlertConfig;

use crate::{alerts::Alerts, given, monitoring::selector::Selector};

/// `alerts`
#[derive(Args, Debug)]
pub struct AlertsFile {
    /// For how long what an alert is about must last (0s to 1h). Some alerts have a longer
    /// time of their own.
    #[arg(long = "for", default_value = "1m", value_name = "TIME", value_parser = hold)]
    pub hold: Duration,
    /// When to raise an alert.
    #[command(flatten)]
    pub alerts: Alerts,
    /// Raises an alert of a breaker that is open on more than this share of the fleet's
    /// instances, in percent.
    #[arg(long, default_value_t = 25, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub fleet_open_above: u8,
    /// Only series with these labels, as in 'job="shop",instance=~"web-.*"'.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "MATCHERS", value_parser = Selector::parse)]
    pub select: Selector,
}

/// `dashboard`
#[derive(Args, Debug)]
pub struct Dashboard {
    /// Its title.
    #[arg(long, default_value = "fusebox", value_parser = title)]
    pub title: String,
}

fn hold(text: &str) -> Result<Duration, String> {
    let hold = humantime::parse_duration(text)
        .map_err(|_| String::from("write a time such as 30s or 2m"))?;
    if hold <= Duration::from_hours(1) { Ok(hold) } else { Err("it must be from 0s to 1h".into()) }
}

fn title(text: &str) -> Result<String, String> {
    let many = text.chars().count();
    if text.trim().is_empty() || many > 80 || text.chars().any(char::is_control) {
        return Err("it must have 1 to 80 characters, and no control characters".into());
    }
    Ok(text.into())
}

const ALERTS: &str = "\
It prints a rules file for Prometheus, which scrapes `fusebox serve` at /metrics; no panel is
needed. Each alert has a severity (critical, warning, info), a summary, a description, and
what to do first. The bounds are those of `serve`, and shares are judged over five minutes.

Examples:
  fusebox alerts > /etc/prometheus/rules/fusebox.yml
  fusebox alerts --for 5m --alert open_longer_than=2m
  fusebox alerts --select 'job=\"shop\"' | promtool check rules";

pub(super) fn alerts_help() -> String {
    format!("Bounds:\n{}\n{ALERTS}", given::help(AlertConfig::TABLE))
}

pub(super) const DASHBOARD: &str = "\
It prints a dashboard as JSON, for Grafana 10 and later: import it, and pick the Prometheus that
scrapes `fusebox serve`. It has the states over time, refusals, failures, scores, limits, the
host and the fleet, for all breakers or for those that are picked. No panel is needed.

Examples:
  fusebox dashboard > fusebox.json
  fusebox dashboard --title 'Breakers of the shop' > shop.json";
