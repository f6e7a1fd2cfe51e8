//! R2 and R3: other growths than the exponential one, a jitter that only adds,
//! and one that respects the cap.

use std::time::Duration;

use fusebox::{Backoff, BackoffConfig, Growth, Jitter, RetryConfig, RetrySettings};
use proptest::prelude::*;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn config(growth: Growth) -> BackoffConfig {
    BackoffConfig::new().base_delay(ms(100)).growth(growth).jitter(Jitter::None)
}

fn millis(backoff: Backoff, number: usize) -> Vec<u128> {
    backoff.take(number).map(|delay| delay.as_millis()).collect()
}

#[test]
fn r2_delays_grow_as_they_are_told() {
    const LIST: &[Duration] = &[ms(5), ms(2_000), ms(10)];
    let capped = |growth| config(growth).max_delay(ms(450)).build();
    assert_eq!(millis(capped(Growth::Constant), 4), [100; 4]);
    assert_eq!(millis(capped(Growth::Linear), 6), [100, 200, 300, 400, 450, 450]);
    assert_eq!(millis(capped(Growth::Fibonacci), 7), [100, 100, 200, 300, 450, 450, 450]);
    assert_eq!(millis(capped(Growth::Exponential), 5), [100, 200, 400, 450, 450]);
    let listed = BackoffConfig::new().base_delay(ms(0)).max_delay(ms(1_000)).jitter(Jitter::None);
    assert_eq!(millis(listed.growth(Growth::Listed(LIST)).build(), 5), [5, 1_000, 10, 10, 10]);
}

#[test]
fn r2_no_growth_overflows_and_a_base_of_zero_stays() {
    for growth in [Growth::Constant, Growth::Linear, Growth::Fibonacci, Growth::Exponential] {
        let nothing = BackoffConfig::new().base_delay(ms(0)).growth(growth).build();
        assert_eq!(nothing.skip_delays(u64::MAX).next(), Some(Duration::ZERO));
        assert!(nothing.take(300).all(|delay| delay.is_zero()));
        let longest = Duration::from_secs(1 << 30);
        let large = config(growth).base_delay(longest).max_delay(longest).build();
        assert!(large.take(300).all(|delay| delay == longest));
        assert_eq!(large.skip_delays(u64::MAX).next(), Some(longest));
    }
}

#[test]
fn r2_an_empty_list_is_an_error() {
    let error = config(Growth::Listed(&[])).try_build().unwrap_err();
    assert_eq!(error.field(), "growth");
    assert_eq!(error.to_string(), "`growth` is empty, and must be a list of at least one delay");
    let error = RetryConfig::new().growth(Growth::Listed(&[])).try_build().unwrap_err();
    assert_eq!(error.field(), "growth");
}

#[test]
fn r3_an_additive_jitter_is_on_top() {
    let backoff = config(Growth::Constant).jitter(Jitter::Additive { most: ms(50) }).build();
    let delays: Vec<_> = backoff.take(200).collect();
    assert!(delays.iter().all(|delay| (ms(100)..=ms(150)).contains(delay)));
    let mean = delays.iter().sum::<Duration>() / 200;
    assert!((ms(118)..ms(132)).contains(&mean), "{mean:?}");
    let nothing = config(Growth::Constant).jitter(Jitter::Additive { most: ms(0) }).build();
    assert_eq!(millis(nothing, 2), [100, 100]);

    let too_much = Jitter::Additive { most: Duration::from_secs((1 << 30) + 1) };
    let error = config(Growth::Constant).jitter(too_much).try_build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`jitter: most` is 1073741825s, and must be from 0s to 1073741824s"
    );
}

#[test]
fn r3_a_jitter_that_respects_the_cap_still_spreads() {
    let capped = |jitter| {
        let config = config(Growth::Exponential).base_delay(ms(1_000)).max_delay(ms(1_000));
        config.jitter(jitter).jitter_within_cap(true).build()
    };
    let delays: Vec<_> = capped(Jitter::default()).take(300).collect();
    assert!(delays.iter().all(|delay| (ms(500)..=ms(1_000)).contains(delay)));
    let late = delays.iter().filter(|delay| **delay > ms(900)).count();
    assert!((30..95).contains(&late), "a fifth, and no heap at the cap: {late}");
    // What only adds has no room there.
    assert!(capped(Jitter::Additive { most: ms(9) }).take(9).all(|delay| delay == ms(1_000)));
    // Even a share that is above the cap.
    let above = Jitter::Proportional { min_percent: 200, max_percent: 300 };
    assert!(capped(above).take(9).all(|delay| delay == ms(1_000)));
}

#[test]
fn settings_are_taken_apart_and_put_together() {
    const SETTINGS: RetrySettings = RetryConfig::new()
        .max_attempts(7)
        .base_delay(ms(3))
        .growth(Growth::Fibonacci)
        .jitter(Jitter::Additive { most: ms(9) })
        .jitter_within_cap(true)
        .max_elapsed(ms(99))
        .end_on_long_hint(true)
        .build();
    assert_eq!(SETTINGS.config().build(), SETTINGS);
    let other = RetryConfig::from(SETTINGS).max_attempts(8).build();
    assert_eq!((other.max_attempts(), other.max_elapsed()), (8, Some(ms(99))));
    assert!(other.end_on_long_hint());
    assert_eq!(other.backoff().seed(1), SETTINGS.backoff().seed(1));
    assert_eq!(RetryConfig::new().unlimited().build().max_attempts(), u32::MAX);
}

fn growth() -> impl Strategy<Value = Growth> {
    const LIST: &[Duration] = &[ms(1), ms(7), ms(3_000), ms(2)];
    prop_oneof![
        Just(Growth::Exponential),
        Just(Growth::Constant),
        Just(Growth::Linear),
        Just(Growth::Fibonacci),
        Just(Growth::Listed(LIST)),
    ]
}

fn jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::None),
        Just(Jitter::Full),
        Just(Jitter::Equal),
        (0..300_u32, 0..300_u32).prop_map(|(a, b)| Jitter::Proportional {
            min_percent: a.min(b),
            max_percent: a.max(b),
        }),
        (0..9_000_u64).prop_map(|most| Jitter::Additive { most: ms(most) }),
        Just(Jitter::Decorrelated),
    ]
}

/// The n-th delay without jitter, plainly.
fn plain(growth: Growth, base: u128, n: usize) -> u128 {
    match growth {
        Growth::Exponential => base << n.min(60),
        Growth::Constant => base,
        Growth::Linear => base * (n as u128 + 1),
        Growth::Fibonacci => {
            let (mut a, mut b) = (base, base);
            (0..n).for_each(|_| (a, b) = (b, a + b));
            a
        }
        Growth::Listed(list) => list[n.min(list.len() - 1)].as_nanos(),
    }
}

proptest! {
    #[test]
    fn r2_any_growth_is_what_its_formula_says(
        growth in growth(), base in 1..1_000_000_000_u64, cap in 0..100_000_000_000_u64,
        skipped in 0..40_usize,
    ) {
        let cap = base + cap;
        let backoff = BackoffConfig::new()
            .base_delay(Duration::from_nanos(base))
            .max_delay(Duration::from_nanos(cap))
            .growth(growth)
            .jitter(Jitter::None)
            .build();
        for (n, delay) in (skipped..).zip(backoff.skip_delays(skipped as u64)).take(20) {
            let expected = plain(growth, base.into(), n).min(cap.into());
            prop_assert_eq!(delay.as_nanos(), expected, "the {}-th of {:?}", n, growth);
        }
    }

    #[test]
    fn r3_within_the_cap_no_delay_is_above_it_or_zero(
        growth in growth(), jitter in jitter(), base in 1..10_000_u64, more in 0..10_000_u64,
    ) {
        let backoff = BackoffConfig::new()
            .base_delay(ms(base))
            .max_delay(ms(base + more))
            .growth(growth)
            .jitter(jitter)
            .jitter_within_cap(true)
            .build();
        for delay in backoff.take(50) {
            prop_assert!(delay <= ms(base + more) && !delay.is_zero(), "{:?}", delay);
        }
    }
}
