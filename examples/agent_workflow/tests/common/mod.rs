//! Runs the program, as a user would.
#![allow(missing_docs, unreachable_pub, dead_code)] // each test takes what it needs

#[cfg(target_os = "linux")]
pub mod operator;

use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent-workflow"));
    command.args(args).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

pub fn run(args: &[&str]) -> Output {
    command(args).output().expect("the program runs")
}

/// The report of a run that kept its promises.
pub fn report(args: &[&str]) -> Value {
    let output = run(&[args, &["--json"]].concat());
    let shown = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args:?}\n{told}\n{shown}");
    serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"))
}

/// The promises that were broken.
pub fn broken(report: &Value) -> Vec<String> {
    let promises = report["promises"].as_array().expect("a list");
    assert_eq!(promises.len(), 12);
    let broken = promises.iter().filter(|promise| promise["kept"] == false);
    broken.map(|promise| promise["name"].as_str().unwrap().to_owned()).collect()
}

/// The rounds in which `system` answered `instead`.
pub fn rounds(report: &Value, system: &str, instead: &str) -> Vec<u64> {
    let degraded = report["degraded"].as_array().expect("a list");
    let same = |it: &&Value| it["system"] == system && it["instead"] == instead;
    let rounds = degraded.iter().find(same).map(|it| it["rounds"].as_array().unwrap());
    rounds.into_iter().flatten().map(|round| round.as_u64().unwrap()).collect()
}

/// How often `system` answered `instead`.
pub fn times(report: &Value, system: &str, instead: &str) -> u64 {
    let degraded = report["degraded"].as_array().expect("a list");
    let same = |it: &&Value| it["system"] == system && it["instead"] == instead;
    degraded.iter().find(same).map_or(0, |it| it["times"].as_u64().unwrap())
}

/// What a region of the inferer did.
pub fn region<'a>(report: &'a Value, name: &str) -> &'a Value {
    let each = report["regions"]["each"].as_array().expect("a list");
    each.iter().find(|it| it["name"] == name).expect("there are two")
}

/// How many of the requests of this priority an overloaded server let in, and how many not.
pub fn visitors(report: &Value, system: &str, priority: &str) -> (u64, u64) {
    let servers = report["visitors"].as_array().expect("a list");
    let all = servers.iter().filter(|it| it["name"] == system);
    let all = all.flat_map(|it| it["visitors"].as_array().unwrap());
    let same = all.filter(|it| it["priority"] == priority);
    same.fold((0, 0), |(let_in, shed), it| {
        (let_in + it["let_in"].as_u64().unwrap(), shed + it["shed"].as_u64().unwrap())
    })
}
