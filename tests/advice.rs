//! What others say of a service: it primes, it leaves probes to others, it ends.

use std::time::Duration;

use fusebox::{Advice, BreakerConfig, BreakerSettings, CircuitBreaker, ManualClock, State};
use proptest::prelude::*;

const PRIMED: Advice = Advice {
    primed: true,
    probed_elsewhere: false,
    instances: 9,
    failures: 18,
    lasts: Duration::from_secs(3),
};
const ELSEWHERE: Advice = Advice { primed: false, probed_elsewhere: true, ..PRIMED };

type Breaker<'c> = CircuitBreaker<&'c ManualClock>;

fn breaker(clock: &ManualClock, settings: BreakerSettings) -> Breaker<'_> {
    CircuitBreaker::with(None, settings, clock, fusebox::DefaultObserver)
}

fn succeed(breaker: &Breaker<'_>) {
    breaker.try_acquire().unwrap().success();
}

fn fail(breaker: &Breaker<'_>) {
    breaker.try_acquire().unwrap().failure();
}

fn config(threshold: u16, seconds: u64) -> BreakerConfig {
    BreakerConfig::new()
        .failure_threshold(threshold.into())
        .recovery_timeout(Duration::from_secs(seconds))
}

/// Every rule of opening.
fn rules() -> [BreakerConfig; 4] {
    let new = BreakerConfig::new;
    [
        new(),
        new().failure_weight(6).failure_threshold(40),
        new().failure_weight(6).failure_threshold(40).min_span(Duration::from_millis(20)),
        new().window(60).failure_threshold(20),
    ]
}

#[test]
fn n3_the_next_failure_of_a_primed_breaker_opens_it() {
    for config in rules() {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, config.build());
        breaker.advise(Some(PRIMED));
        assert_eq!(breaker.advice(), Some(PRIMED));
        (0..100).for_each(|_| succeed(&breaker));
        assert_eq!(breaker.state(), State::Closed, "successes change nothing");
        clock.advance(Duration::from_millis(2_999));
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open, "{config:?}");
    }
}

#[test]
fn n3_advice_ends_by_itself() {
    for config in rules() {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, config.build());
        breaker.advise(Some(PRIMED));
        clock.advance(Duration::from_secs(3));
        assert_eq!(breaker.advice(), None);
        fail(&breaker);
        assert_eq!(breaker.state(), State::Closed, "{config:?}");
        succeed(&breaker);
        // And what was said last is what holds.
        breaker.advise(Some(PRIMED));
        breaker.advise(None);
        fail(&breaker);
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn n2_whoever_decides_by_hand_has_the_last_word() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, config(5, 10).build());
    breaker.advise(Some(PRIMED));
    breaker.close();
    assert_eq!(breaker.advice(), None);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    breaker.disable();
    breaker.advise(Some(PRIMED));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Disabled);
    breaker.force_open();
    assert!(!breaker.hasten(Duration::ZERO));
    assert_eq!(breaker.state(), State::ForcedOpen);
}

#[test]
fn a_due_probe_is_left_to_whoever_has_the_lease() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, config(1, 10).build());
    fail(&breaker);
    clock.advance(Duration::from_secs(9));
    breaker.advise(Some(ELSEWHERE));
    let left = |breaker: &Breaker<'_>| breaker.try_acquire().unwrap_err().retry_after();
    assert_eq!(left(&breaker), Some(Duration::from_secs(1)), "its own wait comes first");
    clock.advance(Duration::from_secs(1));
    assert!(!breaker.would_admit());
    assert_eq!(left(&breaker), Some(Duration::from_secs(2)), "then what the lease has left");
    clock.advance(Duration::from_secs(2));
    assert!(breaker.would_admit());
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed, "a lease never outlives its time");
}

#[test]
fn a_wait_that_is_hastened_ends_sooner_and_never_later() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, config(1, 60).doublings(2).build());
    assert!(!breaker.hasten(Duration::ZERO), "it is closed");
    fail(&breaker);
    assert!(breaker.hasten(Duration::from_secs(5)));
    assert!(!breaker.hasten(Duration::from_secs(20)));
    assert_eq!(breaker.reading().time_left, Some(Duration::from_secs(5)));
    clock.advance(Duration::from_secs(5));
    fail(&breaker); // the probe
    assert_eq!(breaker.reading().time_left, Some(Duration::from_mins(2)), "as always");
}

proptest! {
    /// A breaker whose own calls succeed never opens, whatever others say (rule N3).
    #[test]
    fn n3_no_advice_opens_a_breaker_whose_own_calls_succeed(
        steps in proptest::collection::vec((0..4u8, 0..5_000u64), 1..60), rule in 0..4usize,
    ) {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, rules()[rule].build());
        for (step, millis) in steps {
            let lasts = Duration::from_millis(millis);
            match step {
                0 => breaker.advise(Some(Advice { lasts, ..PRIMED })),
                1 => breaker.advise(Some(Advice { lasts, ..ELSEWHERE })),
                2 => clock.advance(lasts),
                _ => { breaker.hasten(lasts); }
            }
            prop_assert_eq!(breaker.state(), State::Closed);
            breaker.try_acquire().unwrap().success();
        }
    }
}
