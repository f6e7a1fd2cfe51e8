//! `record` and `replay`.

mod common;

use std::{fs, path::PathBuf, sync::OnceLock};

use common::{Panel, fail, fusebox};
use fusebox_shm::{Options, SharedTrace};
use serde_json::Value;

/// A panel whose program records calls. One in this process, as its trace is.
struct Recorded {
    panel: Panel,
    trace: PathBuf,
}

fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let panel = Panel::with(&["ai", "mail", "idle"]);
        let trace = panel.path().with_added_extension("trace");
        let ring = SharedTrace::open(&trace, 1 << 10, Options::new()).unwrap();
        fusebox::set_trace(ring.leak()).unwrap();
        let said = panel.run(&["record", "on", "ai", "mail"]).ok();
        assert_eq!(said, "ai: is recorded\nmail: is recorded\n");
        let (ai, mail) = (panel.breaker("ai"), panel.breaker("mail"));
        for _ in 0..5 {
            ai.try_acquire().unwrap().success();
            mail.try_acquire().unwrap().success();
        }
        fail(ai, 4); // the third one opens
        ai.try_acquire().unwrap_err();
        fail(mail, 1);
        fail(panel.breaker("idle"), 1);
        let said = panel.run(&["record", "off", "mail"]).ok();
        assert_eq!(said, "mail: is not recorded any more\n");
        fail(mail, 1);
        Recorded { panel, trace }
    })
}

impl Recorded {
    fn settings(&self, name: &str, text: &str) -> String {
        let path = self.panel.folder().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().into()
    }

    fn replay(&self, args: &[&str]) -> common::Ran {
        common::Ran::of(fusebox().arg("replay").arg(&self.trace).args(args))
    }
}

#[test]
fn the_live_settings_do_what_happened_and_others_something_else() {
    let it = recorded();
    let brittle = it.settings("brittle.toml", "failure_threshold = 1\n");
    let patient = it.settings("patient.toml", "# none\nfailure_threshold = 100\n");
    let said = it.replay(&["--name", "ai", "--with", &brittle, "--with", &patient]).ok();
    let lines: Vec<Vec<&str>> =
        said.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(said.starts_with("ai: 10 calls in "), "{said}");
    assert!(said.contains("the live settings do what happened"), "{said}");
    assert_eq!(lines[1][..4], ["SETTINGS", "ADMITTED", "REFUSED", "FAILED"], "{said}");
    assert_eq!(lines[2][..8], ["live", "8", "2", "3", "0", "0", "0", "1"], "{said}");
    assert_eq!(lines[3][1..8], ["6", "4", "1", "2", "0", "0", "1"], "{said}");
    assert_eq!(lines[4][1..8], ["10", "0", "3..5", "0", "0", "2", "0"], "{said}");
}

#[test]
fn json_has_the_bounds() {
    let it = recorded();
    let patient = it.settings("as-data.toml", "failure_threshold = 100\n");
    let said = it.replay(&["--json", "--with", &patient]).ok();
    let reports: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(reports.as_array().unwrap().len(), 2, "idle is not recorded: {said}");
    let ai = reports.as_array().unwrap().iter().find(|it| it["name"] == "ai").unwrap();
    assert_eq!(ai["rows"][0]["live"], true);
    assert_eq!(ai["rows"][0]["most"]["differing"], 0);
    assert_eq!(
        (&ai["rows"][1]["least"]["failed"], &ai["rows"][1]["most"]["failed"]),
        (&3.into(), &5.into())
    );
    let mail = reports.as_array().unwrap().iter().find(|it| it["name"] == "mail").unwrap();
    assert_eq!(mail["rows"][0]["most"]["calls"], 6, "until it was switched off");
}

#[test]
fn bad_settings_are_errors_that_name_the_line() {
    let it = recorded();
    let refused = |text: &str| {
        let path = it.settings(&format!("{}.toml", text.len()), text);
        it.replay(&["--with", &path]).failed(1)
    };
    let error = refused("probes = 1\nfailure_treshold = 3\n");
    assert!(error.contains(".toml`, line 2: unknown field `failure_treshold`"), "{error}");
    let error = refused("probes = 1\n\nfailure_threshold = 0 \n");
    assert!(error.contains("line 3: `failure_threshold` is 0, and must be from 1 to"), "{error}");
    let error = refused("probes = 'many'\n");
    assert!(error.contains("line 1: ") && error.contains("probes"), "{error}");
    let error = refused("probes = \n");
    assert!(error.contains("line 1: "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    let error = it.replay(&["--with", "no/such.toml"]).failed(1);
    assert!(error.contains("cannot read `no/such.toml`: "), "{error}");
}

#[test]
fn bad_traces_are_errors_that_say_what_to_do() {
    let it = recorded();
    let replay = |path: &std::path::Path| common::Ran::of(fusebox().arg("replay").arg(path));
    let error = replay(&it.panel.path()).failed(1);
    assert!(error.contains("is no trace of calls: give another path"), "{error}");
    let error = replay(&it.panel.folder().join("none")).failed(1);
    assert!(error.contains("there is no such file"), "{error}");
    let cut = it.panel.folder().join("cut.trace");
    fs::write(&cut, &fs::read(&it.trace).unwrap()[..500]).unwrap();
    assert!(replay(&cut).failed(1).contains("somebody truncated it"));
    let error = it.replay(&["--name", "idle"]).failed(1);
    assert!(error.contains("the trace has no record of `idle`"), "{error}");
}

#[test]
fn without_a_panel_breakers_have_numbers() {
    let it = recorded();
    let moved = it.panel.folder().join("moved");
    fs::copy(&it.trace, &moved).unwrap();
    let said = common::Ran::of(fusebox().arg("replay").arg(&moved)).ok();
    assert!(said.starts_with('#'), "{said}");
    let number = said[1..].split(':').next().unwrap();
    let one = common::Ran::of(fusebox().arg("replay").arg(&moved).args(["--name", number])).ok();
    assert!(said.starts_with(&one), "{one}");
    let named = common::Ran::of(it.panel.command().arg("replay").arg(&moved)).ok();
    assert!(named.contains("ai: 10 calls"), "{named}");
}

#[test]
fn record_names_what_is_unknown() {
    let panel = Panel::with(&["ai"]);
    let error = panel.run(&["record", "on", "ai", "ia"]).failed(1);
    assert!(error.contains("did you mean `ai`?"), "{error}");
    assert_eq!(panel.breaker("ai").recorded(), None, "all or none");
    panel.run(&["record", "maybe", "ai"]).failed(2);
    panel.run(&["record", "on", "ai"]).ok();
    assert!(panel.breaker("ai").recorded().is_some());
    // No call is made: this process has one trace, and the numbers are each panel's own.
    panel.run(&["record", "off", "ai"]).ok();
    assert_eq!(panel.breaker("ai").recorded(), None);
}
