//! `serve --store`, on a real Redis.

mod common;

use common::{
    Panel, fail,
    server::Server,
    store::{Instance, Store},
    wait_for,
};
use openmetrics_parser::{openmetrics::parse_openmetrics, prometheus::parse_prometheus};
use serde_json::{Value, json};

fn text(server: &Server, path: &str) -> String {
    let url = format!("{}{path}", server.url);
    ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()
}

fn json(server: &Server, path: &str) -> Value {
    serde_json::from_str(&text(server, path)).unwrap()
}

fn serve(panel: &Panel, store: &Store) -> Server {
    Server::start(panel, &["--store", &store.url, "--namespace", "test"])
}

#[test]
fn page_and_metrics_show_every_instance() {
    let Some(store) = Store::start() else { return };
    let panel = Panel::with(&["ai"]);
    let all = Instance::crew(&store, 4);
    let server = serve(&panel, &store);
    wait_for("all are seen", || (json(&server, "panel.json")["fleet"]["alive"] == 4).then_some(()));
    fail(all[0].shop, 3);
    all[1].shop.force_open();
    let fleet = wait_for("both are seen", || {
        let fleet = json(&server, "panel.json")["fleet"].take();
        (fleet["breakers"][0]["forced_open"] == 1 && fleet["breakers"][0]["open"] == 1)
            .then_some(fleet)
    });
    let shop = &fleet["breakers"][0];
    assert_eq!((&shop["label"], &shop["more"]), (&json!("shop"), &json!(0)));
    let says = |at: usize| (&shop["instances"][at]["name"], &shop["instances"][at]["state"]);
    assert_eq!(says(0), (&json!("host-0"), &json!("open")));
    assert_eq!(says(1), (&json!("host-1"), &json!("forced open")));
    assert_eq!(fleet["alerts"][0]["kind"], "open_in_fleet");
    assert_eq!(fleet["alerts"][0]["text"], "`shop` is open on 2 of 4 instances");

    let metrics = text(&server, "metrics");
    for line in [
        "fusebox_fleet_store_up 1",
        "fusebox_fleet_instances 4",
        "fusebox_fleet_alerts 1",
        "fusebox_fleet_left_out 0",
        r#"fusebox_fleet_breaker_instances{breaker="shop",state="open"} 1"#,
        r#"fusebox_fleet_breaker_open{instance="host-0",breaker="shop"} 1"#,
        r#"fusebox_fleet_instance_breakers_open{instance="host-0",group="eu"} 1"#,
        r#"fusebox_fleet_instance_breakers_open{instance="host-3",group="eu"} 0"#,
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    parse_prometheus(&metrics).unwrap_or_else(|it| panic!("{it:?} in {metrics}"));
    let open = ureq::get(format!("{}metrics", server.url))
        .header("accept", "application/openmetrics-text")
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    parse_openmetrics(&open).unwrap_or_else(|it| panic!("{it:?} in {open}"));

    // The panel's own health is apart from the fleet's.
    let health = json(&server, "health");
    assert_eq!((&health["status"], &health["alerts"]), (&json!("ok"), &json!([])));
    assert_eq!(health["fleet"]["alerts"][0]["kind"], "open_in_fleet");
}

#[test]
fn an_instance_that_disagrees_is_told() {
    let Some(store) = Store::start() else { return };
    let panel = Panel::with(&["ai"]);
    let all = Instance::crew(&store, 3);
    let server = serve(&panel, &store);
    fail(all[2].shop, 3);
    let told = wait_for("the alert", || {
        let alerts = json(&server, "health")["fleet"]["alerts"].take();
        let all = alerts.as_array().unwrap();
        all.iter().find(|it| it["kind"] == "instance_disagrees").cloned()
    });
    let text = "`shop` is open on `host-2` alone, and well on all others";
    assert_eq!((&told["breaker"], &told["text"]), (&json!("shop"), &json!(text)));
}

#[test]
fn a_store_that_is_gone_is_told_and_changes_nothing_else() {
    let Some(mut store) = Store::start() else { return };
    let panel = Panel::with(&["ai"]);
    let server = serve(&panel, &store);
    wait_for("it is read", || text(&server, "metrics").contains("store_up 1").then_some(()));
    let before = json(&server, "health");
    assert_eq!(before["fleet"], json!({ "problem": null, "instances": 0, "alerts": [] }));
    store.kill();
    let gone = wait_for("it is told", || {
        let health = json(&server, "health");
        health["fleet"]["problem"].is_string().then_some(health)
    });
    assert_eq!(gone["fleet"]["alerts"][0]["kind"], "store_unreachable");
    for field in ["status", "score", "problem", "breakers", "alerts"] {
        assert_eq!(gone[field], before[field], "{field}");
    }
    assert!(text(&server, "metrics").contains("\nfusebox_fleet_store_up 0"));
    assert!(text(&server, "metrics").contains("\nfusebox_panel_up 1"));
}

#[test]
fn without_a_store_there_is_no_fleet_and_a_wrong_url_is_said() {
    let panel = Panel::with(&["ai"]);
    let server = Server::start(&panel, &[]);
    assert_eq!(json(&server, "panel.json")["fleet"], Value::Null);
    assert!(json(&server, "health").get("fleet").is_none());
    assert!(!text(&server, "metrics").contains("fleet"));
    let error = panel.run(&["serve", "--listen", "127.0.0.1:0", "--store", "secret"]).failed(1);
    assert!(error.contains("no URL of a store") && !error.contains("secret"), "{error}");
}
