//! The delays: R2, R3, R4, R10.

#![allow(clippy::cast_precision_loss)] // where it is compared, with room for that

mod common;

use std::{collections::BTreeSet, time::Duration};

use common::millis;
use fusebox::{Backoff, BackoffConfig, Jitter};
use proptest::prelude::*;

const MAX: u64 = (1 << 30) * 1_000_000_000;

fn config(base: u64, cap: u64, factor: f64) -> BackoffConfig {
    BackoffConfig::new()
        .base_delay(Duration::from_nanos(base))
        .max_delay(Duration::from_nanos(cap))
        .exponential_base(factor)
}

#[test]
fn r2_delays_grow_by_the_base_up_to_the_cap() {
    let plain = BackoffConfig::new().jitter(Jitter::None);
    let seconds =
        |backoff: Backoff, n| backoff.take(n).map(|d| d.as_secs_f64()).collect::<Vec<_>>();
    assert_eq!(seconds(plain.build(), 8), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
    assert_eq!(seconds(plain.exponential_base(1.0).build(), 3), [1.0; 3]);
    assert_eq!(seconds(plain.exponential_base(1.5).build(), 4), [1.0, 1.5, 2.25, 3.375]);
    // A small base, whose fractions must not be lost from step to step.
    let slow = config(1, 1_000, 1.1).jitter(Jitter::None).build();
    for (n, delay) in slow.take(60).enumerate() {
        let exact = 1.1f64.powi(i32::try_from(n).unwrap());
        assert!((delay.as_nanos() as f64 - exact.floor()).abs() <= 1.0, "{n}: {delay:?}, {exact}");
    }
}

#[test]
fn r3_each_kind_has_its_range_and_its_mean() {
    const DRAWS: usize = 100_000;
    let at_one_second = config(1_000_000_000, 1_000_000_000, 2.0);
    // Least, most and mean, in seconds; a uniform draw each.
    let kinds = [
        (Jitter::None, 1.0, 1.0),
        (Jitter::default(), 0.5, 1.5),
        (Jitter::Proportional { min_percent: 90, max_percent: 100 }, 0.9, 1.0),
        (Jitter::Proportional { min_percent: 0, max_percent: 1_000 }, 0.0, 10.0),
        (Jitter::Full, 0.0, 1.0),
        (Jitter::Equal, 0.5, 1.0),
    ];
    for (jitter, least, most) in kinds {
        let delays: Vec<f64> = at_one_second
            .jitter(jitter)
            .build()
            .seed(7)
            .take(DRAWS)
            .map(|delay| delay.as_secs_f64())
            .collect();
        let (low, high) = delays.iter().fold((f64::MAX, 0f64), |(l, h), &d| (l.min(d), h.max(d)));
        assert!(low >= least && high <= most, "{jitter:?}: {low} to {high}");
        let width = most - least;
        assert!(low <= least + width * 1e-3 && high >= most - width * 1e-3, "{jitter:?}");
        let mean = delays.iter().sum::<f64>() / DRAWS as f64;
        // Five standard deviations of the mean of that many uniform draws.
        let allowed = 5.0 * width / (12.0 * DRAWS as f64).sqrt() + 1e-9;
        let expected = f64::midpoint(least, most);
        assert!((mean - expected).abs() <= allowed, "{jitter:?}: {mean}");
    }
}

#[test]
fn r3_decorrelated_draws_from_three_times_the_last_and_keeps_the_cap() {
    let (base, cap) = (millis(100), millis(10_000));
    let backoff =
        BackoffConfig::new().base_delay(base).max_delay(cap).jitter(Jitter::Decorrelated).build();
    let (mut sum, mut draws, mut longest) = (0.0, 0.0, Duration::ZERO);
    for seed in 0..2_000 {
        let mut last = base;
        for (n, delay) in backoff.seed(seed).take(50).enumerate() {
            assert!(delay >= base && delay <= (last * 3).min(cap), "{delay:?} after {last:?}");
            if n == 0 {
                sum += delay.as_secs_f64();
                draws += 1.0;
            }
            longest = longest.max(delay);
            last = delay;
        }
    }
    // The first is uniform from 100 to 300 ms.
    assert!((sum / draws - 0.2).abs() < 5.0 * 0.2 / (12.0f64 * draws).sqrt());
    assert!(longest > millis(9_500));
}

#[test]
fn r3_the_default_may_exceed_the_cap_by_half_and_no_more() {
    let delays: Vec<_> = BackoffConfig::new().build().seed(1).skip(10).take(10_000).collect();
    let longest = delays.iter().max().unwrap();
    assert!(*longest > Duration::from_secs(89) && *longest <= Duration::from_secs(90));
}

#[test]
fn r10_no_two_sequences_are_the_same() {
    let backoff = BackoffConfig::new().build();
    let mut firsts: Vec<Duration> =
        (0..1_000).map(|_| backoff.into_iter().next().unwrap()).collect();
    let here = backoff.into_iter().next();
    let there = std::thread::spawn(move || backoff.into_iter().next()).join().unwrap();
    assert_ne!(here, there);
    firsts.sort();
    firsts.dedup();
    assert_eq!(firsts.len(), 1_000);
    let with = |seed| backoff.seed(seed).take(5).collect::<Vec<_>>();
    assert_ne!(with(1), with(2));
    assert_eq!(with(1), with(1), "a seed repeats a run");
}

fn any_jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::None),
        (0..=1_000u32).prop_flat_map(|min| (Just(min), min..=1_000)).prop_map(
            |(min_percent, max_percent)| Jitter::Proportional { min_percent, max_percent }
        ),
        Just(Jitter::Full),
        Just(Jitter::Equal),
        Just(Jitter::Decorrelated),
    ]
}

/// Numbers of every magnitude.
fn any_nanos() -> impl Strategy<Value = u64> {
    (0..=MAX, 0..60u32).prop_map(|(value, shift)| value >> shift)
}

fn any_factor() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(1.0),
        Just(f64::MAX),
        Just(1.0 + f64::EPSILON),
        1.0..2.0f64,
        1.0..1e6f64,
        (0.0..308.0f64).prop_map(|exponent| 10f64.powf(exponent)),
    ]
}

fn bounds(jitter: Jitter, cap: u64) -> u64 {
    match jitter {
        Jitter::Proportional { max_percent, .. } => {
            u64::try_from(u128::from(cap) * u128::from(max_percent) / 100).unwrap().max(1)
        }
        _ => cap,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn r4_within_its_bounds_at_any_attempt(
        (cap, base) in any_nanos().prop_flat_map(|cap| (Just(cap), 0..=cap)),
        factor in any_factor(),
        jitter in any_jitter(),
        attempt in prop_oneof![0..10u64, 0..=1u64 << 32, Just(1 << 32)],
        seed: u64,
    ) {
        let backoff = config(base, cap, factor).jitter(jitter).build().seed(seed);
        for delay in backoff.skip_delays(attempt).take(20).chain(backoff.take(20)) {
            prop_assert!(delay.as_nanos() <= bounds(jitter, cap).into());
            prop_assert_eq!(delay.is_zero(), base == 0, "{:?}", delay);
        }
    }

    #[test]
    fn r4_without_jitter_no_delay_is_shorter_than_the_one_before(
        (cap, base) in any_nanos().prop_flat_map(|cap| (Just(cap), 0..=cap)),
        factor in any_factor(),
        attempt in 0..=1u64 << 32,
    ) {
        let backoff = config(base, cap, factor).jitter(Jitter::None).build();
        let delays: Vec<_> =
            backoff.take(50).chain(backoff.skip_delays(attempt.max(50)).take(50)).collect();
        prop_assert!(delays.is_sorted(), "{:?}", delays);
        prop_assert_eq!(delays[0], Duration::from_nanos(base));
    }

    #[test]
    fn r2_a_delay_is_what_the_formula_says(
        (cap, base) in any_nanos().prop_flat_map(|cap| (Just(cap), 0..=cap)),
        factor in any_factor(),
        attempt in 0..60i32,
    ) {
        let backoff = config(base, cap, factor).jitter(Jitter::None).build();
        // Infinity is no number to multiply a zero with.
        let exact = (base as f64 * factor.powi(attempt).min(f64::MAX)).min(cap as f64);
        let stepped = backoff.into_iter().nth(attempt.unsigned_abs() as usize).unwrap();
        let skipped = backoff.skip_delays(attempt.unsigned_abs().into()).next().unwrap();
        for delay in [stepped, skipped] {
            let difference = (delay.as_nanos() as f64 - exact).abs();
            prop_assert!(difference <= 1.0 + exact * 1e-9, "{:?} for {}", delay, exact);
        }
    }
}

#[test]
fn r4_bad_settings_are_refused_by_name() {
    let text = |config: BackoffConfig| config.try_build().unwrap_err().to_string();
    let finite = "and must be a finite number of at least 1";
    for (bad, shown) in
        [(0.999, "0.999"), (0.0, "0"), (-2.0, "-2"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")]
    {
        let config = BackoffConfig::new().exponential_base(bad);
        assert_eq!(text(config), format!("`exponential_base` is {shown}, {finite}"));
    }
    let cap = BackoffConfig::new().base_delay(millis(20)).max_delay(millis(10));
    assert_eq!(text(cap), "`max_delay` is 10ms, and must be from 20ms to 1073741824s");
    let long = BackoffConfig::new().base_delay(Duration::MAX).max_delay(Duration::MAX);
    assert!(text(long).starts_with("`base_delay` is 18446744073709551615.999999999s, and must"));
    let jitter = |min_percent, max_percent| {
        text(BackoffConfig::new().jitter(Jitter::Proportional { min_percent, max_percent }))
    };
    assert_eq!(jitter(150, 50), "`jitter: max_percent` is 50%, and must be from 150 to 1000%");
    assert_eq!(jitter(1_001, 1_001), "`jitter: min_percent` is 1001%, and must be from 0 to 1000%");
    let panicked = std::panic::catch_unwind(|| BackoffConfig::new().exponential_base(0.5).build());
    assert_eq!(
        panicked.unwrap_err().downcast_ref::<String>().unwrap(),
        "`exponential_base` must be a finite number of at least 1"
    );
}

/// A range has both of its ends: where it has two numbers, both are drawn.
#[test]
fn r3_a_range_has_both_of_its_ends() {
    let drawn = |base, cap, jitter| {
        let backoff = config(base, cap, 1.0).jitter(jitter).build().seed(7);
        backoff.take(200).map(|delay| delay.as_nanos()).collect::<BTreeSet<_>>()
    };
    assert_eq!(drawn(2, 2, Jitter::Equal), BTreeSet::from([1, 2]));
    assert_eq!(drawn(2, 2, Jitter::Full), BTreeSet::from([1, 2]));
    assert_eq!(drawn(1, 2, Jitter::Decorrelated), BTreeSet::from([1, 2]));
}

#[test]
fn there_is_always_a_next_delay() {
    let mut backoff = BackoffConfig::new().build();
    assert_eq!(backoff.size_hint(), (usize::MAX, None));
    assert!(backoff.next().is_some() && backoff.next().is_some());
}
