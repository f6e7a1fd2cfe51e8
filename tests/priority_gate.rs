//! Where not every call is admitted, those that matter less are turned away first.

mod common;

use std::time::Duration;

use common::{Bench, TIMEOUT, config, succeed};
use fusebox::{
    BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock, Outcome, Permit, Priority, State,
    Tick,
};
use proptest::prelude::*;

type Breaker<'c> = CircuitBreaker<&'c ManualClock>;

const CLASSES: [Priority; 4] =
    [Priority::BACKGROUND, Priority::SHEDDABLE, Priority::DEFAULT, Priority::CRITICAL];

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A breaker that admits so many percent of the calls.
fn admitting(clock: &ManualClock, percent: u32) -> Breaker<'_> {
    let settings = BreakerConfig::new().ramp_up(Duration::from_hours(1)).ramp_from(percent).build();
    let breaker = CircuitBreaker::with(None, settings, clock, DefaultObserver);
    breaker.trip();
    clock.advance(Duration::from_mins(1));
    breaker.try_acquire().unwrap().success();
    breaker
}

fn admits(breaker: &Breaker<'_>, priority: Priority) -> bool {
    breaker.try_acquire_as(priority).map(Permit::ignore).is_ok()
}

proptest! {
    #[test]
    fn o3_no_class_is_refused_while_a_lower_one_is_admitted(
        percent in 1..=99_u32,
        before in prop::collection::vec(any::<u8>(), 0..400),
        calls in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let clock = ManualClock::new();
        let breaker = admitting(&clock, percent);
        for level in before {
            clock.advance(millis(1));
            admits(&breaker, Priority::new(level));
        }
        clock.advance(millis(1));
        // At one moment there is one gate.
        let (mut refused, mut admitted) = (None, None);
        for level in calls {
            let class = Priority::new(level).class();
            if admits(&breaker, Priority::new(level)) {
                admitted = Some(admitted.map_or(class, |least: u8| least.min(class)));
            } else {
                refused = Some(refused.map_or(class, |most: u8| most.max(class)));
            }
        }
        if let (Some(refused), Some(admitted)) = (refused, admitted) {
            prop_assert!(refused <= admitted, "{refused} was refused, {admitted} admitted");
        }
    }

    #[test]
    fn o3_the_share_of_all_calls_is_kept(
        percent in 2..=98_u32,
        weights in prop::array::uniform4(1..=8_usize),
    ) {
        let clock = ManualClock::new();
        let breaker = admitting(&clock, percent);
        let mix: Vec<_> =
            CLASSES.iter().zip(weights).flat_map(|(class, calls)| vec![*class; calls]).collect();
        // Spread: no two rounds begin alike.
        let call = |at: usize| mix[at * 7 % mix.len()];
        let mut admitted = 0;
        for at in 0..6_000 {
            if at % 4 == 0 {
                clock.advance(millis(1));
            }
            let passes = admits(&breaker, call(at));
            admitted += u32::from(passes && at >= 1_000);
        }
        let wanted = 50 * percent;
        prop_assert!(admitted.abs_diff(wanted) <= 150, "{admitted} of {wanted}");
    }
}

#[test]
fn o3_the_highest_pass_wholly_and_the_next_are_thinned() {
    let clock = ManualClock::new();
    let breaker = admitting(&clock, 50);
    let mut passed = [0_u32; 4];
    for round in 0..4_000_u32 {
        clock.advance(millis(1));
        for (class, passed) in CLASSES.into_iter().zip(&mut passed) {
            let admitted = admits(&breaker, class);
            *passed += u32::from(admitted && round >= 1_000);
        }
    }
    let [background, sheddable, default, critical] = passed;
    // Half of all calls is what the two upper classes are.
    assert_eq!((background, critical), (0, 3_000));
    assert!(default >= 2_900 && sheddable <= 100, "{passed:?}");
    let from = breaker.reading().admits_from;
    assert!(from == Some(Priority::new(160)) || from == Some(Priority::new(96)), "{from:?}");
}

#[test]
fn o3_the_critical_class_is_answered_at_twice_the_load() {
    let clock = ManualClock::new();
    clock.set(Tick::from_millis(1_000));
    let settings =
        BreakerConfig::new().failure_threshold(2_047).failure_weight(1).max_shed(90).build();
    let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    let (mut room, mut critical, mut answered, mut admitted) = (0, 0_u32, 0_u32, 0_u32);
    for at in 0..40_000_u32 {
        clock.advance(millis(u64::from(at % 2)));
        // The service answers every second call; a fifth of them is critical.
        room = (room + 1).min(10);
        let priority = if at % 5 == 0 { Priority::CRITICAL } else { Priority::SHEDDABLE };
        let permit = breaker.try_acquire_as(priority);
        let counts = at >= 4_000 && priority == Priority::CRITICAL;
        critical += u32::from(counts);
        let Ok(permit) = permit else { continue };
        admitted += u32::from(counts);
        if room >= 2 {
            room -= 2;
            answered += u32::from(counts);
            permit.success();
        } else {
            permit.report(Outcome::Overload);
        }
    }
    assert_eq!(admitted, critical);
    // The service itself does not look at priorities: it is 10 % over its capacity.
    assert!(answered * 100 >= critical * 80, "{answered} of {critical}");
}

#[test]
fn o3_the_scope_says_what_the_argument_does() {
    let clock = ManualClock::new();
    let breaker = admitting(&clock, 50);
    for _ in 0..500 {
        clock.advance(millis(1));
        let scope = Priority::BACKGROUND.enter();
        let _ = breaker.try_acquire().map(Permit::ignore);
        drop(scope);
        let scope = Priority::CRITICAL.enter();
        let _ = breaker.try_acquire().map(Permit::ignore);
        drop(scope);
    }
    let scope = Priority::BACKGROUND.enter();
    assert!(breaker.try_acquire().is_err() && !breaker.would_admit());
    drop(scope);
    let scope = Priority::CRITICAL.enter();
    assert!(breaker.try_acquire().is_ok() && breaker.would_admit());
    drop(scope);
    assert!(breaker.try_acquire().is_ok(), "the default lies above the background");
    let _scope = Priority::BACKGROUND.enter();
    assert!(breaker.try_acquire_as(Priority::CRITICAL).is_ok(), "the argument holds");
}

#[test]
fn o3_where_nobody_else_calls_the_lowest_class_has_the_share() {
    for stands in [false, true] {
        let clock = ManualClock::new();
        let breaker = admitting(&clock, 50);
        for _ in 0..300 {
            clock.advance(millis(1));
            admits(&breaker, Priority::CRITICAL);
        }
        let mut admitted = 0;
        for call in 0..4_000 {
            clock.advance(millis(u64::from(!stands)));
            admitted += u32::from(admits(&breaker, Priority::BACKGROUND) && call >= 2_000);
        }
        assert!((950..=1_050).contains(&admitted), "{admitted}, time stands: {stands}");
    }
}

#[test]
fn o3_probes_are_left_to_those_who_matter() {
    let bench = Bench::new();
    // Ten seconds, of which an eighth is more than a second.
    let breaker = bench.due(config());
    assert!(breaker.try_acquire_as(Priority::BACKGROUND).is_err());
    let wait = breaker.try_acquire_as(Priority::SHEDDABLE).unwrap_err().retry_after();
    assert_eq!(wait, Some(millis(400)), "four classes of ten below the default, of a second");
    assert_eq!(breaker.state(), State::Open);
    bench.clock.advance(millis(400));
    breaker.try_acquire_as(Priority::SHEDDABLE).unwrap().ignore();
    assert_eq!(breaker.state(), State::HalfOpen);
    // The next place is for the others first, too.
    assert!(breaker.try_acquire_as(Priority::BACKGROUND).is_err());
    let scope = Priority::BACKGROUND.enter();
    assert!(!breaker.would_admit());
    drop(scope);
    breaker.try_acquire_as(Priority::CRITICAL).unwrap().ignore();
    breaker.try_acquire().unwrap().ignore();
    bench.clock.advance(millis(800));
    breaker.try_acquire_as(Priority::BACKGROUND).unwrap().success();
    assert_eq!(breaker.state(), State::Closed);

    // A lost probe's place, as well.
    let breaker = bench.due(config());
    std::mem::forget(breaker.try_acquire().unwrap());
    bench.clock.advance(TIMEOUT);
    assert!(breaker.try_acquire_as(Priority::BACKGROUND).is_err());
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}
