//! What watches a panel from outside: rules for Prometheus's alerts, and a dashboard for
//! Grafana. Both know the metrics of `serve`, and nothing else.

mod breaker_rules;
pub mod dashboard;
mod graphs;
mod panel_rules;
pub mod rules;
pub mod selector;
mod trial_rules;
