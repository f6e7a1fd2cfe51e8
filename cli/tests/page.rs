//! The page in a real browser: Chromium without a window, driven through its
//! driver. `cargo test -p fusebox-cli --features browser-tests --test page`
//! takes pictures into `target/page/`. It needs Debian's `chromium` and
//! `chromium-driver`.

mod common;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use common::{
    DEADLINE, Panel, fail,
    server::Server,
    store::{Instance, Store},
};
use fantoccini::{Client, ClientBuilder};
use fusebox::{BreakerConfig, Outcome};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The driver, and in it one browser with an empty profile.
struct Browser {
    driver: Child,
    client: Client,
    _profile: TempDir,
}

#[derive(Clone, Copy, PartialEq)]
enum Scheme {
    // Blink's own numbers.
    Dark = 0,
    Light = 1,
}

impl Browser {
    async fn start(width: u32, height: u32, scheme: Scheme) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()
            .expect("Debian's packages chromium and chromium-driver are installed");
        let port = BufReader::new(driver.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("started successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            })
            .expect("the driver says its port");
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless".into(),
            "--no-sandbox".into(), // it runs as root in CI
            "--disable-gpu".into(),
            "--disable-quic".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            format!("--user-data-dir={}", profile.path().display()),
            format!("--blink-settings=preferredColorScheme={}", scheme as u8),
        ];
        let metrics = json!({ "width": width, "height": height, "pixelRatio": 1.0 });
        let options = json!({
            "args": arguments,
            "mobileEmulation": { "deviceMetrics": metrics },
        });
        let Value::Object(capabilities) = json!({ "goog:chromeOptions": options }) else {
            unreachable!("it is written as an object")
        };
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        Self { driver, client, _profile: profile }
    }

    async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Waits until an expression of the page is true.
    async fn waits(&self, what: &str) {
        let ask = async {
            while self.ask(&format!("return {what}")).await != Value::Bool(true) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(DEADLINE, ask).await.is_err() {
            let text = self.ask("return document.body.innerText").await;
            panic!("waited in vain for {what}; the page:\n{text}");
        }
    }

    async fn picture(&self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("page");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), self.client.screenshot().await.unwrap()).unwrap();
    }

    async fn end(self) {
        self.client.clone().close().await.unwrap();
    }
}

/// Also of a test that fails: a browser that went on would hold the test's output open.
impl Drop for Browser {
    fn drop(&mut self) {
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.driver.wait();
    }
}

/// The text of a breaker's cell.
fn cell(name: &str, class: &str) -> String {
    format!(
        "[...document.querySelectorAll('#breakers tr')]
            .find((tr) => tr.querySelector('bdi').textContent === {name:?})
            ?.querySelector('.{class}').textContent"
    )
}

const HOSTILE: &str = "<img src=x onerror=document.title=1>";

#[tokio::test]
async fn a_breaker_opens_before_ones_eyes() {
    let panel = Panel::with(&["ai_provider", "billing", "mail", "recommendations", HOSTILE]);
    panel.breaker("recommendations").disable();
    // Calls that are counted, so that there are rates.
    let counting = panel.counting();
    let ai = counting.get("ai_provider").unwrap();
    let mut server = Server::start_slowly(&panel, "400ms");

    let browser = Browser::start(1100, 620, Scheme::Light).await;
    browser.client.goto(&server.url).await.unwrap();
    browser.waits(&format!("{} === 'closed'", cell("ai_provider", "state"))).await;
    browser.waits(&format!("{} === 'disabled'", cell("recommendations", "state"))).await;
    // A page that was loaded anew would have forgotten this.
    browser.ask("window.same = true").await;

    for calls in 0..40 {
        let _ = ai.call(|| if calls % 3 == 0 { Err("down") } else { Ok(()) });
        tokio::time::sleep(Duration::from_millis(60)).await; // spread over several readings
    }
    panel.breaker("mail").force_open();
    fail(panel.breaker("billing"), 3);
    panel.breaker("billing").close();
    fail(panel.breaker("billing"), 2);
    for _ in 0..3 {
        let _ = ai.call(|| Err::<(), _>("down"));
    }
    browser.waits(&format!("{} === 'open'", cell("ai_provider", "state"))).await;
    browser.waits(&format!("{} === '2/3'", cell("billing", "points"))).await;
    browser.waits(&format!("{} === 'forced open'", cell("mail", "state"))).await;
    // Three of them opened, though one has closed again.
    let alert = "document.getElementById('alerts').textContent";
    browser.waits(&format!("{alert}.startsWith('3 breakers opened within')")).await;
    browser.waits("window.same").await;
    for _ in 0..8 {
        let _ = ai.try_acquire();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    // The time that is left goes on between readings, too: it is never asked
    // for by a reload.
    let left = browser.ask(&format!("return {}", cell("ai_provider", "left"))).await;
    browser.waits(&format!("{} !== {left}", cell("ai_provider", "left"))).await;
    assert!(left.as_str().unwrap().ends_with("min"), "{left}");
    browser.waits("document.title === '(2) fusebox'").await;
    browser.picture("desktop-light.png").await;

    // A name is text, whatever it holds; and nothing outside the page is asked.
    browser.waits(&format!("{} === 'closed'", cell(HOSTILE, "state"))).await;
    browser.waits("document.images.length === 0").await;
    let asked = browser
        .ask(
            "return performance.getEntriesByType('resource').map((it) => it.name)
                .filter((name) => !name.startsWith(location.origin))",
        )
        .await;
    assert_eq!(asked, json!([]));
    browser.end().await;

    for (width, height, scheme, name) in [
        (400, 1500, Scheme::Light, "phone-light.png"),
        (400, 1500, Scheme::Dark, "phone-dark.png"),
        (1100, 620, Scheme::Dark, "desktop-dark.png"),
    ] {
        let browser = Browser::start(width, height, scheme).await;
        browser.client.goto(&server.url).await.unwrap();
        browser.waits(&format!("{} === 'open'", cell("ai_provider", "state"))).await;
        let dark = browser.ask("return matchMedia('(prefers-color-scheme: dark)').matches").await;
        assert_eq!(dark, Value::Bool(scheme == Scheme::Dark));
        browser.waits("document.documentElement.scrollWidth <= innerWidth").await;
        browser.picture(name).await;
        if name == "desktop-dark.png" {
            server.stop();
            browser.waits("document.body.innerText.includes('Connection lost')").await;
            browser.picture("connection-lost.png").await;
        }
        browser.end().await;
    }
}

#[tokio::test]
async fn a_fleet_stands_below_the_panel() {
    let mut store = Store::start().expect("Debian's package redis-server is installed");
    let panel = Panel::with(&["ai_provider", "billing"]);
    let all = Instance::crew(&store, 4);
    let server = Server::start(&panel, &["--store", &store.url, "--namespace", "test"]);
    let browser = Browser::start(1100, 620, Scheme::Light).await;
    browser.client.goto(&server.url).await.unwrap();
    let summary = "document.getElementById('fleet-summary').textContent";
    browser.waits(&format!("{summary}.startsWith('4 instances alive')")).await;
    browser.waits("document.getElementById('fleet-table').hidden").await;

    // Before the others': once it has heard of those, one failure opens it.
    fail(all[2].shop, 1);
    for instance in &all[..2] {
        fail(instance.shop, 3);
    }
    let counts = "document.querySelector('#fleet-breakers .counts')?.textContent";
    browser.waits(&format!("{counts} === '2 open 2 primed '")).await;
    let alert = "document.getElementById('fleet-alerts').textContent";
    browser.waits(&format!("{alert} === '`shop` is open on 2 of 4 instances'")).await;
    // What is unfolded stays so while numbers change.
    browser.ask("document.querySelector('#fleet-breakers summary').click()").await;
    let says = "[...document.querySelectorAll('.says li')].map((it) => it.textContent).join()";
    browser
        .waits(&format!(
            "{says} === 'host-0 (eu): open,host-1 (eu): open,host-2 (eu): closed, 1 failure'"
        ))
        .await;
    all[3].shop.force_open();
    browser.waits(&format!("{counts} === '2 open 1 forced open 1 primed '")).await;
    browser.waits("document.querySelector('#fleet-breakers details').open").await;
    // The panel's own table knows nothing of it.
    browser.waits(&format!("{} === 'closed'", cell("billing", "state"))).await;
    browser.picture("fleet-light.png").await;

    let phone = Browser::start(400, 1200, Scheme::Dark).await;
    phone.client.goto(&server.url).await.unwrap();
    phone.waits(&format!("{counts} === '2 open 1 forced open 1 primed '")).await;
    phone.ask("document.querySelector('#fleet-breakers summary').click()").await;
    phone.waits("document.documentElement.scrollWidth <= innerWidth").await;
    phone.picture("fleet-phone-dark.png").await;
    phone.end().await;

    store.kill();
    browser.waits(&format!("{alert}.startsWith('the store `redis+unix://')")).await;
    browser.waits(&format!("{} === 'closed'", cell("billing", "state"))).await;
    browser.waits("document.getElementById('notice').hidden").await;
    browser.picture("fleet-store-gone.png").await;
    browser.end().await;
}

#[tokio::test]
async fn a_breaker_that_admits_a_share_says_so() {
    let panel = Panel::with(&["ai_provider", "billing", "mail"]);
    let server = Server::start(&panel, &[]);
    let browser = Browser::start(1100, 420, Scheme::Light).await;
    browser.client.goto(&server.url).await.unwrap();
    let why = |name: &str| cell(name, "why");
    browser.waits(&format!("{} === 'closed'", cell("billing", "state"))).await;
    assert_eq!(browser.ask(&format!("return {}", why("billing"))).await, json!(""));
    browser.waits("document.title === 'fusebox'").await;

    // One lets calls back, and one sheds.
    let ai = panel.breaker("ai_provider");
    let settings = BreakerConfig::new().recovery_timeout(Duration::from_millis(1));
    ai.set_settings(settings.ramp_up(Duration::from_hours(1)).build());
    ai.trip();
    common::wait_for("a probe", || ai.try_acquire().ok()).success();
    let mail = panel.breaker("mail");
    mail.set_settings(BreakerConfig::new().failure_threshold(2_047).max_shed(50).build());
    let (shown, overload) = (cell("mail", "state"), async {
        loop {
            if let Ok(permits) = mail.acquire_many(64) {
                let mut outcomes = vec![Outcome::Overload; permits.len()];
                *outcomes.first_mut().unwrap() = Outcome::Success;
                permits.report_all(&outcomes);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let look = async {
        browser.waits(&format!("{shown} === 'admits 50%'")).await;
        browser
            .waits(&format!("{} === 'closed, sheds 50%, from priority 160 up'", why("mail")))
            .await;
        let state = cell("ai_provider", "state");
        browser.waits(&format!("['admits 10%', 'admits 11%'].includes({state})")).await;
        browser
            .waits(&format!(
                "{} === 'closed, lets calls back, from priority 160 up'",
                why("ai_provider")
            ))
            .await;
        // The time that is left of the ramp goes on between readings, too.
        let left = browser.ask(&format!("return {}", cell("ai_provider", "left"))).await;
        browser.waits(&format!("{} !== {left}", cell("ai_provider", "left"))).await;
        browser.waits("document.title === '(2) fusebox'").await;
        browser.waits(&format!("{} === 'closed'", cell("billing", "state"))).await;
        browser.picture("share-light.png").await;

        let phone = Browser::start(400, 900, Scheme::Dark).await;
        phone.client.goto(&server.url).await.unwrap();
        phone.waits(&format!("{shown} === 'admits 50%'")).await;
        phone.waits("document.documentElement.scrollWidth <= innerWidth").await;
        phone.picture("share-phone-dark.png").await;
        phone.end().await;
    };
    tokio::select! { () = look => {}, () = overload => {} }
    mail.close();
    ai.close();
    for name in ["ai_provider", "mail"] {
        browser.waits(&format!("{} === 'closed'", cell(name, "state"))).await;
        assert_eq!(browser.ask(&format!("return {}", why(name))).await, json!(""));
    }
    browser.end().await;
}

/// The words of a breaker's graph of the last hour, for who cannot see it.
fn hour(name: &str) -> String {
    format!(
        "([...document.querySelectorAll('#breakers tr')]
            .find((tr) => tr.querySelector('bdi').textContent === {name:?})
            ?.querySelector('.hour svg').getAttribute('aria-label') ?? '')"
    )
}

#[tokio::test]
async fn the_last_hour_is_drawn_and_said() {
    let panel = Panel::with(&["ai_provider", "billing"]);
    let server = Server::start(&panel, &[]);
    let browser = Browser::start(1200, 400, Scheme::Light).await;
    browser.client.goto(&server.url).await.unwrap();
    browser.waits(&format!("{}.startsWith('last hour: closed')", hour("billing"))).await;
    browser
        .waits(&format!("{}.endsWith('0 failed, 0 rejected; lowest score 100')", hour("billing")))
        .await;
    fail(panel.breaker("ai_provider"), 3);
    let _ = panel.breaker("ai_provider").try_acquire();
    // The page asks again once a span, which has 15 seconds.
    browser.waits(&format!("{}.includes(': open ')", hour("ai_provider"))).await;
    browser
        .waits(&format!("{}.endsWith('3 failed, 1 rejected; lowest score 0')", hour("ai_provider")))
        .await;
    browser.waits("document.querySelectorAll('.hour .look.open').length === 1").await;

    // A whole hour of trouble, as the server would tell it.
    browser
        .ask(
            "const slots = panel.breakers.map((b) => b.slot);
            const states = [...'c'.repeat(60) + 'ooohohoohhhhsssss' + 'c'.repeat(100) + 'fffff' + '-'.repeat(20) + 'ddd' + 'c'.repeat(35)].join('');
            const wave = (n) => [...states].map((_, i) => i > 50 && i < 90 ? (i * n) % 17 : i % 31 ? 0 : 1);
            for (const slot of slots) showHour(rows.get(slot).cells.hours, { from: 0, states, scores: [...states].map(() => 25),
                calls: [], failures: wave(7), refusals: wave(5) }, 239, 15000);",
        )
        .await;
    browser
        .waits(&format!(
            "{}.startsWith('last hour: closed 48:45 min, open 1:30 min, half-open 1:30 min, admits a share 1:15 min, \
             forced open 1:15 min, disabled 45 s; ')",
            hour("billing")
        ))
        .await;
    browser.picture("hour-light.png").await;
    browser.end().await;
}

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

#[tokio::test]
async fn no_script_runs_but_the_pages_own() {
    let panel = Panel::with(&["ai"]);
    let server = Server::start(&panel, &[]);
    let browser = Browser::start(800, 600, Scheme::Light).await;
    browser.client.goto(&server.url).await.unwrap();
    browser.waits(&format!("{} === 'closed'", cell("ai", "state"))).await;
    browser
        .ask(
            "window.blocked = false;
            document.addEventListener('securitypolicyviolation', () => { window.blocked = true; });
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.body.append(script);",
        )
        .await;
    browser.waits("window.blocked").await;
    browser.waits("window.ran === undefined").await;
    browser.end().await;
}
