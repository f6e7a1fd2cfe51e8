//! The tuner (Y1): what it proposes, from what, within which bounds, and when it does not.

use std::{sync::Mutex, time::Duration};

use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, Event, ManualClock, Observer,
    tune::{Kind, Knob, NoOutage, Outage, Overtaken, Seen, Tuner, TunerConfig, Unchanged},
};
use proptest::prelude::*;

/// Keeps what it is told of tuning.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Tuned(it) = event {
            self.0.lock().unwrap().push(it.to_string());
        }
    }
}

type Breaker<'a> = CircuitBreaker<&'a ManualClock, &'a Told>;

const SECOND: Duration = Duration::from_secs(1);

fn tuner() -> Tuner {
    Tuner::new(TunerConfig::new().build())
}

fn configured() -> BreakerSettings {
    BreakerConfig::new().failure_threshold(2).build()
}

/// Two calls a second; each `every` seconds the service is down for so many.
fn live(breaker: &Breaker<'_>, seen: &mut Seen, seconds: u32, every: u32, down: u32) {
    for step in 0..2 * seconds {
        breaker.clock().advance(SECOND / 2);
        let is_down = step / 2 % every < down;
        let _ = breaker.call(|| if is_down { Err("down") } else { Ok(()) });
        seen.observe(&breaker.reading());
    }
}

fn outage(kind: Kind, down: u64, up: u64, failed: u32, turned_away: u64) -> Outage {
    let times = (Duration::from_millis(down), Duration::from_millis(up));
    Outage::new(kind, times, failed, turned_away).unwrap()
}

#[test]
fn y1_short_outages_make_the_wait_shorter_with_an_event_that_says_why() {
    let (clock, told) = (ManualClock::new(), Told::default());
    let breaker =
        CircuitBreaker::with(Some("shop".try_into().unwrap()), configured(), &clock, &told);
    let mut seen = Seen::of(&breaker.reading());
    live(&breaker, &mut seen, 600, 100, 5);
    assert!(seen.outages().count() >= 3, "{:?}", seen.outages().collect::<Vec<_>>());
    let tuner = tuner();
    let findings = tuner.look(&seen);
    let wait = findings.of(Knob::RecoveryTimeout).proposal().unwrap();
    assert_eq!((wait.from, wait.to), (60_000, 15_000), "a quarter of what was configured");
    assert!(told.0.lock().unwrap().is_empty(), "nothing is told before it is done");
    assert_eq!(tuner.apply(&findings, &breaker, &mut seen), Ok(true));
    assert_eq!(breaker.settings().recovery_timeout(), 15 * SECOND);
    let told = told.0.lock().unwrap();
    assert_eq!(told.len(), findings.proposals().count());
    assert!(told[0].starts_with("`shop`: recovery_timeout 60s → 15s: the last "), "{told:?}");
    assert!(told[0].contains("the first probe found it up in "), "{told:?}");
}

#[test]
fn y1_probes_that_come_too_early_make_the_wait_longer_and_slowly() {
    // A call each minute: a probe costs as much as a call that is turned away.
    let settings = configured();
    let long = outage(Kind::Down, 540_000, 600_000, 9, 10);
    let seen = Seen::resume(settings, settings, [long; 8]).unwrap();
    let findings = tuner().look(&seen);
    let wait = findings.of(Knob::RecoveryTimeout).proposal();
    let grows = findings.of(Knob::Doublings).proposal();
    assert!(wait.is_some() || grows.is_some(), "{findings:?}");
    assert!(wait.is_none_or(|it| (60_000..=90_000).contains(&it.to)), "{wait:?}");
    assert!(findings.after().max_recovery_timeout() <= 240 * SECOND);
}

#[test]
fn y1_mistakes_make_the_threshold_as_high_as_the_promise_needs() {
    let settings = BreakerConfig::new().build();
    let alarm = outage(Kind::FalseAlarm { failed_ppm: 300_000 }, 0, 60_000, 0, 120);
    let seen = Seen::resume(settings, settings, [alarm; 3]).unwrap();
    let findings = tuner().look(&seen);
    let higher = findings.of(Knob::FailureThreshold).proposal().unwrap();
    let calls = findings.after().promise().mean_calls(0.3).unwrap();
    assert!(calls >= 1e6, "{higher}: {calls}");
    let one_less = BreakerConfig::new().failure_threshold(u32::try_from(higher.to).unwrap() - 1);
    assert!(one_less.build().promise().mean_calls(0.3).unwrap() < 1e6);
}

#[test]
fn y1_outages_shorter_than_the_shortest_wait_raise_the_threshold() {
    let settings = BreakerConfig::new().build();
    let at_bound = settings.config().recovery_timeout(15 * SECOND).build();
    let short = outage(Kind::Down, 0, 15_000, 0, 60);
    let seen = Seen::resume(settings, at_bound, [short; 4]).unwrap();
    let higher = tuner().look(&seen).of(Knob::FailureThreshold).proposal().unwrap();
    assert_eq!((higher.from, higher.to), (5, 10));
    assert!(higher.to_string().contains("in 4 of the last 4 outages"), "{higher}");
    // Where a longer wait is in force, that comes first.
    let seen = Seen::resume(settings, settings, [short; 4]).unwrap();
    assert!(tuner().look(&seen).of(Knob::FailureThreshold).proposal().is_none());
}

#[test]
fn y1_a_breaker_that_closes_too_early_asks_for_more_probes() {
    let settings = BreakerConfig::new().build();
    let relapse = outage(Kind::Relapse, 0, 60_000, 0, 120);
    let seen = Seen::resume(settings, settings, [relapse; 4]).unwrap();
    let more = tuner().look(&seen).of(Knob::SuccessesToClose).proposal().unwrap();
    assert_eq!((more.from, more.to), (1, 2));
    assert!(
        more.to_string()
            .ends_with("4 of the last 4 openings came soon after the breaker had closed")
    );
}

#[test]
fn y1_too_little_evidence_changes_nothing_and_says_so() {
    let settings = BreakerConfig::new().build();
    let seen = Seen::resume(settings, settings, []).unwrap();
    let findings = tuner().look(&seen);
    assert_eq!(findings.proposals().count(), 0);
    let why = findings.of(Knob::RecoveryTimeout);
    assert_eq!(why.verdict, Err(Unchanged::FewOutages { known: 0, needed: 1 }));
    assert_eq!(
        why.to_string(),
        "recovery_timeout stays 60s: 0 outages are known, and at least 1 must be"
    );

    // To keep calls back takes more than to let them through.
    let long = outage(Kind::Down, 540_000, 600_000, 9, 10);
    for (known, longer) in [(2, false), (3, true)] {
        let seen = Seen::resume(settings, settings, vec![long; known]).unwrap();
        let after = tuner().look(&seen).after();
        assert_eq!(after.max_recovery_timeout() > 60 * SECOND, longer, "{known}: {after}");
    }

    let none = outage(Kind::Down, 0, 60_000, 0, 0);
    let seen = Seen::resume(settings, settings, [none; 9]).unwrap();
    assert_eq!(tuner().look(&seen).of(Knob::RecoveryTimeout).verdict, Err(Unchanged::FewCalls));
}

#[test]
fn y1_frozen_it_changes_nothing() {
    let settings = BreakerConfig::new().build();
    let (clock, told) = (ManualClock::new(), Told::default());
    let breaker = CircuitBreaker::with(None, settings, &clock, &told);
    let short = outage(Kind::Down, 0, 60_000, 0, 120);
    let mut seen = Seen::resume(settings, settings, [short; 9]).unwrap();
    let mut tuner = tuner();
    let findings = tuner.look(&seen);
    assert!(findings.proposals().count() > 0);
    tuner.freeze();
    assert!(tuner.look(&seen).all().iter().all(|it| it.verdict == Err(Unchanged::Frozen)));
    assert_eq!(tuner.apply(&findings, &breaker, &mut seen), Ok(false), "found before it froze");
    assert_eq!(breaker.settings(), settings);
    tuner.thaw();
    assert_eq!(tuner.apply(&findings, &breaker, &mut seen), Ok(true));
}

#[test]
fn y1_what_one_breaker_learns_can_be_frozen_alone() {
    let (clock, told) = (ManualClock::new(), Told::default());
    let breaker = CircuitBreaker::with(None, configured(), &clock, &told);
    let mut seen = Seen::of(&breaker.reading());
    live(&breaker, &mut seen, 600, 100, 5);
    breaker.set_learning(false);
    seen.observe(&breaker.reading());
    let findings = tuner().look(&seen);
    assert!(findings.all().iter().all(|it| it.verdict == Err(Unchanged::BreakerFrozen)));
}

#[test]
fn y1_one_step_in_an_interval_and_none_over_somebody_elses_change() {
    let (clock, told) = (ManualClock::new(), Told::default());
    let breaker = CircuitBreaker::with(None, configured(), &clock, &told);
    let mut seen = Seen::of(&breaker.reading());
    live(&breaker, &mut seen, 600, 100, 5);
    let tuner = tuner();
    let findings = tuner.look(&seen);
    let own = breaker.settings().config().probes(3).build();
    breaker.set_settings(own);
    assert_eq!(tuner.apply(&findings, &breaker, &mut seen), Err(Overtaken));
    assert_eq!(breaker.settings(), own);
    seen.observe(&breaker.reading());
    assert_eq!(seen.configured(), own, "whoever changes them configures them");

    let findings = tuner.look(&seen);
    assert_eq!(tuner.apply(&findings, &breaker, &mut seen), Ok(true));
    clock.advance(29 * SECOND);
    seen.observe(&breaker.reading());
    let soon = tuner.look(&seen).of(Knob::RecoveryTimeout).verdict;
    assert_eq!(soon, Err(Unchanged::TooSoon { left: SECOND }));
    assert_eq!(seen.configured(), own, "a tuner configures nothing");
}

#[test]
fn a_forced_state_is_no_outage() {
    let (clock, told) = (ManualClock::new(), Told::default());
    let breaker = CircuitBreaker::with(None, configured(), &clock, &told);
    let mut seen = Seen::of(&breaker.reading());
    for _ in 0..5 {
        breaker.force_open();
        clock.advance(5 * SECOND);
        seen.observe(&breaker.reading());
        let forced = tuner().look(&seen).of(Knob::Doublings).verdict;
        assert_eq!(forced, Err(Unchanged::Forced));
        breaker.close();
        clock.advance(5 * SECOND);
        seen.observe(&breaker.reading());
    }
    assert_eq!(seen.outages().count(), 0);
}

#[test]
fn outages_between_two_readings_are_worked_out() {
    let (clock, told) = (ManualClock::new(), Told::default());
    let breaker = CircuitBreaker::with(None, configured(), &clock, &told);
    let mut seen = Seen::of(&breaker.reading());
    let fail = |times| (0..times).for_each(|_| _ = breaker.call(|| Err::<(), _>("down")));
    fail(2);
    for _ in 0..2 {
        clock.advance(60 * SECOND);
        fail(1);
    }
    clock.advance(60 * SECOND);
    assert!(breaker.call(|| Ok::<_, ()>(())).is_ok());
    seen.observe(&breaker.reading());
    let outages: Vec<_> = seen.outages().collect();
    assert_eq!(outages.len(), 1);
    assert_eq!((outages[0].failed_probes, outages[0].down_until), (2, 120 * SECOND));
    assert_eq!(outages[0].up_at, 180 * SECOND);
}

#[test]
fn what_was_written_down_wrong_is_refused() {
    let new = |down, up| Outage::new(Kind::Down, (down, up), 0, 0);
    assert_eq!(new(2 * SECOND, SECOND), Err(NoOutage::Order));
    assert_eq!(new(SECOND, Duration::MAX), Err(NoOutage::Length));
    let alarm = Kind::FalseAlarm { failed_ppm: 1_000_001 };
    assert_eq!(Outage::new(alarm, (SECOND, SECOND), 0, 0), Err(NoOutage::Share));
    let settings = configured();
    let many = [new(SECOND, SECOND).unwrap(); 17];
    assert_eq!(Seen::resume(settings, settings, many), Err(NoOutage::TooMany));
}

#[test]
fn a_tuner_that_is_told_to_leave_its_bounds_is_refused() {
    for (bounds, value) in [(0, "0"), (17, "17")] {
        let error = TunerConfig::new().bounds(bounds).try_build().unwrap_err();
        assert_eq!(error.to_string(), format!("`bounds` is {value}, and must be from 1 to 16"));
    }
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Down),
        Just(Kind::Relapse),
        (0..=1_000_000_u32).prop_map(|failed_ppm| Kind::FalseAlarm { failed_ppm }),
    ]
}

fn outages() -> impl Strategy<Value = Vec<Outage>> {
    let one = (kinds(), 0..10_000_000_u64, 0..10_000_000_u64, 0..100_u32, 0..1_000_000_u64);
    let one = one
        .prop_map(|(kind, down, more, failed, away)| outage(kind, down, down + more, failed, away));
    prop::collection::vec(one, 0..=16)
}

fn any_settings() -> impl Strategy<Value = BreakerSettings> {
    let parts = (1..=2_047_u32, 0..=127_u32, 1..10_000_000_u64, 0..=6_u32, 1..=15_u32);
    parts.prop_filter_map("settings", |(threshold, weight, timeout, doublings, successes)| {
        BreakerConfig::new()
            .failure_threshold(threshold)
            .failure_weight(weight)
            .recovery_timeout(Duration::from_millis(timeout))
            .doublings(doublings)
            .successes_to_close(successes)
            .slow_call(Duration::from_millis(timeout.clamp(10, 10_000)))
            .try_build()
            .ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever was seen, and however often it is asked.
    #[test]
    fn y1_bounds_hold_for_any_evidence(
        settings in any_settings(),
        evidence in prop::collection::vec(outages(), 1..6),
        bounds in 1..=16_u32,
    ) {
        let tuner = Tuner::new(TunerConfig::new().bounds(bounds).build());
        let mut left = settings;
        for outages in evidence {
            let seen = Seen::resume(settings, left, outages).unwrap();
            let findings = tuner.look(&seen);
            for it in findings.proposals() {
                prop_assert_ne!(it.from, it.to);
                prop_assert!(it.to_string().contains(": "));
            }
            left = findings.after();
            prop_assert!(tuner.allows(settings, left), "{} of {}", left, settings);
            let times = f64::from(bounds) * 1.01;
            for knob in ["recovery_timeout", "failure_threshold", "successes_to_close", "slow_call"] {
                let (was, is) = (settings.get(knob).unwrap(), left.get(knob).unwrap());
                #[allow(clippy::cast_precision_loss)]
                let ratio = is as f64 / was as f64;
                prop_assert!(ratio <= times && ratio >= 1.0 / times, "{} {} {}", knob, was, is);
            }
            prop_assert!(left.max_recovery_timeout().as_secs_f64()
                <= settings.max_recovery_timeout().as_secs_f64() * times);
            prop_assert!(bounds > 1 || left == settings);
        }
    }
}
