//! `sync`, between a panel and a real Redis.

mod common;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use common::{
    Panel, Ran, fail,
    store::{Instance, KEY, Store},
    wait_for,
};
use fusebox::State;

/// The host's task, and what it has printed.
struct Task {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Task {
    fn start(store: &Store, panel: &Panel, name: &str) -> Self {
        let mut command = store.command(&["sync", "--instance", name, "--group", "eu", "--panel"]);
        command.arg(panel.path()).env("FUSEBOX_FLEET_KEY", KEY);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let all = lines.clone();
        thread::spawn(move || {
            out.lines().map_while(Result::ok).for_each(|it| all.lock().unwrap().push(it));
        });
        Self { child, lines }
    }

    #[track_caller]
    fn says(&self, what: &str) {
        wait_for(&format!("{what:?} in {:?}", self.lines.lock().unwrap()), || {
            self.lines.lock().unwrap().iter().any(|it| it.contains(what)).then_some(())
        });
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn becomes(panel: &Panel, name: &str, state: State) {
    wait_for(&format!("{name} {state}"), || (panel.breaker(name).state() == state).then_some(()));
}

#[test]
fn a_panel_takes_part_with_all_its_breakers_and_those_to_come() {
    let Some(store) = Store::start() else { return };
    let panel = Panel::with(&["shop"]);
    let task = Task::start(&store, &panel, "host-7");
    task.says("the fleet's store answers");
    let others: Vec<_> =
        (0..2).map(|it| Instance::new(&store, &format!("host-{it}"), "eu")).collect();
    wait_for("all meet", || others.iter().all(|it| it.fleet.status().alive == 3).then_some(()));

    // What the others see, with one failure of its own, primes the panel's breaker: its next
    // one is the second, of three.
    fail(panel.breaker("shop"), 1);
    for other in &others {
        fail(other.shop, 3);
    }
    task.says("shop opens with its next failure");
    fail(panel.breaker("shop"), 1);
    assert_eq!(panel.breaker("shop").state(), State::Open);

    // A breaker that is registered later; and an order, for both.
    fail(panel.breaker("bank"), 3);
    wait_for("the bank is known", || store.fleet(&["ls"]).out.contains("\nbank ").then_some(()));
    store.fleet(&["isolate", "shop", "bank", "mail"]).ok();
    becomes(&panel, "shop", State::ForcedOpen);
    becomes(&panel, "bank", State::ForcedOpen);
    task.says(": isolate bank until");
    // One that is registered while the order holds.
    becomes(&panel, "mail", State::ForcedOpen);
    store.fleet(&["close", "shop", "bank", "mail"]).ok();
    for name in ["shop", "bank", "mail"] {
        becomes(&panel, name, State::Closed);
    }
}

#[test]
fn a_file_that_takes_the_panels_place_is_followed() {
    let Some(store) = Store::start() else { return };
    let panel = Panel::with(&["shop"]);
    let task = Task::start(&store, &panel, "host-7");
    task.says("the fleet's store answers");
    store.fleet(&["isolate", "shop"]).ok();
    becomes(&panel, "shop", State::ForcedOpen);
    fs::remove_file(panel.path()).unwrap();
    task.says("still sharing the old file: ");
    let new = Panel::with(&["shop", "bank"]);
    fs::rename(new.path(), panel.path()).unwrap();
    task.says("the panel's file was replaced: sharing the new one");
    // The order holds for the new one, too.
    becomes(&new, "shop", State::ForcedOpen);
    fail(new.breaker("bank"), 3);
    wait_for("the bank is known", || store.fleet(&["ls"]).out.contains("\nbank ").then_some(()));
}

#[test]
fn it_outlives_its_store_and_ends_when_it_is_told_to() {
    for signal in ["INT", "TERM"] {
        let Some(mut store) = Store::start() else { return };
        let panel = Panel::with(&["shop"]);
        let mut task = Task::start(&store, &panel, "host-7");
        task.says("the fleet's store answers");
        store.kill();
        task.says("each breaker decides alone");
        fail(panel.breaker("shop"), 3);
        assert_eq!(panel.breaker("shop").state(), State::Open);
        let process = task.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &process]).status().unwrap().success());
        let status = wait_for("the end", || task.child.try_wait().unwrap());
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_said() {
    let Some(store) = Store::start() else { return };
    let panel = Panel::with(&["shop"]);
    let sync = |args: &[&str]| Ran::of(store.command(&["sync"]).args(args));
    let path = panel.path().display().to_string();
    let error = sync(&["--instance", "a", "--panel", "/nowhere"]).failed(1);
    assert!(error.starts_with("error: `/nowhere`: there is no such file"), "{error}");
    assert!(sync(&["--instance", "a"]).failed(2).starts_with("error: no panel: "));
    assert!(sync(&["--panel", &path]).failed(2).contains("--instance <NAME>"));
    let error = sync(&["--instance", "", "--panel", &path]).failed(1);
    assert_eq!(error, "error: `instance` has 0 bytes, and must have from 1 to 64\n");
    let error = sync(&["--instance", "a", "--panel", &path, "--heartbeat", "1ms"]).failed(1);
    assert!(error.starts_with("error: `heartbeat` is 1ms, and must be from 100 ms"), "{error}");
    let error = sync(&["--instance", "a", "--panel", &path, "--store", "http://:secret@x"]);
    let error = error.failed(1);
    assert!(error.contains("no URL of a store") && !error.contains("secret"), "{error}");
    let error = sync(&["--instance", "a", "--panel", &path, "--store", ""]).failed(2);
    assert!(error.starts_with("error: no store: "), "{error}");
}

#[test]
fn an_obedience_of_a_breaker_is_a_name_and_a_word() {
    let panel = Panel::new();
    for (given, said) in [
        ("shop", "it must be a name, `=`, and what to do"),
        ("shop=sometimes", "\"sometimes\" must be `observe`, `advise` or `obey`"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fusebox"));
        command.args(["sync", "--instance", "a", "--store", "redis://127.0.0.1:1"]);
        command.arg("--panel").arg(panel.path()).args(["--obedience-of", given]);
        let ran = command.output().unwrap();
        assert_eq!(ran.status.code(), Some(2));
        let text = String::from_utf8(ran.stderr).unwrap();
        assert!(text.contains(said), "{text}");
    }
}
