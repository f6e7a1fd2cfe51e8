//! `fleet`, on a real Redis.

mod common;

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use common::{
    Ran, fail, fusebox,
    store::{Instance, KEY, Store},
    terminal::Top,
    wait_for,
};
use fusebox::State;
use fusebox_fleet::{FleetConfig, RedisSettings, RedisStore, Store as _};
use portable_pty::CommandBuilder;
use serde_json::Value;

fn plain(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn all_are(all: &[Instance], state: State) {
    wait_for(&format!("{state}"), || all.iter().all(|it| it.shop.state() == state).then_some(()));
}

#[test]
fn ls_shows_what_is_not_well_anywhere() {
    let Some(store) = Store::start() else { return };
    let none = store.fleet(&["ls"]);
    assert_eq!((none.code, none.out.as_str()), (Some(0), "0 instances alive\n"));
    assert_eq!(none.err, "no instance says that a breaker is not well\n");

    let mut all = Instance::crew(&store, 3);
    all.push(Instance::new(&store, "far", "us"));
    fail(all[0].shop, 3);
    fail(all[1].shop, 1);
    let text = wait_for("both are seen", || {
        let text = store.fleet(&["ls", "--instances"]).out;
        (text.contains("host-1  ") && text.matches("shop").count() == 3).then_some(text)
    });
    let lines: Vec<_> = text.lines().map(plain).collect();
    assert_eq!(lines[0], "4 instances alive (eu 3, us 1)");
    assert_eq!(lines[2], "NAME OPEN HALF-OPEN FORCED DISABLED PRIMED FAILURES LEFT GROUPS");
    assert!(
        lines[3].starts_with("shop 1 0 0 0 0 3 59m")
            || lines[3].starts_with("shop 1 0 0 0 0 3 1h00m"),
        "{text}"
    );
    assert!(lines[3].ends_with(" eu"), "{text}");
    assert_eq!(lines[6], "far us - all well - -");
    assert!(lines[7].starts_with("host-0 eu shop open - "), "{text}");
    assert_eq!(lines[8], "host-1 eu shop closed 1 -");

    let json: Value = serde_json::from_str(&store.fleet(&["ls", "--json"]).ok()).unwrap();
    let shop = &json["breakers"][0];
    assert_eq!(
        (&shop["name"], &shop["open"], &shop["failures"]),
        (&"shop".into(), &1.into(), &3.into())
    );
    assert_eq!(json["instances"].as_array().unwrap().len(), 4);
    assert_eq!(json["instances"][1]["breakers"][0]["state"], "open");
    assert!(json["instances"][1]["breakers"][0]["left_ms"].as_u64().unwrap() > 3_500_000);
}

/// Whoever is well says nothing to others: the store knows of it.
#[test]
fn ls_lists_who_is_well() {
    let Some(store) = Store::start() else { return };
    let within = Duration::from_secs(3);
    for (name, group) in [("host-0", "eu"), ("host-1", "eu"), ("far", "us")] {
        let config = FleetConfig::new(name).namespace("test").group(group).build().unwrap();
        let redis = RedisSettings::new(&store.url, &config).unwrap();
        RedisStore::connect(&redis).unwrap().beat(group, within).unwrap();
    }
    let text = store.fleet(&["ls", "--instances"]).out;
    let lines: Vec<_> = text.lines().map(plain).collect();
    assert_eq!(lines[0], "3 instances alive (eu 2, us 1)");
    let well = ["far us - all well - -", "host-0 eu - all well - -", "host-1 eu - all well - -"];
    assert!(well.iter().all(|it| lines.iter().any(|line| line == it)), "{text}");
    let json: Value = serde_json::from_str(&store.fleet(&["ls", "--json"]).ok()).unwrap();
    assert_eq!(json["instances"][0]["name"], "far");
    assert_eq!(json["instances"][0]["breakers"].as_array().unwrap().len(), 0);
    assert!(json["instances"][0]["age_ms"].as_u64().unwrap() < 3_000);
}

#[test]
fn a_tls_store_needs_the_feature() {
    let ran = Ran::of(fusebox().args(["fleet", "ls", "--store", "rediss://:secret@127.0.0.1:1"]));
    let error = ran.failed(1);
    assert_eq!(error.contains("without the feature `tls`"), cfg!(not(feature = "tls")), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn a_signed_order_moves_all_and_one_that_comes_later() {
    let Some(store) = Store::start() else { return };
    let mut all = Instance::crew(&store, 3);
    let began = Instant::now();
    let line = store.fleet(&["isolate", "shop", "--by", "alice@bastion", "--for", "20m"]).ok();
    all_are(&all, State::ForcedOpen);
    println!("three instances obeyed after {:?}, the command's start included", began.elapsed());
    assert!(line.contains("Z alice@bastion: isolate shop until 2"), "{line}");
    let told = |it: &Instance| it.has_told(&format!("obeyed: {}", line.trim_end()));
    wait_for("all tell of it", || all.iter().all(told).then_some(()));
    all.push(Instance::new(&store, "late", "eu"));
    all_are(&all, State::ForcedOpen);

    let set = store.fleet(&["set", "shop", "failure_threshold=7", "recovery_timeout=10s"]).ok();
    assert!(
        set.contains(": set shop failure_threshold=7 recovery_timeout_ms=10000 until"),
        "{set}"
    );
    let is_set = |it: &Instance| it.shop.settings().failure_threshold() == 7;
    wait_for("all are set", || all.iter().all(is_set).then_some(()));
    let closed = store.fleet(&["close", "shop"]).ok();
    all_are(&all, State::Closed);

    let log = store.fleet(&["log"]).ok();
    assert_eq!(log, [line, set, closed.clone()].concat());
    assert_eq!(store.fleet(&["log", "-n", "1"]).ok(), closed);
}

#[test]
fn who_has_no_right_key_moves_nobody() {
    let Some(store) = Store::start() else { return };
    let all = Instance::crew(&store, 2);
    let key = store.key_file("other", "the key of another fleet\n");
    let order = |args: &[&str]| Ran::of(store.command(&["fleet", "isolate", "shop"]).args(args));
    let forged = order(&["--key-file", key.to_str().unwrap(), "--by", "mallory"]).ok();
    let is_told = |it: &Instance| it.has_told("refused, as it is not signed with this fleet's key");
    wait_for("all refuse", || all.iter().all(is_told).then_some(()));
    assert!(all.iter().all(|it| it.shop.state() == State::Closed));
    assert_eq!(store.fleet(&["log"]).ok(), format!("FORGED {forged}"));

    // The right key from a file, whose end of line does not count.
    let key = store.key_file("right", &format!("{KEY}\n"));
    order(&["--key-file", key.to_str().unwrap()]).ok();
    all_are(&all, State::ForcedOpen);

    assert!(order(&[]).failed(2).starts_with("error: no key: an order is signed with the one in "));
    let short = store.key_file("short", "too short");
    let error = order(&["--key-file", short.to_str().unwrap()]).failed(1);
    assert!(error.contains("the key has 9 bytes, and must have from 16 to 1024"), "{error}");
    let error = order(&["--key-file", "/nowhere"]).failed(1);
    assert!(error.starts_with("error: the key file `/nowhere`: "), "{error}");
}

#[test]
fn what_cannot_be_ordered_is_said() {
    let Some(store) = Store::start() else { return };
    let error = |args: &[&str], code| store.fleet(args).failed(code);
    let said = error(&["set", "shop", "probes=0"], 1);
    assert_eq!(said, "error: `probes` is 0, and must be from 1 to 255; nothing was ordered\n");
    assert!(error(&["set", "shop", "probs=2"], 2).contains("there is no setting `probs`"));
    assert!(error(&["set", "shop", "probes=2", "probes=3"], 2).contains("given twice"));
    let said = error(&["isolate", "shop", "--for", "8d"], 1);
    assert!(said.contains("within a week; nothing was ordered"), "{said}");
    assert!(
        error(&["isolate", "shop", "--by", "a\nb"], 1).contains("`who` must have from 1 to 64")
    );
    assert!(error(&["isolate", &"a".repeat(65)], 1).contains("; nothing was ordered"));
    assert_eq!(store.fleet(&["log"]).err, "no order was given yet\n");
}

#[test]
fn what_is_wrong_with_the_store_is_said_and_no_password() {
    let Some(store) = Store::with_password() else { return };
    let run = |url: &str, args: &[&str]| {
        let mut command = fusebox();
        command.args(args).env("FUSEBOX_STORE", url).env("FUSEBOX_FLEET_KEY", KEY);
        Ran::of(&mut command)
    };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("redis://user:secret@127.0.0.1:{port}");
    let wrong = store.url.replace("right", "secret");
    for args in
        [&["fleet", "ls"][..], &["fleet", "log"], &["fleet", "isolate", "shop"], &["fleet", "top"]]
    {
        let error = run(&nobody, args).failed(1);
        let head = format!("error: the store `redis://127.0.0.1:{port}`: ");
        assert!(error.starts_with(&head) && error.contains("refused"), "{error}");
        let error = run(&wrong, args).failed(1);
        assert!(error.contains("assword") && !error.contains("secret"), "{error}");
        let error = run("secret", args).failed(1);
        assert!(error.contains("no URL of a store") && !error.contains("secret"), "{error}");
        assert!(run("", args).failed(2).starts_with("error: no store: name it with --store URL"));
    }
    // Another application's keys, of another type and of the same.
    store.run(&[b"SET", b"{fusebox}:now", b"7"]);
    store.run(&[b"SET", b"{fusebox}:orders", b"7"]);
    for args in [&["fleet", "ls"][..], &["fleet", "isolate", "shop"]] {
        let error = run(&store.url, args).failed(1);
        assert!(error.contains("WRONGTYPE") && error.contains("see --namespace"), "{error}");
    }
    store.run(&[b"DEL", b"{fusebox}:now"]);
    store.run(&[b"HSET", b"{fusebox}:now", b"price", b"7"]);
    let error = run(&store.url, &["fleet", "ls"]).failed(1);
    assert!(error.contains("nothing in `{fusebox}:now` is a report of fusebox's"), "{error}");
    assert!(!error.contains("right"), "{error}");
}

/// What somebody wrote into the store under a name does nothing to a terminal.
#[test]
fn hostile_names_are_escaped() {
    let Some(store) = Store::start() else { return };
    let register = fusebox_fleet::Register {
        name: fusebox::Name::new("evil\u{202e}"),
        state: State::Open,
        generation: 1,
        failures: 255,
        left: std::time::Duration::ZERO,
    };
    let report =
        fusebox_fleet::Report { beat: 1, group: "\x1b[2J".into(), registers: vec![register] };
    let config = fusebox_fleet::FleetConfig::new("\x1b[31m").namespace("test").build().unwrap();
    let redis = fusebox_fleet::RedisSettings::new(&store.url, &config).unwrap();
    let mut speaker = fusebox_fleet::RedisStore::connect(&redis).unwrap();
    speaker.publish(&report.encode()).unwrap();
    speaker.beat("\x1b[3J\u{202e}", std::time::Duration::from_secs(3)).unwrap();
    for args in [&["ls", "--instances"][..], &["ls", "--json"]] {
        let out = store.fleet(args).ok();
        assert!(!out.contains('\x1b') && !out.contains('\u{202e}'), "{out:?}");
    }
    assert!(store.fleet(&["ls", "--instances"]).ok().contains(r"\u{1b}[31m"));
}

#[test]
fn top_shows_a_fleet_and_gives_orders() {
    let Some(store) = Store::start() else { return };
    let all = Instance::crew(&store, 3);
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_fusebox"));
    command.args(["fleet", "top", "--interval", "100ms", "--namespace", "test"]);
    command.args(["--by", "alice"]);
    command.env("FUSEBOX_STORE", &store.url);
    command.env("FUSEBOX_FLEET_KEY", KEY);
    let mut top = Top::spawn(command, (24, 140));
    top.shows("who is alive", |text| text.contains("3 instances alive (eu 3)"));
    top.shows("that all is well", |text| text.contains("no instance says"));
    fail(all[0].shop, 3);
    let line = top.line("shop", "1 ");
    assert!(plain(&line).starts_with("shop 1 0 0 0 0 2 "), "{line}");
    top.shows("an alert", |text| text.contains("`shop` is open on 1 of 3 instances"));
    top.press("s");
    top.shows("the order", |text| text.contains("sorted by instances"));
    top.press("i");
    top.shows("the question", |text| text.contains("isolate `shop` on every instance? y/n"));
    top.press("y");
    top.shows("what was ordered", |text| text.contains("Z alice: isolate shop until"));
    all_are(&all, State::ForcedOpen);
    top.press("cy");
    all_are(&all, State::Closed);
    top.shows("that all is well", |text| text.contains("no instance says"));
    top.press("q");
    assert_eq!(top.ends(), 0);
}
