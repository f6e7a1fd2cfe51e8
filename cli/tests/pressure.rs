//! The host's pressure: `pressure`, and where a panel has it.

mod common;

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use common::{Panel, Ran, fusebox, server::Server, terminal::Top, wait_for};
use fusebox::{PressureConfig, PressureReading, PressureSampler};
use fusebox_shm::SharedPanel;
use openmetrics_parser::openmetrics::parse_openmetrics;
use serde_json::{Value, json};

const BUSY: PressureReading = PressureReading { cpu: 615, memory: 0, io: 5, queue: 40 };

/// Two readings of a busy host, which stay for an hour.
fn make_busy(panel: &Panel) {
    let shared = SharedPanel::open(panel.path()).unwrap();
    let long = std::time::Duration::from_hours(1);
    shared.pressure().set_settings(PressureConfig::new().stale_after(long).build());
    shared.pressure().set(BUSY);
    shared.pressure().set(BUSY);
}

fn get(server: &Server, path: &str, accept: &str) -> String {
    let request = ureq::get(format!("{}{path}", server.url)).header("accept", accept);
    request.call().unwrap().body_mut().read_to_string().unwrap()
}

/// Whether this host has figures; where it has none, the command says so.
fn has_figures() -> bool {
    let Err(error) = PressureSampler::of_host() else { return true };
    println!("SKIPPED: {error}");
    let panel = Panel::with(&["ai"]);
    for args in [&["pressure"][..], &["pressure", "--once"]] {
        assert!(panel.run(args).failed(1).contains("/proc/"), "it names the file");
    }
    false
}

#[test]
fn it_is_shown_where_a_panel_has_it() {
    let panel = Panel::with(&["ai"]);
    assert!(!panel.run(&["ls"]).ok().contains("host pressure"));
    make_busy(&panel);
    let line = "\nhost pressure high: cpu 61.5%, memory 0.0%, io 0.5%, 4.0 tasks per core\n";
    let table = panel.run(&["ls"]).ok();
    assert!(table.ends_with(line), "{table}");
    let listed: Value = serde_json::from_str(&panel.run(&["ls", "--json"]).ok()).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1, "the breakers alone");

    let top = Top::start(&panel, (20, 120));
    wait_for("the level", || top.text().contains("host high").then_some(()));
}

#[test]
fn it_is_served_where_a_panel_has_it() {
    let panel = Panel::with(&["ai"]);
    let server = Server::start(&panel, &[]);
    let shown = |server: &Server| -> Value {
        serde_json::from_str(&get(server, "panel.json", "*/*")).unwrap()
    };
    let body = wait_for("a reading", || {
        let body = get(&server, "metrics", "application/openmetrics-text");
        body.contains("fusebox_panel_breakers 1").then_some(body)
    });
    assert!(!body.contains("host_pressure"), "{body}");
    assert_eq!(shown(&server)["pressure"], Value::Null);

    make_busy(&panel);
    let body = wait_for("the pressure", || {
        let body = get(&server, "metrics", "application/openmetrics-text");
        body.contains("fusebox_host_pressure_level 2").then_some(body)
    });
    parse_openmetrics(&body).unwrap();
    for line in [
        "fusebox_host_pressure_cpu_ratio 0.615",
        "fusebox_host_pressure_memory_ratio 0.0",
        "fusebox_host_pressure_io_ratio 0.005",
        "fusebox_host_tasks_per_core 4.0",
    ] {
        assert!(body.contains(&format!("\n{line}\n")), "{line} in {body}");
    }
    let pressure = &shown(&server)["pressure"];
    assert_eq!((&pressure["level"], &pressure["cpu"]), (&json!("high"), &json!(0.615)));
}

#[test]
fn one_sampler_writes_it_for_all_and_leaves_the_host_calm() {
    if !has_figures() {
        return;
    }
    let panel = Panel::with(&["ai"]);
    let shared = SharedPanel::open(panel.path()).unwrap();
    let mut command = panel.command();
    command.args(["pressure", "cpu=50%", "stale_after=1m"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
    assert!(said.starts_with("sampling the host's pressure for "), "{said}");
    wait_for("a reading", || shared.pressure().reading());
    assert_eq!(shared.pressure().settings().cpu(), 50);

    let process = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &process]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(shared.pressure().reading(), None);
}

#[test]
fn one_reading_needs_no_panel() {
    if has_figures() {
        let said = Ran::of(fusebox().args(["pressure", "--once"])).ok();
        assert!(said.starts_with("cpu ") && said.ends_with(" tasks per core\n"), "{said}");
    }
}

#[test]
fn what_is_not_understood_is_an_error() {
    let panel = Panel::with(&["ai"]);
    let refused = panel.run(&["pressure", "cpu=101%"]).failed(1);
    assert_eq!(refused, "error: `cpu` is 101%, and must be from 0 to 100%\n");
    assert!(panel.run(&["pressure", "cpus=1%"]).failed(2).contains("memory, io, queue"));
    assert!(panel.run(&["pressure", "io=1%", "io=2%"]).failed(2).contains("given twice"));
    let none = Ran::of(fusebox().arg("pressure")).failed(2);
    assert!(none.contains("no panel: name its file with --panel FILE"), "{none}");
    let help = panel.run(&["pressure", "--help"]).ok();
    assert!(help.contains("cpu=N%") && help.contains("stale_after=TIME"), "{help}");
}
