//! A row of the table of settings is everywhere: in the help, in `set`, in JSON, in
//! metrics. No tool has a list of its own.

mod common;

use common::{Panel, server::Server};
use fusebox::{BreakerConfig, BreakerSettings, Unit, health::AlertConfig};
use serde_json::Value;

#[test]
fn every_row_is_in_the_help() {
    let panel = Panel::new();
    for (command, table) in
        [("set", BreakerConfig::TABLE), ("top", AlertConfig::TABLE), ("serve", AlertConfig::TABLE)]
    {
        let help = panel.run(&[command, "--help"]).ok();
        for setting in table {
            assert!(help.contains(&format!("  {}=", setting.name())), "{help}");
        }
    }
}

#[test]
fn every_row_can_be_set_and_is_shown_as_json() {
    let panel = Panel::with(&["ai"]);
    for setting in BreakerConfig::TABLE {
        panel.breaker("ai").set_settings(BreakerSettings::default());
        // A growth is a multiple of ten, and a window not below the threshold.
        let more = if matches!(setting.name(), "growth" | "window") { 10 } else { 1 };
        let value = setting.min() + more;
        let unit = match setting.unit() {
            Unit::Percent => "%",
            Unit::Milliseconds => "ms",
            _ => "",
        };
        panel.run(&["set", "ai", &format!("{}={value}{unit}", setting.name())]).ok();
        assert_eq!(panel.breaker("ai").settings().get(setting.name()), Some(value));
        let shown: Value = serde_json::from_str(&panel.run(&["ls", "--json"]).ok()).unwrap();
        let words = if let Unit::Word(words) = setting.unit() { words } else { &[] };
        let expected = words
            .get(usize::try_from(value).unwrap())
            .map_or_else(|| Value::from(value), |word| Value::from(*word));
        assert_eq!(shown[0]["settings"][setting.key()], expected, "{shown}");
    }
    let shown: Value = serde_json::from_str(&panel.run(&["ls", "--json"]).ok()).unwrap();
    assert_eq!(shown[0]["settings"].as_object().unwrap().len(), BreakerConfig::TABLE.len());
}

#[test]
fn every_row_is_a_metric() {
    let panel = Panel::with(&["ai"]);
    let server = Server::start(&panel, &[]);
    let page = ureq::get(format!("{}metrics", server.url))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    for setting in BreakerConfig::TABLE {
        let name = format!("fusebox_breaker_setting_{}", setting.name());
        assert!(page.contains(&name) && page.contains(setting.text()), "{name}: {page}");
    }
    for settings in
        ["_failure_threshold", "_recovery_timeout_seconds", "_probes", "_recovery_jitter_ratio"]
    {
        let name = format!("fusebox_breaker_setting{settings}{{breaker=\"ai\"}} ");
        assert!(page.contains(&name), "{name}: {page}");
    }
}
