//! Events of calls with their durations, where somebody asks for them.

mod common;

use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Mutex,
    time::Duration,
};

use common::{context, finish, millis};
use fusebox::{
    BreakerConfig, CircuitBreaker, Clock, CountCalls, DefaultObserver, Event, ManualClock, Name,
    Observer, Outcome, Pipeline, PreciseClock, TimeCalls,
};

#[derive(Default)]
struct Calls(Mutex<Vec<(Outcome, u128)>>);

impl Observer for Calls {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Call(it) = event {
            assert_eq!(it.breaker, Some("shop"));
            self.0.lock().unwrap().push((it.outcome, it.duration.as_millis()));
        }
    }
}

type Timed<'a> = CircuitBreaker<&'a ManualClock, TimeCalls<&'a Calls>>;

fn shop<'a>(clock: &'a ManualClock, calls: &'a Calls) -> Timed<'a> {
    let name = Some(Name::new("shop"));
    CircuitBreaker::with(name, BreakerConfig::new().build(), clock, TimeCalls(calls))
}

#[test]
fn every_call_is_told_with_what_came_of_it() {
    let (clock, calls) = (ManualClock::new(), Calls::default());
    let shop = shop(&clock, &calls);
    let takes = |time: u64, answer: Result<(), &'static str>| {
        clock.advance(millis(time));
        answer
    };
    shop.call(|| takes(1, Ok(()))).unwrap();
    shop.call(|| takes(2, Err("down"))).unwrap_err();
    shop.call_counting(|_| false, || takes(3, Err("down"))).unwrap_err();
    finish(shop.call_async(async { takes(4, Ok(())) })).unwrap();
    let pipeline = Pipeline::new().breaker(&shop);
    pipeline.call(&(), |()| takes(5, Ok(()))).unwrap();
    finish(pipeline.call_async(&(), |()| async { takes(6, Err("down")) })).unwrap_err();
    assert!(
        catch_unwind(AssertUnwindSafe(|| shop.call(|| -> Result<(), ()> {
            clock.advance(millis(7));
            panic!("in the call")
        })))
        .is_err()
    );
    {
        let mut call = pin!(shop.call_async(pending::<Result<(), ()>>()));
        assert!(call.as_mut().poll(&mut context()).is_pending());
        clock.advance(millis(8));
        assert!(call.as_mut().poll(&mut context()).is_pending());
    }
    shop.force_open();
    shop.call(|| takes(9, Ok(()))).unwrap_err(); // no call
    assert_eq!(
        *calls.0.lock().unwrap(),
        [
            (Outcome::Success, 1),
            (Outcome::Failure, 2),
            (Outcome::Ignore, 3),
            (Outcome::Success, 4),
            (Outcome::Success, 5),
            (Outcome::Failure, 6),
            (Outcome::Failure, 7),
            (Outcome::Ignore, 8),
        ]
    );
}

#[test]
fn nobody_hears_of_calls_unless_they_ask() {
    let (clock, calls) = (ManualClock::new(), Calls::default());
    let name = Some(Name::new("shop"));
    let settings = BreakerConfig::new().build();
    let plain = CircuitBreaker::with(name, settings, &clock, &calls);
    plain.call(|| Ok::<_, ()>(())).unwrap();
    let counted = CircuitBreaker::with(name, settings, &clock, CountCalls(&calls));
    counted.call(|| Ok::<_, ()>(())).unwrap();
    assert!(calls.0.lock().unwrap().is_empty());
    // One of two observers asks: both hear.
    let both = CircuitBreaker::with(name, settings, &clock, (&calls, TimeCalls(DefaultObserver)));
    both.call(|| Ok::<_, ()>(())).unwrap();
    let both = CircuitBreaker::with(name, settings, &clock, CountCalls(TimeCalls(&calls)));
    both.call(|| Ok::<_, ()>(())).unwrap();
    assert_eq!(calls.0.lock().unwrap().len(), 2);
}

#[test]
fn the_hosts_clock_tells_less_than_a_millisecond() {
    let begun = PreciseClock.elapsed();
    let mut ended = begun;
    while ended == begun {
        ended = PreciseClock.elapsed();
    }
    assert!(ended > begun);
    assert_eq!(PreciseClock.now().since(PreciseClock.now()), Duration::ZERO);
    let clock = ManualClock::new();
    clock.advance(millis(5));
    assert_eq!(clock.elapsed(), millis(5), "a clock of one's own has its ticks");
}
