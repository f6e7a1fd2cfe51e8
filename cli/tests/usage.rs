//! What every command line has: help, codes, completions, pipes.

mod common;

use std::{
    io::Read as _,
    process::{Command, Stdio},
};

use common::{Panel, Ran, fusebox};

const COMMANDS: [&str; 14] = [
    "ls",
    "top",
    "watch",
    "isolate",
    "close",
    "disable",
    "reset",
    "set",
    "drill",
    "serve",
    "alerts",
    "dashboard",
    "try",
    "completions",
];

#[test]
fn every_command_has_help_with_examples() {
    let help = Ran::of(fusebox().arg("--help")).ok();
    assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        let own = Ran::of(fusebox().args([command, "--help"])).ok();
        assert!(own.contains(&format!("  fusebox {command}")), "{own}");
        assert!(own.contains("Examples:"), "{own}");
        assert!(own.contains("--panel <FILE>") && own.contains("FUSEBOX_PANEL"), "{own}");
    }
    let version = Ran::of(fusebox().arg("--version")).ok();
    assert_eq!(version, format!("fusebox {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn code_2_for_what_is_not_understood() {
    for args in
        [&[][..], &["lst"], &["ls", "--yaml"], &["isolate"], &["completions", "tcsh"], &["try"]]
    {
        Ran::of(fusebox().args(args)).failed(2);
    }
    let panel = Panel::new();
    for (args, why) in [
        (["watch", "--interval", "0s"], "it must be from 1ms to 1h"),
        (["top", "--interval", "50ms"], "it must be from 100ms to 1h"),
        (["serve", "--interval", "1d"], "it must be from 100ms to 1h"),
        (["top", "--interval", "soon"], "write a time such as 250ms or 2s"),
        (["serve", "--listen", "localhost"], "invalid socket address"),
        (["serve", "--down-below", "101"], "101 is not in 0..=100"),
        (["serve", "--alert", "open_for=1m"], "there is no setting `open_for`; there are open_lo"),
        (["top", "--alert", "open_longer_than=1"], "`open_longer_than` takes a time such as"),
        (["try", "--against", "poly"], "a similar value exists: 'polly'"),
        (["try", "--list", "outage"], "cannot be used with"),
        (["try", "--list", "--seed=1"], "cannot be used with"),
        (["top", "--alert", "fallbacks_above=101%"], "is 101%, and must be from 0 to 100%"),
    ] {
        let error = panel.run(&args).failed(2);
        assert!(error.contains(why), "{args:?}: {error}");
    }
}

#[test]
fn a_bound_of_alerts_given_twice_is_not_understood() {
    let twice = ["serve", "--alert", "least_calls=1", "--alert", "least_calls=2"];
    let error = Panel::new().run(&twice).failed(2);
    assert!(error.starts_with("error: `least_calls` is given twice"), "{error}");
}

#[test]
fn without_a_panel_it_says_how_to_name_one() {
    for command in ["ls", "top", "watch", "serve"] {
        for variable in [None, Some("")] {
            let mut run = fusebox();
            run.arg(command).envs(variable.map(|value| ("FUSEBOX_PANEL", value)));
            assert_eq!(
                Ran::of(&mut run).failed(2).lines().next().unwrap(),
                "error: no panel: name its file with --panel FILE, or in the variable FUSEBOX_PANEL"
            );
        }
    }
    let panel = Panel::with(&["ai"]);
    let by_variable = Ran::of(fusebox().arg("ls").env("FUSEBOX_PANEL", panel.path())).ok();
    assert!(by_variable.contains("\nai "), "{by_variable}");
    // The option is the stronger one, before the command and after it.
    for args in [["--panel", "/nowhere", "ls"], ["ls", "--panel", "/nowhere"]] {
        let error = Ran::of(fusebox().args(args).env("FUSEBOX_PANEL", panel.path())).failed(1);
        assert!(error.starts_with("error: `/nowhere`: "), "{error}");
    }
}

#[test]
fn top_needs_a_terminal() {
    let error = Panel::new().run(&["top"]).failed(1);
    assert_eq!(
        error,
        "error: top needs a terminal; into a pipe or a file write `fusebox ls` or `fusebox watch`\n"
    );
}

/// Bash itself takes the script, and completes by it.
#[test]
fn completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Ran::of(fusebox().args(["completions", shell])).ok();
        assert!(script.contains("isolate") && script.contains("down-below"), "{shell}");
    }
    let script = Ran::of(fusebox().args(["completions", "bash"])).ok();
    let ask = "\nCOMP_WORDS=(fusebox iso) COMP_CWORD=1\n_fusebox fusebox iso fusebox\necho \"${COMPREPLY[@]}\"";
    let answered = Command::new("bash").arg("-c").arg(script + ask).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&answered.stdout), "isolate\n");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let panel = Panel::with(&["ai"]);
    for args in [
        &["ls"][..],
        &["ls", "--json"],
        &["isolate", "ai"],
        &["completions", "bash"],
        &["try", "--list"],
    ] {
        let mut child = panel
            .command()
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{args:?}");
    }
}

/// `/dev/full` takes nothing: that is no closed pipe.
#[test]
fn an_output_that_fails_is_a_failure() {
    let panel = Panel::with(&["ai"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = panel.command().arg("ls").stdout(full).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: cannot write the output: "), "{said}");
}
