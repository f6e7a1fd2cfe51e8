//! What is counted on a breaker: by itself, and by the policies around it.

mod common;

use common::{Bench, TIMEOUT, after, config, fail, finish, succeed};
use fusebox::{
    BreakerConfig, CircuitBreaker, Clock, CountCalls, Counters, DefaultObserver, Event, Fallback,
    ManualClock, Observer, Pipeline, Retry, RetryConfig, RetrySettings, SleepBy, State, TimedOut,
    Verdict, presets,
};

const RETRY: RetrySettings = RetryConfig::new().max_attempts(3).build();

type Own = CircuitBreaker<ManualClock>;

fn breaker() -> Own {
    let settings = config().failure_threshold(100).build();
    CircuitBreaker::with(None, settings, ManualClock::new(), DefaultObserver)
}

/// Counts no calls, whatever features the crate has.
struct Silent;

impl Observer for Silent {
    fn on_event(&self, _: &Event<'_>) {}
}

/// Failures, retries, exhausted retries, fallbacks.
fn counted(breaker: &Own) -> (u64, u64, u64, u64) {
    let Counters { failures, retries, exhausted, fallbacks, .. } = breaker.counters();
    (failures, retries, exhausted, fallbacks)
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as a pipeline hands it on
fn down((): &()) -> Result<u32, &'static str> {
    Err("down")
}

#[test]
fn a_pipeline_counts_on_its_breaker_in_any_order() {
    let clock = ManualClock::new();
    let retry = Retry::with(RETRY, &clock, &clock, DefaultObserver);
    let fallback = Fallback::new().or(|(): &()| Ok(0));

    let own = breaker();
    let usual = Pipeline::new().fallback(fallback).breaker(&own).retry(retry);
    assert_eq!(usual.call(&(), down), Ok(0));
    assert_eq!(counted(&own), (1, 2, 1, 1));
    assert_eq!(usual.call(&(), |()| Ok(7)), Ok(7));
    assert_eq!(counted(&own), (1, 2, 1, 1), "a success adds nothing");

    let own = breaker();
    let outside = Pipeline::new().retry(retry).breaker(&own).fallback(fallback);
    assert_eq!(outside.call(&(), down), Ok(0));
    assert_eq!(counted(&own), (0, 0, 0, 1), "the fallback hides the failure from both");

    let own = breaker();
    let retried = Pipeline::new().retry(retry).breaker(&own);
    assert!(retried.call(&(), down).is_err());
    assert_eq!(counted(&own), (3, 2, 1, 0), "each attempt is a call of the breaker's");
}

#[test]
fn the_outermost_breaker_counts_for_all_layers() {
    let clock = ManualClock::new();
    let retry = Retry::with(RETRY, &clock, &clock, DefaultObserver);
    let (outer, inner) = (breaker(), breaker());
    let pipeline = Pipeline::new().breaker(&outer).retry(retry).breaker(&inner);
    assert!(pipeline.call(&(), down).is_err());
    assert_eq!(counted(&outer), (1, 2, 1, 0));
    assert_eq!(counted(&inner), (3, 0, 0, 0));
}

#[test]
fn an_async_pipeline_counts_the_same() {
    let clock = ManualClock::new();
    let retry = Retry::with(RETRY, &clock, SleepBy(|_| after(1, ())), DefaultObserver);
    let layer = |(): &()| after(1, Ok::<_, &'static str>(0));
    let own = breaker();
    let pipeline =
        Pipeline::new().fallback(Fallback::new().or_async(&layer)).breaker(&own).retry(retry);
    assert_eq!(finish(pipeline.call_async(&(), |()| after(1, down(&())))), Ok(0));
    assert_eq!(counted(&own), (1, 2, 1, 1));
}

#[test]
fn a_fallback_without_layers_is_no_fallback_and_a_silent_one_is() {
    let own = breaker();
    let none = Pipeline::new().fallback(Fallback::new()).breaker(&own);
    assert!(none.call(&(), down).is_err());
    assert_eq!(counted(&own).3, 0);
    let silent = Fallback::new().or(|(): &()| Ok(0)).silent();
    assert_eq!(Pipeline::new().fallback(silent).breaker(&own).call(&(), down), Ok(0));
    assert_eq!(counted(&own).3, 1, "it makes no event, and counts");
}

#[test]
fn a_tally_as_an_observer_counts_for_a_policy_of_ones_own() {
    let clock = ManualClock::new();
    let own = breaker();
    let observer = (DefaultObserver, own.tally());
    let retry = Retry::with(RETRY, &clock, &clock, observer);
    assert!(retry.call(|| own.call(|| Err::<(), _>("down"))).is_err());
    assert_eq!(counted(&own), (3, 2, 1, 0));

    let save = presets::persistence::<(), u32, &str>().observer(own.tally());
    assert_eq!(save.call(&(), down), Ok(0));
    assert_eq!(counted(&own), (3, 2, 1, 1));
}

#[test]
fn calls_are_counted_only_where_that_is_asked_for() {
    let clock = ManualClock::new();
    let settings = config().build();
    let silent = CircuitBreaker::with(None, settings, &clock, Silent);
    assert!(silent.call(|| Ok::<_, ()>(())).is_ok());
    assert_eq!(silent.counters().calls, 0);

    let counting = CircuitBreaker::with(None, settings, &clock, CountCalls(Silent));
    for outcome in [Ok(()), Err(()), Ok(()), Err(()), Err(()), Err(())] {
        let _ = counting.call(|| outcome);
    }
    assert_eq!(counting.counters().calls, 6, "healthy or not, as long as they are admitted");
    assert!(counting.try_acquire().is_err());
    let Counters { calls, failures, rejections, .. } = counting.counters();
    assert_eq!((calls, failures, rejections), (6, 4, 1));
}

#[test]
fn a_pair_of_observers_counts_if_one_of_them_does() {
    let clock = ManualClock::new();
    let pair = (common::Log::default(), CountCalls(common::Log::default()));
    let name = Some(fusebox::Name::new("tested"));
    let breaker = CircuitBreaker::with(name, config().build(), &clock, pair);
    breaker.force_open();
    breaker.close();
    drop(breaker.try_acquire());
    assert_eq!(breaker.counters().calls, 1);
    let (plain, counting) = breaker.observer();
    assert_eq!(plain.take().len(), 2);
    assert_eq!(counting.0.take().len(), 2, "it hands events on");
}

#[test]
fn a_timed_out_probe_counts_once() {
    #[derive(Debug)]
    struct Slow;
    impl From<TimedOut> for Slow {
        fn from(_: TimedOut) -> Self {
            Self
        }
    }
    let bench = Bench::new();
    let breaker = bench.due(config());
    let timeout =
        Pipeline::new().breaker(&breaker).timeout_by(common::millis(5), SleepBy(|_| after(1, ())));
    let answer = finish(timeout.call_async(&(), |()| after(9, Ok::<u32, Slow>(1))));
    assert!(answer.is_err());
    assert_eq!(breaker.counters().failures, 4, "three that opened it, and the probe");
    assert_eq!(breaker.counters().openings, 2);
}

/// Failures, openings.
fn recorded(breaker: &common::Breaker<'_>) -> (u64, u64) {
    let Counters { failures, openings, .. } = breaker.counters();
    (failures, openings)
}

#[test]
fn a_stale_failure_is_not_counted() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let [slow, slower, slowest] = std::array::from_fn(|_| breaker.try_acquire().unwrap());
    for _ in 0..3 {
        fail(&breaker);
    }
    assert_eq!(recorded(&breaker), (3, 1));
    assert_eq!(slow.failure(), Verdict::Stale, "the breaker is open by now");
    assert_eq!(recorded(&breaker), (3, 1));
    bench.clock.advance(TIMEOUT);
    let probe = breaker.try_acquire().unwrap();
    assert_eq!(slower.failure(), Verdict::Stale, "half-open");
    assert_eq!(recorded(&breaker), (3, 1));
    probe.success();
    assert_eq!(slowest.failure(), Verdict::Stale, "closed again");
    assert_eq!(recorded(&breaker), (3, 1));
    assert_eq!(fail(&breaker), Verdict::Recorded);
    assert_eq!(recorded(&breaker), (4, 1));
}

#[test]
fn a_call_that_did_not_fail_is_no_failure_on_an_unhealthy_breaker_either() {
    let bench = Bench::new();
    let breaker = bench.breaker(config().successes_to_close(2));
    fail(&breaker);
    assert_eq!(breaker.try_acquire().unwrap().ignore(), Verdict::Recorded);
    assert_eq!(succeed(&breaker), Verdict::Recorded, "it resets a count of one");
    assert_eq!(recorded(&breaker), (1, 0));
    for _ in 0..3 {
        fail(&breaker);
    }
    assert_eq!(recorded(&breaker), (4, 1));
    assert!(breaker.try_acquire().is_err(), "a rejection is no failure");
    assert_eq!(recorded(&breaker), (4, 1));
    bench.clock.advance(TIMEOUT);
    assert_eq!(breaker.try_acquire().unwrap().ignore(), Verdict::Recorded, "a cancelled probe");
    assert_eq!(succeed(&breaker), Verdict::Recorded);
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(recorded(&breaker), (4, 1));
    assert_eq!(fail(&breaker), Verdict::Recorded, "a probe that fails is one");
    assert_eq!(recorded(&breaker), (5, 2));
}

#[test]
fn a_failure_of_before_a_forced_opening_is_not_counted() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let permit = breaker.try_acquire().unwrap();
    breaker.force_open();
    assert_eq!(permit.failure(), Verdict::Stale);
    assert_eq!(recorded(&breaker), (0, 1));
}

/// Does nothing with events, and says so.
struct Deaf;

impl Observer for Deaf {
    fn on_event(&self, event: &Event<'_>) {
        assert!(!matches!(event, Event::Transition(_)), "{event:?}");
    }

    fn hears_events(&self) -> bool {
        false
    }
}

#[test]
fn what_no_observer_hears_of_is_counted_all_the_same() {
    let clock = ManualClock::new();
    let settings = config().failure_threshold(1).build();
    let shop = CircuitBreaker::with(None, settings, &clock, CountCalls(Deaf));
    assert!(shop.call(|| Err::<(), _>("down")).is_err());
    assert_eq!((shop.state(), shop.open_since()), (State::Open, Some(clock.now())));
    clock.advance(TIMEOUT);
    shop.call(|| Ok::<_, ()>(())).unwrap();
    let Counters { calls, failures, openings, .. } = shop.counters();
    assert_eq!((calls, failures, openings), (2, 1, 1));
    assert_eq!((shop.state(), shop.open_since()), (State::Closed, None));
    assert!(!(Deaf, CountCalls(Deaf)).hears_events() && (Deaf, Silent).hears_events());
}

/// A thread remembers a counter by its place. Where a breaker that has counted moves to a
/// place at which another one lay, it is not taken for that.
#[test]
fn a_breaker_that_moves_to_anothers_place_counts_on() {
    let breaker = || CircuitBreaker::new(BreakerConfig::new().failure_threshold(2_000).build());
    let fails = |breaker: &CircuitBreaker, times: u32| {
        for _ in 0..times {
            let _ = breaker.call(|| Err::<(), _>("no"));
        }
    };
    // After 128 in a row a thread counts in advance; wherever it stops, some are left.
    for times in 128..140 {
        let mut place = Box::new(breaker());
        fails(&place, times);
        let other = breaker();
        fails(&other, 25);
        *place = other;
        fails(&place, 1);
        assert_eq!(place.counters().failures, 26, "after {times}");
    }
}
