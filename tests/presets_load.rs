//! What presets do about load: all but one nothing, and that one what it promises.

use std::time::Duration;

use fusebox::{
    BreakerSettings, CircuitBreaker, DefaultObserver, LimitKind, ManualClock, Outcome, State, Tick,
    presets::{AI_PROVIDER, EXPENSIVE_CALL, PERSISTENCE, SERVICE, SHARED_SERVICE},
};

type Breaker<'c> = CircuitBreaker<&'c ManualClock>;

const MILLI: Duration = Duration::from_millis(1);

fn breaker(clock: &ManualClock, settings: BreakerSettings) -> Breaker<'_> {
    clock.set(Tick::from_millis(1_000_000));
    CircuitBreaker::with(None, settings, clock, DefaultObserver)
}

/// Xorshift, for calls that fail by chance.
struct Dice(u64);

impl Dice {
    /// Whether one thing of so many in a thousand happens.
    fn happens(&mut self, in_1000: u64) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % 1_000 < in_1000
    }
}

/// After an outage and its wait, and with its first probe answered.
fn back(breaker: &Breaker<'_>) {
    breaker.trip();
    breaker.clock().advance(breaker.settings().recovery_timeout() * 2);
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.state(), State::Closed);
}

/// Calls that come one each millisecond to a breaker that is back, until its ramp is over:
/// whether it opened again.
fn reopens(settings: BreakerSettings, seed: u64, failing_in_1000: u64) -> bool {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, settings);
    back(&breaker);
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..20_000 {
        clock.advance(MILLI);
        let fails = dice.happens(failing_in_1000);
        if let Ok(permit) = breaker.try_acquire() {
            permit.report(if fails { Outcome::Failure } else { Outcome::Success });
        }
        if breaker.state() != State::Closed {
            return true;
        }
    }
    false
}

#[test]
fn the_others_do_nothing_about_load() {
    for preset in [AI_PROVIDER, PERSISTENCE, SERVICE, EXPENSIVE_CALL] {
        assert_eq!((preset.ramp_up(), preset.max_shed()), (Duration::ZERO, 0), "{preset}");
    }
}

/// Why they have no ramp: they stay closed for a service of which a fifth of the calls
/// fails, and a ramp weighs failures for what it does not admit.
#[test]
fn with_a_ramp_a_service_that_fails_on_any_day_would_not_come_back() {
    let up = Duration::from_secs(15);
    let reopened = |settings| (1..=20_u64).filter(|&seed| reopens(settings, seed, 200)).count();
    for preset in [AI_PROVIDER, SERVICE] {
        assert_eq!(reopened(preset.config().ramp_up(up).build()), 20);
    }
    assert_eq!(reopened(SERVICE), 0);
}

/// It has a second in which failures may come to nothing.
#[test]
fn a_shared_service_comes_back_where_one_call_in_ten_fails() {
    let reopened = (1..=20).filter(|&seed| reopens(SHARED_SERVICE, seed, 100)).count();
    assert!(reopened <= 1, "{reopened} of 20");
}

/// A cold cache: above 40 % of the load everything fails, until it has answered what
/// comes for 5 seconds.
#[test]
fn a_shared_service_with_a_cold_cache_comes_back_at_once() {
    let openings = |settings: BreakerSettings| {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, settings);
        breaker.trip();
        let (mut load, mut warm) = (0.0, 0);
        for _ in 0..120_000 {
            clock.advance(MILLI);
            // The calls of the last tenth of a second, as a share of all that come.
            load *= 0.99;
            warm = if breaker.state() == State::Closed { warm + 1 } else { 0 };
            let Ok(permit) = breaker.try_acquire() else { continue };
            load += 0.01;
            if load > 0.4 && warm < 5_000 {
                permit.failure();
                warm = 0;
            } else {
                permit.success();
            }
        }
        (breaker.counters().openings, breaker.state())
    };
    assert_eq!(openings(SHARED_SERVICE), (1, State::Closed));
    let (without, _) = openings(SHARED_SERVICE.config().ramp_up(Duration::ZERO).build());
    assert!(without > 10, "without a ramp it opened {without} times");
}

/// At two and at four times its capacity it stays closed, sheds, and answers nine tenths
/// of what it can.
#[test]
fn a_shared_service_that_is_overloaded_is_not_given_up() {
    for times in [2, 4] {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, SHARED_SERVICE);
        let (mut room, mut answered, mut shed) = (0, 0, 0);
        for _ in 0..20_000 {
            clock.advance(MILLI);
            room = (room + 1).min(10 * times);
            match breaker.try_acquire() {
                Ok(permit) if room >= times => {
                    room -= times;
                    answered += 1;
                    permit.success();
                }
                Ok(permit) => drop(permit.report(Outcome::Overload)),
                Err(rejected) => {
                    shed += 1;
                    assert_eq!(rejected.limit(), Some(LimitKind::Shedding), "{times} times");
                }
            }
        }
        assert_eq!(breaker.counters().openings, 0, "{times} times");
        let (can, arrived) = (20_000 / times, 20_000);
        assert!(answered >= can * 9 / 10, "{answered} of {can}");
        assert!(shed >= (arrived - can) * 8 / 10, "{shed} of {arrived}");
    }
}
