//! A limit of a rate against plain models: a list of what was admitted, and governor's.

use core::{num::NonZeroU32, time::Duration};

use fusebox::{DefaultObserver, ManualClock, RateConfig, RateLimit, Reservation};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, FakeRelativeClock},
};
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);

#[derive(Debug, Clone)]
enum Step {
    Advance(u64),
    Acquire(u32),
    Reserve(u32, u64),
    GiveBack(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..40u64).prop_map(Step::Advance),
        (1..4u32).prop_map(Step::Acquire),
        (1..4u32, 0..60u64).prop_map(|(calls, longest)| Step::Reserve(calls, longest)),
        (0..8usize).prop_map(Step::GiveBack),
    ]
}

/// When calls came, in milliseconds, and how many.
type Admitted = Vec<(u64, u32)>;

/// The times between any two calls, ends included, with what came in them.
fn holds(admitted: &Admitted, burst: u32, interval: u64) -> Result<(), String> {
    let mut sorted = admitted.clone();
    sorted.sort_unstable();
    for (at, (from, _)) in sorted.iter().enumerate() {
        let mut sum = 0;
        for (to, calls) in &sorted[at..] {
            sum += u64::from(*calls);
            // burst + t / interval, without a division.
            if sum * interval > u64::from(burst) * interval + (to - from) {
                return Err(format!("{sum} calls from {from} to {to}: {sorted:?}"));
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// L1, L2: no interval has more than burst + rate · t, whatever is reserved and given
    /// back; and what is refused is admitted after its wait, and not before.
    #[test]
    fn l1_l2_no_interval_has_more(
        burst in 1..6u32,
        interval in 1..20u64,
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let clock = ManualClock::new();
        let settings = RateConfig::every(Duration::from_millis(interval))
            .burst(burst)
            .clock_step(Duration::ZERO)
            .build();
        let limit = RateLimit::with(None, settings, &clock, DefaultObserver);
        let (mut now, mut admitted): (u64, Admitted) = (0, Vec::new());
        let mut reserved: Vec<(usize, Reservation<'_, &ManualClock>)> = Vec::new();
        for step in steps {
            match step {
                Step::Advance(by) => {
                    clock.advance(Duration::from_millis(by));
                    now += by;
                }
                Step::Acquire(calls) => match limit.acquire_n(calls) {
                    Ok(()) => admitted.push((now, calls)),
                    Err(limited) if calls > burst => {
                        prop_assert_eq!(limited.retry_after(), None);
                    }
                    Err(limited) => {
                        let wait = limited.retry_after().unwrap();
                        prop_assert!(wait > Duration::ZERO);
                        clock.advance(wait.saturating_sub(MS));
                        prop_assert!(limit.acquire_n(calls).is_err(), "before its time");
                        clock.advance(MS);
                        prop_assert!(limit.acquire_n(calls).is_ok(), "not at its time");
                        now += u64::try_from(wait.as_millis()).unwrap();
                        admitted.push((now, calls));
                    }
                },
                Step::Reserve(calls, longest) => {
                    let longest = Duration::from_millis(longest);
                    if let Ok(reservation) = limit.reserve(calls, longest) {
                        prop_assert!(reservation.wait() <= longest);
                        let wait = u64::try_from(reservation.wait().as_millis()).unwrap();
                        reserved.push((admitted.len(), reservation));
                        admitted.push((now + wait, calls));
                    }
                }
                Step::GiveBack(which) if which < reserved.len() => {
                    let (at, reservation) = reserved.swap_remove(which);
                    reservation.give_back();
                    admitted[at].1 = 0;
                }
                Step::GiveBack(_) => {}
            }
        }
        admitted.retain(|(_, calls)| *calls > 0);
        holds(&admitted, burst, interval).map_err(TestCaseError::fail)?;
    }

    /// L1: governor decides alike, and says the same wait.
    #[test]
    fn l1_governor_agrees(
        burst in 1..6u32,
        interval in 1..20u64,
        waits in prop::collection::vec(0..30u64, 1..80),
    ) {
        let period = Duration::from_millis(interval);
        let burst = NonZeroU32::new(burst).unwrap();
        let theirs_clock = FakeRelativeClock::default();
        let quota = Quota::with_period(period).unwrap().allow_burst(burst);
        let theirs = RateLimiter::direct_with_clock(quota, theirs_clock.clone());
        let clock = ManualClock::new();
        let settings =
            RateConfig::every(period).burst(burst.get()).clock_step(Duration::ZERO).build();
        let ours = RateLimit::with(None, settings, &clock, DefaultObserver);
        for wait in waits {
            let wait = Duration::from_millis(wait);
            clock.advance(wait);
            theirs_clock.advance(wait);
            let theirs = theirs.check().map_err(|no| no.wait_time_from(theirs_clock.now()));
            let ours = ours.try_acquire().map_err(|no| no.retry_after().unwrap());
            prop_assert_eq!(ours, theirs);
        }
    }

    /// L3: with leases, no interval has more than the idle cells of all of them besides.
    #[test]
    fn l3_leases_err_by_their_idle_cells(
        burst in 4..12u32,
        size in 1..6u32,
        steps in prop::collection::vec((0..3usize, 0..6u64), 1..200),
    ) {
        const LEASES: u32 = 3;
        let clock = ManualClock::new();
        let settings = RateConfig::every(2 * MS).burst(burst).clock_step(Duration::ZERO).build();
        let limit = RateLimit::with(None, settings, &clock, DefaultObserver);
        let mut leases: [_; LEASES as usize] = std::array::from_fn(|_| limit.lease(size));
        let (mut now, mut admitted): (u64, Admitted) = (0, Vec::new());
        for (which, wait) in steps {
            clock.advance(Duration::from_millis(wait));
            now += wait;
            if leases[which].try_acquire().is_ok() {
                admitted.push((now, 1));
            }
            prop_assert!(leases[which].left() < size.max(1));
        }
        holds(&admitted, burst + LEASES * size, 2).map_err(TestCaseError::fail)?;
    }

    /// L2: what a dropped lease gives back is no more than what it has left.
    #[test]
    fn l2_a_dropped_lease_gives_back_no_more(
        burst in 1..8u32,
        size in 1..6u32,
        steps in prop::collection::vec((0..4u8, 0..6u64), 1..100),
    ) {
        let clock = ManualClock::new();
        let settings = RateConfig::every(2 * MS).burst(burst).clock_step(Duration::ZERO).build();
        let limit = RateLimit::with(None, settings, &clock, DefaultObserver);
        let mut lease = limit.lease(size);
        let (mut now, mut admitted): (u64, Admitted) = (0, Vec::new());
        for (what, wait) in steps {
            clock.advance(Duration::from_millis(wait));
            now += wait;
            match what {
                0 => lease = limit.lease(size),
                1 => admitted.extend(limit.try_acquire().ok().map(|()| (now, 1))),
                _ => admitted.extend(lease.try_acquire().ok().map(|()| (now, 1))),
            }
        }
        holds(&admitted, burst + size, 2).map_err(TestCaseError::fail)?;
    }
}
