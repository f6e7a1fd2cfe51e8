//! Settings from files, and readings as data.

mod common;

use std::time::Duration;

use common::{Bench, config, fail};
use fusebox::{
    BackoffConfig, BreakerConfig, BreakerSettings, Jitter, RetryConfig,
    health::{AlertConfig, AlertRules},
};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, from_value, json, to_value};

fn there_and_back<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let text = serde_json::to_string(value).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn refused<T: DeserializeOwned>(value: Value) -> String {
    from_value::<T>(value).map(drop).unwrap_err().to_string()
}

proptest! {
    #[test]
    fn breaker_settings_go_there_and_back(
        threshold in 1..=4_095u32, timeout in 1..=4_194_304u64, probes in 1..=15u32,
        successes in 1..=15u32, doublings in 0..=15u32, jitter in 0..=100u32,
    ) {
        let config = BreakerConfig::new()
            .failure_threshold(threshold)
            .recovery_timeout(Duration::from_millis(timeout))
            .probes(probes)
            .successes_to_close(successes)
            .doublings(doublings)
            .recovery_jitter(jitter);
        prop_assert_eq!(there_and_back(&config), config);
        prop_assert_eq!(there_and_back(&config.build()), config.build());
    }

    #[test]
    fn retry_settings_go_there_and_back(
        attempts in 1..=u32::MAX, base in 0..1_000_000_000u64, more in 0..1_000_000_000u64,
        quarters in 4..400u32, which in 0..5usize, elapsed: Option<Duration>,
    ) {
        let jitter = [
            Jitter::None,
            Jitter::Full,
            Jitter::Equal,
            Jitter::Decorrelated,
            Jitter::Proportional { min_percent: 3, max_percent: 300 },
        ][which];
        let (base, cap) = (Duration::from_nanos(base), Duration::from_nanos(base + more));
        let mut config = RetryConfig::new()
            .max_attempts(attempts)
            .base_delay(base)
            .max_delay(cap)
            .exponential_base(f64::from(quarters) / 4.0)
            .jitter(jitter);
        if let Some(time) = elapsed {
            config = config.max_elapsed(time);
        }
        prop_assert_eq!(there_and_back(&config), config);
        let backoff = BackoffConfig::new().base_delay(base).max_delay(cap).jitter(jitter);
        prop_assert_eq!(there_and_back(&backoff), backoff);
    }

    /// Whatever a file holds, it is settings or an error.
    #[test]
    fn no_text_panics(text in r#"[{}\[\]":,a-z_0-9. -]{0,60}"#) {
        let _ = serde_json::from_str::<BreakerConfig>(&text);
        let _ = serde_json::from_str::<BreakerSettings>(&text);
        let _ = serde_json::from_str::<RetryConfig>(&text);
        let _ = serde_json::from_str::<Jitter>(&text);
    }

    #[test]
    fn no_value_of_a_setting_panics(at in 0..6usize, value: u64) {
        let key = BreakerConfig::TABLE[at].key();
        let read = from_value::<BreakerSettings>(json!({ key: value }));
        let setting = &BreakerConfig::TABLE[at];
        if !(setting.min()..=setting.max()).contains(&value) {
            let error = read.unwrap_err().to_string();
            prop_assert!(error.contains(setting.name()), "{}", error);
        }
    }
}

#[test]
fn each_key_is_the_tables_and_what_is_missing_has_its_default() {
    let config: BreakerConfig = from_value(json!({ "recovery_timeout_ms": 250 })).unwrap();
    assert_eq!(config, BreakerConfig::new().recovery_timeout(Duration::from_millis(250)));
    assert_eq!(from_value::<BreakerConfig>(json!({})).unwrap(), BreakerConfig::new());
    let shown = to_value(BreakerConfig::new()).unwrap();
    for setting in BreakerConfig::TABLE {
        assert_eq!(shown[setting.key()], setting.default_value(), "{shown}");
    }
    let rules: AlertRules = from_value(json!({ "fallbacks_above_percent": 25 })).unwrap();
    assert_eq!(rules, AlertConfig::new().fallbacks_above(25).build());
    let retry: RetryConfig =
        from_value(json!({ "base_delay_ns": 1_000, "jitter": "full", "exponential_base": 3.0 }))
            .unwrap();
    let expected = RetryConfig::new().base_delay(Duration::from_micros(1)).jitter(Jitter::Full);
    assert_eq!(retry, expected.exponential_base(3.0));
}

#[test]
fn a_bad_setting_is_named_with_its_value_and_its_range() {
    assert_eq!(
        refused::<BreakerConfig>(json!({ "probes": 16 })),
        "`probes` is 16, and must be from 1 to 15"
    );
    assert_eq!(
        refused::<BreakerSettings>(json!({ "failure_threshold": 0 })),
        "`failure_threshold` is 0, and must be from 1 to 4095"
    );
    let error = refused::<RetryConfig>(json!({ "max_delay_ns": 1 }));
    assert!(error.starts_with("`max_delay` is 1ns, and must be from 1s"), "{error}");
    let error = refused::<BreakerConfig>(json!({ "probs": 1 }));
    assert!(error.starts_with("unknown field `probs`, expected one of `failure_threshold`"));
    let error = refused::<RetryConfig>(json!({ "jitter": "fully" }));
    assert!(error.starts_with("unknown variant `fully`, expected one of `none`"), "{error}");
    let twice = r#"{ "probes": 1, "probes": 2 }"#;
    let error = serde_json::from_str::<BreakerConfig>(twice).unwrap_err().to_string();
    assert!(error.starts_with("duplicate field `probes`"), "{error}");
    assert!(refused::<BreakerConfig>(json!({ "probes": -1 })).contains("invalid value"));
    assert!(refused::<BreakerConfig>(json!([1, 2])).contains("expected a map of settings"));
}

#[test]
fn a_value_that_fits_no_64_bits_is_an_error_not_another_value() {
    let config = BreakerConfig::new().recovery_timeout(Duration::MAX);
    assert!(to_value(config).is_err());
}

#[test]
fn a_reading_is_a_map() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    fail(&breaker);
    assert_eq!(
        to_value(breaker.reading()).unwrap(),
        json!({
            "name": "tested", "at_ms": 1_000_000, "state": "closed", "generation": 0,
            "consecutive_failures": 1, "reopenings": 0, "probes_in_flight": 0,
            "probes_succeeded": 0, "stamp_ms": 1_000_000, "time_left_ms": null,
            "open_for_ms": null,
            "counters": {
                "failures": 1, "rejections": 0, "openings": 0, "calls": 0, "retries": 0,
                "exhausted": 0, "fallbacks": 0,
            },
            "settings": to_value(breaker.settings()).unwrap(),
            "fault": null,
        })
    );
    assert_eq!(to_value(breaker.snapshot()).unwrap()["state"], "closed");
    breaker.force_open();
    assert_eq!(to_value(breaker.state()).unwrap(), "forced open");
    assert_eq!(to_value(breaker.counters()).unwrap()["openings"], 1);
}
