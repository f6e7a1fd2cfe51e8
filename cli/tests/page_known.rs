//! The page in a real browser, as `tests/page.rs` has it: the map, and what is under way on a
//! breaker or known of it.

#[path = "common/browser.rs"]
mod browser;
mod common;

use std::time::Duration;

use browser::{Browser, Scheme, cell};
use common::{Panel, fail, learned, server::Server};
use fusebox::{CircuitBreaker, Drill, Outcome, Retry, RetryConfig};
use serde_json::{Value, json};

/// Sixty-four services in layers, two of which call each other in a circle, as `/map.json`
/// tells of them; the first five are the panel's own.
fn big_map() -> Value {
    let names = ["page", "checkout", "payments", "db", "mail"];
    let nodes: Vec<_> = (0..64)
        .map(|slot| {
            let name =
                names.get(slot).map_or_else(|| format!("service-{slot}"), ToString::to_string);
            json!({ "name": name, "slot": slot, "state": "closed", "attempts": 3 })
        })
        .collect();
    let mut edges = vec![[0, 1], [1, 2], [2, 3], [1, 4], [0, 3], [4, 1]];
    edges.extend((5..64).map(|slot| [if slot < 17 { 0 } else { slot / 3 }, slot]));
    json!({
        "nodes": nodes,
        "edges": edges,
        "paths": [{ "path": ["page", "checkout", "payments", "db"], "product": 27 }],
        "cycles": [["checkout", "mail"]],
        "cascade": [{ "name": "payments", "after_ms": 0 }, { "name": "checkout", "after_ms": 40 }],
        "learning": true,
    })
}

/// How many pairs of the map's breakers lie over each other, and how many stand left of
/// who calls them.
const LEGIBLE: &str = "(() => {
    const boxes = [...document.querySelectorAll('#graph a')].map((a) => a.getBoundingClientRect());
    const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
    return boxes.every((a, i) => boxes.slice(i + 1).every((b) => apart(a, b)));
})()";

#[tokio::test]
async fn the_map_is_drawn_with_live_states() {
    let panel = Panel::with(&["page", "checkout", "payments", "db", "mail"]);
    let server = Server::start(&panel, &[]);
    for (width, height, scheme, name) in [
        (1200, 1100, Scheme::Light, "map-light.png"),
        (1200, 1100, Scheme::Dark, "map-dark.png"),
        (390, 1500, Scheme::Light, "map-phone-light.png"),
        (390, 1500, Scheme::Dark, "map-phone-dark.png"),
    ] {
        panel.breaker("payments").close();
        let browser = Browser::start(width, height, scheme).await;
        browser.client.goto(&server.url).await.unwrap();
        browser.waits(&format!("{} === 'closed'", cell("payments", "state"))).await;
        browser.waits("mapAt > -1e9").await;
        browser
            .ask(&format!("mapAt = Infinity; showMap(within({}))", big_map()).replace(
                // The panel's slots are where its names fell.
                "within(",
                "((map) => {
                const own = new Map(panel.breakers.map((b) => [b.label, b.slot]));
                const at = (slot) => own.get(map.nodes[slot].name) ?? 1000 + slot;
                map.edges = map.edges.map((edge) => edge.map(at));
                map.nodes.forEach((node, slot) => { node.at = at(slot); });
                map.nodes.forEach((node) => { node.slot = node.at; });
                return map;
            })(",
            ))
            .await;
        browser.waits("document.querySelectorAll('#graph a').length === 64").await;
        browser.waits("document.querySelectorAll('#graph svg > path').length === 65").await;
        browser.waits(LEGIBLE).await;
        browser.waits("document.querySelectorAll('#graph .back').length === 1").await;
        browser.waits("document.documentElement.scrollWidth <= innerWidth").await;
        let said = browser.ask("return document.getElementById('map-alerts').innerText").await;
        assert_eq!(
            said,
            "checkout → mail → checkout: a circle\n\
             page → checkout → payments → db: 27 calls of db for one of page\n\
             payments opened first; checkout followed after 40 ms"
        );
        let words = "document.getElementById('map-words').textContent";
        browser.waits(&format!("{words}.includes('checkout calls payments, mail')")).await;

        // The state is that of now, in a word and not by its colour alone.
        fail(panel.breaker("payments"), 3);
        let node = "[...document.querySelectorAll('#graph a')].find((a) => a.textContent.startsWith('payments'))";
        browser.waits(&format!("{node}.textContent === 'payments · open'")).await;
        browser.waits("document.querySelectorAll('#graph path.open').length === 1").await;
        // Keys lead from the map to the breaker's row.
        browser
            .waits(&format!(
                "document.querySelector({node}.getAttribute('href')).innerText.includes('payments')"
            ))
            .await;
        browser.waits(&format!("({node}.focus(), document.activeElement === {node})")).await;
        browser.ask("document.activeElement.blur(); scrollTo(0, 0)").await;
        browser.picture(name).await;
        browser.end().await;
    }
}

#[tokio::test]
async fn nothing_moves_and_without_a_map_none_is_shown() {
    let panel = Panel::with(&["ai"]);
    let server = Server::start(&panel, &[]);
    let browser = Browser::start(390, 800, Scheme::Light).await;
    browser.client.goto(&server.url).await.unwrap();
    browser.waits(&format!("{} === 'closed'", cell("ai", "state"))).await;
    browser.waits("mapAt > -1e9 && document.getElementById('map').hidden").await;
    browser.waits("document.getElementById('drills').offsetHeight === 0").await;
    // Neither those who asked for less motion nor anybody else sees any.
    browser.waits("document.getAnimations().length === 0").await;
    let moving = browser
        .ask("return [...document.styleSheets].flatMap((it) => [...it.cssRules]).map((it) => it.cssText).join()")
        .await;
    assert!(
        !moving.as_str().unwrap().contains("transition")
            && !moving.as_str().unwrap().contains("animation")
    );
    browser.end().await;
}

/// A panel on which all that can be known of a breaker is known, from calls alone.
fn known() -> Panel {
    let panel = Panel::with(&["checkout", "page"]);
    learned::teach(&panel, "payments");
    panel.run(&["map", "--learn", "on"]).ok();
    let breaker = |name| panel.breaker(name);
    // The page tries its checkout four times, and that its payments three times.
    let tries = |attempts| {
        let retry = RetryConfig::new().max_attempts(attempts).base_delay(Duration::ZERO);
        Retry::new(retry.build())
    };
    let mail = || breaker("mail").call(|| Ok::<_, &str>(())).map_err(|_| "mail");
    let payments = || {
        let mut left = 2;
        tries(3).call(|| {
            left -= 1;
            let answer = breaker("payments").call(|| Ok::<_, &str>(())).map_err(|_| "payments");
            if left == 0 { answer } else { Err("once more") }
        })
    };
    let mut left = 2;
    let answer = breaker("page").call(|| {
        tries(4).call(|| {
            left -= 1;
            let inner = || payments().map_err(|_| "payments").and_then(|()| mail());
            let answer = breaker("checkout").call(inner).map_err(|_| "checkout");
            if left == 0 { answer } else { Err("once more") }
        })
    });
    assert!(answer.is_ok());

    // A shadow that would be open after two failures, and refuse what succeeds.
    panel.run(&["shadow", "mail", "failure_threshold=2"]).ok();
    fail(breaker("mail"), 2);
    mail().unwrap();
    let drill = Drill::lasting(Duration::from_hours(1)).fail(5.0).build();
    breaker("checkout").start_drill(drill);
    for _ in 0..60 {
        let _ = breaker("checkout").call(|| Ok::<_, &str>(()));
    }
    panel.run(&["set", "payments", "foresight=watch", "failure_threshold=2047"]).ok();
    panel.run(&["tune", "--freeze"]).ok();
    panel
}

/// A service says again and again that it has too much to do: what calls say of that fades
/// within seconds.
async fn overload(breaker: &CircuitBreaker) {
    loop {
        breaker.try_acquire().expect("it does not open").report(Outcome::Overload);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn what_breakers_have_learned_and_what_is_tried_on_them_is_shown() {
    let panel = known();
    let server = Server::start(&panel, &[]);
    tokio::select! { () = look(&server) => {}, () = overload(panel.breaker("payments")) => {} }
}

async fn look(server: &Server) {
    for (width, height, scheme, name) in [
        (1200, 900, Scheme::Dark, "known-dark.png"),
        (390, 1900, Scheme::Light, "known-phone-light.png"),
        (390, 1900, Scheme::Dark, "known-phone-dark.png"),
    ] {
        let browser = Browser::start(width, height, scheme).await;
        browser.client.goto(&server.url).await.unwrap();
        // The map is the server's own, of calls that were made.
        let words = "document.getElementById('map-words').textContent";
        browser.waits(&format!("{words}.includes('page calls checkout')")).await;
        browser.waits("document.querySelectorAll('#graph a').length === 4").await;
        browser.waits("document.querySelectorAll('#graph svg > path').length === 3").await;
        browser.waits(LEGIBLE).await;
        let said = "document.getElementById('map-alerts').textContent";
        browser
            .waits(&format!(
                "{said} === 'page → checkout → payments: 12 calls of payments for one of page'"
            ))
            .await;

        let drills = "document.getElementById('drills').textContent";
        browser
            .waits(&format!("{drills}.startsWith('A drill is under way on checkout: fail 5%, ')"))
            .await;
        browser.waits(&format!("{drills}.endsWith(' of 60 calls so far')")).await;
        browser.waits(&format!("{} === 'under a drill'", cell("checkout", "note"))).await;
        browser
            .waits(&format!("{drills}.includes('m') && {drills}.includes(' left, seed 0: ')"))
            .await;
        browser.waits(&format!("{}.startsWith('foreseen: ')", cell("payments", "note"))).await;
        browser.waits("!document.getElementById('frozen').hidden").await;
        browser.ask("document.querySelectorAll('#breakers details').forEach((it) => { it.open = true })").await;
        let more = |name: &str| cell(name, "more");
        browser
            .waits(&format!(
                "{}.startsWith('shadow: open, would have saved 0 calls and lost 1')",
                more("mail")
            ))
            .await;
        browser
            .waits(&format!(
                "{}.startsWith('learned: 99 of 100 calls take less than ')",
                more("payments")
            ))
            .await;
        browser.waits(&format!("{}.includes('; an outage lasts 19')", more("payments"))).await;
        browser.waits("document.documentElement.scrollWidth <= innerWidth").await;
        browser.picture(name).await;
        browser.end().await;
    }
}
