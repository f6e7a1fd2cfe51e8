//! Settings from files, and readings as data.

mod common;

use std::{fmt::Debug, time::Duration};

use common::{Bench, config, fail};
use fusebox::{
    BackoffConfig, BreakerConfig, BreakerSettings, Jitter, Ratio, RetryConfig, Setting, Unit,
    health::{AlertConfig, AlertRules},
};
use proptest::prelude::*;
use serde::{
    Deserialize, Serialize,
    de::{
        DeserializeOwned,
        value::{Error, MapDeserializer},
    },
};
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
        threshold in 1..=2_047u32, timeout in 1..=1_000_000u64, probes in 1..=255u32,
        successes in 1..=15u32, doublings in 0..=6u32, tens in 11..=70u32, jitter in 0..=100u32,
    ) {
        let config = BreakerConfig::new()
            .failure_threshold(threshold)
            .recovery_timeout(Duration::from_millis(timeout))
            .probes(probes)
            .successes_to_close(successes)
            .doublings(doublings)
            .growth(tens * 10)
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
        assert_eq!(shown[setting.key()], as_written(setting, setting.default_value()), "{shown}");
    }
    let rules: AlertRules = from_value(json!({ "fallbacks_above_percent": 25 })).unwrap();
    assert_eq!(rules, AlertConfig::new().fallbacks_above(25).build());
    let retry: RetryConfig =
        from_value(json!({ "base_delay_ns": 1_000, "jitter": "full", "exponential_base": 3.0 }))
            .unwrap();
    let expected = RetryConfig::new().base_delay(Duration::from_micros(1)).jitter(Jitter::Full);
    assert_eq!(retry, expected.exponential_base(3.0));
}

/// A value as it stands in the data: a number, or a word where its unit has words.
fn as_written(setting: &Setting, value: u64) -> Value {
    match setting.unit() {
        Unit::Word(words) => words[usize::try_from(value).unwrap()].into(),
        _ => value.into(),
    }
}

/// Every row is read and written under its key, and there is no other key but
/// these of the config's own.
fn every_row<C>(table: &[Setting], own: &[&'static str], set: impl Fn(&str, u64) -> Option<C>)
where
    C: Serialize + DeserializeOwned + PartialEq + Debug,
{
    for setting in table {
        // A growth is a multiple of ten, and a window not below the threshold.
        let more = match setting.name() {
            "growth" | "window" => 10,
            // Off, or more than the usual.
            "slow_above" => 110,
            _ => 1,
        };
        let value = setting.default_value() + more;
        let config = set(setting.name(), value).unwrap();
        let read: C = from_value(json!({ setting.key(): value })).unwrap();
        assert_eq!(read, config);
        let written = to_value(&config).unwrap();
        assert_eq!(written[setting.key()], as_written(setting, value), "{written}");
        let keys = table.iter().map(Setting::key).chain(own.iter().copied());
        assert!(keys.clone().all(|key| written.get(key).is_some()), "{written}");
        assert_eq!(written.as_object().unwrap().len(), keys.count(), "{written}");

        for (bad, shown) in [
            (json!(-1), "invalid value: integer `-1`"),
            (json!(1.5), "invalid type: floating point `1.5`"),
            (json!("a"), "invalid type: string \"a\""),
            (json!(null), "invalid type: null"),
        ] {
            let error = refused::<C>(json!({ setting.key(): bad }));
            let (shown, range) = match setting.unit() {
                Unit::Word(_) if bad.is_string() => ("invalid value: string \"a\"", "one of"),
                Unit::Word(_) => (shown, "one of"),
                _ => (shown, "from"),
            };
            let expected = format!("{shown}, expected `{}` {range} ", setting.name());
            assert!(error.starts_with(&expected), "{error}");
        }
        let bad = setting.max() + 1;
        let error = refused::<C>(json!({ setting.key(): bad }));
        assert!(error.starts_with(&format!("`{}` is ", setting.name())), "{error}");
        let unread = set(setting.name(), bad).unwrap();
        assert_eq!(to_value(unread).unwrap_err().to_string(), error, "nor is it written");
    }
}

#[test]
fn every_row_of_every_table_is_data() {
    let own = ["max_recovery_timeout", "failure_ratio"];
    every_row(BreakerConfig::TABLE, &own, |name, value| BreakerConfig::new().set(name, value));
    every_row(AlertConfig::TABLE, &[], |name, value| AlertConfig::new().set(name, value));
    let own = [
        "exponential_base",
        "jitter",
        "growth",
        "jitter_within_cap",
        "max_elapsed",
        "end_on_long_hint",
    ];
    every_row(RetryConfig::TABLE, &own, |name, value| RetryConfig::new().set(name, value));
    let own = &own[..4];
    every_row(BackoffConfig::TABLE, own, |name, value| BackoffConfig::new().set(name, value));
}

/// As TOML has them.
#[test]
fn signed_numbers_are_read_too() {
    let signed = [("probes", 2_i64), ("recovery_timeout_ms", 9)].into_iter();
    let config = BreakerConfig::deserialize(MapDeserializer::<_, Error>::new(signed)).unwrap();
    assert_eq!(config, BreakerConfig::new().probes(2).recovery_timeout(Duration::from_millis(9)));
}

#[test]
fn a_ratio_is_a_map_of_its_numbers() {
    let read: BreakerConfig = from_value(json!({
        "failure_ratio": { "above": 0.3, "normally": 0.05, "false_alarm_every": 1_000_000 },
    }))
    .unwrap();
    let ratio = Ratio::above(0.3).normally(0.05).false_alarm_every(1_000_000);
    assert_eq!(read, BreakerConfig::new().failure_ratio(ratio));
    assert_eq!(from_value::<BreakerConfig>(to_value(read).unwrap()).unwrap(), read);
    let read: BreakerConfig = from_value(json!({ "failure_ratio": { "above": 0.2 } })).unwrap();
    assert_eq!(read, BreakerConfig::new().failure_ratio(Ratio::above(0.2)));
    assert_eq!(
        refused::<BreakerConfig>(json!({ "failure_ratio": { "above": 2 } })),
        "`failure_ratio` is above(2), and must be of shares between 0 and 1"
    );
    let error = refused::<BreakerConfig>(json!({ "failure_ratio": { "over": 0.2 } }));
    assert!(error.starts_with("unknown field `over`"), "{error}");
}

#[test]
fn a_bad_setting_is_named_with_its_value_and_its_range() {
    assert_eq!(
        refused::<BreakerConfig>(json!({ "probes": 256 })),
        "`probes` is 256, and must be from 1 to 255"
    );
    assert_eq!(
        refused::<BreakerSettings>(json!({ "failure_threshold": 0 })),
        "`failure_threshold` is 0, and must be from 1 to 2047"
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
    assert_eq!(
        refused::<BreakerConfig>(json!({ "probes": -1 })),
        "invalid value: integer `-1`, expected `probes` from 1 to 255"
    );
    assert!(refused::<BreakerConfig>(json!([1, 2])).contains("expected a map of settings"));
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let timeout = BreakerConfig::new().recovery_timeout(Duration::MAX);
    assert_eq!(
        to_value(timeout).unwrap_err().to_string(),
        "`recovery_timeout` is 18446744073709551616000 ms, and must be from 1 to 2073600000 ms"
    );
    // JSON has no such number: it would be `null`.
    let factor = RetryConfig::new().exponential_base(f64::NAN);
    assert_eq!(
        to_value(factor).unwrap_err().to_string(),
        "`exponential_base` is NaN, and must be a finite number of at least 1"
    );
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
            "failure_score": 1, "nearness_percent": 33, "reopenings": 0,
            "probes_in_flight": 0,
            "probes_succeeded": 0, "stamp_ms": 1_000_000, "time_left_ms": null,
            "open_for_ms": null,
            "drill": null, "shadow": null, "slow_limit_ms": null, "ramp_left_ms": null,
            "admits_percent": 100, "shed_percent": 0, "admits_from": null,
            "learned": {
                "latency_us": null, "baseline_us": null, "outage_ms": null,
                "first_probe_percent": null, "failures_ppm": null, "frozen": false,
            },
            "risk": { "level": "calm", "percent": 0, "signs": {} },
            "counters": {
                "failures": 1, "slow": 0, "rejections": 0, "shed": 0, "openings": 0, "calls": 0,
                "retries": 0, "exhausted": 0, "fallbacks": 0,
            },
            "settings": to_value(breaker.settings()).unwrap(),
            "last_error": null, "fault": null,
        })
    );
    breaker.note_error("down");
    assert_eq!(to_value(breaker.reading()).unwrap()["last_error"], "down");
    assert_eq!(to_value(breaker.snapshot()).unwrap()["state"], "closed");
    breaker.force_open();
    assert_eq!(to_value(breaker.state()).unwrap(), "forced open");
    assert_eq!(to_value(breaker.counters()).unwrap()["openings"], 1);
}

#[test]
#[cfg(not(fusebox_compact))]
fn a_reading_of_limits_has_null_for_those_that_there_are_not() {
    let panel: fusebox::Registry<2> = fusebox::Registry::new();
    let shop = panel.limits("shop").unwrap();
    assert_eq!(
        to_value(shop.reading()).unwrap(),
        json!({ "rate": null, "budget": null, "bulkhead": null })
    );
    let rate = fusebox::RateConfig::per_second(100).burst(20).build();
    let budget = fusebox::BudgetConfig::share(0.1).build();
    shop.rate_limit().set_settings(rate);
    shop.budget().set_settings(budget);
    shop.bulkhead().set_limit(1).unwrap();
    let _place = shop.bulkhead().try_acquire().unwrap();
    assert!(shop.bulkhead().try_acquire().is_err());
    assert_eq!(
        to_value(shop.reading()).unwrap(),
        json!({
            "rate": { "settings": to_value(rate).unwrap(), "refused": 0 },
            "budget": { "settings": to_value(budget).unwrap(), "available": 100, "refused": 0 },
            "bulkhead": { "limit": 1, "in_flight": 1, "peak": 1, "refused": 1 },
        })
    );
}
