//! What the figures were taken on.

use std::{env, fs, process::Command, thread};

pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

pub(crate) fn compiler() -> String {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    said(Command::new(rustc).arg("--version"))
}

/// Lines of text about this machine.
pub(crate) fn description() -> Vec<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |model| model.trim_start_matches([' ', '\t', ':']));
    vec![
        format!("processor: {model}, {} threads for us", threads()),
        format!("system: {}", said(Command::new("uname").args(["-s", "-r", "-m"]))),
        format!("compiler: {}; release profile, thin link-time optimization", compiler()),
    ]
}

fn said(command: &mut Command) -> String {
    match command.output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(_) => "unknown".to_owned(),
    }
}
