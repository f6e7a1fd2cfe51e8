//! Chromium without a window, driven through its driver.
#![allow(unreachable_pub)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::common::DEADLINE;

/// The driver, and in it one browser with an empty profile.
pub struct Browser {
    driver: Child,
    pub client: Client,
    _profile: TempDir,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Scheme {
    // Blink's own numbers.
    Dark = 0,
    Light = 1,
}

impl Browser {
    pub async fn start(width: u32, height: u32, scheme: Scheme) -> Self {
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

    pub async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Waits until an expression of the page is true.
    pub async fn waits(&self, what: &str) {
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

    pub async fn picture(&self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("page");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), self.client.screenshot().await.unwrap()).unwrap();
    }

    pub async fn end(self) {
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
pub fn cell(name: &str, class: &str) -> String {
    format!(
        "[...document.querySelectorAll('#breakers tr')]
            .find((tr) => tr.querySelector('bdi').textContent === {name:?})
            ?.querySelector('.{class}').textContent"
    )
}
