//! Mistakes get a clear text and exit code 2; what is asked for is printed.

mod common;

use std::{fs, process::Output};

use common::{command, run};

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a scenario with this text, which is refused with words that contain
/// each of `expected`.
#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.toml");
    fs::write(&path, text).unwrap();
    let output = run(&["--scenario", path.to_str().unwrap(), "--quick"]);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(output.stdout.is_empty());
    for part in expected.iter().chain(&["error: scenario `", "bad.toml"]) {
        assert!(told.contains(part), "{part:?} is not in {told}");
    }
}

/// A file with one fault of these lines.
fn fault(lines: &str) -> String {
    format!("about = 'bad'\nrounds = 3\n[[fault]]\n{lines}")
}

#[test]
fn bad_files_are_explained() {
    refused("rounds = 3", &["missing field `about`"]);
    refused("about = 'x'\nrounds = 0", &["`rounds` is 0, and must be from 1 to 100"]);
    refused("about = 'x'\nrounds = 3\ncolour = 'red'", &["unknown field `colour`", "line 3"]);
    refused("about = 'x'\nrounds = '3'", &["expected u32", "line 2"]);
    refused("about = ", &["line 1"]);
    refused(
        &fault("system = 'moon'\nkind = 'locked'\nfrom = 1\nuntil = 2"),
        &["`moon`", "`event-log`"],
    );
    refused(
        &fault("system = 'memory'\nkind = 'tired'\nfrom = 1\nuntil = 2"),
        &["`tired`", "`hang`"],
    );
    refused(
        &fault("system = 'memory'\nkind = 'locked'\nfrom = 1\nuntil = 2"),
        &["fault 1 (memory locked)", "`locked` cannot befall `memory`", "refuse"],
    );
    refused(
        &fault("system = 'memory'\nkind = 'hang'\nfrom = -1\nuntil = 2"),
        &["`-1`", "u32", "line 6"],
    );
    refused(
        &fault("system = 'memory'\nkind = 'hang'\nfrom = 2\nuntil = 2"),
        &["`until` is 2, and must be from 3 to 4"],
    );
    refused(
        &fault("system = 'memory'\nkind = 'slow'\nfrom = 1\nuntil = 2"),
        &["`slow` needs `delay_ms`"],
    );
    refused(
        &fault("system = 'memory'\nkind = 'hang'\npercent = 3\nfrom = 1\nuntil = 2"),
        &["`percent` belongs to the kind `flaky`"],
    );
    refused(
        &fault("system = 'coach'\nkind = 'flaky'\npercent = 101\nfrom = 1\nuntil = 2"),
        &["`percent` is 101, and must be from 1 to 100"],
    );
    refused(
        &fault("system = 'inferer-near'\nkind = 'overload'\nrequests = 9\nfrom = 1\nuntil = 2"),
        &["`overload` cannot befall `inferer-near`"],
    );
    refused(
        &fault("system = 'memory'\nkind = 'overload'\nfrom = 1\nuntil = 2"),
        &["`overload` needs `requests`, from 1 to 1000"],
    );
    refused(
        &fault("system = 'memory'\nkind = 'hang'\nrequests = 9\nfrom = 1\nuntil = 2"),
        &["`requests` belongs to the kind `limit` or `overload`"],
    );
    refused(
        &fault("system = 'memory'\nkind = 'hang'\nsilent = true\nfrom = 1\nuntil = 2"),
        &["`silent` belongs to the kind `limit`"],
    );
    refused(
        "about = 'x'\nrounds = 3\nspill = { share = 101, burst = 1 }",
        &["`spill.share` is 101, and must be from 0 to 100"],
    );
    let hang = "system = 'memory'\nkind = 'hang'\nfrom = 1\nuntil = 3\n";
    let twice = fault(&format!("{hang}[[fault]]\n{}", hang.replace("= 1", "= 2")));
    refused(&twice, &["fault 2 (memory hang): fault 1 befalls the same system at the same time"]);
}

#[test]
fn a_file_that_is_not_there() {
    let output = run(&["--scenario", "no/such.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let told = told(&output);
    assert!(told.contains("no/such.toml") && told.contains("one of calm, storage"), "{told}");
}

#[test]
fn bad_arguments() {
    for args in [&["--agents", "0"][..], &["--pace", "-1"], &["--seed", "x"], &["--colour"]] {
        assert_eq!(run(args).status.code(), Some(2), "{args:?}");
    }
    let output = command(&["--quick"]).env("RUST_LOG", "fusebox=loud").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("RUST_LOG=`fusebox=loud`"), "{}", told(&output));
    let output = run(&["--quick", "--panel", "/no/such/folder/panel"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("/no/such/folder/panel"), "{}", told(&output));
}

#[test]
fn the_scenarios_are_listed() {
    let output = run(&["--list-scenarios"]);
    assert_eq!(output.status.code(), Some(0));
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(shown.lines().count(), 8);
    assert!(shown.contains("calm        nothing goes wrong"), "{shown}");
}

/// Off a terminal a run prints its report, and nothing else.
#[test]
fn the_report_alone() {
    let output = run(&["--scenario", "calm", "--quick"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(told(&output), "");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("nothing was degraded") && !shown.contains("BROKEN"), "{shown}");
}

#[test]
fn the_log_is_at_the_documented_levels() {
    let args = ["--scenario", "storage", "--quick"];
    let told = |filter: &str| told(&command(&args).env("RUST_LOG", filter).output().unwrap());
    let warnings = told("fusebox=warn");
    assert!(warnings.contains("WARN fusebox: circuit breaker changed its state"), "{warnings}");
    assert!(warnings.contains("WARN fusebox: fallback used"), "{warnings}");
    assert!(warnings.contains("ERROR fusebox: retries exhausted"), "{warnings}");
    assert!(!warnings.contains("DEBUG"), "{warnings}");
    let own = told("agent_workflow=info");
    assert!(own.contains("fault begins") && own.contains("replayed what was kept"), "{own}");
    assert!(!own.contains("fusebox:"), "{own}");
}

/// Ctrl-C: the round is finished, and the report is true.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_cleanly() {
    use std::{io::BufRead, process::Stdio};

    let mut command =
        command(&["--scenario", "storage", "--agents", "4", "--pace", "300", "--json"]);
    let command = command.env("RUST_LOG", "agent_workflow=info").stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut log =
        std::io::BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(log.any(|line| line.contains("round begins") && line.contains("round=2")));
    let kill = format!("kill -INT {}", child.id()); // the shell's own
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    log.for_each(drop); // or the program waits for its reader
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(common::broken(&report), [""; 0]);
    assert_eq!(report["interrupted"], true);
    assert_eq!(report["rounds"], 3);
}
