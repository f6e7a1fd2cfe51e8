//! Files that are no panels, or may not be opened.

mod common;

use std::{ffi::OsStr, fs, process::Command};

use common::{
    Panel, Ran, fusebox,
    nobody::{command_for, drop_privileges},
};
use fusebox::State;

#[test]
fn each_is_named_with_what_to_do_and_none_is_made() {
    let panel = Panel::with(&["ai"]);
    let folder = panel.folder();
    fs::write(folder.join("text"), "hello, world\n".repeat(1000)).unwrap();
    fs::write(folder.join("empty"), "").unwrap();
    let mut short = fs::read(panel.path()).unwrap();
    short.truncate(short.len() - 100);
    fs::write(folder.join("short"), short).unwrap();

    for (file, why) in [
        ("none", "there is no such file: start the program"),
        ("text", "is no panel of breakers"),
        ("empty", "is empty"),
        ("short", "somebody truncated it"),
        (".", "is a folder"),
    ] {
        let path = folder.join(file);
        let shown = path.to_str().unwrap();
        for args in [
            &["ls"][..],
            &["watch"],
            &["top"],
            &["serve", "--listen", "127.0.0.1:0"],
            &["isolate", "ai"],
            &["set", "ai", "probes=1"],
        ] {
            let error = Ran::of(fusebox().args(args).arg("--panel").arg(&path)).failed(1);
            assert_eq!(error.lines().count(), 1, "{error}");
            assert!(error.starts_with(&format!("error: `{shown}`: ")), "{error}");
            assert!(error.contains(why), "{args:?} on {file}: {error}");
            // Only what is known to be a panel may be deleted.
            assert_eq!(error.contains("delete"), file == "short", "{args:?} on {file}: {error}");
        }
    }
    assert!(!folder.join("none").exists());
}

#[test]
fn a_hostile_path_is_escaped() {
    let error = Ran::of(fusebox().args(["ls", "--panel", "/\x1b[2J\u{202e}"])).failed(1);
    assert!(error.starts_with(r"error: `/\u{1b}[2J\u{202e}`: "), "{error:?}");
}

/// Runs the command as nobody.
fn as_nobody(panel: &Panel, mode: u32, args: &[&str]) -> Ran {
    let own = command_for(panel, mode);
    let line = drop_privileges().iter().map(OsStr::new).chain([own.as_os_str()]);
    let line: Vec<_> = line.collect();
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).arg("--panel").arg(panel.path()).args(args);
    Ran::of(&mut command)
}

#[test]
fn a_file_that_may_only_be_read_can_be_looked_at() {
    let panel = Panel::with(&["ai"]);
    let table = as_nobody(&panel, 0o444, &["ls"]).ok();
    assert!(table.contains("\nai "), "{table}");
    for args in [&["isolate", "ai"][..], &["set", "ai", "probes=2"]] {
        let error = as_nobody(&panel, 0o444, args).failed(1);
        assert!(error.contains("this user may not read and write it (mode 0444"), "{error}");
    }
    assert_eq!(panel.breaker("ai").state(), State::Closed);
}

#[test]
fn a_file_that_may_not_be_read_is_said_so() {
    let panel = Panel::with(&["ai"]);
    let error = as_nobody(&panel, 0o000, &["ls"]).failed(1);
    assert!(error.contains("this user may not read it (mode 0000"), "{error}");
}

/// The sixth word of the header says which boot the stamps are of; see the
/// layout in fusebox-shm.
#[test]
fn a_panel_of_an_earlier_boot_is_shown_with_a_warning() {
    const BOOT: usize = 6 * 8 + 4;
    let panel = Panel::with(&["ai"]);
    let mut bytes = fs::read(panel.path()).unwrap();
    bytes[BOOT..BOOT + 4].iter_mut().for_each(|byte| *byte ^= 0xA5);
    fs::write(panel.folder().join("old"), bytes).unwrap();

    let mut command = fusebox();
    let Ran { code, out, err } =
        Ran::of(command.args(["ls", "--panel"]).arg(panel.folder().join("old")));
    assert_eq!(code, Some(0));
    assert!(out.contains("\nai "), "{out}");
    assert!(err.starts_with("warning: no program has opened this panel since the host"), "{err}");
}
