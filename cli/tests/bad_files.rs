//! Files that are no panels, or may not be opened.

mod common;

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    process::Command,
};

use common::{Panel, Ran, fusebox};
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
        }
    }
    assert!(!folder.join("none").exists());
}

#[test]
fn a_hostile_path_is_escaped() {
    let error = Ran::of(fusebox().args(["ls", "--panel", "/\x1b[2J\u{202e}"])).failed(1);
    assert!(error.starts_with(r"error: `/\u{1b}[2J\u{202e}`: "), "{error:?}");
}

/// Runs the command as nobody, for whom the folder is open.
fn as_nobody(panel: &Panel, mode: u32, args: &[&str]) -> Ran {
    const NOBODY: u32 = 65_534;
    fs::set_permissions(panel.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(panel.path(), fs::Permissions::from_mode(mode)).unwrap();
    // Where the command was built nobody may be able to look. Copied by another
    // process: a file that is open for writing here could not be run while any
    // child of another test has inherited that.
    let own = panel.folder().join("fusebox");
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_fusebox")).arg(&own).status();
    assert!(copied.unwrap().success());
    let mut command = Command::new(own);
    command.env_clear().arg("--panel").arg(panel.path()).args(args);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    Ran::of(&mut command)
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
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
