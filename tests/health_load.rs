//! What scores and alerts say of a breaker that sheds load or lets calls back.

use std::time::Duration;

use fusebox::{
    BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock, Name, Outcome, Permit, Reading,
    State, Tick,
    health::{Alert, AlertConfig, Monitor, Window},
};
use proptest::prelude::*;

type Breaker<'c> = CircuitBreaker<&'c ManualClock>;

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

fn breaker(clock: &ManualClock, config: BreakerConfig) -> Breaker<'_> {
    clock.set(Tick::from_millis(1_000_000));
    CircuitBreaker::with(Some(Name::new("shop")), config.build(), clock, DefaultObserver)
}

/// It never opens for a service that answers half of the calls.
fn shedding(clock: &ManualClock) -> Breaker<'_> {
    let config = BreakerConfig::new().failure_threshold(2_047).failure_weight(1);
    breaker(clock, config.max_shed(90))
}

/// A thousand calls in a second, of which the service answers so many in a hundred.
fn second(breaker: &Breaker<'_>, answers: u32) {
    run(breaker, 1_000, answers);
}

/// A call each millisecond.
fn run(breaker: &Breaker<'_>, millis: u32, answers: u32) {
    let mut room = 0;
    for _ in 0..millis {
        breaker.clock().advance(MILLI);
        room = (room + answers).min(1_000);
        let Ok(permit) = breaker.try_acquire() else { continue };
        if room >= 100 {
            room -= 100;
            permit.success();
        } else {
            permit.report(Outcome::Overload);
        }
    }
}

/// Opens and closes it; it lets calls back over a time from then on.
fn ramping(clock: &ManualClock) -> Breaker<'_> {
    let config = BreakerConfig::new().failure_threshold(10).recovery_timeout(SECOND);
    let shop = breaker(clock, config.ramp_up(8 * SECOND).ramp_from(20));
    shop.trip();
    clock.advance(SECOND);
    shop.try_acquire().unwrap().success();
    assert_eq!(shop.state(), State::Closed);
    shop
}

fn score(reading: &Reading) -> Option<u8> {
    let mut window = Window::<2>::new();
    window.push(reading);
    window.score()
}

fn alerts(window: &Window<4>, rules: AlertConfig) -> Vec<Alert> {
    Monitor::<4, _>::new([*window]).alerts(rules.build()).collect()
}

#[test]
fn a_ramp_takes_the_score_from_that_of_half_open_to_that_of_closed() {
    let clock = ManualClock::new();
    let shop = ramping(&clock);
    let mut scores = Vec::new();
    for _ in 0..=8 {
        let reading = shop.reading();
        assert_eq!(reading.admits_a_share(), reading.ramp_left.is_some());
        scores.push(score(&reading).unwrap());
        clock.advance(SECOND);
    }
    // 20 % to 100 % of the calls, in eight steps of ten.
    assert_eq!(scores, [60, 65, 70, 75, 80, 85, 90, 95, 100]);
}

#[test]
fn a_breaker_that_sheds_is_neither_well_nor_down() {
    let clock = ManualClock::new();
    let shop = shedding(&clock);
    assert_eq!((score(&shop.reading()), shop.reading().admits_a_share()), (Some(100), false));
    second(&shop, 50);
    let reading = shop.reading();
    assert_eq!(reading.snapshot.state, State::Closed);
    assert!(reading.admits_a_share() && (30..=60).contains(&reading.shed), "{reading:?}");
    assert!((65..=85).contains(&score(&reading).unwrap()), "{:?}", score(&reading));
    // As it answers again, it is well again.
    second(&shop, 100);
    second(&shop, 100);
    assert!(!shop.reading().admits_a_share(), "{:?}", shop.reading());
}

proptest! {
    /// Whichever of the two is worse: the failures, or the calls that are not admitted.
    #[test]
    fn the_score_is_that_of_what_is_worse(failures in 0..10_u16, passed in 0..8_000_u64) {
        let clock = ManualClock::new();
        let shop = ramping(&clock);
        shop.set_settings(BreakerConfig::from(shop.settings()).failure_threshold(2_047).build());
        clock.advance(Duration::from_millis(passed));
        let admits = shop.reading().admits;
        for _ in 0..failures {
            while shop.try_acquire().map(Permit::failure).is_err() {}
        }
        let reading = shop.reading();
        let near = 50.0 * f64::from(reading.snapshot.score) / 2_047.0;
        let expected = (100.0 - near).min(50.0 + f64::from(admits) / 2.0);
        let score = f64::from(score(&reading).unwrap());
        prop_assert!((score - expected).abs() <= 1.0, "{score} and {expected}: {reading:?}");
    }
}

#[test]
fn shedding_for_more_than_a_minute_raises_an_alert_by_default() {
    let clock = ManualClock::new();
    let shop = shedding(&clock);
    let mut window = Window::<4>::new();
    window.push(&shop.reading());
    assert_eq!(window.sheds_for(), None);
    // Read from its first second on.
    for passed in 0..=60 {
        second(&shop, 50);
        window.push(&shop.reading());
        assert_eq!(window.sheds_for(), Some(passed * SECOND));
        assert_eq!(alerts(&window, AlertConfig::new()), []);
    }
    second(&shop, 50);
    let reading = shop.reading();
    window.push(&reading);
    let told = alerts(&window, AlertConfig::new());
    let [alert @ Alert::ShedsTooLong { percent, sheds_for, .. }] = told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((percent, sheds_for), (reading.shed, 61 * SECOND));
    assert_eq!((alert.kind(), alert.breaker().unwrap().as_str()), ("sheds_too_long", "shop"));
    assert_eq!(
        alert.to_string(),
        format!("breaker `shop` has shed load for 61s, {percent}% of its calls now")
    );
    assert_eq!(alerts(&window, AlertConfig::new().sheds_longer_than(61 * SECOND)), []);

    // It is over when a reading finds nothing shed, and nothing shed since the last one.
    second(&shop, 100);
    second(&shop, 100);
    window.push(&shop.reading());
    second(&shop, 100);
    window.push(&shop.reading());
    assert_eq!((window.sheds_for(), alerts(&window, AlertConfig::new())), (None, vec![]));
}

#[test]
fn load_that_is_shed_now_and_then_is_shed_all_the_time() {
    let clock = ManualClock::new();
    let shop = shedding(&clock);
    let mut window = Window::<4>::new();
    // Bursts, and each reading comes when one is over.
    for _ in 0..32 {
        run(&shop, 500, 50);
        run(&shop, 1_500, 100);
        assert_eq!(shop.reading().shed, 0);
        window.push(&shop.reading());
    }
    let told = alerts(&window, AlertConfig::new());
    // The first reading of all has none before it.
    let expected = Some(60 * SECOND);
    assert_eq!((window.sheds_for(), &told[..]), (expected, &[][..]));
    run(&shop, 500, 50);
    run(&shop, 1_500, 100);
    window.push(&shop.reading());
    let told = alerts(&window, AlertConfig::new());
    assert!(matches!(told[..], [Alert::ShedsTooLong { percent: 0, .. }]), "{told:?}");
}

#[test]
fn what_a_ramp_turns_away_is_not_shed() {
    let clock = ManualClock::new();
    let shop = ramping(&clock);
    let mut window = Window::<4>::new();
    for _ in 0..10 {
        for _ in 0..100 {
            let _ = shop.try_acquire().map(Permit::success);
        }
        window.push(&shop.reading());
        assert_eq!(window.sheds_for(), None);
        clock.advance(SECOND);
    }
    assert!(shop.counters().shed > 100, "{:?}", shop.counters());
    let none = AlertConfig::new().sheds_longer_than(Duration::ZERO);
    assert_eq!(alerts(&window, none), []);
}

#[test]
fn a_window_takes_as_much_memory_as_its_docs_say() {
    let size = size_of::<Window<64>>();
    assert!((64 * 80 + 512..=64 * 80 + 640).contains(&size), "{size}");
}

#[test]
fn another_breaker_has_not_shed_yet() {
    let clock = ManualClock::new();
    let (shop, other) = (shedding(&clock), shedding(&clock));
    let mut window = Window::<4>::new();
    for _ in 0..3 {
        second(&shop, 50);
        window.push(&shop.reading());
    }
    assert_eq!(window.sheds_for(), Some(2 * SECOND));
    // Its counters have gone back: its memory was replaced.
    second(&other, 50);
    window.push(&other.reading());
    assert_eq!(window.sheds_for(), Some(Duration::ZERO));
}
