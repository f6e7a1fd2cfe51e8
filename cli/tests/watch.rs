//! `watch`, on a panel that the test changes.

mod common;

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines},
    os::unix::process::ExitStatusExt as _,
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
};

use common::{Panel, fail, wait_for};
use fusebox::BreakerConfig;
use fusebox_shm::{Options, SharedRegistry};
use serde_json::{Value, json};

struct Watch {
    child: Child,
    /// `None` once nobody reads them any more.
    lines: Option<Lines<BufReader<ChildStdout>>>,
    notes: Lines<BufReader<ChildStderr>>,
}

impl Watch {
    /// Started, and already looking.
    fn start(panel: &Panel, args: &[&str]) -> Self {
        let mut child = panel
            .command()
            .arg("watch")
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Some(BufReader::new(child.stdout.take().unwrap()).lines());
        let notes = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut watch = Self { child, lines, notes };
        assert!(watch.note().starts_with("watching "));
        watch
    }

    fn line(&mut self) -> String {
        self.lines.as_mut().unwrap().next().expect("it goes on").unwrap()
    }

    fn note(&mut self) -> String {
        self.notes.next().expect("it goes on").unwrap()
    }

    fn json(&mut self) -> Value {
        let mut object: Value = serde_json::from_str(&self.line()).unwrap();
        let at = object.as_object_mut().unwrap().remove("at").unwrap();
        at.as_str().unwrap().parse::<jiff::Timestamp>().expect("a time of RFC 3339");
        object
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn one_line_for_each_change() {
    let panel = Panel::with(&["ai"]);
    let mut watch = Watch::start(&panel, &[]);
    fail(panel.breaker("ai"), 3);
    let line = watch.line();
    let (at, rest) = line.split_once(' ').unwrap();
    at.parse::<jiff::Timestamp>().expect("a time of RFC 3339");
    assert!(at.ends_with('Z') && at.len() == "2026-01-01T00:00:00.000Z".len(), "{at}");
    assert_eq!(rest, "ai closed -> open (generation 1)");

    panel.breaker("mail");
    assert!(watch.line().ends_with(" mail registered, closed"));
    panel.breaker("ai").set_settings(BreakerConfig::from(common::settings()).probes(2).build());
    assert!(watch.line().ends_with(" ai settings: probes 1 -> 2"));
}

#[test]
fn json_lines_and_what_was_missed() {
    let panel = Panel::with(&["ai"]);
    let ai = panel.breaker("ai");
    let mut watch = Watch::start(&panel, &["--json", "--interval", "500ms"]);
    // All of it between two looks, unless one falls into these few
    // microseconds: then there are more lines, of as many changes in all.
    ai.force_open();
    ai.close();
    ai.force_open();
    let mut changes = 0;
    let mut last = Value::Null;
    while changes < 3 {
        last = watch.json();
        assert_eq!((&last["event"], &last["name"]), (&json!("transition"), &json!("ai")));
        changes += 1 + last["missed"].as_u64().unwrap();
    }
    assert_eq!(changes, 3);
    assert_eq!((&last["to"], &last["generation"]), (&json!("forced open"), &json!(3)));

    ai.set_settings(BreakerConfig::from(common::settings()).doublings(1).build());
    let change = watch.json();
    assert_eq!(change["event"], "settings");
    assert_eq!((&change["from"]["doublings"], &change["to"]["doublings"]), (&json!(0), &json!(1)));
    panel.breaker("mail");
    assert_eq!(watch.json(), json!({ "event": "registered", "name": "mail", "state": "closed" }));
}

/// A reset of a closed breaker changes its generation, not its state.
#[test]
fn a_reset_is_seen() {
    let panel = Panel::with(&["ai"]);
    let mut watch = Watch::start(&panel, &["--json"]);
    panel.breaker("ai").reset();
    let change = watch.json();
    assert_eq!((&change["from"], &change["to"]), (&json!("closed"), &json!("closed")));
    assert_eq!((&change["generation"], &change["missed"]), (&json!(1), &json!(0)));
}

#[test]
fn a_file_that_is_replaced_is_followed() {
    let panel = Panel::with(&["ai"]);
    let mut watch = Watch::start(&panel, &["--json"]);
    fs::remove_file(panel.path()).unwrap();
    // Gone is the name only: whoever has the old one open goes on with it.
    panel.breaker("ai").force_open();
    assert_eq!(watch.json()["to"], "forced open");
    let note = watch.note();
    assert!(note.starts_with("still watching the old file: "), "{note}");
    assert!(note.contains("there is no such file"), "{note}");
    let new = SharedRegistry::<8>::open(panel.path(), Options::new()).unwrap();
    assert_eq!(watch.note(), "the file was replaced: watching the new one");
    new.get_or_default("new").unwrap();
    assert_eq!(watch.json()["name"], "new");
}

#[test]
fn ends_quietly_when_nobody_reads_it_any_more() {
    let panel = Panel::with(&["ai"]);
    let mut watch = Watch::start(&panel, &[]);
    drop(watch.lines.take());
    let status = wait_for("the end", || {
        panel.breaker("ai").reset();
        watch.child.try_wait().unwrap()
    });
    assert_eq!(status.code(), Some(0));
    assert!(watch.notes.next().is_none(), "and it complains of nothing");
}

/// By the signal itself, so that a shell's loop around it ends, too.
#[test]
fn an_interrupt_ends_it_as_it_ends_any_command() {
    let panel = Panel::with(&["ai"]);
    let mut watch = Watch::start(&panel, &[]);
    let process = watch.child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &process]).status().unwrap().success());
    let status = wait_for("the end", || watch.child.try_wait().unwrap());
    assert_eq!(status.signal(), Some(2));
}
