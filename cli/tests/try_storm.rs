//! `try`.

mod common;

use std::{fs, io::Read as _};

use common::{
    Panel, Ran,
    trial::{STORM, folder, tried, write},
};
use fusebox_lab::{rules::FIELD, storm::BUILTIN};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::Value;
use tempfile::TempDir;

/// What it printed as JSON.
fn json(folder: &TempDir, args: &[&str]) -> Value {
    serde_json::from_str(&tried(folder, &[args, &["--json"]].concat()).ok()).unwrap()
}

fn rules(trial: &Value) -> Vec<&str> {
    trial["rules"].as_array().unwrap().iter().map(|it| it["rule"].as_str().unwrap()).collect()
}

#[test]
fn a_built_in_storm_on_the_whole_field() {
    let table = tried(&folder(), &["outage"]).ok();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("An outage of 20 seconds, between two minutes of calm"));
    assert!(table.contains("\nA thousand calls a second. One in a hundred fails, then"), "{table}");
    let rows: Vec<_> = lines.skip_while(|line| !line.starts_with("RULE ")).collect();
    assert_eq!(rows.len(), 1 + 2 + FIELD.len(), "{table}");
    for (row, rule) in rows[1..].iter().zip(["no breaker", "fusebox, defaults", "fusebox, SERVICE"])
    {
        assert!(row.starts_with(rule), "{table}");
    }
    for entry in FIELD {
        assert_eq!(
            rows.iter().filter(|it| it.starts_with(&format!("{}  ", entry.name))).count(),
            1
        );
    }
}

#[test]
fn a_file_and_the_figures_of_its_table() {
    let folder = folder();
    let args = ["storm.toml", "--with", "quick.toml", "--against", "none"];
    let table = tried(&folder, &args).ok();
    let expected = "\
Ten seconds of errors
The first line.
The second one.

RULE               ANSWERED  FAILED  TIMED OUT  REFUSED  LOAD  BACK AFTER  OPENED  PROBES  WRITES
";
    assert!(table.starts_with(expected), "{table}");
    assert!(!table.contains('\x1b'), "{table:?}");
    assert!(table.lines().all(|line| line == line.trim_end()), "{table:?}");

    let trial = json(&folder, &args);
    let rows = table.lines().skip(5);
    for (row, rule) in rows.zip(trial["rules"].as_array().unwrap()) {
        let cells: Vec<_> = row.split("  ").map(str::trim).filter(|it| !it.is_empty()).collect();
        let number = |key: &str| rule[key].as_f64().unwrap();
        let percent: f64 = cells[1].trim_end_matches('%').parse().unwrap();
        assert!((percent - 100.0 * number("answered") / number("requests")).abs() < 0.01, "{row}");
        assert_eq!(
            [0, 2, 3, 4, 5, 6, 7, 8, 9].map(|at| cells[at].to_owned()),
            [
                rule["rule"].as_str().unwrap().into(),
                rule["failed"].to_string(),
                rule["timed_out"].to_string(),
                rule["refused"].to_string(),
                format!("{:.2}", number("load")),
                rule["back_after_s"].as_f64().map_or("never".into(), |it| format!("{it}s")),
                rule["openings"].to_string(),
                rule["probes"].to_string(),
                format!("{:.2}", number("writes_per_call")),
            ],
        );
    }
}

#[test]
fn two_files_beside_each_other() {
    let folder = folder();
    let args = ["storm.toml", "--with", "quick.toml", "--with", "slow.toml"];
    let trial = json(&folder, &[&args[..], &["--against", "polly"]].concat());
    assert_eq!(
        rules(&trial),
        ["no breaker", "quick", "slow", "fusebox, defaults", "fusebox, SERVICE", "Polly v8"]
    );
    let of = |at: usize, key: &str| trial["rules"][at][key].as_f64().unwrap();
    assert!(of(1, "answered") > 1.2 * of(2, "answered"), "{trial}");
    assert!(of(1, "back_after_s") < 3.0 && of(2, "back_after_s") > 10.0, "{trial}");
    assert!(of(1, "failed") < 0.1 * of(0, "failed"), "{trial}");
}

#[test]
fn files_of_the_same_name_are_told_apart() {
    let folder = folder();
    fs::create_dir(folder.path().join("other")).unwrap();
    write(&folder, "other/quick.toml", "");
    let args = ["storm.toml", "--with", "quick.toml", "--with", "other/quick.toml"];
    let trial = json(&folder, &[&args[..], &["--against", "none"]].concat());
    assert_eq!(rules(&trial)[1..3], ["quick.toml", "other/quick.toml"]);
    // An empty file is the defaults.
    let mut same = [trial["rules"][2].clone(), trial["rules"][3].clone()];
    for rule in &mut same {
        rule["rule"] = Value::Null;
    }
    assert_eq!(same[0], same[1]);
}

#[test]
fn the_settings_of_a_breaker_in_the_panel() {
    let (folder, panel) = (folder(), Panel::with(&["ai"]));
    let storm = folder.path().join("storm.toml");
    let storm = storm.to_str().unwrap();
    let before = fs::read(panel.path()).unwrap();
    let said = panel.run(&["try", storm, "--breaker", "ai", "--against", "none", "--json"]).ok();
    let trial: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        rules(&trial),
        ["no breaker", "ai (panel)", "fusebox, defaults", "fusebox, SERVICE"]
    );
    // Three failures open it, and it stays so for an hour.
    assert_eq!(trial["rules"][1]["failed"], 3, "{trial}");
    assert_eq!(trial["rules"][1]["back_after_s"], Value::Null, "{trial}");
    assert!(before == fs::read(panel.path()).unwrap(), "the panel was changed");

    let error = panel.run(&["try", storm, "--breaker", "ia"]).failed(1);
    assert_eq!(error, "error: there is no breaker `ia`; did you mean `ai`?\n");
    let error = tried(&folder, &["storm.toml", "--breaker", "ai"]).failed(2);
    assert!(error.starts_with("error: no panel: name its file with --panel FILE"), "{error}");
}

#[test]
fn where_callers_have_a_breaker_each_it_is_tried_shared_too() {
    let folder = folder();
    let each = STORM.replace("[clients]", "[clients]\ninstances = 20\nbreakers = \"each\"");
    write(&folder, "each.toml", &each);
    let trial = json(&folder, &["each.toml", "--with", "quick.toml", "--against", "none"]);
    let own = ["quick", "fusebox, defaults", "fusebox, SERVICE"];
    let names = own.map(|name| [name.into(), format!("{name}, shared")]).concat();
    assert_eq!(rules(&trial)[1..], names);
    let failed = |at: usize| trial["rules"][at]["failed"].as_u64().unwrap();
    assert!(failed(1) > 5 * failed(2), "{trial}");
}

#[test]
fn the_same_seed_prints_the_same_bytes() {
    let folder = folder();
    write(&folder, "slow_calls.toml", "slow_call_ms = 10\nslow_weight = 1\n");
    let run = |seed: &str| {
        let args = ["storm.toml", "--with", "slow_calls.toml", "--json", "--seed", seed];
        tried(&folder, &args).ok()
    };
    assert_eq!(run("7"), run("7"));
    assert_ne!(run("7"), run("8"));
    let trial: Value = serde_json::from_str(&run("7")).unwrap();
    assert_eq!(trial["seed"], 7);
}

#[test]
fn without_trouble_nothing_comes_back() {
    let folder = folder();
    write(&folder, "calm.toml", &STORM.replace("errors = \"100%\"\n", ""));
    let table = tried(&folder, &["calm.toml", "--against", "none"]).ok();
    let cells: Vec<_> = table.lines().last().unwrap().split_whitespace().collect();
    // What is under way when the storm ends is not answered in it.
    assert_eq!(cells[2..], ["99.93%", "0", "0", "0", "1.00", "-", "0", "0", "0.00"], "{table}");
}

#[test]
fn a_picture_with_a_line_for_each_rule() {
    let folder = folder();
    let picture = write(&folder, "picture.svg", "an old one");
    tried(&folder, &["storm.toml", "--with", "quick.toml", "--svg", "picture.svg"]).ok();
    let svg = fs::read_to_string(&picture).unwrap();
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    let own = ["Ten seconds of errors", "no breaker", "quick", "fusebox, defaults"];
    for name in own.into_iter().chain(FIELD.iter().map(|entry| entry.name)) {
        assert!(svg.contains(&format!("\n{name}\n")), "{name}: {svg}");
    }
    // Each name is on the picture, not below it.
    let number = |text: &str, before: &str| -> f64 {
        text.split_once(before).unwrap().1.split('"').next().unwrap().parse().unwrap()
    };
    let lowest = svg.split("<text ").skip(1).map(|it| number(it, " y=\"")).fold(0.0, f64::max);
    assert!(lowest < number(&svg, "height=\""), "{lowest}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "something was left behind");
}

#[test]
fn a_picture_that_cannot_be_written_is_said_so_after_the_table() {
    let folder = folder();
    for (file, why) in
        [("no/picture.svg", "No such file or directory"), (".", "Is a directory"), ("..", "Is a")]
    {
        let Ran { code, out, err } =
            tried(&folder, &["storm.toml", "--against", "none", "--svg", file]);
        assert_eq!(code, Some(1), "{err}");
        assert!(out.contains("\nfusebox, SERVICE "), "{out}");
        assert!(err.starts_with(&format!("error: cannot write `{file}`: {why}")), "{err}");
    }
    // What is no file of its own is written to as it is.
    let args = ["storm.toml", "--against", "none", "--svg", "/dev/stderr"];
    let Ran { code, err, .. } = tried(&folder, &args);
    assert!(code == Some(0) && err.starts_with("<svg "), "{err}");
}

#[test]
fn the_list_has_every_storm_and_every_rule() {
    let folder = folder();
    let list = tried(&folder, &["--list"]).ok();
    for (name, _) in BUILTIN {
        assert!(list.contains(&format!("\n{name} ")), "{list}");
    }
    assert!(list.contains("  All calls fail for 20 seconds\n"), "{list}");
    for entry in FIELD {
        assert!(list.contains(&format!("\n{} ", entry.key)), "{list}");
        assert!(list.contains(&format!("  {}  ", entry.name)), "{list}");
        assert!(list.contains(&format!("  {}\n", entry.source)), "{list}");
    }
    let list: Value = serde_json::from_str(&tried(&folder, &["--list", "--json"]).ok()).unwrap();
    assert_eq!(list["storms"].as_array().unwrap().len(), BUILTIN.len());
    assert_eq!(list["rules"][4]["key"], "polly");
}

#[test]
fn the_readme_shows_every_key() {
    let readme = include_str!("../README.md");
    let (_, from) = readme.split_once("`try --json` prints\n\n```json\n").unwrap();
    let example: Value = serde_json::from_str(from.split_once("```").unwrap().0).unwrap();
    let shown = json(&folder(), &["storm.toml", "--against", "none"]);
    let keys = |value: &Value| -> Vec<String> {
        let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort_unstable();
        keys
    };
    assert_eq!(keys(&example), keys(&shown));
    assert_eq!(keys(&example["rules"][0]), keys(&shown["rules"][0]));
}

/// And into a pipe it says nothing: all other tests see to that.
#[test]
fn on_a_terminal_it_says_which_rule_is_being_tried() {
    let folder = folder();
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_fusebox"));
    command.args(["try", "storm.toml", "--against", "polly"]);
    command.cwd(folder.path());
    let mut output = pair.master.try_clone_reader().unwrap();
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut said = Vec::new();
    // Ends with an error when the other side has gone.
    let _ = output.read_to_end(&mut said);
    assert!(child.wait().unwrap().success());
    let said = String::from_utf8(said).unwrap();
    assert!(
        said.starts_with("\r\x1b[K1 of 4: no breaker\r\x1b[K2 of 4: fusebox, defaults"),
        "{said:?}"
    );
    let (_, table) = said.split_once("4 of 4: Polly v8\r\x1b[K").unwrap();
    assert!(table.contains("Ten seconds of errors") && !table.contains(" of 4"), "{table:?}");
}

/// A title may say anything.
#[test]
fn a_hostile_title_is_escaped() {
    let folder = folder();
    write(&folder, "evil.toml", &STORM.replace("Ten", r"\u001b[2J<b>\u202e"));
    let args = ["evil.toml", "--against", "none", "--svg", "evil.svg"];
    let table = tried(&folder, &args).ok();
    assert!(table.starts_with("\\u{1b}[2J<b>\\u{202e} seconds of errors\n"), "{table:?}");
    let svg = fs::read_to_string(folder.path().join("evil.svg")).unwrap();
    assert!(svg.contains("\\u{1b}[2J&lt;b&gt;\\u{202e} seconds"), "{svg:?}");
    let json = tried(&folder, &["evil.toml", "--json"]).ok();
    assert!(json.contains(r#""\u001b[2J<b>\u202e seconds of errors""#), "{json}");
}
