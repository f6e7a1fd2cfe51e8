//! The table of the field: every rule at its published defaults.

use super::{
    AwsBudget, Consecutive, CountWindow, EnvoyAdmission, EnvoyOutlier, FailsafeGoBreaker,
    FailsafeGoThrottler, Finagle, FinagleBudget, Gobreaker, GoogleThrottling, Hystrix, Linkerd,
    Polly, Rule, SemianClassic, SemianPid, Sentinel, TimeWindow, Unguarded,
};
use crate::time::Time;

/// A rule of the field.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What a command line or a file calls it.
    pub key: &'static str,
    /// What a table shows.
    pub name: &'static str,
    /// Where its behaviour and its defaults are published.
    pub source: &'static str,
    /// A new one, at its defaults.
    pub make: fn() -> Box<dyn Rule + Send>,
}

/// A new one at its defaults.
fn fresh<R: Rule + Default + Send + 'static>() -> Box<dyn Rule + Send> {
    Box::new(R::default())
}

const fn entry(
    key: &'static str,
    name: &'static str,
    source: &'static str,
    make: fn() -> Box<dyn Rule + Send>,
) -> Entry {
    Entry { key, name, source, make }
}

/// Every rule of the field, at its published defaults.
pub const FIELD: &[Entry] = &[
    entry("none", "no breaker", "-", fresh::<Unguarded>),
    entry("consecutive", "5 failures in a row", "the plain model, 5 s", fresh::<Consecutive>),
    entry(
        "resilience4j-count",
        "resilience4j, last 100 calls",
        "resilience4j/resilience4j af9e7c979",
        fresh::<CountWindow>,
    ),
    entry(
        "resilience4j-time",
        "resilience4j, last 100 s",
        "resilience4j/resilience4j af9e7c979",
        fresh::<TimeWindow>,
    ),
    entry("polly", "Polly v8", "App-vNext/Polly 173d6d1d", fresh::<Polly>),
    entry("hystrix", "Hystrix 1.5", "Netflix/Hystrix 001526b7", fresh::<Hystrix>),
    entry("gobreaker", "gobreaker v2", "sony/gobreaker fed8e9e", fresh::<Gobreaker>),
    entry(
        "failsafe-go",
        "failsafe-go breaker, default",
        "failsafe-go/failsafe-go 5759a5e",
        fresh::<FailsafeGoBreaker>,
    ),
    entry(
        "failsafe-go-rate",
        "failsafe-go breaker, 20 % of 1 min",
        "failsafe-go.dev/circuit-breaker",
        || Box::new(FailsafeGoBreaker::rate(20, 5, Time::secs(60))),
    ),
    entry(
        "failsafe-go-throttler",
        "failsafe-go adaptive throttler",
        "failsafe-go/failsafe-go 5759a5e",
        fresh::<FailsafeGoThrottler>,
    ),
    entry(
        "envoy-outlier",
        "Envoy outlier detection",
        "envoyproxy/envoy 00c7146d",
        fresh::<EnvoyOutlier>,
    ),
    entry(
        "envoy-admission",
        "Envoy admission control",
        "envoyproxy/envoy 169cac73",
        fresh::<EnvoyAdmission>,
    ),
    entry("finagle", "Finagle failure accrual", "twitter/finagle 4feb34cb9", fresh::<Finagle>),
    entry("sentinel", "Sentinel error ratio", "alibaba/Sentinel d75a6687b", fresh::<Sentinel>),
    entry("linkerd-consecutive", "Linkerd consecutive", "linkerd/linkerd2-proxy 12aa922b", || {
        Box::new(Linkerd::consecutive())
    }),
    entry("linkerd-unified", "Linkerd unified", "linkerd/linkerd2-proxy 97a7dea5", || {
        Box::new(Linkerd::unified())
    }),
    entry(
        "semian-classic",
        "Semian classic",
        "Shopify/semian 8835b3da, experiments",
        fresh::<SemianClassic>,
    ),
    entry("semian-pid", "Semian adaptive (PID)", "Shopify/semian 8835b3da", fresh::<SemianPid>),
    entry(
        "google-throttling",
        "Google client-side throttling",
        "sre.google/sre-book/handling-overload",
        fresh::<GoogleThrottling>,
    ),
    entry("aws-budget", "AWS retry quota", "boto/botocore retries/standard", fresh::<AwsBudget>),
    entry(
        "finagle-budget",
        "Finagle retry budget",
        "twitter/finagle 4feb34cb9",
        fresh::<FinagleBudget>,
    ),
];

/// The rule of this key.
#[must_use]
pub fn by_key(key: &str) -> Option<&'static Entry> {
    FIELD.iter().find(|entry| entry.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        random::Random,
        rules::{Attempt, End, Ended},
    };

    #[test]
    fn keys_are_kebab_case_and_found() {
        for (at, entry) in FIELD.iter().enumerate() {
            let kebab = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
            assert!(entry.key.chars().all(kebab), "{}", entry.key);
            assert_eq!(FIELD.iter().position(|it| it.key == entry.key), Some(at));
            assert_eq!(by_key(entry.key).map(|it| it.name), Some(entry.name));
        }
        assert!(by_key("polly-7").is_none());
    }

    #[test]
    fn every_fresh_rule_admits_and_survives_a_long_silence() {
        let mut random = Random::new(5, 5);
        for entry in FIELD {
            let mut rule = (entry.make)();
            for now in [Time::ZERO, Time::secs(1), Time::secs(10_000_000)] {
                rule.request(now);
                let ticket = rule.admit(Attempt::new(now, 1), &mut random);
                let ended = Ended { now, began: now, number: 1, end: End::Success };
                rule.end(ticket.expect(entry.key), ended, &mut random);
                assert!(rule.may_retry(now), "{}", entry.key);
            }
            assert!(rule.bytes() > 0 || entry.key == "none");
        }
    }
}
