//! Model M36: of what calls foretell none is lost, whoever ends meanwhile, and an alarm is
//! told once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fusebox::{
    BreakerConfig, CircuitBreaker, Event, Foresight, Observer, Outcome, planted::Defect,
};
use loom::thread;
use loom_tests::{TestClock, catches, check, claim};

/// Counts alarms.
#[derive(Clone, Default)]
struct Alarms(Arc<AtomicUsize>);

impl Observer for Alarms {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Foreseen(it) = event
            && it.risk.is_alarm()
        {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn overloads_race() {
    let (clock, alarms) = (TestClock::default(), Alarms::default());
    clock.advance(Duration::from_secs(1));
    let settings = BreakerConfig::new().failure_threshold(9).foresight(Foresight::Watch).build();
    let breaker = CircuitBreaker::with(None, settings, clock, alarms.clone());
    let breaker = loom::sync::Arc::new(breaker);
    // Each is worth a third of an alarm.
    let overload = |breaker: &CircuitBreaker<TestClock, Alarms>| {
        let permit = breaker.try_acquire().expect("admitted");
        permit.report_after(Outcome::Overload, Duration::ZERO);
    };
    overload(&breaker);
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || overload(&breaker))
    };
    overload(&breaker);
    other.join().unwrap();
    claim!(breaker.risk().slow == 100, "a sign was lost: {}", breaker.risk());
    claim!(alarms.0.load(Ordering::SeqCst) == 1, "an alarm is told once");
}

#[test]
fn of_what_calls_foretell_none_is_lost() {
    check(overloads_race);
}

#[test]
fn an_omen_that_is_changed_by_a_store_is_caught() {
    catches(Defect::ForeseenByStore, overloads_race);
}
