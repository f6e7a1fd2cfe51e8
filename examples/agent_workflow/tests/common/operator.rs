//! Somebody at the panel, while the program runs.

use std::{
    path::Path,
    process::{Child, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use fusebox::CircuitBreaker;
use fusebox_shm::SharedPanel;
use serde_json::Value;

use super::{broken, command};

pub fn start(panel: &Path, args: &[&str]) -> Child {
    let panel = panel.to_str().unwrap();
    let always = ["--agents", "8", "--pace", "200", "--json", "--panel", panel];
    let mut command = command(&[&always, args].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the program to be far enough.
#[track_caller]
pub fn until<T>(mut there: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(it) = there() {
            return it;
        }
        assert!(Instant::now() < deadline, "it never came about");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The other mapping of the panel, once the program has made it.
pub fn open(path: &Path) -> &'static SharedPanel {
    Box::leak(Box::new(until(|| SharedPanel::open(path).ok())))
}

pub fn breaker(panel: &'static SharedPanel, name: &str) -> &'static CircuitBreaker {
    let called = |it: &&CircuitBreaker| it.counters().calls > 0;
    until(|| panel.panel().get(name).filter(called))
}

/// The report of a run that kept its promises.
pub fn report(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}\n{shown}");
    let report = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(broken(&report), [""; 0]);
    report
}
