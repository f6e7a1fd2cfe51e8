//! Who sheds load, and who refuses it otherwise.

use std::time::Duration;

use fusebox::BreakerConfig;

use crate::{
    contender::Contender,
    field,
    rules::{GoogleByCriticality, GoogleThrottling, Rule},
    storm::Sharing,
};

/// The largest share that ours may shed, in percent.
const MAX_SHED: u32 = 95;

/// fusebox's preset, which sheds.
#[must_use]
pub fn ours() -> Contender {
    let settings = field::OURS.config().max_shed(MAX_SHED).build();
    Contender::fusebox("fusebox, sheds", settings).sharing(Sharing::Shared)
}

/// A breaker that sheds and never opens: what is refused is shed.
///
/// It would need 2047 failures in a row of which none comes 2 ms after the last one.
#[must_use]
pub fn only_sheds() -> Contender {
    let config = BreakerConfig::new().failure_threshold(2_047).quiet(Duration::from_millis(1));
    let config = config.max_shed(MAX_SHED);
    Contender::fusebox("fusebox, sheds and never opens", config.build()).sharing(Sharing::Shared)
}

pub(super) fn google(k: f64) -> Contender {
    let make = move || -> Box<dyn Rule + Send> { Box::new(GoogleThrottling::new(k)) };
    Contender::rule(format!("Google client-side throttling, K = {k}"), make)
}

pub(super) fn google_by_criticality(k: f64) -> Contender {
    let make = move || -> Box<dyn Rule + Send> { Box::new(GoogleByCriticality::new(k)) };
    Contender::rule(format!("Google throttling by criticality, K = {k}"), make)
}

/// Who is in the tables.
///
/// # Panics
/// Never: they are rules of the field.
#[must_use]
pub fn contenders() -> Vec<Contender> {
    let key = |key: &str| field::by_key(key).expect("a rule of the field");
    let mut all = vec![key("none"), google(2.0), google(1.1)];
    let keys = [
        "envoy-admission",
        "semian-pid",
        "failsafe-go-throttler",
        "linkerd-unified",
        "consecutive",
        "polly",
    ];
    all.extend(keys.map(key));
    all.extend([field::ours(), ours(), only_sheds()]);
    all
}

/// Those that refuse a share of the calls.
pub(super) fn throttles() -> Vec<Contender> {
    let keys = ["envoy-admission", "semian-pid", "failsafe-go-throttler"];
    let of_field = keys.iter().filter_map(|key| field::by_key(key));
    [google(2.0), google(1.1)].into_iter().chain(of_field).chain([ours(), only_sheds()]).collect()
}
