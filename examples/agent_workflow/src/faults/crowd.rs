//! Strangers, who ask a server for more than it can do. Most of it matters little.

use std::time::Duration;

use fusebox::Priority;
use reqwest::Method;
use tokio::{
    task::{JoinHandle, JoinSet},
    time::MissedTickBehavior,
};

use crate::{server::STRANGER, service::Client};

/// How much the requests matter, in turn.
const PRIORITIES: [Priority; 5] = [
    Priority::BACKGROUND,
    Priority::SHEDDABLE,
    Priority::BACKGROUND,
    Priority::DEFAULT,
    Priority::BACKGROUND,
];

/// They leave when it is dropped.
pub struct Crowd(JoinHandle<()>);

impl Crowd {
    /// So many requests a second, whatever becomes of them.
    pub fn of(requests: u32, client: Client) -> Self {
        Self(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_secs(1) / requests.max(1));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            let mut requests = JoinSet::new();
            for priority in PRIORITIES.into_iter().cycle() {
                ticks.tick().await;
                while requests.try_join_next().is_some() {}
                let client = client.clone();
                requests.spawn(priority.scope(async move {
                    let request = client.request(Method::GET, "/health", "stranger");
                    let _ = request.header(STRANGER, "yes").send().await;
                }));
            }
        }))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.0.abort();
    }
}
