//! Names that a foreign writer put into the file.

mod common;

use common::{Panel, server::Server};
use fusebox::State;
use serde_json::Value;

const PLACEHOLDER: &str = "a_name_of_23_bytes_here";
/// As long: a terminal's commands, an override, a line feed, no width.
const HOSTILE: &str = "\x1b[2J\u{202e}evil\n\u{9b}1m\u{200b}\x07!ab";
const SHOWN: &str = r"\u{1b}[2J\u{202e}evil\u{a}\u{9b}1m\u{200b}\u{7}!ab";

fn panel() -> Panel {
    let panel = Panel::with(&[PLACEHOLDER, "ai"]);
    panel.overwrite_name(PLACEHOLDER, HOSTILE.as_bytes());
    panel
}

#[test]
fn the_table_shows_them_escaped() {
    let table = panel().run(&["ls"]).ok();
    assert!(table.contains(SHOWN), "{table:?}");
    assert!(table.contains("FAULT") && table.contains("its name does not belong to its key"));
    let deceptive = |c: char| c != '\n' && fusebox_cli::escape::is_deceptive(c);
    assert!(!table.contains(deceptive), "{table:?}");
}

#[test]
fn json_has_them_as_they_are_in_plain_characters() {
    let json = panel().run(&["ls", "--json"]).ok();
    let shown: Value = serde_json::from_str(&json).unwrap();
    let names: Vec<_> = shown.as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert!(names.contains(&&Value::from(HOSTILE)), "{json}");
    assert!(!json.contains(|c: char| c != '\n' && !(' '..='~').contains(&c)), "{json:?}");
}

/// Bytes that are no text from the first one on.
#[test]
fn a_name_that_nobody_can_read_is_none() {
    let panel = Panel::with(&[PLACEHOLDER]);
    panel.overwrite_name(PLACEHOLDER, &[0xFE; PLACEHOLDER.len()]);
    let shown: Value = serde_json::from_str(&panel.run(&["ls", "--json"]).ok()).unwrap();
    assert_eq!(shown[0]["name"], Value::Null, "{shown}");
    assert_eq!(shown[0]["fault"], "its name does not belong to its key");
}

#[test]
fn they_can_be_named_as_they_are_shown() {
    let panel = panel();
    let said = panel.run(&["isolate", SHOWN]).ok();
    assert_eq!(said, format!("{SHOWN}: closed -> forced open\n"));
    assert_eq!(panel.breaker("ai").state(), State::Closed);
    let error = panel.run(&["close", "\x1b[2Jev"]).failed(1);
    assert!(error.contains(r"`\u{1b}[2Jev`") && !error.contains('\x1b'), "{error:?}");
}

/// Two breakers of one name would be two series of one name.
#[test]
fn metrics_stay_whole() {
    let panel = panel();
    panel.breaker("twin_1");
    panel.breaker("twin_2");
    panel.overwrite_name("twin_1", b"twin_2");
    let server = Server::start(&panel, &[]);
    let text = ureq::get(format!("{}metrics", server.url))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    let series: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("fusebox_breaker_score{"))
        .map(|line| line.split('}').next().unwrap())
        .collect();
    let mut unique = series.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!((series.len(), unique.len()), (4, 4), "{text}");
    assert!(openmetrics_parser::prometheus::parse_prometheus(&text).is_ok(), "{text}");
}
