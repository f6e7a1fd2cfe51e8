//! `drill`: on a live panel, with an end whatever becomes of the command.

mod common;

use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use common::{Panel, wait_for};
use fusebox::{CircuitBreaker, Drill, Script, ScriptStep};
use fusebox_cli::drill::{cut, script, storm_file};
use fusebox_lab::storm::{Storm, builtin};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn is_drilled(breaker: &CircuitBreaker) -> bool {
    breaker
        .call(|| Ok::<_, ()>(()))
        .is_err_and(|it| it.as_rejected().is_some_and(fusebox::Rejected::is_drill))
}

#[test]
fn a_drill_fails_calls_of_a_live_program_and_says_how_it_ends() {
    let panel = Panel::with(&["shop"]);
    let shop = panel.breaker("shop");
    shop.disable(); // so that it counts nothing, and never opens
    let mut command = panel.command();
    command.args(["drill", "shop", "--fail", "100%", "--uncapped", "--for", "1500ms", "--seed=7"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the drill", || is_drilled(shop).then_some(()));
    let status = panel.run(&["drill", "shop", "--status"]).ok();
    assert!(status.starts_with("shop: fail 100%, for 1"), "{status}");
    assert!(status.contains("s, seed 7: ") && status.ends_with(" left\n"), "{status}");
    let ls = panel.run(&["ls"]).ok();
    assert!(ls.contains("DRILL") && ls.contains("fail 100%"), "{ls}");
    let json: serde_json::Value = serde_json::from_str(&panel.run(&["ls", "--json"]).ok()).unwrap();
    assert_eq!(json[0]["drill"]["fail_percent"], 100.0);
    let ran = child.wait_with_output().unwrap();
    let out = String::from_utf8(ran.stdout).unwrap();
    assert_eq!((ran.status.code(), ran.stderr.as_slice()), (Some(0), &[][..]), "{out}");
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some("shop: fail 100%, for 1.5s, seed 7"));
    let ends = "shop: it ends by itself after 1s500ms, or now by `fusebox drill shop --stop`";
    assert_eq!(lines.next(), Some(ends));
    let last = lines.next().unwrap();
    assert!(last.starts_with("shop: it is over; ") && !last.contains("; 0 of"), "{last}");
    wait_for("its end", || (!is_drilled(shop)).then_some(()));
    assert_eq!(panel.run(&["drill", "shop", "--status"]).ok(), "shop: no drill is under way\n");
    assert!(!panel.run(&["ls"]).ok().contains("DRILL"));
}

#[test]
fn d2_a_killed_commands_drill_ends_by_itself() {
    let panel = Panel::with(&["shop"]);
    let shop = panel.breaker("shop");
    shop.disable();
    let mut command = panel.command();
    command.args(["drill", "shop", "--fail", "50%", "--for", "2s"]);
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    wait_for("the drill", || is_drilled(shop).then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(shop.drill().is_some(), "it outlives the command");
    wait_for("its end", || shop.drill().is_none().then_some(()));
    assert!((0..50).all(|_| !is_drilled(shop)));
    assert_eq!(shop.reading().drill, None);
}

#[test]
fn an_interrupted_command_ends_its_drill_and_another_one_can() {
    let panel = Panel::with(&["shop"]);
    let shop = panel.breaker("shop");
    shop.disable();
    let begin = || {
        let mut command = panel.command();
        command.args(["drill", "shop", "--fail", "50%", "--for", "10m"]);
        let child = command.stdout(Stdio::piped()).spawn().unwrap();
        wait_for("the drill", || is_drilled(shop).then_some(()));
        child
    };
    let child = begin();
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.unwrap().success());
    let out = child.wait_with_output().unwrap();
    assert!(String::from_utf8(out.stdout).unwrap().contains("shop: ended early; "));
    assert_eq!(shop.drill(), None);

    let mut child = begin();
    assert_eq!(panel.run(&["drill", "shop", "--stop"]).ok(), "shop: its drill has ended\n");
    assert_eq!(panel.run(&["drill", "shop", "--stop"]).ok(), "shop: no drill is under way\n");
    assert!(!is_drilled(shop));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_is_no_drill_is_refused_with_the_reason() {
    let panel = Panel::with(&["shop"]);
    let shop = panel.breaker("shop");
    let no_end = panel.run(&["drill", "shop", "--fail", "5%"]).failed(2);
    assert!(no_end.contains("a drill needs an end: say how long it lasts, as in `--for 60s`"));
    for (args, why) in [
        (
            &["shpo", "--fail=5%", "--for=1s"][..],
            "there is no breaker `shpo`; did you mean `shop`?",
        ),
        (
            &["shop", "--fail=60%", "--for=1s"],
            "fail, hang and panic are 60% together, and must be 50% at most unless the drill is uncapped: say --uncapped; nothing was changed",
        ),
        (&["shop", "--panic=0.1%", "--for=1s"], "`panic` is 0.1%, and must be 0 unless"),
        (&["shop", "--slow=31s", "--for=1s"], "`slow` is 31s, and must be 30s at most"),
        (&["shop", "--fail=1%", "--for=61m"], "`lasts` is 3660s, and must be 3600s at most"),
        (
            &["shop", "--fail=101%", "--for=1s"],
            "`fail` is 101%, and must be 0, or from 0.01 to 100%",
        ),
        (&["shop", "--for=1s"], "it would do nothing"),
        (&["shop", "--storm", "no-such"], "is no built-in storm, and no file"),
        (&["shop", "--storm", "outage"], "say --uncapped"),
    ] {
        let said = panel.run(&[&["drill"][..], args].concat()).failed(1);
        assert!(said.contains(why), "{args:?}: {said}");
        assert_eq!(shop.drill(), None);
    }
    for args in [&["--fail", "some"][..], &["--slow-share", "5%"], &["--stop", "--for", "1s"]] {
        panel.run(&[&["drill", "shop"][..], args].concat()).failed(2);
    }
}

#[test]
fn calls_that_are_not_drilled_are_told_of() {
    let panel = Panel::with(&["shop"]);
    let ran = panel.run(&["drill", "shop", "--fail", "5%", "--for", "100ms"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.err.contains("no call met the drill: none came, or the program is built without"));
    assert!(panel.breaker("shop").try_acquire().is_ok());

    // Calls that the breaker counts, and that no drill sees.
    let mut command = panel.command();
    command.args(["drill", "shop", "--fail", "5%", "--for", "1s"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let shop = panel.breaker("shop");
    wait_for("the drill", || shop.drill());
    let batch = shop.acquire_many(1).unwrap();
    batch.report_counts(0, 1);
    let ran = child.wait_with_output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains("calls come, and none is drilled"), "{said}");
}

const STORM: &str = r#"
title = "Two phases of trouble"
seed = 9
[clients]
per_second = 10
[service]
latency.fixed = "20ms"
[[phases]]
lasts = "200ms"
[[phases]]
lasts = "400ms"
errors = "30%"
added = "5ms"
[[phases]]
lasts = "200ms"
slower = 2.0
"#;

#[test]
fn a_storms_file_runs_as_a_drill_and_its_record_is_a_storms_file() {
    let panel = Panel::with(&["shop"]);
    let shop = panel.breaker("shop");
    shop.disable();
    let (file, record) = (panel.folder().join("storm.toml"), panel.folder().join("record.toml"));
    fs::write(&file, STORM).unwrap();
    let mut command = panel.command();
    command.args(["drill", "shop", "--storm"]).arg(&file).arg("--record").arg(&record);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    wait_for("a drilled call", || is_drilled(shop).then_some(()));
    assert!(child.wait().unwrap().success());
    let written = fs::read_to_string(record).unwrap();
    let (given, recorded) = (Storm::parse(STORM).unwrap(), Storm::parse(&written).unwrap());
    assert_eq!(script(&recorded, None, false).unwrap(), script(&given, None, false).unwrap());
    let steps = script(&given, None, false).unwrap();
    let shown: Vec<_> = steps
        .steps()
        .iter()
        .map(|it| match it {
            ScriptStep::Drill(drill) => drill.to_string(),
            step => format!("{:?}", step.lasts()),
        })
        .collect();
    let drills = [
        "200ms",
        "fail 30%, slow 5ms on 70%, for 400ms, seed 10",
        "slow 20ms on 100%, for 200ms, seed 11",
    ];
    assert_eq!(shown, drills);
}

#[test]
fn a_storm_that_no_drill_can_play_is_refused() {
    for (phase, why) in [
        (
            "load = 2.0",
            "`phases.load` is set, and a drill cannot do that: it makes no calls of its own",
        ),
        (
            "partition = \"20%\"",
            "`phases.partition` is set, and a drill cannot do that: it knows no",
        ),
        ("added_to_one = \"9ms\"", "`phases.added_to_one` is set, and a drill cannot do that: it"),
        ("slower = 0.5", "`phases.slower` is set, and a drill cannot do that: it makes no call"),
        ("errors = \"60%\"", "fail, hang and panic are 60% together"),
    ] {
        // Calls that get lost need a timeout.
        let timed = STORM.replace("[clients]", "[clients]\ntimeout = \"1s\"");
        let storm = format!("{timed}[[phases]]\nlasts = \"1s\"\n{phase}\n");
        let storm = Storm::parse(&storm).unwrap();
        let error = script(&storm, None, false).unwrap_err().to_string();
        assert!(error.contains(why) && error.ends_with("nothing was changed"), "{error}");
    }
    let drawn = STORM.replace(
        "latency.fixed = \"20ms\"",
        "latency.log_normal = { mean = \"20ms\", deviation = \"10ms\", most = \"1s\" }",
    );
    let error = script(&Storm::parse(&drawn).unwrap(), None, false).unwrap_err().to_string();
    assert!(error.contains("`phases.slower` is set") && error.contains("not fixed"), "{error}");
    // A storm has no word for a step of the clock.
    let step = format!("{STORM}[[phases]]\nclock_step = \"5s\"\n");
    let error = Storm::parse(&step).unwrap_err().to_string();
    assert!(error.contains("unknown field `clock_step`"), "{error}");
    let long = STORM.replace("\"400ms\"", "\"2h\"");
    let error = script(&Storm::parse(&long).unwrap(), None, false).unwrap_err().to_string();
    assert!(error.contains("3600s at most"), "{error}");
    // A built-in one is above the cap, and else a drill as any.
    let outage = script(&builtin("outage").unwrap(), None, true).unwrap();
    assert!(outage.lasts() > SECOND);
}

proptest! {
    #[test]
    fn the_storm_of_a_drill_is_that_drill(
        steps in prop::collection::vec((0_u32..=50, 0_u32..=40, 0_u64..=2_000, 1_u64..=100_000), 1..8),
        seed in any::<u32>(),
        per_second in 0.0..1e6,
    ) {
        let mut written = Script::new();
        let mut at = seed;
        for (fail, hang, slow, lasts) in steps {
            let lasts = Duration::from_millis(lasts);
            let rest = f64::from(100 - fail - hang);
            let mut drill = Drill::lasting(lasts).fail(fail.into()).hang(hang.into()).seed(at);
            if slow > 0 {
                drill = drill.slow(Duration::from_millis(slow), rest);
            }
            written = if fail + hang == 0 && slow == 0 {
                written.pause(lasts)
            } else {
                written.drill(drill.uncapped().build())
            };
            at = at.wrapping_add(1);
        }
        prop_assume!(written.steps().iter().any(|it| matches!(it, ScriptStep::Drill(_))));
        let file = storm_file("sh\"op", &written, per_second);
        let storm = Storm::parse(&file);
        // A storm with too many calls is none for the laboratory.
        prop_assume!(storm.is_ok() || per_second > 1_000.0);
        if let Ok(storm) = storm {
            prop_assert_eq!(&script(&storm, None, true).unwrap(), &written);
            prop_assert_eq!(cut(&written, written.lasts()), written);
        }
    }
}
