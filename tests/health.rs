//! Rates over a window, scores by their documented formula, alerts at their
//! edges.

use std::time::Duration;

use fusebox::{
    BreakerConfig, CircuitBreaker, CountCalls, DefaultObserver, Event, ManualClock, Name, Observer,
    Registry, State, Tick,
    health::{Alert, AlertConfig, AlertRules, Monitor, Window},
};
use proptest::prelude::*;

type Clock<'a> = &'a ManualClock;
type Breaker<'a> = CircuitBreaker<Clock<'a>, CountCalls>;

const SECOND: Duration = Duration::from_secs(1);

fn clock() -> ManualClock {
    let clock = ManualClock::new();
    clock.set(Tick::from_millis(1_000_000));
    clock
}

fn breaker<'a>(clock: &'a ManualClock, name: &str) -> Breaker<'a> {
    let settings = BreakerConfig::new().failure_threshold(10).build();
    CircuitBreaker::with(Some(Name::new(name)), settings, clock, CountCalls(DefaultObserver))
}

fn calls<C: fusebox::Clock, O: Observer>(
    breaker: &CircuitBreaker<C, O>,
    number: u32,
    outcome: Result<(), ()>,
) {
    for _ in 0..number {
        let _ = breaker.call(|| outcome);
    }
}

/// Reads it, and lets a second pass.
fn step<const W: usize>(clock: &ManualClock, breaker: &Breaker<'_>, window: &mut Window<W>) {
    window.push(&breaker.reading());
    clock.advance(SECOND);
}

#[test]
fn rates_are_those_of_the_window_and_not_of_all_time() {
    let clock = clock();
    let shop = breaker(&clock, "shop");
    calls(&shop, 9, Err(()));
    calls(&shop, 1, Ok(()));
    let mut window = Window::<3>::new();
    assert_eq!(window.rates().over, Duration::ZERO);
    step(&clock, &shop, &mut window);
    assert_eq!(window.rates().counted.failures, 0, "one reading has no rate");
    assert_eq!(window.rates().trouble_percent(), None);

    calls(&shop, 4, Err(()));
    calls(&shop, 4, Ok(()));
    step(&clock, &shop, &mut window);
    let rates = window.rates();
    assert_eq!((rates.over, rates.counted.calls, rates.counted.failures), (SECOND, 8, 4));
    assert_eq!(rates.trouble_percent(), Some(50));
    assert!((rates.per_second(rates.counted.calls) - 8.0).abs() < 1e-9);

    // Two more readings, and the first two are out of the window.
    step(&clock, &shop, &mut window);
    calls(&shop, 1, Ok(()));
    step(&clock, &shop, &mut window);
    let rates = window.rates();
    assert_eq!((rates.over, rates.counted.calls, rates.counted.failures), (2 * SECOND, 1, 0));
    let steps: Vec<_> = window.steps().map(|step| (step.over, step.counted.calls)).collect();
    assert_eq!(steps, [(SECOND, 0), (SECOND, 1)], "the oldest first");
}

#[test]
fn a_share_is_unknown_where_calls_are_not_counted() {
    struct Silent;
    impl Observer for Silent {
        fn on_event(&self, _: &Event<'_>) {}
    }
    let clock = clock();
    let settings = BreakerConfig::new().failure_threshold(10).build();
    let shop = CircuitBreaker::with(None, settings, &clock, Silent);
    let mut window = Window::<2>::new();
    window.push(&shop.reading());
    calls(&shop, 5, Err(()));
    window.push(&shop.reading());
    let rates = window.rates();
    assert_eq!((rates.asked(), rates.trouble_percent()), (None, None));
    assert_eq!(rates.counted.failures, 5);
    assert_eq!(window.score(), Some(75), "five failures of ten, and no share");
}

#[test]
fn rejections_are_calls_that_were_asked_for() {
    let clock = clock();
    let shop = breaker(&clock, "shop");
    calls(&shop, 1, Ok(()));
    let mut window = Window::<2>::new();
    step(&clock, &shop, &mut window);
    shop.force_open();
    calls(&shop, 3, Ok(()));
    step(&clock, &shop, &mut window);
    let rates = window.rates();
    assert_eq!((rates.asked(), rates.trouble_percent()), (Some(3), Some(100)));
}

#[test]
fn another_breaker_or_counters_that_went_back_begin_anew() {
    let clock = clock();
    let (shop, bank, again) =
        (breaker(&clock, "shop"), breaker(&clock, "bank"), breaker(&clock, "bank"));
    let mut window = Window::<4>::new();
    calls(&shop, 3, Err(()));
    step(&clock, &shop, &mut window);
    step(&clock, &shop, &mut window);
    assert_eq!(window.rates().over, SECOND);
    step(&clock, &bank, &mut window);
    assert_eq!(window.rates().over, Duration::ZERO, "one reading of the bank");
    calls(&bank, 1, Ok(()));
    step(&clock, &bank, &mut window);
    assert_eq!(window.rates().counted.calls, 1);
    step(&clock, &again, &mut window);
    assert_eq!(window.steps().count(), 0, "its memory was replaced");
}

#[test]
fn the_score_of_each_state() {
    let clock = clock();
    let shop = breaker(&clock, "shop");
    let score = || {
        let mut window = Window::<2>::new();
        window.push(&shop.reading());
        window.score()
    };
    assert_eq!(Window::<2>::new().score(), None);
    assert_eq!(score(), Some(100));
    for (failures, expected) in [(1, 95), (5, 75), (9, 55)] {
        shop.reset();
        calls(&shop, failures, Err(()));
        assert_eq!(score(), Some(expected), "{failures} failures of 10");
    }
    shop.set_settings(BreakerConfig::new().failure_threshold(3).build());
    assert_eq!(score(), Some(50), "more failures than a threshold that was lowered");
    calls(&shop, 1, Err(()));
    assert_eq!((shop.state(), score()), (State::Open, Some(0)));
    clock.advance(Duration::from_mins(1));
    let probe = shop.try_acquire().unwrap();
    assert_eq!((shop.state(), score()), (State::HalfOpen, Some(50)));
    drop(probe);
    shop.force_open();
    assert_eq!(score(), Some(0));
    shop.disable();
    assert_eq!(score(), None);
}

#[test]
fn trouble_takes_up_to_half_of_the_points() {
    let clock = clock();
    for (failures, successes, expected) in [(0, 10, 100), (4, 6, 80), (1, 2, 83), (9, 1, 55)] {
        let shop = breaker(&clock, "shop");
        let mut window = Window::<2>::new();
        window.push(&shop.reading());
        calls(&shop, failures, Err(()));
        calls(&shop, successes, Ok(()));
        window.push(&shop.reading());
        // 33 percent of trouble leave 83.5: scores are whole numbers.
        assert_eq!(window.score(), Some(expected), "{failures} of {}", failures + successes);
    }
}

type Panel<'a> = Registry<4, Clock<'a>, CountCalls>;
type Watched = Monitor<4, [Window<4>; 4]>;

fn panel(clock: &ManualClock) -> Panel<'_> {
    let panel = Registry::with(&clock, &CountCalls(DefaultObserver));
    for name in ["ai", "bank", "shop"] {
        panel.get_or_register(name, BreakerConfig::new().failure_threshold(2).build()).unwrap();
    }
    panel
}

fn monitor(panel: &Panel<'_>) -> Watched {
    let mut monitor = Monitor::new([Window::new(); 4]);
    monitor.observe(panel.panel().readings());
    monitor
}

fn alerts(monitor: &Watched, rules: AlertConfig) -> Vec<String> {
    monitor.alerts(rules.build()).map(|alert| alert.to_string()).collect()
}

#[test]
fn a_panels_score_is_the_mean_of_average_and_lowest() {
    let clock = clock();
    let panel = panel(&clock);
    let empty: Registry<4, Clock<'_>, CountCalls> =
        Registry::with(&&clock, &CountCalls(DefaultObserver));
    assert_eq!(monitor(&empty).score(), None);
    assert_eq!(monitor(&panel).score(), Some(100));
    panel.get("ai").unwrap().force_open();
    assert_eq!(monitor(&panel).score(), Some(33), "100, 100 and 0: (66.7 + 0) / 2");
    panel.get("bank").unwrap().disable();
    assert_eq!(monitor(&panel).score(), Some(25), "100 and 0");
    panel.get("ai").unwrap().disable();
    assert_eq!(monitor(&panel).score(), Some(100), "the shop alone is known");
    panel.get("shop").unwrap().disable();
    assert_eq!(monitor(&panel).score(), None);
}

#[test]
fn a_late_registration_disturbs_no_other_window() {
    let clock = clock();
    let panel = panel(&clock);
    let mut monitor = monitor(&panel);
    panel.get_or_default("late").unwrap();
    clock.advance(SECOND);
    monitor.observe(panel.panel().readings());
    let steps = |name: &str| {
        let named = |window: &&Window<4>| {
            window.latest().is_some_and(|it| it.name == Some(Name::new(name)))
        };
        monitor.windows().iter().find(named).unwrap().steps().count()
    };
    assert_eq!(["ai", "bank", "shop", "late"].map(steps), [1, 1, 1, 0]);
}

#[test]
#[should_panic(expected = "has no window: the monitor has 1")]
fn a_slot_without_a_window_is_a_bug() {
    let clock = clock();
    let panel = panel(&clock);
    Monitor::<2, _>::new(vec![Window::new()]).observe(panel.panel().readings());
}

#[test]
fn open_too_long_by_default_is_more_than_five_minutes() {
    let clock = clock();
    let panel = panel(&clock);
    let ai = panel.get("ai").unwrap();
    calls(ai, 2, Err(()));
    clock.advance(Duration::from_mins(5));
    assert!(alerts(&monitor(&panel), AlertConfig::new()).is_empty());
    // A probe that fails opens it again: for its users it was never closed.
    calls(ai, 1, Err(()));
    clock.advance(SECOND);
    let monitor = monitor(&panel);
    assert_eq!(
        alerts(&monitor, AlertConfig::new()),
        ["breaker `ai` has let nobody through for 301s, and is open"]
    );
    let rules = AlertConfig::new().open_longer_than(Duration::from_secs(301));
    assert!(alerts(&monitor, rules).is_empty());
    let alert = monitor.alerts(AlertRules::default()).next().unwrap();
    assert_eq!((alert.kind(), alert.breaker().unwrap().as_str()), ("open_too_long", "ai"));
}

#[test]
fn forced_open_counts_as_open() {
    let clock = clock();
    let panel = panel(&clock);
    panel.get("ai").unwrap().force_open();
    clock.advance(Duration::from_mins(6));
    let told = alerts(&monitor(&panel), AlertConfig::new());
    assert_eq!(told, ["breaker `ai` has let nobody through for 360s, and is forced open"]);
}

/// A panel on which so many of a hundred calls needed a fallback, or exhausted
/// their retries.
fn after_a_hundred(event: &Event<'_>, number: u32) -> Vec<String> {
    let clock = clock();
    let panel = panel(&clock);
    let mut monitor = monitor(&panel);
    let ai = panel.get("ai").unwrap();
    calls(ai, 100, Ok(()));
    for _ in 0..number {
        ai.tally().on_event(event);
    }
    clock.advance(10 * SECOND);
    monitor.observe(panel.panel().readings());
    alerts(&monitor, AlertConfig::new())
}

/// Hands each event of these policies to a test, as their fields are their own.
fn with_event(exhausted: bool, test: impl Fn(&Event<'_>)) {
    struct Each<F>(F);
    impl<F: Fn(&Event<'_>)> Observer for Each<F> {
        fn on_event(&self, event: &Event<'_>) {
            (self.0)(event);
        }
    }
    let each = Each(test);
    if exhausted {
        let settings = fusebox::RetryConfig::new().max_attempts(1).build();
        let clock = ManualClock::new();
        let retry = fusebox::Retry::with(settings, &clock, &clock, &each);
        let _ = retry.call(|| Err::<(), _>("down"));
    } else {
        let fallback = fusebox::Fallback::new().or(|(): &()| Ok::<_, &str>(())).observer(&each);
        let _ = fallback.call(&(), |()| Err::<(), _>("down"));
    }
}

#[test]
fn fallbacks_by_default_may_be_ten_percent() {
    with_event(false, |event| {
        assert!(after_a_hundred(event, 10).is_empty());
        assert_eq!(
            after_a_hundred(event, 11),
            ["breaker `ai` needed a fallback for 11% of its calls in 10s"]
        );
    });
}

#[test]
fn exhausted_retries_by_default_may_be_five_percent() {
    with_event(true, |event| {
        assert!(after_a_hundred(event, 5).is_empty());
        assert_eq!(
            after_a_hundred(event, 6),
            ["breaker `ai` exhausted its retries in 6% of its calls in 10s"]
        );
    });
}

#[test]
fn a_share_of_few_calls_raises_no_alert() {
    with_event(false, |event| {
        let clock = clock();
        let panel = panel(&clock);
        let mut monitor = monitor(&panel);
        let ai = panel.get("ai").unwrap();
        calls(ai, 9, Ok(()));
        (0..9).for_each(|_| ai.tally().on_event(event));
        monitor.observe(panel.panel().readings());
        assert!(alerts(&monitor, AlertConfig::new()).is_empty());
        assert_eq!(alerts(&monitor, AlertConfig::new().least_calls(9)).len(), 1);
    });
}

#[test]
fn a_window_shorter_than_a_second_is_told_in_milliseconds() {
    let clock = clock();
    let panel = panel(&clock);
    let mut monitor = monitor(&panel);
    for name in ["ai", "bank", "shop"] {
        calls(panel.get(name).unwrap(), 2, Err(()));
    }
    clock.advance(SECOND / 4);
    monitor.observe(panel.panel().readings());
    assert_eq!(alerts(&monitor, AlertConfig::new()), ["3 breakers opened within 250ms"]);
}

#[test]
fn several_that_open_within_one_window() {
    let clock = clock();
    let panel = panel(&clock);
    let mut monitor = monitor(&panel);
    for (at, name) in ["ai", "bank", "shop"].iter().enumerate() {
        calls(panel.get(*name).unwrap(), 2, Err(()));
        clock.advance(SECOND);
        monitor.observe(panel.panel().readings());
        assert_eq!(alerts(&monitor, AlertConfig::new()).len(), usize::from(at == 2));
        assert_eq!(
            alerts(&monitor, AlertConfig::new().openings_together(2)).len(),
            usize::from(at > 0)
        );
    }
    assert_eq!(alerts(&monitor, AlertConfig::new()), ["3 breakers opened within 3s"]);
    // The window moves on, and they stay open: they opened before it.
    for _ in 0..4 {
        clock.advance(SECOND);
        monitor.observe(panel.panel().readings());
    }
    assert!(alerts(&monitor, AlertConfig::new()).is_empty());
}

#[test]
fn alerts_of_each_breaker_come_before_the_one_of_all() {
    let clock = clock();
    let panel = panel(&clock);
    let mut monitor = monitor(&panel);
    for name in ["ai", "bank", "shop"] {
        panel.get(name).unwrap().force_open();
    }
    clock.advance(SECOND);
    monitor.observe(panel.panel().readings());
    let rules = AlertConfig::new().open_longer_than(Duration::ZERO).build();
    let kinds: Vec<_> = monitor.alerts(rules).map(|alert: Alert| alert.kind()).collect();
    assert_eq!(kinds, ["open_too_long", "open_too_long", "open_too_long", "opened_together"]);
}

#[test]
fn rules_out_of_range_name_field_value_and_range() {
    let text = |config: AlertConfig| config.try_build().unwrap_err().to_string();
    let new = AlertConfig::new;
    assert_eq!(
        text(new().fallbacks_above(101)),
        "`fallbacks_above` is 101%, and must be from 0 to 100%"
    );
    assert_eq!(
        text(new().exhausted_above(200)),
        "`exhausted_above` is 200%, and must be from 0 to 100%"
    );
    assert_eq!(text(new().least_calls(0)), "`least_calls` is 0, and must be from 1 to 4294967295");
    assert_eq!(
        text(new().openings_together(0)),
        "`openings_together` is 0, and must be from 1 to 65535"
    );
    assert_eq!(
        text(new().open_longer_than(Duration::from_hours(24 * 50))),
        "`open_longer_than` is 4320000000 ms, and must be from 0 to 4294967295 ms"
    );
}

proptest! {
    /// Whatever happens to a breaker, rates add up, shares and scores stay in
    /// their range, and alerts end.
    #[test]
    fn any_history_is_judged(
        history in prop::collection::vec((0..5_u8, 0..40_u32, 0..100_000_u32), 0..60),
    ) {
        let clock = clock();
        let panel = panel(&clock);
        let mut monitor = monitor(&panel);
        let mut names = ["ai", "bank", "shop"].iter().cycle();
        for (what, number, millis) in history {
            let breaker = panel.get(*names.next().unwrap()).unwrap();
            match what {
                0 => calls(breaker, number, Ok(())),
                1 => calls(breaker, number, Err(())),
                2 => breaker.force_open(),
                3 => breaker.disable(),
                _ => breaker.reset(),
            }
            clock.advance(Duration::from_millis(millis.into()));
            monitor.observe(panel.panel().readings());
            for window in monitor.windows() {
                let rates = window.rates();
                prop_assert!(window.score().is_none_or(|score| score <= 100));
                prop_assert!(rates.trouble_percent().is_none_or(|percent| percent <= 100));
                let sum: u64 = window.steps().map(|step| step.counted.failures).sum();
                prop_assert_eq!(rates.counted.failures, sum);
            }
            prop_assert!(monitor.score().is_none_or(|score| score <= 100));
            prop_assert!(monitor.alerts(AlertRules::DEFAULT).count() <= 3 * 3 + 1);
        }
    }
}
