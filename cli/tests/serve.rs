//! `serve`, over real HTTP.

mod common;

use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Command, Stdio},
};

use common::{Panel, Ran, fail, server::Server, wait_for};
use openmetrics_parser::{openmetrics::parse_openmetrics, prometheus::parse_prometheus};
use serde_json::{Value, json};

struct Answer {
    code: u16,
    headers: ureq::http::HeaderMap,
    body: String,
}

fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.get(format!("{}{path}", server.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut answer = request.call().unwrap();
    let body = answer.body_mut().read_to_string().unwrap();
    Answer { code: answer.status().as_u16(), headers: answer.headers().clone(), body }
}

fn health(server: &Server) -> (u16, Value) {
    let answer = get(server, "health", &[]);
    assert_eq!(answer.headers["content-type"], "application/json");
    (answer.code, serde_json::from_str(&answer.body).unwrap())
}

#[track_caller]
fn becomes(server: &Server, code: u16, status: &str) -> Value {
    wait_for(&format!("{code} {status}"), || {
        let (found, health) = health(server);
        (found == code && health["status"] == status).then_some(health)
    })
}

#[test]
fn health_is_ok_degraded_or_down() {
    let panel = Panel::with(&["ai", "billing", "mail", "shop"]);
    let server = Server::start_slowly(&panel, "2s");
    let (code, well) = health(&server);
    let expected = json!({
        "status": "ok", "score": 100, "problem": null, "breakers": { "closed": 4 }, "alerts": [],
    });
    assert_eq!((code, well), (200, expected));

    // One of four is open: the average is 75, the lowest 0.
    fail(panel.breaker("ai"), 3);
    let one = becomes(&server, 200, "degraded");
    assert_eq!((&one["score"], &one["breakers"]), (&json!(37), &json!({ "closed": 3, "open": 1 })));

    panel.breaker("billing").force_open();
    panel.breaker("mail").force_open();
    let three = becomes(&server, 503, "down");
    assert_eq!(three["score"], 12);
    let alert = &wait_for("an alert", || health(&server).1["alerts"].get(0).cloned());
    assert_eq!(alert["kind"], "opened_together");
    assert!(alert["text"].as_str().unwrap().starts_with("3 breakers opened within "), "{alert}");

    for name in ["ai", "billing", "mail"] {
        panel.breaker(name).close();
    }
    // They did open within the window: an alert, still.
    becomes(&server, 200, "degraded");
}

#[test]
fn down_below_can_be_chosen() {
    let panel = Panel::with(&["ai"]);
    fail(panel.breaker("ai"), 2); // 67
    becomes(&Server::start(&panel, &["--down-below", "67"]), 200, "ok");
    becomes(&Server::start(&panel, &["--down-below", "68"]), 503, "down");
    panel.breaker("ai").disable();
    becomes(&Server::start(&panel, &["--down-below", "100"]), 200, "ok");
}

#[test]
fn the_bounds_of_alerts_can_be_chosen() {
    let panel = Panel::with(&["ai", "bank", "mail"]);
    panel.breaker("ai").force_open();
    // By default that is an alert after five minutes.
    let usual = becomes(&Server::start(&panel, &[]), 200, "degraded");
    assert_eq!(usual["alerts"], json!([]));
    let strict = Server::start(&panel, &["--alert", "open_longer_than=0s"]);
    let told = wait_for("the alert", || health(&strict).1["alerts"].get(0).cloned());
    assert_eq!((&told["kind"], &told["breaker"]), (&json!("open_too_long"), &json!("ai")));
}

#[test]
fn a_panel_that_has_gone_is_down_and_one_that_comes_back_is_read() {
    let panel = Panel::with(&["ai"]);
    let server = Server::start(&panel, &[]);
    becomes(&server, 200, "ok");
    fs::remove_file(panel.path()).unwrap();
    let gone = becomes(&server, 503, "down");
    assert!(gone["problem"].as_str().unwrap().contains("there is no such file"), "{gone}");
    let metrics = get(&server, "metrics", &[]).body;
    assert!(metrics.contains("\nfusebox_panel_up 0") && !metrics.contains("breaker="), "{metrics}");

    let again = Panel::with(&["new"]);
    fs::rename(again.path(), panel.path()).unwrap();
    becomes(&server, 200, "ok");
    assert!(get(&server, "panel.json", &[]).body.contains(r#""name":"new""#));
}

#[test]
fn metrics_in_both_formats() {
    let panel = Panel::with(&["ai", "quo\"te\\d"]);
    fail(panel.breaker("ai"), 3);
    let _ = panel.breaker("ai").try_acquire();
    let server = Server::start(&panel, &[]);

    let plain = get(&server, "metrics", &[]);
    assert_eq!(plain.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let parsed =
        parse_prometheus(&plain.body).unwrap_or_else(|it| panic!("{it:?} in {}", plain.body));
    let sample = |family: &str, labels: &[&str]| {
        let labels: Vec<String> = labels.iter().copied().map(String::from).collect();
        let family = &parsed.families[family];
        family.get_sample_by_label_values(&labels).map(|it| format!("{:?}", it.value))
    };
    let is = |found: Option<String>, number: &str| {
        let found = found.unwrap();
        assert!(found.contains(&format!("({number}")), "{found}");
    };
    is(sample("fusebox_breaker_state", &["ai", "open"]), "1");
    is(sample("fusebox_breaker_state", &["ai", "closed"]), "0");
    is(sample("fusebox_breaker_failures_total", &["ai"]), "3");
    is(sample("fusebox_breaker_rejections_total", &["ai"]), "1");
    is(sample("fusebox_breaker_setting_recovery_timeout_seconds", &["ai"]), "3600");
    is(sample("fusebox_breaker_score", &["quo\"te\\d"]), "100");
    // Not counted, so there is no number of them.
    assert!(!parsed.families.contains_key("fusebox_breaker_calls_total"));

    let accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3";
    let open = get(&server, "metrics", &[("accept", accept)]);
    assert_eq!(
        open.headers["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let parsed =
        parse_openmetrics(&open.body).unwrap_or_else(|it| panic!("{it:?} in {}", open.body));
    let names: BTreeSet<_> = parsed.families.keys().map(String::as_str).collect();
    assert!(names.contains("fusebox_breaker_failures") && names.contains("fusebox_panel_up"));
    assert!(open.body.ends_with("# EOF\n"));
}

#[test]
fn the_page_and_what_protects_it() {
    let panel = Panel::with(&["ai"]);
    let server = Server::start(&panel, &[]);
    let page = get(&server, "", &[]);
    assert_eq!(page.code, 200);
    assert!(page.body.len() < 26_000, "{} bytes", page.body.len());
    assert!(!page.body.contains("http:") || page.body.contains("http://www.w3.org/2000/svg"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(page.body.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
    assert!(!page.body.contains("{nonce}"));
    let other = get(&server, "", &[]).headers["content-security-policy"].clone();
    assert_ne!(other, policy, "each page has a nonce of its own");

    for path in ["", "health", "metrics", "panel.json", "nothing"] {
        let answer = get(&server, path, &[]);
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert!(answer.headers.contains_key("content-security-policy"));
        assert_eq!(answer.code, if path == "nothing" { 404 } else { 200 });
    }
}

#[test]
fn only_its_own_host_names_on_loopback() {
    let panel = Panel::with(&["ai"]);
    let server = Server::start(&panel, &[]);
    for host in ["localhost", "LocalHost:80", "127.0.0.1", "[::1]:9898", "fusebox.localhost:1"] {
        assert_eq!(get(&server, "panel.json", &[("host", host)]).code, 200, "{host}");
    }
    for host in ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1:9898", ""]
    {
        let answer = get(&server, "panel.json", &[("host", host)]);
        assert_eq!(answer.code, 421, "{host}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert!(!answer.body.contains("\"ai\""));
    }
    let open = Server::start_on(&panel, "0.0.0.0:0", "1s", &[]);
    assert_eq!(get(&open, "panel.json", &[("host", "shop.example")]).code, 200);
}

#[test]
fn it_can_only_be_looked_at() {
    let panel = Panel::with(&["ai"]);
    let server = Server::start(&panel, &[]);
    let address = server.url.trim_start_matches("http://").trim_end_matches('/');
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["/", "/health", "/metrics", "/panel.json"] {
            let answer = ask(&format!(
                "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                 content-length: 0\r\n\r\n"
            ));
            assert!(answer.starts_with("HTTP/1.1 405 "), "{method} {path}: {answer}");
        }
    }
    let head = ask("HEAD /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    let nonsense = ask("nonsense\r\n\r\n");
    assert!(nonsense.starts_with("HTTP/1.1 400 "), "{nonsense}");
    // And a simple client of old, which names no host.
    let old = ask("GET /health HTTP/1.0\r\n\r\n");
    assert!(old.starts_with("HTTP/1.0 200 "), "{old}");
}

#[test]
fn ends_when_it_is_told_to_even_with_a_client_that_holds_on() {
    for signal in ["INT", "TERM"] {
        let panel = Panel::with(&["ai"]);
        let mut server = Server::start(&panel, &[]);
        let address = server.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let mut holding = TcpStream::connect(address).unwrap();
        holding.write_all(b"GET /health HTTP/1.1\r\nhost: local").unwrap();
        let process = server.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &process]).status().unwrap().success());
        let status = wait_for("the end", || server.child.try_wait().unwrap());
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let panel = Panel::with(&["ai"]);
    let server = Server::start(&panel, &[]);
    let address = server.url.trim_start_matches("http://").trim_end_matches('/');
    let error = panel.run(&["serve", "--listen", address]).failed(1);
    assert!(error.starts_with(&format!("error: cannot listen on {address}: ")), "{error}");
    assert!(error.contains("see --listen"), "{error}");
}

#[test]
fn an_open_address_is_warned_of() {
    let panel = Panel::with(&["ai"]);
    let mut child = panel
        .command()
        .args(["serve", "--listen", "0.0.0.0:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(child.stdout.as_mut().unwrap()),
        &mut line,
    )
    .unwrap();
    child.kill().unwrap();
    let Ran { err, .. } = Ran::from(child.wait_with_output().unwrap());
    assert!(line.starts_with("serving http://0.0.0.0:"), "{line}");
    assert!(err.starts_with("warning: ") && err.contains("asked for a password"), "{err}");
}
