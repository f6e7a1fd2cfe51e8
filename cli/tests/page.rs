//! The page in a real browser: Chromium without a window, driven through its
//! driver. `cargo test -p fusebox-cli --features browser-tests --test page`
//! takes pictures into `target/page/`. It needs Debian's `chromium` and
//! `chromium-driver`.

#[path = "common/browser.rs"]
mod browser;
mod common;

use std::time::Duration;

use browser::{Browser, Scheme, cell};
use common::{
    Panel, fail,
    server::Server,
    store::{Instance, Store},
};
use fusebox::{BreakerConfig, Outcome};
use serde_json::{Value, json};

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
