//! Limits of a rate: L1 and L2.

use core::time::Duration;

use fusebox::{DefaultObserver, LimitKind, ManualClock, RateConfig, RateLimit, RateSettings, Tick};

const MS: Duration = Duration::from_millis(1);

fn limit(settings: RateSettings, clock: &ManualClock) -> RateLimit<&ManualClock> {
    RateLimit::with(None, settings, clock, DefaultObserver)
}

fn ms(config: RateConfig) -> RateSettings {
    config.clock_step(MS).build()
}

#[test]
fn l1_a_burst_at_once_and_then_one_in_each_interval() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::per_second(100).burst(3)), &clock);
    let admitted = |_: &u32| quota.try_acquire().is_ok();
    assert_eq!((0..10).filter(admitted).count(), 3);
    clock.advance(10 * MS);
    assert_eq!((0..10).filter(admitted).count(), 1);
    clock.advance(25 * MS);
    assert_eq!((0..10).filter(admitted).count(), 2);
    clock.advance(5 * MS);
    assert_eq!((0..10).filter(admitted).count(), 1);
}

#[test]
fn l1_the_wait_is_exact() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::every(7 * MS).burst(2)), &clock);
    assert!(quota.acquire_n(2).is_ok());
    clock.advance(3 * MS);
    let limited = quota.try_acquire().unwrap_err();
    assert_eq!((limited.kind(), limited.retry_after()), (LimitKind::Rate, Some(4 * MS)));
    clock.advance(3 * MS);
    assert!(quota.try_acquire().is_err());
    clock.advance(MS);
    assert!(quota.try_acquire().is_ok());
}

#[test]
fn l1_a_clock_that_steps_back_stops_nobody_for_long() {
    let clock = ManualClock::new();
    clock.set(Tick::from_millis(100_000_000));
    let quota = limit(ms(RateConfig::per_second(100).burst(3)), &clock);
    assert!(quota.acquire_n(3).is_ok());
    clock.set(Tick::from_millis(5));
    assert_eq!(quota.try_acquire().unwrap_err().retry_after(), Some(10 * MS));
    clock.advance(10 * MS);
    assert!(quota.try_acquire().is_ok());
}

#[test]
fn l2_all_or_none() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::per_second(100).burst(5)), &clock);
    assert!(quota.acquire_n(4).is_ok());
    assert_eq!(quota.acquire_n(2).unwrap_err().retry_after(), Some(10 * MS));
    assert!(quota.try_acquire().is_ok(), "the refusal took one");
    assert_eq!(quota.acquire_n(6).unwrap_err().retry_after(), None);
}

#[test]
fn l2_what_is_given_back_is_not_had_twice() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::every(MS).burst(5)), &clock);
    let reserved = quota.reserve(5, Duration::ZERO).unwrap();
    clock.advance(5 * MS); // made up for by now
    assert!(quota.acquire_n(5).is_ok());
    reserved.give_back();
    assert!(quota.try_acquire().is_err());
}
