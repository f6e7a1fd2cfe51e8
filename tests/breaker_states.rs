//! Closed, open, forced: B1 to B3, B6, B7, B13 to B15, B17.
#![allow(clippy::unchecked_time_subtraction)] // an overflow should fail the test

mod common;

use common::{Bench, TIMEOUT, config, fail, millis, rejection, succeed};
use fusebox::{CircuitBreaker, Clock, DefaultObserver, ManualClock, State, Tick, Verdict};

#[test]
fn b1_a_success_sets_the_count_to_zero() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    for _ in 0..10 {
        fail(&breaker);
        fail(&breaker);
        assert_eq!(breaker.snapshot().score, 2);
        succeed(&breaker);
        assert_eq!(breaker.snapshot().score, 0);
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn b1_failures_are_consecutive_in_the_order_of_their_reports() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    // Admitted before any failure, reported between them: it resets.
    let early = breaker.try_acquire().unwrap();
    fail(&breaker);
    fail(&breaker);
    assert_eq!(early.success(), Verdict::Recorded);
    fail(&breaker);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

/// One call in ten fails, threshold 5, up to 100 calls overlapping. A run of 5
/// failures is expected once in (1 - p^5) / (p^5 (1 - p)) = 111,110 reports
/// (Feller, "An introduction to probability theory", XIII.7).
#[test]
fn b1_scattered_failures_of_overlapping_calls_open_as_often_as_runs_say() {
    const REPORTS: u32 = 4_000_000;
    const EXPECTED: f64 = REPORTS as f64 / 111_110.0;
    for overlap in [1_u32, 10, 100] {
        let bench = Bench::new();
        let breaker = bench.breaker(config().failure_threshold(5));
        let mut random = fastrand::Rng::with_seed(u64::from(overlap));
        let mut openings = 0_u32;
        let mut in_flight = std::collections::VecDeque::new();
        for _ in 0..REPORTS {
            while in_flight.len() < overlap as usize {
                in_flight.push_back(breaker.try_acquire().unwrap());
            }
            let oldest = in_flight.pop_front().unwrap();
            if random.u32(0..10) == 0 {
                oldest.failure()
            } else {
                oldest.success()
            };
            if breaker.state() == State::Open {
                openings += 1;
                breaker.close();
                // Those in flight are stale now: admitted anew.
                in_flight.clear();
            }
        }
        let openings = f64::from(openings);
        // A Poisson count of 36: six standard deviations either way.
        let slack = 6.0 * EXPECTED.sqrt();
        assert!((openings - EXPECTED).abs() < slack, "{openings} of {EXPECTED}, {overlap} at once");
    }
}

#[test]
fn b2_the_failure_that_reaches_the_threshold_opens_once_with_one_event() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let permits: Vec<_> = (0..10).map(|_| breaker.try_acquire().unwrap()).collect();
    let verdicts: Vec<_> = permits.into_iter().map(fusebox::Permit::failure).collect();
    assert_eq!(verdicts[..3], [Verdict::Recorded; 3]);
    assert_eq!(verdicts[3..], [Verdict::Stale; 7]);
    assert_eq!(bench.log.take(), [(State::Closed, State::Open, false)]);
    assert_eq!(breaker.counters().openings, 1);
    assert_eq!(breaker.counters().failures, 3);
}

#[test]
fn b2_a_threshold_of_one_opens_at_the_first_failure() {
    let bench = Bench::new();
    let breaker = bench.breaker(config().failure_threshold(1));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn b3_open_admits_nobody_until_the_timeout_has_passed() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    let rejected = rejection(&breaker);
    assert_eq!(rejected.state(), State::Open);
    assert_eq!(rejected.retry_after(), Some(TIMEOUT));
    bench.clock.advance(TIMEOUT - millis(1));
    assert_eq!(rejection(&breaker).retry_after(), Some(millis(1)));
    bench.clock.advance(millis(1));
    let probe = breaker.try_acquire().expect("elapsed is the timeout");
    assert_eq!(breaker.state(), State::HalfOpen);
    drop(probe);
}

#[test]
fn b3_a_timeout_of_a_second_or_a_millisecond_is_not_cut_short() {
    for timeout in [millis(1), millis(999), millis(1_000), millis(1_001)] {
        let bench = Bench::new();
        let breaker = bench.opened(config().recovery_timeout(timeout));
        assert_eq!(rejection(&breaker).retry_after(), Some(timeout));
        bench.clock.advance(timeout);
        assert!(breaker.try_acquire().is_ok());
    }
}

#[test]
fn b3_a_rejection_names_the_breaker_its_state_and_the_time_left() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    let text = rejection(&breaker).to_string();
    assert_eq!(text, "circuit breaker `tested` is open, retry after 10s");
    breaker.force_open();
    let rejected = rejection(&breaker);
    assert_eq!(rejected.to_string(), "circuit breaker `tested` is forced open");
    assert_eq!((rejected.name(), rejected.retry_after()), (Some("tested"), None));
}

#[test]
fn b6_so_many_successes_close() {
    let bench = Bench::new();
    let breaker = bench.due(config().probes(2).successes_to_close(3));
    let (a, b) = (breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap());
    a.success();
    b.success();
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(breaker.snapshot().probes_succeeded, 2);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.snapshot().score, 0);
}

#[test]
fn b7_late_results_of_an_earlier_generation_change_nothing() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let [slow_success, slow_failure, slow_probe_era] =
        std::array::from_fn(|_| breaker.try_acquire().unwrap());
    for _ in 0..3 {
        fail(&breaker);
    }
    let before = breaker.snapshot();
    assert_eq!(slow_success.success(), Verdict::Stale);
    assert_eq!(breaker.snapshot(), before, "a slow call never closes");
    bench.clock.advance(TIMEOUT);
    let probe = breaker.try_acquire().unwrap();
    let before = breaker.snapshot();
    assert_eq!(slow_failure.failure(), Verdict::Stale);
    assert_eq!(slow_probe_era.success(), Verdict::Stale);
    assert_eq!(breaker.snapshot(), before, "nor touches a half-open breaker");
    assert_eq!(probe.success(), Verdict::Recorded);
    assert_eq!(breaker.counters().failures, 3, "stale failures are not counted");
}

#[test]
fn b7_a_stale_success_on_a_healthy_breaker_says_so() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let old = breaker.try_acquire().unwrap();
    breaker.reset();
    assert_eq!(old.success(), Verdict::Stale);
    let old = breaker.try_acquire().unwrap();
    breaker.reset();
    assert_eq!(old.ignore(), Verdict::Stale);
}

#[test]
fn b13_the_count_saturates() {
    let bench = Bench::new();
    let breaker = bench.breaker(config().failure_threshold(2_047));
    for _ in 0..2_046 {
        fail(&breaker);
    }
    assert_eq!(breaker.snapshot().score, 2_046);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn b13_the_count_of_reopenings_saturates() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    for failed in 1..40_u8 {
        bench.clock.advance(TIMEOUT);
        fail(&breaker);
        assert_eq!(breaker.snapshot().reopenings, failed.min(15));
    }
}

#[test]
fn b14_forced_states_hold_and_each_bumps_the_generation() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let generation = || breaker.snapshot().generation;
    breaker.force_open();
    assert_eq!((breaker.state(), generation()), (State::ForcedOpen, 1));
    bench.clock.advance(millis(1 << 39));
    rejection(&breaker);
    bench.clock.advance(millis(1 << 39));
    rejection(&breaker);
    breaker.disable();
    assert_eq!((breaker.state(), generation()), (State::Disabled, 2));
    for _ in 0..10 {
        assert_eq!(fail(&breaker), Verdict::Recorded);
    }
    assert_eq!(breaker.state(), State::Disabled, "it admits all and counts nothing");
    breaker.close();
    assert_eq!((breaker.state(), generation()), (State::Closed, 3));
    fail(&breaker);
    breaker.reset();
    assert_eq!((breaker.state(), generation()), (State::Closed, 4));
    assert_eq!(breaker.snapshot().score, 0);
    assert_eq!(breaker.snapshot().stamp.as_millis(), 0);
}

#[test]
fn b14_the_generation_wraps() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    for _ in 0..1_023 {
        breaker.close();
    }
    assert_eq!(breaker.snapshot().generation, 1_023);
    fail(&breaker);
    fail(&breaker);
    fail(&breaker);
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.state, snapshot.generation), (State::Open, 0));
    assert_eq!(rejection(&breaker).retry_after(), Some(TIMEOUT));
}

#[test]
fn b15_every_transition_is_an_event_and_rejections_are_counted() {
    use State::{Closed, Disabled, ForcedOpen, HalfOpen, Open};
    let bench = Bench::new();
    let breaker = bench.opened(config());
    for _ in 0..7 {
        rejection(&breaker);
    }
    bench.clock.advance(TIMEOUT);
    fail(&breaker);
    bench.clock.advance(TIMEOUT);
    succeed(&breaker);
    breaker.force_open();
    breaker.disable();
    breaker.close();
    breaker.reset();
    assert_eq!(
        bench.log.take(),
        [
            (Closed, Open, false),
            (Open, HalfOpen, false),
            (HalfOpen, Open, false),
            (Open, HalfOpen, false),
            (HalfOpen, Closed, false),
            (Closed, ForcedOpen, true),
            (ForcedOpen, Disabled, true),
            (Disabled, Closed, true),
            (Closed, Closed, true),
        ]
    );
    assert_eq!(bench.log.rejections(), 7);
    assert_eq!(breaker.counters().rejections, 7);
    assert_eq!(breaker.counters().openings, 3);
}

#[test]
fn b17_live_settings_take_effect_at_the_next_decision() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    fail(&breaker);
    let before = breaker.snapshot();
    breaker.set_settings(config().failure_threshold(2).build());
    assert_eq!(breaker.snapshot(), before, "they change no state");
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open, "the second failure is enough now");
    breaker.set_settings(config().recovery_timeout(millis(50)).build());
    assert_eq!(rejection(&breaker).retry_after(), Some(millis(50)));
    bench.clock.advance(millis(50));
    let probe = breaker.try_acquire().unwrap();
    rejection(&breaker);
    breaker.set_settings(config().probes(2).build());
    let second = breaker.try_acquire().unwrap();
    rejection(&breaker);
    drop((probe, second));
    // Lowered below what is counted already: the next failure decides.
    breaker.close();
    fail(&breaker);
    fail(&breaker);
    breaker.set_settings(config().failure_threshold(1).build());
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn b17_a_change_of_some_settings_keeps_the_others() {
    static PANEL: fusebox::Registry<1> = fusebox::Registry::new();
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let (old, new) =
        breaker.update_settings(|settings| settings.config().probes(3).try_build()).unwrap();
    assert_eq!((old, new), (config().build(), config().probes(3).build()));
    assert_eq!(breaker.settings(), new);
    let error = breaker.update_settings(|settings| settings.config().probes(0).try_build());
    assert_eq!(error.unwrap_err().field(), "probes");
    assert_eq!(breaker.settings(), new, "nothing was changed");
    // One of a registry that has none yet: the defaults are what it changes.
    let joined = PANEL.get_or_default("joined").unwrap();
    joined.update_settings(|settings| settings.config().doublings(2).try_build()).unwrap();
    assert_eq!(joined.settings(), fusebox::BreakerConfig::new().doublings(2).build());
}

#[test]
fn a_disabled_breaker_reads_no_clock() {
    struct Untouchable;
    impl Clock for Untouchable {
        fn now(&self) -> Tick {
            panic!("nobody needs the time")
        }
    }
    // A reference never asks for the time of calls, whatever the features.
    let (clock, observer) = (ManualClock::new(), &DefaultObserver);
    let idle = CircuitBreaker::with(None, config().build(), &clock, observer);
    idle.disable();
    let breaker = CircuitBreaker::with(None, config().build(), Untouchable, observer);
    breaker.disable();
    for _ in 0..5 {
        assert!(breaker.call(|| Err::<(), _>("down")).is_err());
        assert!(breaker.call(|| Ok::<_, &str>(())).is_ok());
    }
    assert_eq!((breaker.state(), breaker.snapshot()), (State::Disabled, idle.snapshot()));
}

#[test]
fn debug_shows_whose_it_is_and_how_it_stands() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let permit = breaker.try_acquire().unwrap();
    let shown = format!("{permit:?}");
    assert!(shown.contains("tested") && shown.contains("generation: 0"), "{shown}");
    drop(permit);
    fail(&breaker);
    let shown = format!("{breaker:?}");
    for part in ["tested", "score: 1", "failure_threshold: 3", "failures: 1"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}
