//! Storms and settings that are none.

mod common;

use std::fs;

use common::trial::{STORM, folder, tried, write};

#[test]
fn a_storm_that_there_is_not() {
    let folder = folder();
    let all = "`fusebox try --list` shows the storms\n";
    for (given, hint) in [("outge", "; did you mean `outage`? "), ("zzz", "; "), ("\x1b[2J", "; ")]
    {
        let error = tried(&folder, &[given]).failed(1);
        let shown = fusebox_cli::escape::escape(given);
        let expected = format!("error: `{shown}` is no built-in storm, and no file{hint}{all}");
        assert_eq!(error, expected);
    }
    let error = tried(&folder, &["."]).failed(1);
    assert_eq!(error, "error: cannot read `.`: Is a directory (os error 21)\n");
    let error = tried(&folder, &["/dev/zero"]).failed(1);
    assert_eq!(error, "error: cannot read `/dev/zero`: it is larger than 1 MiB\n");
}

#[test]
fn bad_settings_name_the_line_and_what_is_allowed() {
    const KEYS: &str = "`failure_threshold`, `failure_weight`, `window`, `min_span_ms`, \
                        `quiet_ms`, `slow_call_ms`, `slow_weight`, `recovery_timeout_ms`, \
                        `probes`, `successes_to_close`, `doublings`, `growth_percent`, \
                        `recovery_jitter_percent`, `ramp_up_ms`, `ramp_from_percent`, \
                        `max_shed_percent`, `foresight`, `slow_above_percent`, \
                        `max_recovery_timeout`, `failure_ratio`";
    let unknown = format!("line 2: unknown field `failure_treshold`, expected one of {KEYS}");
    let folder = folder();
    for (text, why) in [
        ("# mine\nfailure_treshold = 3", unknown.as_str()),
        (
            "failure_threshold = \"3\"",
            r#"line 1: invalid type: string "3", expected `failure_threshold` from 1 to 2047"#,
        ),
        ("probes = 1\nprobes = 2", "line 2: `probes` was given before"),
        (
            "\n\nfailure_threshold = 0",
            "line 3: `failure_threshold` is 0, and must be from 1 to 2047",
        ),
        ("\ngrowth_percent = 205", "line 2: `growth` is 205%, and must be a multiple of 10%"),
        (
            "probes = 1\nfailure_ratio = { above = 2.0 }",
            "line 2: `failure_ratio` is above(2), and must be of shares between 0 and 1",
        ),
        ("probes = \"1", r#"line 1: invalid basic string, expected `"`"#),
    ] {
        write(&folder, "bad.toml", text);
        let error = tried(&folder, &["storm.toml", "--with", "bad.toml"]).failed(1);
        assert_eq!(error, format!("error: `bad.toml`, {why}\n"));
    }
    fs::write(folder.path().join("bad.toml"), b"probes = 1\n\xff").unwrap();
    let error = tried(&folder, &["storm.toml", "--with", "bad.toml"]).failed(1);
    assert_eq!(error, "error: `bad.toml`, line 2: it is no text in UTF-8\n");
    let error = tried(&folder, &["storm.toml", "--with", "none.toml"]).failed(1);
    assert_eq!(error, "error: cannot read `none.toml`: No such file or directory (os error 2)\n");
}

#[test]
fn bad_storms_name_the_line_and_what_is_allowed() {
    let folder = folder();
    for (good, bad, why) in [
        (
            "text =",
            "colour =",
            "line 3: unknown field `colour`, expected one of `title`, `text`, `source`, `seed`, \
             `clients`, `retry`, `service`, `network`, `phases`",
        ),
        ("\"100%\"", "1", "line 14: invalid type: integer `1`, expected a string"),
        (
            "\"100%\"",
            "\"101%\"",
            "line 14: `101%` is no share; write it as \"0.5%\" or \"20%\", from \"0%\" to \"100%\"",
        ),
        (
            "fixed =",
            "fast =",
            "line 9: unknown variant `fast`, expected one of `fixed`, `endpoints`, \
             `drawn_endpoints`, `log_normal`, `bimodal`",
        ),
        ("100\n", "0\n", "line 7: `clients.per_second` is 0; it must be from 0.001 to 100000"),
        ("\"10s\"", "\"0s\"", "line 13: `phases.lasts` is 0ns; it must be longer than nothing"),
        (
            "errors = \"100%\"",
            "load = 5_000.0",
            "line 14: `phases.load` is 5000; it must be from 0.001 to 1000",
        ),
        (
            "errors = \"100%\"",
            "hang = \"10%\"",
            "line 6: `clients.timeout` is missing; it must be set, as calls get lost",
        ),
    ] {
        write(&folder, "bad.toml", &STORM.replace(good, bad));
        let error = tried(&folder, &["bad.toml"]).failed(1);
        assert_eq!(error, format!("error: `bad.toml`, {why}\n"));
    }
}

#[test]
fn nothing_however_often_is_nothing_at_once() {
    let folder = folder();
    let mut turns = String::from("[]");
    for _ in 0..10 {
        turns = format!("[{{ times = 10000, turns = {turns} }}]");
    }
    let clients = STORM.split("[[phases]]").next().unwrap();
    write(&folder, "bad.toml", &format!("phases = {turns}\n{clients}"));
    let error = tried(&folder, &["bad.toml"]).failed(1);
    assert_eq!(
        error,
        "error: `bad.toml`, line 1: `phases.turns` is []; it must be one phase or more\n"
    );
}
