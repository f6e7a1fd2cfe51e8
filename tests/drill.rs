//! Drills of sync calls: which calls get a fault, what a fault is to its caller and to the
//! breaker, and that every drill ends.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Barrier, Mutex},
    thread,
    time::Duration,
};

use fusebox::{
    BreakerConfig, BreakerSettings, CallError, CircuitBreaker, Clock, Drill, DrillFault, DrillKey,
    DrillStep, Event, FailoverConfig, FailoverSet, Fallback, LimitKind, ManualClock, Member, Name,
    Observer, Pipeline, Retry, RetryConfig, Retryable, Script, State, Tick,
};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// Keeps what drills tell.
#[derive(Default, Clone)]
struct Told(Arc<Mutex<Vec<DrillStep>>>);

impl Observer for Told {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Drill(it) = event {
            assert_eq!(it.breaker, Some("shop"));
            self.0.lock().unwrap().push(it.step);
        }
    }
}

impl Told {
    fn steps(&self) -> Vec<DrillStep> {
        self.0.lock().unwrap().clone()
    }

    /// The numbers of the calls with a fault.
    fn calls(&self) -> BTreeSet<u64> {
        let number = |step: &DrillStep| match step {
            DrillStep::Fault { call, .. } => Some(*call),
            _ => None,
        };
        self.steps().iter().filter_map(number).collect()
    }
}

type Shop<'c> = CircuitBreaker<&'c ManualClock, Told>;

fn shop(clock: &ManualClock, settings: BreakerSettings) -> (Shop<'_>, Told) {
    let told = Told::default();
    (CircuitBreaker::with(Some(Name::new("shop")), settings, clock, told.clone()), told)
}

/// It never opens in these tests.
fn tolerant() -> BreakerSettings {
    BreakerConfig::new().failure_threshold(1_000).build()
}

fn clock() -> ManualClock {
    let clock = ManualClock::new();
    clock.set(Tick::from_millis(1_000));
    clock
}

fn failing(percent: f64) -> Drill {
    Drill::lasting(60 * SECOND).fail(percent).seed(7).build()
}

#[test]
fn d1_the_same_seed_gives_the_same_failing_calls_on_any_number_of_threads() {
    const CALLS: usize = 4_000;
    let set_on = |threads: usize, seed: u32| {
        let clock = clock();
        let (shop, told) = shop(&clock, tolerant());
        shop.start_drill(Drill::lasting(60 * SECOND).fail(5.0).seed(seed).build());
        let (barrier, failed) = (Barrier::new(threads), Mutex::new(0_usize));
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    barrier.wait();
                    let calls = (0..CALLS / threads).map(|_| shop.call(|| Ok::<_, ()>(())));
                    let mine = calls.filter(Result::is_err).count();
                    *failed.lock().unwrap() += mine;
                });
            }
        });
        let calls = told.calls();
        assert_eq!(calls.len(), *failed.lock().unwrap(), "each fault is told once");
        let reading = shop.drill().unwrap();
        assert_eq!((reading.calls, reading.faults), (4_000, calls.len() as u64));
        calls
    };
    let one = set_on(1, 7);
    assert!((140..260).contains(&one.len()), "5 % of 4000: {}", one.len());
    for threads in [1, 2, 8] {
        assert_eq!(set_on(threads, 7), one, "on {threads} threads");
    }
    assert_ne!(set_on(1, 8), one, "another seed");
}

#[test]
fn d1_with_a_key_the_request_chooses_whatever_the_order() {
    let failed = |order: &mut dyn Iterator<Item = u64>| -> BTreeSet<u64> {
        let clock = clock();
        let (shop, _) = shop(&clock, tolerant());
        shop.start_drill(failing(20.0));
        order
            .filter(|key| {
                let _scope = DrillKey::new(*key).enter();
                shop.call(|| Ok::<_, ()>(())).is_err()
            })
            .collect()
    };
    let forwards = failed(&mut (0..500));
    assert_eq!(failed(&mut (0..500).rev()), forwards);
    assert!((60..140).contains(&forwards.len()));
    // A retry within a scope is another call.
    let clock = clock();
    let (shop, _) = shop(&clock, tolerant());
    shop.start_drill(failing(50.0));
    let _scope = DrillKey::new(1).enter();
    let answers: BTreeSet<_> = (0..20).map(|_| shop.call(|| Ok::<_, ()>(())).is_ok()).collect();
    assert_eq!(answers.len(), 2);
}

#[test]
fn d2_a_drill_ends_by_itself_and_leaves_nothing_to_look_into() {
    let clock = clock();
    let (shop, told) = shop(&clock, tolerant());
    shop.start_drill(failing(100.0));
    assert!(shop.call(|| Ok::<_, ()>(())).is_err());
    clock.advance(Duration::from_millis(59_999));
    assert!(shop.call(|| Ok::<_, ()>(())).is_err());
    assert_eq!(shop.drill().unwrap().left, Duration::from_millis(1));
    clock.advance(Duration::from_millis(1));
    assert_eq!(shop.drill(), None, "it is over, be it cleared or not");
    assert_eq!(shop.call(|| Ok::<_, ()>(1)), Ok(1));
    assert_eq!(shop.call(|| Ok::<_, ()>(1)), Ok(1));
    let fault = |call| DrillStep::Fault { fault: DrillFault::Error, call };
    assert_eq!(told.steps(), [DrillStep::Began, fault(0), fault(1), DrillStep::Ended]);
    assert_eq!(shop.reading().drill, None);
}

#[test]
fn d2_a_drill_can_be_ended_early_and_another_one_numbers_from_zero() {
    let clock = clock();
    let (shop, told) = shop(&clock, tolerant());
    assert!(!shop.stop_drill());
    shop.start_drill(failing(100.0));
    let _ = shop.call(|| Ok::<_, ()>(()));
    assert!(shop.stop_drill());
    assert!(!shop.stop_drill());
    assert_eq!(shop.call(|| Ok::<_, ()>(1)), Ok(1));
    shop.start_drill(failing(100.0));
    shop.start_drill(failing(100.0)); // which takes the other one's place
    let _ = shop.call(|| Ok::<_, ()>(()));
    let fault = DrillStep::Fault { fault: DrillFault::Error, call: 0 };
    let steps = [DrillStep::Began, fault, DrillStep::Ended, DrillStep::Began, fault];
    assert_eq!(told.steps(), steps);
}

#[test]
fn d2_there_is_no_drill_without_an_end() {
    for (time, text) in [
        (Duration::ZERO, "`lasts` is 0ns, and must be from 1ms to 86400s"),
        (
            Duration::MAX,
            "`lasts` is 18446744073709551615.999999999s, and must be from 1ms to 86400s",
        ),
    ] {
        let error = Drill::lasting(time).fail(5.0).try_build().unwrap_err();
        assert_eq!((error.field(), error.to_string().as_str()), ("lasts", text));
    }
}

#[test]
fn a_drill_says_what_is_wrong_with_it() {
    let minute = Drill::lasting(60 * SECOND);
    let hour = Duration::from_hours(1);
    for (config, text) in [
        (
            minute,
            "fail, hang, panic and slow are 0%, and one of them must be more: it would do nothing",
        ),
        (minute.fail(-1.0), "`fail` is -1%, and must be 0, or from 0.01 to 100%"),
        (minute.hang(f64::NAN), "`hang` is NaN%, and must be 0, or from 0.01 to 100%"),
        (minute.panic(0.001), "`panic` is 0.001%, and must be 0, or from 0.01 to 100%"),
        (minute.slow(SECOND, 101.0), "`slow` is 101%, and must be 0, or from 0.01 to 100%"),
        (minute.slow(hour, 1.0), "`slow` is 3600s, and must be from 1ms to 900s"),
        (
            minute.fail(60.0).slow(SECOND, 50.5),
            "fail, hang, panic and slow are 110.5% together, and must be 100% at most",
        ),
        (
            minute.capped().fail(30.0).hang(21.0),
            "fail, hang and panic are 51% together, and must be 50% at most unless the drill is uncapped",
        ),
        (minute.capped().panic(0.1), "`panic` is 0.1%, and must be 0 unless the drill is uncapped"),
        (
            minute.capped().slow(31 * SECOND, 1.0),
            "`slow` is 31s, and must be 30s at most unless the drill is uncapped",
        ),
        (
            Drill::lasting(hour + SECOND).capped().fail(1.0),
            "`lasts` is 3601s, and must be 3600s at most unless the drill is uncapped",
        ),
    ] {
        let error = config.try_build().unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(error.is_capped(), config.uncapped().try_build().is_ok());
    }
    let most = Drill::lasting(hour).capped().fail(50.0).slow(30 * SECOND, 50.0).build();
    assert_eq!(most.to_string(), "fail 50%, slow 30s on 50%, for 3600s, seed 0");
}

#[test]
fn a_drilled_error_is_a_failure_of_the_service() {
    let clock = clock();
    let settings = BreakerConfig::new().failure_threshold(3).build();
    let (shop, _) = shop(&clock, settings);
    shop.start_drill(failing(100.0));
    let mut made = 0;
    for _ in 0..3 {
        let error = shop
            .call(|| {
                made += 1;
                Ok::<_, ()>(())
            })
            .unwrap_err();
        let rejected = error.as_rejected().unwrap();
        assert_eq!(rejected.limit(), Some(LimitKind::Drill));
        assert!(rejected.is_drill() && error.is_retryable());
        assert_eq!(rejected.to_string(), "a drill failed this call of circuit breaker `shop`");
    }
    assert_eq!((made, shop.state()), (0, State::Open));
    let counters = shop.counters();
    assert_eq!((counters.failures, counters.rejections, counters.openings), (3, 0, 1));
    // An open one turns away as ever, and that is no fault of the drill's.
    let error = shop.call(|| Ok::<_, ()>(())).unwrap_err();
    assert!(!error.as_rejected().unwrap().is_drill() && !error.is_retryable());
    // Probes are drilled, too.
    clock.advance(settings.recovery_timeout().checked_sub(SECOND).unwrap());
    shop.start_drill(failing(100.0));
    clock.advance(SECOND);
    assert!(shop.call(|| Ok::<_, ()>(())).unwrap_err().as_rejected().unwrap().is_drill());
    assert_eq!((shop.state(), shop.snapshot().reopenings), (State::Open, 1));
}

#[test]
fn retries_fallbacks_and_failover_take_it_for_a_failure() {
    let clock = clock();
    let (shop, _) = shop(&clock, tolerant());
    shop.start_drill(Drill::lasting(60 * SECOND).fail(30.0).seed(3).build());
    let settings = RetryConfig::new().max_attempts(20).build();
    let retry = Retry::with(settings, &clock, &clock, Told::default());
    for _ in 0..50 {
        assert_eq!(retry.call(|| shop.call(|| Ok::<_, ()>(5))), Ok(5));
        shop.start_drill(Drill::lasting(60 * SECOND).fail(30.0).seed(3).build());
    }
    shop.start_drill(failing(100.0));
    let fallback = Fallback::new().or(|(): &()| Ok::<_, CallError<()>>(9));
    assert_eq!(fallback.call(&(), |()| shop.call(|| Ok(5))), Ok(9));

    let other = CircuitBreaker::with(None, tolerant(), &clock, Told::default());
    let members = [Member::new("eu", &shop), Member::new("us", &other)];
    let set = FailoverSet::new(members, FailoverConfig::new().build());
    for _ in 0..10 {
        assert_eq!(set.call(|it| Ok::<_, ()>(it.name())).unwrap(), "us");
    }
}

#[test]
fn a_pipeline_is_drilled_and_a_breaker_around_it_sees_failures() {
    let clock = clock();
    let (inner, _) = shop(&clock, tolerant());
    let outer = CircuitBreaker::with(None, tolerant(), &clock, Told::default());
    inner.start_drill(failing(100.0));
    let pipeline = Pipeline::new().breaker(&outer).breaker(&inner);
    for _ in 0..5 {
        assert!(pipeline.call(&(), |()| Ok::<_, ()>(1)).is_err());
    }
    assert_eq!((inner.counters().failures, outer.counters().failures), (5, 5));
}

#[test]
fn latency_is_of_the_call_and_a_slow_rule_sees_it() {
    let clock = clock();
    let limit = Duration::from_millis(100);
    let (shop, _) =
        shop(&clock, BreakerConfig::new().failure_threshold(2).slow_call(limit).build());
    let slow = Drill::lasting(60 * SECOND).slow(Duration::from_millis(200), 100.0);
    shop.start_drill(slow.build());
    for _ in 0..2 {
        let before = clock.now();
        assert_eq!(
            shop.call(|| Ok::<_, ()>(clock.now().since(before))),
            Ok(Duration::from_millis(200))
        );
    }
    assert_eq!((shop.counters().slow, shop.state()), (2, State::Open));
}

#[test]
fn a_hang_ends_with_its_drill_and_fails() {
    let clock = clock();
    let (shop, _) = shop(&clock, tolerant());
    shop.start_drill(Drill::lasting(10 * SECOND).hang(100.0).build());
    let before = clock.now();
    assert!(shop.call(|| Ok::<_, ()>(())).unwrap_err().as_rejected().unwrap().is_drill());
    assert_eq!(clock.now().since(before), 10 * SECOND);
    assert_eq!(shop.call(|| Ok::<_, ()>(1)), Ok(1));
}

#[test]
fn a_panic_names_its_drill_and_is_a_failure() {
    let clock = clock();
    let (shop, _) = shop(&clock, tolerant());
    shop.start_drill(Drill::lasting(SECOND).panic(100.0).uncapped().build());
    let panic = catch_unwind(AssertUnwindSafe(|| shop.call(|| Ok::<_, ()>(())))).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert_eq!(text, "a drill made this call of circuit breaker `shop` panic");
    assert_eq!(shop.counters().failures, 1);
}

#[test]
fn a_call_that_is_made_by_hand_can_only_be_failed() {
    let clock = clock();
    let (shop, _) = shop(&clock, tolerant());
    shop.start_drill(Drill::lasting(SECOND).hang(50.0).panic(50.0).uncapped().build());
    for _ in 0..20 {
        shop.try_acquire().unwrap().success();
    }
    assert_eq!((shop.drill().unwrap().calls, shop.drill().unwrap().faults), (20, 0));
    shop.start_drill(failing(100.0));
    assert!(shop.try_acquire().unwrap_err().is_drill());
    assert_eq!(shop.counters().failures, 1);
}

#[test]
fn a_clock_that_steps_moves_all_that_is_remembered() {
    let clock = clock();
    let settings = BreakerConfig::new().failure_threshold(1).recovery_timeout(60 * SECOND).build();
    let (shop, _) = shop(&clock, settings);
    shop.trip();
    shop.step_clock(20_000);
    assert_eq!(shop.reading().time_left, Some(40 * SECOND));
    assert_eq!(shop.reading().open_for, Some(20 * SECOND));
    // Back: no time has passed, and the wait begins anew.
    shop.step_clock(-3_600_000);
    let _ = shop.try_acquire().unwrap_err();
    clock.advance(60 * SECOND);
    assert!(shop.try_acquire().is_ok());
}

proptest! {
    #[test]
    fn the_share_of_faults_is_the_one_asked_for(
        fail in 0_u32..=40, hang in 0_u32..=20, slow in 0_u32..=40, seed in any::<u32>(),
    ) {
        prop_assume!(fail + hang + slow > 0);
        let clock = clock();
        let (shop, told) = shop(&clock, tolerant());
        let millisecond = Duration::from_millis(1);
        let mut counts = [0_u32; 3];
        // A hang ends its drill: each call has one of its own, and another seed.
        for call in 0..2_000 {
            let drill = Drill::lasting(millisecond)
                .fail(fail.into())
                .hang(hang.into())
                .slow(millisecond, slow.into())
                .seed(seed.wrapping_add(call));
            shop.start_drill(drill.build());
            let _ = shop.call(|| Ok::<_, ()>(()));
        }
        for step in told.steps() {
            if let DrillStep::Fault { fault, .. } = step {
                counts[match fault {
                    DrillFault::Error => 0,
                    DrillFault::Hang => 1,
                    _ => 2,
                }] += 1;
            }
        }
        for (count, percent) in counts.into_iter().zip([fail, hang, slow]) {
            // Five sigma of 2000 calls at 50 % are 112.
            prop_assert!(count.abs_diff(20 * percent) < 120, "{counts:?}");
        }
    }

    #[test]
    fn a_drill_reads_as_it_was_written(
        shares in prop::array::uniform4(0_u16..=2_500),
        slow in 1_u64..=900_000, lasts in 1_u64..=86_400_000,
        seed in any::<u32>(), now in any::<u64>(), before in 0_usize..20,
    ) {
        prop_assume!(shares.iter().sum::<u16>() > 0);
        let [fail, hang, panic, late] = shares.map(|it| f64::from(it) / 100.0);
        let drill = Drill::lasting(Duration::from_millis(lasts))
            .fail(fail).hang(hang).panic(panic).slow(Duration::from_millis(slow), late)
            .seed(seed).uncapped().build();
        let clock = ManualClock::new();
        clock.set(Tick::from_millis(now));
        let (shop, _) = shop(&clock, tolerant());
        (0..=before).for_each(|_| shop.start_drill(drill));
        let reading = shop.drill().unwrap();
        prop_assert_eq!(reading.drill, drill);
        prop_assert!(reading.left.as_millis().abs_diff(lasts.into()) <= 1);
        clock.advance(Duration::from_millis(lasts + 1));
        prop_assert_eq!(shop.drill(), None);
        prop_assert!(shop.call(|| Ok::<_, ()>(())).is_ok());
    }
}

#[test]
fn a_script_plays_one_step_after_the_other() {
    let clock = clock();
    let (shop, told) = shop(&clock, tolerant());
    let down = Drill::lasting(2 * SECOND).fail(100.0).build();
    let slow = Drill::lasting(SECOND).slow(Duration::from_millis(1), 100.0).build();
    let script = Script::new().pause(SECOND).drill(down).step_clock(-5_000).drill(slow);
    assert_eq!((script.lasts(), script.steps().len()), (4 * SECOND, 4));
    let mut failed = Vec::new();
    script
        .play(&shop, |time| {
            let end = Tick::from_millis(
                clock.now().as_millis() + u64::try_from(time.as_millis()).unwrap(),
            );
            let calls = (0..10).filter(|_| shop.call(|| Ok::<_, ()>(())).is_err()).count();
            failed.push(calls);
            clock.set(end);
            Ok::<(), ()>(())
        })
        .unwrap();
    assert_eq!(failed, [0, 10, 0]);
    assert_eq!(shop.call(|| Ok::<_, ()>(1)), Ok(1));
    let ended = told.steps().iter().filter(|it| **it == DrillStep::Ended).count();
    assert_eq!(
        (shop.drill(), ended),
        (None, 1),
        "the last one; a new one took the first one's place"
    );
    // Whoever stops waiting ends the drill.
    assert_eq!(script.play(&shop, |time| if time == SECOND { Ok(()) } else { Err(7) }), Err(7));
    assert_eq!(shop.drill(), None);
}

#[test]
fn a_drill_that_no_call_met_is_cleared_by_whoever_stops_it() {
    let clock = clock();
    let (shop, told) = shop(&clock, tolerant());
    shop.start_drill(failing(100.0));
    assert!(shop.stop_drill());
    assert_eq!(shop.call(|| Ok::<_, ()>(1)), Ok(1));
    assert_eq!(told.steps(), []);
}
