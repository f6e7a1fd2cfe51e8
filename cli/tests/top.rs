//! `top`, driven through a pseudo-terminal.

mod common;

use std::{ffi::OsString, io::Read as _, thread};

use common::{
    Panel, fail,
    nobody::{command_for, drop_privileges},
    terminal::Top,
    wait_for,
};
use fusebox::State;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

#[test]
fn shows_a_breaker_open_and_isolates_one_by_a_key() {
    let panel = Panel::with(&["ai", "billing", "mail"]);
    let mut top = Top::start(&panel, (24, 120));
    top.line("billing", "closed");
    assert!(top.text().contains("score 100"), "{}", top.text());

    fail(panel.breaker("billing"), 3);
    let line = top.line("billing", "open");
    assert!(line.contains("59m") || line.contains("1h00m"), "{line}");
    // Its rejections draw a line.
    let _ = panel.breaker("billing").try_acquire();
    top.line("billing", "█");

    // `ai` is picked at the start; the question comes first.
    top.press("i");
    top.shows("the question", |text| text.contains("isolate `ai`? y/n"));
    top.press("n");
    top.shows("nothing done", |text| text.contains("nothing was changed"));
    assert_eq!(panel.breaker("ai").state(), State::Closed);
    top.press("iy");
    top.line("ai", "forced open");
    assert_eq!(panel.breaker("ai").state(), State::ForcedOpen);
    top.shows("what was done", |text| text.contains("ai: closed -> forced open"));

    top.press("cy");
    top.line("ai", "closed");
    top.press("jjdy"); // two lines down: `mail`
    top.line("mail", "disabled");
    top.press("ry");
    top.line("mail", "closed");

    // Without its file the panel goes on for those that have it.
    std::fs::remove_file(panel.path()).unwrap();
    top.shows("that it has gone", |text| text.contains("there is no such file"));
    panel.breaker("mail").force_open();
    top.line("mail", "forced open");
    top.press("q");
    assert_eq!(top.ends(), 0);
}

#[test]
fn sorts_filters_and_helps() {
    let panel = Panel::with(&["ai", "billing", "mail"]);
    panel.breaker("mail").force_open();
    let mut top = Top::start(&panel, (24, 120));
    let order = |text: &str| {
        let at = |name: &str| text.lines().position(|line| line.starts_with(name));
        [at("ai"), at("billing"), at("mail")]
    };
    top.shows("by name", |text| order(text).is_sorted() && order(text)[0].is_some());
    top.press("s");
    top.shows("by state", |text| {
        text.contains("sorted by state") && order(text)[2] < order(text)[0]
    });
    top.press("s");
    top.shows("by score", |text| {
        text.contains("sorted by score") && order(text)[2] < order(text)[0]
    });
    top.press("ss");
    top.shows("by name", |text| text.contains("sorted by name") && order(text).is_sorted());

    top.press("/BIL\r");
    top.shows("one of them", |text| {
        text.contains("1 match /BIL") && !text.lines().any(|line| line.starts_with("ai"))
    });
    top.press("/\x1b");
    top.shows("all of them", |text| text.lines().any(|line| line.starts_with("ai")));

    top.press("?");
    top.shows("help", |text| text.contains("any key goes back"));
    top.press(" ");
    top.shows("no help", |text| !text.contains("any key goes back"));
    top.press("\x03"); // Ctrl-C
    assert_eq!(top.ends(), 0);
}

#[test]
fn survives_every_size() {
    let panel = Panel::with(&["ai", "a_name_of_forty_bytes_and_so_a_long_one__"]);
    fail(panel.breaker("ai"), 3);
    let mut top = Top::start(&panel, (24, 80));
    top.line("ai", "open");
    top.press("?");
    for size in [(1, 1), (2, 3), (3, 200), (60, 4), (5, 20), (1, 500), (100, 300)] {
        top.resize(size.0, size.1);
        thread::sleep(std::time::Duration::from_millis(150)); // a frame or two, no matter how many
        assert!(top.child.try_wait().unwrap().is_none(), "it ended at {size:?}: {}", top.text());
    }
    top.press(" ");
    top.resize(24, 80);
    top.shows("no help", |text| !text.contains("any key goes back"));
    top.line("ai", "open");
    top.press("q");
    assert_eq!(top.ends(), 0);
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let panel = Panel::with(&["ai"]);
    let top = Top::start(&panel, (24, 80));
    top.line("ai", "closed");
    let process = top.child.process_id().unwrap();
    let killed = std::process::Command::new("kill").arg(process.to_string()).status().unwrap();
    assert!(killed.success());
    assert_ne!(top.ends(), 0);
}

#[test]
fn ends_when_its_terminal_has_gone() {
    let panel = Panel::with(&["ai"]);
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_fusebox"));
    command.args(["top", "--panel"]);
    command.arg(panel.path());
    let mut child = pair.slave.spawn_command(command).unwrap();
    let mut output = pair.master.try_clone_reader().unwrap();
    assert_ne!(output.read(&mut [0]).unwrap(), 0, "it has begun to draw");
    drop(output);
    drop(pair);
    let status = wait_for("the end", || child.try_wait().unwrap());
    assert_eq!(status.signal(), Some("Hangup"));
}

#[test]
fn a_panel_that_may_only_be_read_is_shown_and_not_changed() {
    let panel = Panel::with(&["ai"]);
    let own = command_for(&panel, 0o444);
    let line = drop_privileges().iter().map(OsString::from).chain([own.into()]);
    let mut command = CommandBuilder::from_argv(line.collect());
    command.args(["top", "--interval", "100ms", "--panel"]);
    command.arg(panel.path());
    let mut top = Top::spawn(command, (24, 120));
    top.line("ai", "closed");
    assert!(top.text().contains("read only"), "{}", top.text());
    for key in ["i", "c", "d", "r"] {
        top.press(key);
        top.shows("why not", |text| text.contains("this user may only read the file"));
        top.press("j");
        top.shows("no reason", |text| !text.contains("this user may only read the file"));
    }
    panel.breaker("ai").force_open();
    top.line("ai", "forced open");
    top.press("q");
    assert_eq!(top.ends(), 0);
}
