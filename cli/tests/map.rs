//! `map`, and `/map.json`.

mod common;

use std::{fs, path::PathBuf};

use common::{Panel, Ran, server::Server, wait_for};
use fusebox::{Retry, RetryConfig};
use serde_json::Value;

/// A panel whose breakers have learned that `page` calls `shop` three times, and that `db`.
fn learned() -> Panel {
    let panel = Panel::with(&["page", "shop", "db"]);
    let said = panel.run(&["map", "--learn", "on"]).ok();
    assert!(said.starts_with("breakers learn who calls them"), "{said}");
    call(&panel);
    panel
}

fn call(panel: &Panel) {
    let retry = RetryConfig::new().max_attempts(3).base_delay(std::time::Duration::ZERO).build();
    let mut fails = 1;
    let answer = panel.breaker("page").call(|| {
        Retry::new(retry).call(|| {
            fails -= 1;
            let stock = || panel.breaker("db").call(|| Ok::<_, &str>(())).map_err(|_| "db");
            let answer = panel.breaker("shop").call(stock).map_err(|_| "shop");
            if fails == 0 { Err("once more") } else { answer }
        })
    });
    assert!(answer.is_ok());
}

fn map_json(panel: &Panel) -> Value {
    serde_json::from_str(&panel.run(&["map", "--format", "json"]).ok()).unwrap()
}

#[test]
fn it_shows_what_the_programs_have_learned() {
    let panel = learned();
    let tree = "page  closed\n  shop  closed  tried 3 times\n    db  closed\n";
    let said = "\n3 calls of `db` for one of `page`: page → shop → db\n";
    assert_eq!(panel.run(&["map"]).ok(), format!("{tree}{said}"));
    let dot = panel.run(&["map", "--format", "dot"]).ok();
    assert!(dot.starts_with("digraph fusebox {") && dot.matches(" -> ").count() == 2, "{dot}");
    assert!(dot.contains("[label=\"3 attempts\"]"), "{dot}");
    let mermaid = panel.run(&["map", "--format", "mermaid"]).ok();
    assert!(mermaid.starts_with("flowchart LR\n") && mermaid.contains("-->|3 attempts|"));
    let json = map_json(&panel);
    assert_eq!(json["paths"], serde_json::json!([{"path": ["page", "shop", "db"], "product": 3}]));
    assert_eq!((&json["learning"], &json["version"]), (&true.into(), &1.into()));
}

#[test]
fn what_was_learned_stays_until_it_is_forgotten() {
    let panel = learned();
    let before = panel.run(&["map"]).ok();
    let said = panel.run(&["map", "--learn", "off"]).ok();
    assert_eq!(said, "breakers learn no more; what they have learned stays\n");
    assert_eq!(map_json(&panel)["learning"], false);
    assert_eq!(panel.run(&["map"]).ok(), before);
    assert_eq!(panel.run(&["map", "--forget"]).ok(), "forgotten: who called whom\n");
    let mut left: Vec<_> = panel.run(&["map"]).ok().lines().map(str::to_owned).collect();
    left.sort_unstable();
    assert_eq!(left, ["db  closed", "page  closed", "shop  closed"]);
    call(&panel);
    assert_eq!(map_json(&panel)["edges"], serde_json::json!([]), "nobody learns");
    // A breaker that is registered while the others learn does, too.
    panel.run(&["map", "--learn", "on"]).ok();
    let late = panel.breaker("late");
    let answer = panel.breaker("page").call(|| late.call(|| Ok::<_, &str>(())).map_err(|_| ""));
    assert!(answer.is_ok());
    assert!(panel.run(&["map"]).ok().contains("page  closed\n  late  closed\n"));
}

#[test]
fn a_panel_without_a_map_says_what_to_do() {
    let panel = Panel::with(&["page"]);
    let error = panel.run(&["map"]).failed(1);
    assert!(error.contains("`fusebox map --learn on`"), "{error}");
    panel.run(&["map", "--learn", "on"]).ok();
    let Ran { code, out, err } = panel.run(&["map"]);
    assert_eq!((code, out.as_str()), (Some(0), "page  closed\n"));
    assert!(err.contains("built with fusebox's feature `map`"), "{err}");
    let error = panel.run(&["map", "--learn", "on", "--from", "x"]).failed(2);
    assert!(error.contains("cannot be used with"), "{error}");
}

/// Writes text into a file beside the panel.
fn file(panel: &Panel, text: impl AsRef<[u8]>) -> PathBuf {
    let path = panel.folder().join("map.json");
    fs::write(&path, text).unwrap();
    path
}

fn from(panel: &Panel, path: &std::path::Path) -> Ran {
    panel.run(&["map".as_ref(), "--from".as_ref(), path.as_os_str()])
}

#[test]
fn a_map_that_was_written_down_is_drawn_with_todays_states() {
    let panel = learned();
    let path = file(&panel, panel.run(&["map", "--format", "json"]).ok());
    panel.run(&["map", "--forget"]).ok();
    panel.breaker("db").force_open();
    let drawn = from(&panel, &path).ok();
    assert!(
        drawn.starts_with("page  closed\n  shop  closed  tried 3 times\n    db  forced open\n"),
        "{drawn}"
    );
    // It is drawn, and not learned.
    assert_eq!(map_json(&panel)["edges"], serde_json::json!([]));
}

#[test]
fn a_map_of_another_panel_is_refused() {
    let (panel, other) = (learned(), learned());
    let path = file(&panel, other.run(&["map", "--format", "json"]).ok());
    let error = from(&panel, &path).failed(1);
    assert!(error.contains("is a map of another panel"), "{error}");
    let never = Panel::with(&["page", "shop", "db"]);
    assert!(from(&never, &path).failed(1).contains("the panel has no map yet"));
}

#[test]
fn a_damaged_map_is_refused_with_the_reason() {
    let panel = learned();
    let good = panel.run(&["map", "--format", "json"]).ok();
    for cut in [0, 1, good.len() / 2, good.len() - 3] {
        let error = from(&panel, &file(&panel, &good[..cut])).failed(1);
        assert!(error.contains("is no map, or a damaged one"), "{cut}: {error}");
    }
    let change = |key: &str, value: Value| {
        let mut json: Value = serde_json::from_str(&good).unwrap();
        *json.pointer_mut(key).unwrap() = value;
        from(&panel, &file(&panel, json.to_string())).failed(1)
    };
    let said = [
        (change("/version", 2.into()), "version 2; this release reads version 1"),
        (change("/nodes/0/name", "\u{202e}db".into()), r"was `\u{202e}db`, and is `"),
        (change("/nodes/0/name", Value::Null), "was `(no name)`, and is `"),
        (change("/nodes/0/slot", 255.into()), "slot 255 has no breaker there"),
        (change("/nodes/0/attempts", 0.into()), "there are no attempts of slot"),
        (change("/nodes/0/attempts", (-1).into()), "is no map, or a damaged one"),
        (change("/edges/0/1", 15.into()), "an edge leads to slot 15, which it has not"),
    ];
    for (error, reason) in said {
        assert!(error.contains(reason), "{reason}: {error}");
        assert!(!error.contains('\u{202e}'), "{error:?}");
    }
    let error = from(&panel, &file(&panel, vec![b' '; (4 << 20) + 1])).failed(1);
    assert!(error.contains("larger than any map"), "{error}");
    assert!(from(&panel, &panel.folder().join("none")).failed(1).contains("cannot be read"));
}

/// As long as the hostile one.
const PLACEHOLDER: &str = "a_name_of_23_bytes_here";
const HOSTILE: &str = "\x1b[2J\u{202e}evil\n\u{9b}1m\u{200b}\x07!\"]";

#[test]
fn hostile_names_stay_names() {
    let panel = Panel::with(&[PLACEHOLDER, "ai"]);
    panel.run(&["map", "--learn", "on"]).ok();
    let (evil, ai) = (panel.breaker(PLACEHOLDER), panel.breaker("ai"));
    assert!(ai.call(|| evil.call(|| Ok::<_, &str>(())).map_err(|_| "")).is_ok());
    panel.overwrite_name(PLACEHOLDER, HOSTILE.as_bytes());
    for format in ["text", "dot", "mermaid", "json"] {
        let drawn = panel.run(&["map", "--format", format]).ok();
        let deceptive = |c: char| c != '\n' && fusebox_cli::escape::is_deceptive(c);
        assert!(!drawn.contains(deceptive), "{drawn:?}");
    }
    assert_eq!(panel.run(&["map"]).ok().lines().count(), 2);
    let json = map_json(&panel);
    assert!(json["nodes"].as_array().unwrap().iter().any(|node| node["name"] == HOSTILE));
    assert!(from(&panel, &file(&panel, json.to_string())).ok().starts_with("ai  closed\n"));
}

#[test]
fn it_is_served_once_there_is_one() {
    let panel = Panel::with(&["page", "shop", "db"]);
    let server = Server::start(&panel, &[]);
    let get = || {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build();
        let answer = ureq::Agent::from(agent).get(format!("{}map.json", server.url)).call();
        let mut answer = answer.unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    assert_eq!(get(), (404, "the panel was never mapped\n".to_owned()));
    panel.run(&["map", "--learn", "on"]).ok();
    call(&panel);
    let json = wait_for("the map", || {
        let (status, json) = get();
        let json: Value = serde_json::from_str(&json).ok().filter(|_| status == 200)?;
        (json["edges"].as_array()?.len() == 2).then_some(json)
    });
    assert_eq!(json, map_json(&panel));
}
