//! Bad settings: an error that names field, value and range.

mod common;

use std::time::Duration;

use common::{Bench, millis};
use fusebox::{BreakerConfig, BreakerSettings};

fn refused(config: BreakerConfig, text: &str) {
    let error = config.try_build().unwrap_err();
    assert_eq!(error.to_string(), text);
    assert!(text.contains(error.field()));
    let panicked = std::panic::catch_unwind(|| config.build()).unwrap_err();
    let panic = panicked.downcast_ref::<&str>().unwrap();
    assert!(panic.contains(&format!("`{}` must be", error.field())), "{panic}");
}

#[test]
fn a_value_out_of_range_is_refused_by_name() {
    let config = BreakerConfig::new;
    for (threshold, shown) in [(0, "0"), (4_096, "4096"), (u32::MAX, "4294967295")] {
        let text = format!("`failure_threshold` is {shown}, and must be from 1 to 4095");
        refused(config().failure_threshold(threshold), &text);
    }
    for (timeout, shown) in [
        (Duration::ZERO, "0"),
        (millis(1 << 32), "4294967296"),
        (Duration::MAX, "18446744073709551616000"),
    ] {
        let text = format!("`recovery_timeout` is {shown} ms, and must be from 1 to 4294967295 ms");
        refused(config().recovery_timeout(timeout), &text);
    }
    refused(config().probes(0), "`probes` is 0, and must be from 1 to 15");
    refused(config().probes(16), "`probes` is 16, and must be from 1 to 15");
    refused(config().successes_to_close(0), "`successes_to_close` is 0, and must be from 1 to 15");
    refused(
        config().successes_to_close(16),
        "`successes_to_close` is 16, and must be from 1 to 15",
    );
    refused(config().doublings(16), "`doublings` is 16, and must be from 0 to 15");
    refused(config().recovery_jitter(101), "`recovery_jitter` is 101%, and must be from 0 to 100%");
    // A wait that the 40-bit stamp could not tell from the past.
    refused(
        config().recovery_timeout(millis(u64::from(u32::MAX))).doublings(6),
        "`doublings` is 6, and must be from 0 to 5",
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
        .recovery_jitter(0)
        .build();
    let high = BreakerConfig::new()
        .failure_threshold(4_095)
        .recovery_timeout(millis(u64::from(u32::MAX)))
        .probes(15)
        .successes_to_close(15)
        .doublings(5)
        .recovery_jitter(100)
        .build();
    let fields = |s: BreakerSettings| {
        (
            s.failure_threshold(),
            s.recovery_timeout(),
            (s.probes(), s.successes_to_close(), s.doublings(), s.recovery_jitter()),
        )
    };
    assert_eq!(fields(low), (1, millis(1), (1, 1, 0, 0)));
    assert_eq!(fields(high), (4_095, millis(u64::from(u32::MAX)), (15, 15, 5, 100)));
    let bench = Bench::new();
    assert_eq!(bench.with_settings(high).settings(), high);
}

#[test]
fn the_defaults_are_the_stated_ones() {
    let settings = BreakerConfig::default().build();
    assert_eq!(settings, BreakerSettings::default());
    assert_eq!(
        settings.to_string(),
        "failure_threshold=5 recovery_timeout=60s probes=1 successes_to_close=1 doublings=0 \
         recovery_jitter=0%"
    );
}

#[test]
fn a_part_of_a_millisecond_counts_as_a_whole_one() {
    for (nanos, whole) in [(1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2)] {
        let config = BreakerConfig::new().recovery_timeout(Duration::from_nanos(nanos));
        assert_eq!(config.build().recovery_timeout(), millis(whole));
    }
}
