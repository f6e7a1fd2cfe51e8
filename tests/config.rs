//! Settings: their tables, and bad ones, whose error names field, value and range.

mod common;

use std::time::Duration;

use common::{Bench, millis};
use fusebox::{
    BackoffConfig, BreakerConfig, BreakerSettings, ConfigError, RetryConfig, Setting, Unit,
    health::{AlertConfig, AlertRules},
};

/// The longest recovery timeout: 24 days.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(24 * 24);

fn refused(config: BreakerConfig, text: &str) {
    let error = config.try_build().unwrap_err();
    assert_eq!(error.to_string(), text);
    assert!(text.contains(error.field()));
    let panicked = std::panic::catch_unwind(|| config.build()).unwrap_err();
    let panic = panicked.downcast_ref::<String>().unwrap();
    assert!(panic.contains(&format!("`{}` must be", error.field())), "{panic}");
}

#[test]
fn a_value_out_of_range_is_refused_by_name() {
    let config = BreakerConfig::new;
    for (threshold, shown) in [(0, "0"), (2_048, "2048"), (u32::MAX, "4294967295")] {
        let text = format!("`failure_threshold` is {shown}, and must be from 1 to 2047");
        refused(config().failure_threshold(threshold), &text);
    }
    for (timeout, shown) in [
        (Duration::ZERO, "0"),
        (millis(2_073_600_001), "2073600001"),
        (Duration::MAX, "18446744073709551616000"),
    ] {
        let text = format!("`recovery_timeout` is {shown} ms, and must be from 1 to 2073600000 ms");
        refused(config().recovery_timeout(timeout), &text);
    }
    refused(config().probes(0), "`probes` is 0, and must be from 1 to 255");
    refused(config().probes(256), "`probes` is 256, and must be from 1 to 255");
    refused(config().successes_to_close(0), "`successes_to_close` is 0, and must be from 1 to 15");
    refused(
        config().successes_to_close(16),
        "`successes_to_close` is 16, and must be from 1 to 15",
    );
    refused(config().doublings(16), "`doublings` is 16, and must be from 0 to 15");
    refused(config().recovery_jitter(101), "`recovery_jitter` is 101%, and must be from 0 to 100%");
    // A wait that the 40-bit stamp could not tell from the past.
    refused(
        config().recovery_timeout(LONGEST_TIMEOUT).doublings(7),
        "`doublings` is 7, and must be from 0 to 6",
    );
    refused(
        config().recovery_timeout(LONGEST_TIMEOUT).growth(700).doublings(3),
        "`doublings` is 3, and must be from 0 to 2",
    );
    for growth in [0, 100, 109, 710] {
        let text = format!("`growth` is {growth}%, and must be from 110 to 700%");
        refused(config().growth(growth), &text);
    }
    refused(config().growth(155), "`growth` is 155%, and must be a multiple of 10%");
    refused(
        config().recovery_timeout(millis(5)).max_recovery_timeout(millis(4)),
        "`max_recovery_timeout` is 4 ms, and must be from 5 to 137438953472 ms",
    );
}

#[test]
fn both_ends_of_every_range_are_kept() {
    let low = BreakerConfig::new()
        .failure_threshold(1)
        .recovery_timeout(millis(1))
        .probes(1)
        .successes_to_close(1)
        .doublings(0)
        .growth(110)
        .recovery_jitter(0)
        .build();
    let high = BreakerConfig::new()
        .failure_threshold(2_047)
        .recovery_timeout(LONGEST_TIMEOUT)
        .probes(255)
        .successes_to_close(15)
        .doublings(2)
        .growth(700)
        .recovery_jitter(100)
        .build();
    let fields = |s: BreakerSettings| {
        (
            s.failure_threshold(),
            s.recovery_timeout(),
            (s.probes(), s.successes_to_close()),
            (s.doublings(), s.growth(), s.recovery_jitter()),
        )
    };
    assert_eq!(fields(low), (1, millis(1), (1, 1), (0, 110, 0)));
    assert_eq!(fields(high), (2_047, LONGEST_TIMEOUT, (255, 15), (2, 700, 100)));
    let bench = Bench::new();
    assert_eq!(bench.with_settings(high).settings(), high);
}

#[test]
fn the_defaults_are_the_stated_ones() {
    let settings = BreakerConfig::default().build();
    assert_eq!(settings, BreakerSettings::default());
    assert_eq!(
        settings.to_string(),
        "failure_threshold=5 failure_weight=0 window=0 min_span=0ns quiet=0ns slow_call=none \
         slow_weight=0 recovery_timeout=60s probes=1 successes_to_close=1 doublings=0 \
         growth=200% recovery_jitter=0% ramp_up=0ns ramp_from=10% max_shed=0% foresight=off slow_above=none"
    );
}

#[test]
fn a_part_of_a_millisecond_counts_as_a_whole_one() {
    for (nanos, whole) in [(1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2)] {
        let config = BreakerConfig::new().recovery_timeout(Duration::from_nanos(nanos));
        assert_eq!(config.build().recovery_timeout(), millis(whole));
    }
}

#[test]
fn of_a_long_recovery_timeout_nineteen_bits_are_kept() {
    let kept = |timeout: u64| {
        let config = BreakerConfig::new().recovery_timeout(millis(timeout));
        u64::try_from(config.build().recovery_timeout().as_millis()).unwrap()
    };
    for timeout in [1, 999, 60_000, 262_145, (1 << 19) - 1, 1 << 19, 600_000, 3_600_000] {
        assert_eq!(kept(timeout), timeout);
    }
    assert_eq!(kept((1 << 19) + 1), (1 << 19) + 2, "rounded up");
    for timeout in (1..2_073_600_000).step_by(7_654_321) {
        let kept = kept(timeout);
        assert!(timeout <= kept && (kept - timeout) << 18 <= timeout, "{timeout} {kept}");
    }
}

#[test]
fn a_limit_of_the_wait_is_a_number_of_growths() {
    let config = || BreakerConfig::new().recovery_timeout(millis(1_000));
    for (growth, limit, growths, longest) in [
        (200, 1_000, 0, 1_000),
        (200, 1_999, 0, 1_000),
        (200, 2_000, 1, 2_000),
        (200, 60_000, 5, 32_000),
        (300, 60_000, 3, 27_000),
        (110, 1_209, 1, 1_100),
        (110, 1_210, 2, 1_210),
        (110, 1 << 37, 15, 4_171),
    ] {
        let settings = config().growth(growth).max_recovery_timeout(millis(limit)).build();
        assert_eq!((settings.doublings(), u32::from(settings.growth())), (growths, growth));
        assert_eq!(settings.max_recovery_timeout(), millis(longest), "{growth} {limit}");
        let again = settings.config().try_build().unwrap();
        assert_eq!(again, settings);
    }
    // Both were asked for: the smaller one counts.
    let both = |doublings| {
        let config = config().doublings(doublings).max_recovery_timeout(millis(8_000));
        config.build().doublings()
    };
    assert_eq!((both(2), both(3), both(9)), (2, 3, 3));
}

/// A config, seen through its table only.
trait Tabled: Sized {
    const TABLE: &'static [Setting];
    fn new() -> Self;
    /// One in which no other setting narrows the range of any.
    fn roomy() -> Self;
    fn with(self, name: &str, value: u64) -> Option<Self>;
    /// What was built: its texts, and its values by name, where it has such.
    fn built(self) -> Result<(String, Option<Values>), ConfigError>;
}

type Values = Vec<(&'static str, u64)>;

macro_rules! tabled {
    ($config:ty, $roomy:expr, $built:ident => $shown:expr) => {
        impl Tabled for $config {
            const TABLE: &'static [Setting] = <$config>::TABLE;
            fn new() -> Self {
                <$config>::new()
            }
            fn roomy() -> Self {
                $roomy
            }
            fn with(self, name: &str, value: u64) -> Option<Self> {
                self.set(name, value)
            }
            fn built(self) -> Result<(String, Option<Values>), ConfigError> {
                let $built = self.try_build()?;
                Ok($shown)
            }
        }
    };
}

macro_rules! values {
    ($built:ident) => {
        Some($built.values().map(|(setting, value)| (setting.name(), value)).collect())
    };
}

const LONGEST: Duration = Duration::from_secs(1 << 30);

tabled!(BreakerConfig, Self::new(), it => (format!("{it} {it:?}"), values!(it)));
tabled!(AlertConfig, Self::new(), it => (format!("{it} {it:?}"), values!(it)));
tabled!(RetryConfig, Self::new().base_delay(Duration::ZERO).max_delay(LONGEST), it => (format!("{it:?}"), None));
tabled!(BackoffConfig, Self::new().base_delay(Duration::ZERO).max_delay(LONGEST), it => (format!("{it:?}"), None));

/// Holds every row of a table against what the config does.
fn every_row<C: Tabled>() {
    for setting in C::TABLE {
        let (name, min, max) = (setting.name(), setting.min(), setting.max());
        let set = |value| C::roomy().with(name, value).expect("it is in the table").built();
        let value_of = |value| {
            let (_, values) = set(value).unwrap_or_else(|error| panic!("{error}"));
            values.map(|it| it.iter().find(|(own, _)| *own == name).unwrap().1)
        };

        let none = setting.is_optional().then_some(0);
        let default = setting.default_value();
        assert!((min..=max).contains(&default) || none == Some(default), "{name}");
        assert!(none.is_none_or(|none| value_of(none) == Some(none)), "{name}");
        for end in [min, max] {
            assert!(value_of(end).is_none_or(|it| it == end), "{name}");
        }
        let below = min.checked_sub(1).filter(|below| none != Some(*below));
        for bad in [below, max.checked_add(1), Some(u64::MAX)].into_iter().flatten() {
            let error = set(bad).unwrap_err();
            assert_eq!(error.field(), name);
            let text = error.to_string();
            let range = match setting.unit() {
                Unit::Count => format!("`{name}` is {bad}, and must be from {min} to {max}"),
                Unit::Percent => format!("`{name}` is {bad}%, and must be from {min} to {max}%"),
                Unit::Milliseconds => {
                    format!("`{name}` is {bad} ms, and must be from {min} to {max} ms")
                }
                Unit::Nanoseconds => format!(
                    "`{name}` is {:?}, and must be from 0s to {:?}",
                    Duration::from_nanos(bad),
                    Duration::from_nanos(max)
                ),
                Unit::Word(words) => {
                    format!("`{name}` is {bad}, and must be one of {}", words.join(", "))
                }
                unit => panic!("{unit:?} has no text here"),
            };
            assert_eq!(text, range);
        }
        assert!(!setting.text().is_empty() && !setting.text().ends_with('.'), "{name}");
        assert_eq!(setting.text().trim(), setting.text(), "{name}");
        assert!(setting.key().starts_with(name), "{name}");
    }

    let (shown, values) = C::new().built().unwrap();
    let defaults: Values = C::TABLE.iter().map(|it| (it.name(), it.default_value())).collect();
    assert!(values.is_none_or(|it| it == defaults));
    for (name, _) in defaults {
        // A backoff keeps what it computes with, under names of its own.
        assert!(shown.contains(name) || name.ends_with("_delay"), "{name}: {shown}");
    }
    assert!(C::new().with("no_such_setting", 1).is_none());
}

#[test]
fn every_row_of_every_table_holds() {
    every_row::<BreakerConfig>();
    every_row::<AlertConfig>();
    every_row::<RetryConfig>();
    every_row::<BackoffConfig>();
}

#[test]
fn a_config_shows_every_setting_even_one_that_is_out_of_range() {
    let config = BreakerConfig::new().probes(99).recovery_timeout(Duration::MAX);
    let shown = format!("{config:?}");
    assert!(BreakerConfig::TABLE.iter().all(|it| shown.contains(it.name())), "{shown}");
    assert!(shown.contains("probes: 99, ") && shown.contains("recovery_jitter: 0%"), "{shown}");
    let shown = format!("{:?}", RetryConfig::new());
    for name in ["max_attempts: 3,", "base_delay: 1s", "exponential_base: 2.0", "max_elapsed: None"]
    {
        assert!(shown.contains(name), "{shown}");
    }
}

#[test]
fn settings_go_through_the_table_and_back() {
    let settings = BreakerConfig::new()
        .failure_threshold(7)
        .recovery_timeout(millis(1_234))
        .probes(2)
        .successes_to_close(3)
        .doublings(4)
        .recovery_jitter(5)
        .build();
    let again = settings
        .values()
        .fold(BreakerConfig::new(), |config, (it, value)| config.set(it.name(), value).unwrap());
    assert_eq!((again.build(), settings.config()), (settings, again));
    assert_eq!((settings.get("recovery_timeout"), settings.get("timeout")), (Some(1_234), None));

    let rules = AlertConfig::new().open_longer_than(millis(90_000)).least_calls(4).build();
    let again = rules
        .values()
        .fold(AlertConfig::new(), |config, (it, value)| config.set(it.name(), value).unwrap());
    assert_eq!((again.build(), rules.get("least_calls")), (rules, Some(4)));
    assert_eq!(
        AlertRules::DEFAULT.to_string(),
        "open_longer_than=300s sheds_longer_than=60s fallbacks_above=10% exhausted_above=5% \
         least_calls=10 openings_together=3"
    );
}
