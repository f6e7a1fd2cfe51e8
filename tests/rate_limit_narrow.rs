//! A limit of a rate that a service has asked to be narrower.

use core::time::Duration;

use fusebox::{Clock, DefaultObserver, ManualClock, RateConfig, RateLimit, Remaining, Tick};
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn quota(clock: &ManualClock) -> RateLimit<&ManualClock> {
    let settings = RateConfig::per_second(100).burst(10).clock_step(MS).build();
    RateLimit::with(None, settings, clock, DefaultObserver)
}

/// How many calls are admitted in a time, one asked for in each millisecond.
fn admitted(quota: &RateLimit<&ManualClock>, clock: &ManualClock, time: Duration) -> usize {
    let asked = (0..time.as_millis()).filter(|_| {
        clock.advance(MS);
        quota.try_acquire().is_ok()
    });
    asked.count()
}

#[test]
fn without_calls_left_nobody_is_admitted_before_the_time() {
    let clock = ManualClock::new();
    let quota = quota(&clock);
    quota.heed(Remaining { calls: 0, within: 2 * SECOND });
    assert_eq!(quota.narrowed_for(), Some(2 * SECOND));
    assert_eq!(quota.try_acquire().unwrap_err().retry_after(), Some(2 * SECOND));
    assert_eq!(admitted(&quota, &clock, 1_999 * MS), 0);
    clock.advance(MS);
    assert_eq!(quota.narrowed_for(), None);
    assert_eq!((0..20).filter(|_| quota.try_acquire().is_ok()).count(), 10);
}

#[test]
fn a_long_time_holds_to_its_end() {
    let clock = ManualClock::new();
    let quota = quota(&clock);
    quota.heed(Remaining { calls: 0, within: 24 * 3_600 * SECOND });
    clock.advance(23 * 3_600 * SECOND);
    assert_eq!(quota.try_acquire().unwrap_err().retry_after(), Some(3_600 * SECOND));
    clock.advance(3_600 * SECOND);
    assert!(quota.try_acquire().is_ok());
}

#[test]
fn a_wider_word_changes_nothing() {
    let clock = ManualClock::new();
    let quota = quota(&clock);
    quota.heed(Remaining { calls: 1_000, within: SECOND });
    assert_eq!(quota.narrowed_for(), None);
    quota.heed(Remaining { calls: 0, within: Duration::ZERO });
    assert_eq!(quota.narrowed_for(), None);
    assert!(quota.acquire_n(10).is_ok());
}

#[test]
fn a_later_word_replaces_an_earlier_one() {
    let clock = ManualClock::new();
    let quota = quota(&clock);
    quota.heed(Remaining { calls: 2, within: 100 * SECOND });
    quota.heed(Remaining { calls: 10, within: SECOND });
    assert_eq!(admitted(&quota, &clock, 999 * MS), 10);
    quota.heed(Remaining { calls: 2, within: 100 * SECOND });
    quota.widen();
    assert!(quota.acquire_n(9).is_ok());
}

#[test]
fn a_clock_that_steps_back_ends_it_sooner_or_later() {
    let clock = ManualClock::new();
    clock.advance(1_000 * SECOND);
    let quota = quota(&clock);
    quota.heed(Remaining { calls: 5, within: 10 * SECOND });
    assert!(quota.try_acquire().is_ok());
    clock.step_back(500 * SECOND);
    let wait = quota.try_acquire().unwrap_err().retry_after().unwrap();
    assert!(wait <= 510 * SECOND, "{wait:?}");
    clock.advance(510 * SECOND);
    assert!(quota.try_acquire().is_ok());
}

/// A clock that moves each 4 ms, though it can tell the time more finely.
struct Coarse<'c>(&'c ManualClock);

impl Clock for Coarse<'_> {
    fn now(&self) -> Tick {
        Tick::from_millis(self.0.now().as_millis() / 4 * 4)
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[test]
fn by_a_coarse_clock_it_ends_no_sooner() {
    for (calls, begins) in (0..4).flat_map(|calls| (1_000..1_008).map(move |at| (calls, at))) {
        let clock = ManualClock::new();
        clock.advance(begins * MS);
        let settings = RateConfig::per_second(1_000).burst(10).clock_step(4 * MS).build();
        let quota = RateLimit::with(None, settings, Coarse(&clock), DefaultObserver);
        quota.heed(Remaining { calls, within: SECOND });
        let admitted = |time: u32| {
            (0..time)
                .map(|_| (quota.try_acquire().is_ok(), clock.advance(MS)))
                .filter(|it| it.0)
                .count()
        };
        assert_eq!(admitted(1_000) as u64, calls, "from {begins} ms on");
        assert!(admitted(5) > 0, "from {begins} ms on");
    }
}

proptest! {
    /// No more calls than the service said, in the time that it said; and some.
    #[test]
    fn no_more_than_the_service_takes(calls in 0..150_u64, millis in 1..3_000_u64) {
        let clock = ManualClock::new();
        let quota = quota(&clock);
        let within = Duration::from_millis(millis);
        quota.heed(Remaining { calls, within });
        let admitted = admitted(&quota, &clock, Duration::from_millis(millis - 1)) as u64;
        let own = 10 + millis / 10;
        prop_assert!(admitted <= calls.max(1).min(own), "{admitted}");
        if calls == 0 {
            prop_assert_eq!(admitted, 0);
        } else if quota.narrowed_for().is_some() {
            // Each within a millisecond of its time.
            let spacing = millis.div_ceil(calls).max(10) + 1;
            prop_assert!(admitted + 1 >= millis / spacing, "{admitted}");
        }
    }
}
