//! Y3: a prediction primes or sheds; it opens only where asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use fusebox::{
    Advice, BreakerConfig, CircuitBreaker, DefaultObserver, Event, Foresight, Limit, LimitKind,
    ManualClock, Observer, Outcome, PressureLevel, Priority, Retry, RetryConfig, RiskLevel, State,
    Tick,
};
use proptest::prelude::*;

const USUAL: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_millis(300);

/// Keeps what it hears of foreseen trouble.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(bool, String)>>>);

impl Observer for Heard {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Foreseen(it) = event {
            self.0.lock().unwrap().push((it.risk.is_alarm(), it.to_string()));
        }
    }
}

type Breaker<'c> = CircuitBreaker<&'c ManualClock, Heard>;

fn breaker(clock: &ManualClock, foresight: Foresight) -> Breaker<'_> {
    // A limit of one's own is what is usual, until that is learned. It opens by calls that
    // fail, and hardly by slow ones.
    let settings = BreakerConfig::new()
        .failure_threshold(200)
        .failure_weight(2)
        .slow_weight(1)
        .slow_call(USUAL)
        .foresight(foresight)
        .build();
    let name = fusebox::Name::new("shop");
    clock.set(Tick::from_millis(1_000));
    CircuitBreaker::with(Some(name), settings, clock, Heard::default())
}

/// So many calls that succeed, a tick apart, of which each takes so long.
fn calls(breaker: &Breaker<'_>, clock: &ManualClock, count: u32, took: Duration) {
    for _ in 0..count {
        clock.advance(Duration::from_millis(1));
        if let Ok(permit) = breaker.try_acquire() {
            permit.success_after(took);
        }
    }
}

fn alarmed(clock: &ManualClock, foresight: Foresight) -> Breaker<'_> {
    let breaker = breaker(clock, foresight);
    calls(&breaker, clock, 5, LONG);
    assert_eq!(breaker.risk().is_alarm(), foresight != Foresight::Off);
    breaker
}

#[test]
fn y3_nothing_is_foreseen_by_default() {
    assert_eq!(BreakerConfig::new().build().foresight(), Foresight::Off);
    let clock = ManualClock::new();
    let breaker = breaker(&clock, Foresight::Off);
    calls(&breaker, &clock, 20, LONG);
    breaker.note_pressure(PressureLevel::Critical);
    assert_eq!((breaker.risk().level, breaker.risk().percent()), (RiskLevel::Calm, 0));
    assert_eq!(breaker.reading().risk, breaker.risk());
    assert!(breaker.observer().0.lock().unwrap().is_empty());
    assert!(breaker.try_acquire_as(Priority::BACKGROUND).is_ok());
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn y3_a_watch_only_tells() {
    let clock = ManualClock::new();
    let breaker = alarmed(&clock, Foresight::Watch);
    assert!(breaker.try_acquire_as(Priority::BACKGROUND).is_ok());
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), State::Closed);
    assert!(breaker.reading().risk.is_alarm());

    calls(&breaker, &clock, 100, Duration::ZERO);
    let heard = breaker.observer().0.lock().unwrap().clone();
    let [(true, begins), (false, ends)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(
        begins,
        "trouble is foreseen for `shop`: alarm, 100%: calls take longer than usual, or are too \
         many (100%)"
    );
    assert!(ends.starts_with("trouble is foreseen no more for `shop`: calm, 50%"), "{ends}");
}

#[test]
fn y3_a_primed_breaker_opens_at_its_next_failure_and_not_before() {
    let clock = ManualClock::new();
    let breaker = alarmed(&clock, Foresight::Prime);
    calls(&breaker, &clock, 30, LONG);
    assert_eq!(breaker.state(), State::Closed, "however many calls are slow");
    assert!(breaker.try_acquire_as(Priority::BACKGROUND).is_ok());
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.risk().level, RiskLevel::Calm, "it begins anew");
}

#[test]
fn y3_an_alarm_sheds_what_is_below_the_default_and_nothing_else() {
    let clock = ManualClock::new();
    let breaker = alarmed(&clock, Foresight::Shed);
    for priority in [Priority::BACKGROUND, Priority::SHEDDABLE, Priority::new(159)] {
        let rejected = breaker.try_acquire_as(priority).map(drop).unwrap_err();
        assert_eq!(rejected.limit(), Some(LimitKind::Shedding), "{priority}");
    }
    for level in 160..=255 {
        for _ in 0..20 {
            assert!(breaker.try_acquire_as(Priority::new(level)).is_ok());
        }
    }
    let reading = breaker.reading();
    assert_eq!((reading.admits_from, reading.shed), (Some(Priority::DEFAULT), 0));
    assert!(reading.admits < 100 && reading.admits_a_share(), "{reading:?}");
    // It is primed, too.
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn y3_when_the_alarm_is_over_all_calls_pass() {
    let clock = ManualClock::new();
    let breaker = alarmed(&clock, Foresight::Shed);
    assert!(breaker.try_acquire_as(Priority::BACKGROUND).is_err());
    calls(&breaker, &clock, 100, Duration::ZERO);
    assert!(!breaker.risk().is_alarm());
    assert!(breaker.try_acquire_as(Priority::BACKGROUND).is_ok());
    assert_eq!(breaker.reading().admits, 100);
}

#[test]
fn y3_without_news_it_fades_within_seconds() {
    let clock = ManualClock::new();
    let breaker = alarmed(&clock, Foresight::Shed);
    clock.advance(Duration::from_millis(900));
    assert!(breaker.risk().is_alarm());
    // Nobody but background work calls.
    let mut turned_away = 0;
    while breaker.try_acquire_as(Priority::BACKGROUND).map(drop).is_err() {
        clock.advance(Duration::from_millis(100));
        turned_away += 1;
        assert!(turned_away < 30, "it never ends");
    }
    assert!(turned_away > 0);
    assert_eq!(breaker.risk().level, RiskLevel::Calm);
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn y3_it_opens_only_where_asked() {
    for foresight in [Foresight::Watch, Foresight::Prime, Foresight::Shed, Foresight::Open] {
        let clock = ManualClock::new();
        let breaker = alarmed(&clock, foresight);
        assert_eq!(breaker.state(), State::Closed, "{foresight}: an alarm is not enough");
        calls(&breaker, &clock, 5, LONG);
        let opens = foresight == Foresight::Open;
        assert_eq!(breaker.state() == State::Open, opens, "{foresight}");
    }
}

#[test]
fn y3_calls_that_hang_raise_it_without_an_end() {
    let clock = ManualClock::new();
    // Slow calls are charged while they hang, and then they are in flight no more: here
    // nobody knows what is slow but by what is learned.
    let settings = BreakerConfig::new().foresight(Foresight::Watch).build();
    let breaker = CircuitBreaker::with(None, settings, &clock, Heard::default());
    for _ in 0..2_200 {
        clock.advance(Duration::from_millis(10));
        breaker.try_acquire().unwrap().success_after(Duration::from_millis(50));
    }
    assert!(breaker.learned().baseline.is_some());
    assert_eq!(breaker.risk().percent(), 0);
    let mut hung = Vec::new();
    for _ in 0..6 {
        clock.advance(Duration::from_millis(10));
        hung.push(breaker.try_acquire().unwrap());
    }
    assert_eq!(breaker.risk().percent(), 0, "none of them is late");
    let mut waited = 0;
    while !breaker.risk().is_alarm() {
        clock.advance(Duration::from_millis(20));
        hung.push(breaker.try_acquire().unwrap());
        waited += 20;
        assert!(waited < 1_000, "{}", breaker.risk());
    }
    let risk = breaker.risk();
    assert!(risk.hung + risk.silent >= 100 && risk.slow == 0, "{risk}");
    // Given up, they are in flight no more.
    drop(hung);
    calls(&breaker, &clock, 1, Duration::ZERO);
    assert_eq!(breaker.risk().percent(), 0);
}

#[test]
fn y3_what_others_say_and_the_hosts_pressure_are_signs() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, Foresight::Prime);
    breaker.note_pressure(PressureLevel::High);
    assert_eq!(breaker.risk().host, 25);
    breaker.note_pressure(PressureLevel::Critical);
    calls(&breaker, &clock, 2, LONG);
    assert_eq!((breaker.risk().percent(), breaker.risk().level), (90, RiskLevel::Rising));
    calls(&breaker, &clock, 1, LONG);
    assert!(breaker.risk().is_alarm(), "{}", breaker.risk());
    clock.advance(Duration::from_secs(6));
    assert_eq!(breaker.risk().host, 0);

    let lasts = Duration::from_secs(3);
    let advice = Advice { primed: true, probed_elsewhere: false, instances: 3, failures: 9, lasts };
    breaker.advise(Some(advice));
    calls(&breaker, &clock, 1, Duration::ZERO);
    assert_eq!((breaker.risk().level, breaker.risk().others), (RiskLevel::Alarm, 100));
    clock.advance(lasts);
    assert_eq!(breaker.risk().level, RiskLevel::Calm);
}

#[test]
fn y3_overload_counts_more_than_a_slow_call() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, Foresight::Watch);
    for _ in 0..3 {
        breaker.try_acquire().unwrap().report_after(Outcome::Overload, Duration::ZERO);
    }
    assert!(breaker.risk().is_alarm(), "{}", breaker.risk());
}

#[test]
fn y3_the_failure_that_brings_an_alarm_about_does_not_open() {
    for foresight in [Foresight::Prime, Foresight::Shed, Foresight::Open] {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, foresight);
        for _ in 0..3 {
            breaker.try_acquire().unwrap().report_after(Outcome::Overload, Duration::ZERO);
        }
        assert!(breaker.risk().is_alarm());
        assert_eq!(breaker.state(), State::Closed);
        breaker.try_acquire().unwrap().failure();
        assert_eq!(breaker.state(), State::Open, "the next one does");
    }
}

static CLOCK: ManualClock = ManualClock::new();
static SHOP: CircuitBreaker<&ManualClock> = CircuitBreaker::with(
    None,
    BreakerConfig::new().failure_threshold(100).foresight(Foresight::Prime).build(),
    &CLOCK,
    DefaultObserver,
);

/// Keeps why retries gave up.
#[derive(Clone, Default)]
struct Limits(Arc<Mutex<Vec<Limit>>>);

impl Observer for Limits {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Exhausted(it) = event {
            self.0.lock().unwrap().push(it.limit);
        }
    }
}

#[test]
fn y3_a_retry_that_heeds_the_breaker_ends_with_its_last_error() {
    let limits = Limits::default();
    let settings = RetryConfig::new().max_attempts(3).build();
    let retry = Retry::with(settings, &CLOCK, &CLOCK, limits.clone()).heeding(&SHOP);
    let attempts = |retry: &dyn Fn(&mut u32) -> Result<(), &'static str>| {
        let mut attempts = 0;
        assert_eq!(retry(&mut attempts), Err("down"));
        attempts
    };
    let call = |attempts: &mut u32| {
        retry.call(|| {
            *attempts += 1;
            Err::<(), _>("down")
        })
    };
    assert_eq!(attempts(&call), 3);
    for _ in 0..3 {
        SHOP.try_acquire().unwrap().report_after(Outcome::Overload, Duration::ZERO);
    }
    assert!(SHOP.risk().is_alarm());
    assert_eq!(attempts(&call), 1);
    assert_eq!(*limits.0.lock().unwrap(), [Limit::Attempts, Limit::Foresight]);
    assert_eq!(Limit::Foresight.to_string(), "foreseen trouble");
    CLOCK.advance(Duration::from_secs(10));
    assert_eq!(attempts(&call), 3);
}

#[test]
fn y3_a_forced_state_begins_anew() {
    let clock = ManualClock::new();
    for force in [Breaker::close, Breaker::reset, Breaker::disable, Breaker::force_open] {
        let breaker = alarmed(&clock, Foresight::Shed);
        force(&breaker);
        breaker.close();
        assert_eq!(breaker.risk().percent(), 0);
        assert!(breaker.try_acquire_as(Priority::BACKGROUND).is_ok());
    }
}

#[test]
fn y3_it_is_turned_on_and_off_live() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, Foresight::Off);
    calls(&breaker, &clock, 5, LONG);
    breaker.update_settings(|it| it.config().foresight(Foresight::Shed).try_build()).unwrap();
    calls(&breaker, &clock, 5, LONG);
    assert!(breaker.try_acquire_as(Priority::BACKGROUND).is_err());
    breaker.update_settings(|it| it.config().foresight(Foresight::Off).try_build()).unwrap();
    clock.advance(Duration::from_millis(20));
    assert!(breaker.try_acquire_as(Priority::BACKGROUND).is_ok());
    assert_eq!(breaker.risk().percent(), 0);
}

proptest! {
    /// Against a sum that is kept in the open: whatever calls do, below `Open` no prediction
    /// opens, and an alarm is where the sum says.
    #[test]
    fn y3_no_prediction_opens_below_open(
        level in 0..4_usize,
        ends in prop::collection::vec((0..3_u8, 0..40_u64), 0..200),
    ) {
        let all = [Foresight::Off, Foresight::Watch, Foresight::Prime, Foresight::Shed];
        let clock = ManualClock::new();
        let breaker = breaker(&clock, all[level]);
        // Slow calls weigh 1 of 200, so the rule itself opens after so many at least.
        let (mut sum, mut alarm, mut score) = (0_i64, false, 0_i64);
        for (kind, gap) in ends {
            clock.advance(Duration::from_millis(gap));
            let slow = kind == 0;
            breaker.try_acquire().unwrap().success_after(if slow { LONG } else { Duration::ZERO });
            sum = (sum + if slow { 24 } else { -1 }).clamp(0, 240);
            alarm = sum >= 120 || alarm && sum >= 60;
            score = (score + if slow { 1 } else { -1 }).max(0);
            if score >= 200 {
                break;
            }
            prop_assert_eq!(breaker.state(), State::Closed);
            prop_assert_eq!(breaker.risk().is_alarm(), alarm && level > 0);
        }
    }
}
