//! What a breaker does not count: nothing under `disable`, under `force_open`
//! only who is turned away, and nothing under a bypass.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{after, config, finish};
use fusebox::{
    CircuitBreaker, CountCalls, Counters, DefaultObserver, ManualClock, Name, Pipeline, Verdict,
    health::Window,
};

type Counting = CircuitBreaker<ManualClock, CountCalls>;

/// A breaker that opens at the third failure, and counts its calls.
fn counting() -> Counting {
    let (name, clock) = (Some(Name::new("tested")), ManualClock::new());
    CircuitBreaker::with(name, config().build(), clock, CountCalls(DefaultObserver))
}

/// Four failures and a success in each way that there is.
fn use_it(breaker: &Counting) {
    for _ in 0..4 {
        assert!(breaker.call(|| Err::<(), _>("down")).is_err());
        assert!(finish(breaker.call_async(after(1, Err::<(), _>("down")))).is_err());
        breaker.try_acquire().unwrap().failure();
        let panic = || breaker.call(|| -> Result<(), ()> { panic!("in the call") });
        assert!(catch_unwind(AssertUnwindSafe(panic)).is_err());
        let pipeline = Pipeline::new().breaker(breaker);
        assert!(pipeline.call(&(), |()| Err::<(), _>("down")).is_err());
        assert!(finish(pipeline.call_async(&(), |()| after(1, Err::<(), _>("down")))).is_err());
    }
    assert!(breaker.call(|| Ok::<_, ()>(())).is_ok());
    breaker.try_acquire().unwrap().ignore();
    drop(breaker.try_acquire());
}

/// The failures, calls and rejections.
fn counted(breaker: &Counting) -> (u64, u64, u64) {
    let Counters { failures, calls, rejections, .. } = breaker.counters();
    (failures, calls, rejections)
}

/// The score after `f` of a breaker that did well before.
fn score_after(breaker: &Counting, f: impl FnOnce()) -> Option<u8> {
    let mut window = Window::<4>::new();
    window.push(&breaker.reading());
    assert!(breaker.call(|| Ok::<_, ()>(())).is_ok());
    f();
    window.push(&breaker.reading());
    window.score()
}

#[test]
fn a_disabled_breaker_counts_nothing() {
    let breaker = counting();
    breaker.disable();
    let before = (breaker.snapshot(), breaker.counters());
    use_it(&breaker);
    assert_eq!((breaker.snapshot(), breaker.counters()), before);
    breaker.close();
    assert_eq!(breaker.snapshot().score, 0);
    // It is the same breaker that counts before and after.
    assert!(breaker.call(|| Err::<(), _>("down")).is_err());
    assert_eq!(counted(&breaker), (1, 1, 0));
}

#[test]
fn what_it_did_while_disabled_lowers_no_score() {
    let breaker = counting();
    let score = score_after(&breaker, || {
        breaker.disable();
        use_it(&breaker);
        breaker.close();
    });
    assert_eq!(score, Some(100));
    // The same failures, counted: all of the calls but one.
    let score = score_after(&breaker, || {
        for _ in 0..9 {
            assert!(breaker.call(|| Err::<(), _>("down")).is_err());
            breaker.close();
        }
    });
    assert_eq!(score, Some(55), "this test could fail: 90 % of trouble cost 45 points");
}

#[test]
fn a_call_that_a_change_of_state_overtakes_is_not_counted() {
    type Change = fn(&Counting);
    let changes: [Change; 4] = [
        CircuitBreaker::disable,
        CircuitBreaker::force_open,
        CircuitBreaker::close,
        CircuitBreaker::reset,
    ];
    for (first, second) in changes.iter().flat_map(|a| changes.iter().map(move |b| (a, b))) {
        let breaker = counting();
        let early = breaker.try_acquire().unwrap();
        first(&breaker);
        // A breaker that was forced open gives no permit.
        let late = breaker.try_acquire().ok();
        let before = breaker.counters();
        assert_eq!(early.failure(), Verdict::Stale);
        second(&breaker);
        let state = breaker.state();
        assert!(late.is_none_or(|late| late.failure() == Verdict::Stale));
        assert_eq!(breaker.counters().failures, before.failures);
        assert_eq!((breaker.state(), breaker.snapshot().score), (state, 0));
    }
}

#[test]
fn a_breaker_that_was_forced_open_counts_whom_it_turns_away() {
    let breaker = counting();
    breaker.force_open();
    for _ in 0..5 {
        assert!(breaker.call(|| Err::<(), _>("down")).is_err());
    }
    assert_eq!(counted(&breaker), (0, 0, 5));
}

/// So many changes of state make a generation come round again.
const GENERATIONS: usize = 1024;

#[test]
fn a_permit_of_a_whole_round_of_generations_ago_counts_nothing_either() {
    for last in [CircuitBreaker::disable as fn(&Counting), CircuitBreaker::force_open] {
        let breaker = counting();
        let permit = breaker.try_acquire().unwrap();
        for _ in 1..GENERATIONS {
            breaker.close();
        }
        last(&breaker);
        let state = breaker.state();
        assert_eq!(permit.failure(), Verdict::Recorded, "it cannot be told from a permit of now");
        assert_eq!((breaker.counters().failures, breaker.state()), (0, state));
    }
}

#[cfg(feature = "bypass")]
mod bypassed {
    use common::TIMEOUT;
    use fusebox::{Bypass, State};

    use super::*;

    fn open_it(breaker: &Counting) {
        for _ in 0..3 {
            breaker.try_acquire().unwrap().failure();
        }
        assert_eq!(breaker.state(), State::Open);
    }

    /// A breaker in each state.
    fn in_each_state() -> [Counting; 6] {
        let breakers = [(); 6].map(|()| counting());
        let [_closed, failing, open, due, half_open, forced] = &breakers;
        failing.try_acquire().unwrap().failure();
        for breaker in [open, due, half_open] {
            open_it(breaker);
        }
        for breaker in [due, half_open] {
            breaker.clock().advance(TIMEOUT);
        }
        std::mem::forget(half_open.try_acquire()); // a probe under way
        forced.force_open();
        assert_eq!(half_open.state(), State::HalfOpen);
        breakers
    }

    #[test]
    fn a_scope_counts_nothing() {
        for breaker in &in_each_state() {
            let before = (breaker.snapshot(), breaker.counters());
            let out = Bypass::breaker("tested").scope();
            use_it(breaker);
            drop(out);
            assert_eq!((breaker.snapshot(), breaker.counters()), before);
        }
    }

    #[test]
    fn a_future_counts_nothing() {
        for breaker in &in_each_state() {
            let before = (breaker.snapshot(), breaker.counters());
            let calls = async {
                for _ in 0..4 {
                    let call = breaker.call_async(after(2, Err::<(), _>("down")));
                    assert_eq!(call.await.unwrap_err().into_failed(), Some("down"));
                }
            };
            finish(Bypass::all().around(calls));
            assert_eq!((breaker.snapshot(), breaker.counters()), before);
        }
    }

    #[test]
    fn what_it_did_under_a_bypass_lowers_no_score() {
        let breaker = counting();
        let score = score_after(&breaker, || {
            let _out = Bypass::breakers().scope();
            use_it(&breaker);
        });
        assert_eq!(score, Some(100));
    }

    #[test]
    fn a_permit_that_outlives_the_scope_changes_nothing() {
        for breaker in &in_each_state()[2..] {
            let before = (breaker.snapshot(), breaker.counters());
            let out = Bypass::all().scope();
            let permits = [(); 3].map(|()| breaker.try_acquire().unwrap());
            assert!(permits.iter().all(fusebox::Permit::is_current), "the state does not matter");
            drop(out);
            assert!(!permits.iter().any(fusebox::Permit::is_current), "now it does again");
            let [success, failure, ignored] = permits;
            assert_eq!(failure.failure(), Verdict::Stale);
            assert_eq!(success.success(), Verdict::Stale);
            drop(ignored);
            assert_eq!((breaker.snapshot(), breaker.counters()), before);
        }
    }

    /// Whatever the generation is: the permit's is always another.
    #[test]
    fn a_permit_that_outlives_the_scope_takes_no_probes_place() {
        let breaker = counting();
        for _ in 0..1_024 {
            open_it(&breaker);
            breaker.clock().advance(TIMEOUT);
            let probe = breaker.try_acquire().unwrap();
            let out = Bypass::all().scope();
            let permit = breaker.try_acquire().unwrap();
            drop(out);
            assert_eq!(permit.failure(), Verdict::Stale);
            let now = breaker.snapshot();
            assert_eq!((now.state, now.probes_in_flight), (State::HalfOpen, 1), "{now:?}");
            probe.success();
        }
    }

    #[test]
    fn a_permit_of_a_closed_breaker_counts_where_it_reports() {
        let breaker = counting();
        let out = Bypass::all().scope();
        let (within, beyond) = (breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap());
        within.failure();
        drop(out);
        assert_eq!(counted(&breaker), (0, 0, 0));
        beyond.failure();
        assert_eq!(counted(&breaker), (1, 0, 0));
    }

    #[test]
    fn a_probe_from_before_gives_its_place_back_whatever_came_of_it() {
        for outcome in 0..3 {
            let breaker = counting();
            open_it(&breaker);
            breaker.clock().advance(TIMEOUT);
            let probe = breaker.try_acquire().unwrap();
            let before = breaker.counters();
            let out = Bypass::all().scope();
            match outcome {
                0 => probe.success(),
                1 => probe.failure(),
                _ => probe.ignore(),
            };
            drop(out);
            assert_eq!((breaker.state(), breaker.counters()), (State::HalfOpen, before));
            assert_eq!(breaker.snapshot().probes_in_flight, 0);
            // The next one decides.
            breaker.try_acquire().unwrap().success();
            assert_eq!(breaker.state(), State::Closed);
        }
    }
}
