//! A shadow: a breaker of other settings, fed with the outcomes of the live one.

mod common;

use std::{cell::RefCell, time::Duration};

use common::millis;
use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, DefaultObserver, Event, ManualClock, Name,
    Observer, Outcome, Priority, State,
};
use proptest::prelude::*;

/// Writes down what it hears.
#[derive(Default)]
struct Heard(RefCell<Vec<String>>);

impl Observer for Heard {
    fn on_event(&self, event: &Event<'_>) {
        self.0.borrow_mut().push(format!("{event:?}"));
    }
}

/// What happens to a breaker.
#[derive(Debug, Clone)]
enum Step {
    /// A call that takes so long, and whose caller says so, or not.
    Call {
        outcome: Outcome,
        took: u64,
        said: bool,
        priority: u8,
    },
    /// A call that ends at a later step.
    Begin(u8),
    /// The oldest of those ends.
    End(Outcome),
    Batch(Vec<Outcome>),
    Counts(u16, u16),
    Pass(u64),
    ForceOpen,
    Close,
    Disable,
    Reset,
    Trip,
    Restamp,
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Success),
        4 => Just(Outcome::Failure),
        1 => Just(Outcome::Ignore),
        2 => Just(Outcome::Overload),
        1 => (1..400_u16).prop_map(|percent| Outcome::Weighs { percent }),
        1 => (0..200_u32).prop_map(|millis| Outcome::Opens { millis }),
    ]
}

fn calls() -> impl Strategy<Value = Step> {
    (outcomes(), 0..60_u64, any::<bool>(), any::<u8>())
        .prop_map(|(outcome, took, said, priority)| Step::Call { outcome, took, said, priority })
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => calls(),
        4 => any::<u8>().prop_map(Step::Begin),
        4 => outcomes().prop_map(Step::End),
        2 => prop::collection::vec(outcomes(), 1..6).prop_map(Step::Batch),
        1 => (1..6_u16, 0..6_u16).prop_map(|(good, bad)| Step::Counts(good, bad)),
        4 => (1..300_u64).prop_map(Step::Pass),
        1 => prop_oneof![
            Just(Step::ForceOpen), Just(Step::Close), Just(Step::Disable), Just(Step::Reset),
            Just(Step::Trip), Just(Step::Restamp),
        ],
    ]
}

/// Settings of all kinds, with this share of load that may be shed.
fn settings() -> impl Strategy<Value = BreakerConfig> {
    let rule = (1..8_u32, prop_oneof![Just(0_u32), 1..6_u32], 0..3_u8, 1..4_u32, 1..3_u32);
    let wait = (1..200_u64, 0..3_u32, prop_oneof![Just(0_u32), Just(50)]);
    let slow = prop_oneof![Just(None), (10..50_u64).prop_map(Some)];
    (rule, wait, slow).prop_map(|((threshold, weight, window, probes, closing), wait, slow)| {
        let (timeout, doublings, jitter) = wait;
        let mut config = BreakerConfig::new()
            .failure_threshold(threshold)
            .recovery_timeout(millis(timeout))
            .doublings(doublings)
            .recovery_jitter(jitter)
            .probes(probes)
            .successes_to_close(closing);
        config = if window == 0 {
            config.window(threshold + 3)
        } else {
            config.failure_weight(weight).min_span(millis(u64::from(window) * 10))
        };
        match slow {
            Some(limit) => config.slow_call(millis(limit)),
            None => config,
        }
    })
}

fn breaker<'a>(
    settings: BreakerSettings,
    clock: &'a ManualClock,
    heard: &'a Heard,
) -> CircuitBreaker<&'a ManualClock, &'a Heard> {
    CircuitBreaker::with(Some(Name::new("shop")), settings, clock, heard)
}

/// What the steps do to a breaker, with a shadow or without one: answers and readings.
fn lived(live: BreakerSettings, shadow: Option<BreakerSettings>, steps: &[Step]) -> Vec<String> {
    let (clock, heard) = (ManualClock::new(), Heard::default());
    clock.advance(millis(1_000));
    let breaker = breaker(live, &clock, &heard);
    breaker.set_shadow(shadow).unwrap();
    let (mut begun, mut lived) = (Vec::new(), Vec::new());
    for step in steps {
        let said = match step {
            Step::Call { outcome, took, said, priority } => {
                let permit = breaker.try_acquire_as(Priority::new(*priority));
                clock.advance(millis(*took));
                match permit {
                    Ok(permit) if *said => {
                        format!("{:?}", permit.report_after(*outcome, millis(*took)))
                    }
                    Ok(permit) => format!("{:?}", permit.report(*outcome)),
                    Err(rejected) => rejected.to_string(),
                }
            }
            Step::Begin(priority) => match breaker.try_acquire_as(Priority::new(*priority)) {
                Ok(permit) => {
                    begun.push(permit);
                    String::new()
                }
                Err(rejected) => rejected.to_string(),
            },
            Step::End(_) if begun.is_empty() => String::new(),
            Step::End(outcome) => format!("{:?}", begun.remove(0).report(*outcome)),
            Step::Batch(outcomes) => {
                match breaker.acquire_many(u16::try_from(outcomes.len()).unwrap()) {
                    Ok(permits) => {
                        let len = permits.len();
                        format!("{:?}", permits.report_all(&outcomes[..len]))
                    }
                    Err(rejected) => rejected.to_string(),
                }
            }
            Step::Counts(good, bad) => match breaker.acquire_many(good + bad) {
                Ok(permits) if permits.len() == usize::from(good + bad) => {
                    format!("{:?}", permits.report_counts(*good, *bad))
                }
                Ok(_) => String::new(),
                Err(rejected) => rejected.to_string(),
            },
            Step::Pass(time) => {
                clock.advance(millis(*time));
                String::new()
            }
            Step::ForceOpen => done(|| breaker.force_open()),
            Step::Close => done(|| breaker.close()),
            Step::Disable => done(|| breaker.disable()),
            Step::Reset => done(|| breaker.reset()),
            Step::Trip => done(|| breaker.trip()),
            Step::Restamp => done(|| breaker.restamp()),
        };
        let mut reading = breaker.reading();
        assert_eq!(reading.shadow.is_some(), shadow.is_some());
        reading.shadow = None;
        lived.push(format!("{step:?}: {said}; {} {reading:?}", breaker.would_admit()));
    }
    drop(begun);
    lived.extend(heard.0.take());
    lived
}

fn done(step: impl FnOnce()) -> String {
    step();
    String::new()
}

proptest! {
    #[test]
    fn d3_with_a_shadow_all_answers_states_and_events_are_those_without(
        live in settings(),
        shadow in settings(),
        relief in (prop_oneof![Just(0_u32), Just(80)], prop_oneof![Just(0_u64), Just(200)]),
        steps in prop::collection::vec(steps(), 1..60),
    ) {
        let (shed, ramp) = relief;
        let with = |config: BreakerConfig| config.max_shed(shed).ramp_up(millis(ramp)).build();
        // What is timed of a slow call is a sample, or with a shadow all: few in a tick, so
        // all are in both.
        let alone = lived(with(live), None, &steps);
        let watched = lived(with(live), Some(with(shadow)), &steps);
        for (alone, watched) in alone.iter().zip(&watched) {
            prop_assert_eq!(alone, watched);
        }
        prop_assert_eq!(alone.len(), watched.len());
    }

    /// The reference: a second breaker, which really asks and reports.
    #[test]
    fn a_shadow_counts_what_a_second_breaker_would_do(
        shadow in settings(),
        calls in prop::collection::vec((outcomes(), 0..60_u64, 0..100_u64), 1..100),
    ) {
        let (clock, heard) = (ManualClock::new(), Heard::default());
        clock.advance(millis(1_000));
        let shadow = shadow.build();
        let live = breaker(BreakerConfig::new().build(), &clock, &heard);
        // It turns nobody away, so that all is known.
        live.disable();
        live.set_shadow(Some(shadow)).unwrap();
        let second = breaker(shadow, &clock, &heard);
        let (mut lost, mut saved, mut passed) = (0, 0, 0);
        for (outcome, took, gap) in calls {
            let is_slow = shadow.slow_call().is_some_and(|limit| millis(took) > limit);
            // The second breaker is not asked for what says nothing.
            let says = outcome != Outcome::Ignore || is_slow;
            let permit = live.try_acquire().unwrap();
            let second_permit = says.then(|| second.try_acquire());
            clock.advance(millis(took));
            permit.report(outcome);
            let bad = outcome != Outcome::Success || is_slow;
            match second_permit {
                Some(Ok(permit)) => {
                    permit.report_after(outcome, millis(took));
                    passed += u64::from(bad);
                }
                Some(Err(_)) if bad => saved += 1,
                Some(Err(_)) => lost += 1,
                None => {}
            }
            let told = live.shadow().unwrap();
            let (snapshot, own) = (told.snapshot, second.snapshot());
            prop_assert_eq!((snapshot.state, snapshot.score), (own.state, own.score));
            prop_assert_eq!((snapshot.generation, snapshot.reopenings), (own.generation, own.reopenings));
            prop_assert_eq!((told.lost, told.saved, told.passed), (lost, saved, passed));
            prop_assert_eq!(u64::from(told.openings), second.counters().openings);
            clock.advance(millis(gap));
        }
        prop_assert_eq!(live.shadow().unwrap().unknown, 0);
    }
}

fn plain(clock: &ManualClock) -> CircuitBreaker<&ManualClock> {
    let settings = BreakerConfig::new().failure_threshold(5).recovery_timeout(millis(100));
    clock.advance(millis(1_000));
    CircuitBreaker::with(None, settings.build(), clock, DefaultObserver)
}

fn with_threshold(threshold: u32) -> BreakerSettings {
    let settings = BreakerConfig::new().failure_threshold(threshold);
    settings.recovery_timeout(millis(100)).build()
}

#[test]
fn it_counts_what_it_would_refuse_and_save() {
    let clock = ManualClock::new();
    let shop = plain(&clock);
    assert_eq!(shop.shadow(), None);
    shop.set_shadow(Some(with_threshold(2))).unwrap();
    for outcome in [Outcome::Failure, Outcome::Failure, Outcome::Failure, Outcome::Success] {
        shop.try_acquire().unwrap().report(outcome);
    }
    let shadow = shop.shadow().unwrap();
    assert_eq!((shadow.passed, shadow.saved, shadow.lost, shadow.unknown), (2, 1, 1, 0));
    assert_eq!((shadow.snapshot.state, shadow.openings), (State::Open, 1));
    assert_eq!(shop.state(), State::Closed);
}

#[test]
fn what_the_live_breaker_turns_away_is_unknown() {
    let clock = ManualClock::new();
    let shop = plain(&clock);
    shop.force_open();
    shop.try_acquire().unwrap_err();
    shop.set_shadow(Some(with_threshold(100))).unwrap();
    for _ in 0..3 {
        shop.try_acquire().unwrap_err();
    }
    let shadow = shop.shadow().unwrap();
    assert_eq!((shadow.unknown, shadow.passed, shadow.lost), (3, 0, 0));
    shop.close();
    shop.try_acquire().unwrap().failure();
    assert_eq!(shop.shadow().unwrap().passed, 1);
}

#[test]
fn a_call_in_flight_when_the_shadow_opens_was_admitted() {
    let clock = ManualClock::new();
    let shop = plain(&clock);
    shop.set_shadow(Some(with_threshold(1))).unwrap();
    let before = shop.try_acquire().unwrap();
    clock.advance(millis(10));
    shop.try_acquire().unwrap().failure();
    clock.advance(millis(10));
    let after = shop.try_acquire().unwrap();
    clock.advance(millis(200));
    before.failure();
    after.success();
    let shadow = shop.shadow().unwrap();
    assert_eq!((shadow.passed, shadow.saved, shadow.lost), (2, 0, 1));
    assert_eq!(shadow.snapshot.state, State::Open, "neither is a probe");
    shop.try_acquire().unwrap().success();
    assert_eq!(shop.shadow().unwrap().snapshot.state, State::Closed);
}

#[test]
fn it_begins_anew_when_it_is_set_and_costs_nothing_when_it_is_gone() {
    let clock = ManualClock::new();
    let shop = plain(&clock);
    shop.set_shadow(Some(with_threshold(1))).unwrap();
    shop.try_acquire().unwrap().failure();
    shop.set_shadow(Some(with_threshold(3))).unwrap();
    let shadow = shop.shadow().unwrap();
    assert_eq!((shadow.passed, shadow.openings, shadow.snapshot.state), (0, 0, State::Closed));
    assert_eq!(shadow.settings, with_threshold(3));
    shop.set_shadow(None).unwrap();
    assert_eq!((shop.shadow(), shop.recorded()), (None, None));
    shop.try_acquire().unwrap().success();
    shop.try_acquire().unwrap().failure();
    assert_eq!(shop.snapshot().score, 1);
}

#[test]
fn a_shadow_that_sheds_or_ramps_otherwise_is_refused() {
    let clock = ManualClock::new();
    let shop = plain(&clock);
    let settings = shop.settings().config();
    let others = [settings.max_shed(50), settings.ramp_up(Duration::from_secs(1))];
    for other in others {
        let refused = shop.set_shadow(Some(other.build())).unwrap_err();
        assert!(refused.to_string().contains("must be those of the live breaker"), "{refused}");
        assert_eq!(shop.shadow(), None);
    }
}

#[test]
fn a_recorded_breaker_may_have_a_shadow_too() {
    let clock = ManualClock::new();
    let shop = plain(&clock);
    shop.set_recorded(Some(7));
    shop.set_shadow(Some(with_threshold(1))).unwrap();
    assert_eq!(shop.recorded(), Some(7));
    shop.set_recorded(None);
    shop.try_acquire().unwrap().failure();
    assert_eq!((shop.recorded(), shop.shadow().unwrap().passed), (None, 1));
    shop.set_recorded(Some(9));
    shop.set_shadow(None).unwrap();
    assert_eq!(shop.recorded(), Some(9));
}
