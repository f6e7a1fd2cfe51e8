//! Deadlines: L8, and what R9 says of them.

mod common;

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    thread,
    time::Duration,
};

use common::{Bench, Journal, config, context, finish, millis, poll_up_to};
use fusebox::{
    CallError, Clock, Deadline, DefaultObserver, Fallback, Jitter, LimitKind, ManualClock,
    Pipeline, Retry, RetryConfig, RetrySettings, RetrySurroundings, SleepBy, StdClock, Tick,
    TimedOut, layers::Hooks,
};
use proptest::prelude::*;

/// Delays of 10 ms, 20 ms, 40 ms and so on.
const DOUBLING: RetryConfig = RetryConfig::new()
    .unlimited()
    .base_delay(Duration::from_millis(10))
    .max_delay(Duration::from_hours(1))
    .jitter(Jitter::None);

type Plain<'a> = Retry<Hooks, RetrySurroundings<&'a ManualClock, &'a ManualClock>>;

fn retry(clock: &ManualClock) -> Plain<'_> {
    Retry::with(DOUBLING.build(), clock, clock, DefaultObserver)
}

fn kind<T>(answer: Result<T, CallError<&str>>) -> Option<LimitKind> {
    Some(answer.err()?.as_limited()?.kind())
}

#[test]
fn l8_it_is_over_at_its_moment_and_allows_what_ends_before() {
    let clock = ManualClock::new();
    clock.advance(millis(1_000));
    let deadline = Deadline::after(millis(5), &clock);
    assert_eq!(deadline, Deadline::at(millis(1_005)));
    assert_eq!(deadline, Deadline::at_tick(Tick::from_millis(1_005)));
    assert!(deadline.allows(millis(4), &clock) && !deadline.allows(millis(5), &clock));
    clock.advance(millis(4));
    assert_eq!((deadline.remaining(&clock), deadline.is_over(&clock)), (millis(1), false));
    clock.advance(millis(1));
    assert_eq!((deadline.remaining(&clock), deadline.is_over(&clock)), (Duration::ZERO, true));
    clock.advance(millis(1_000_000));
    assert!(deadline.is_over(&clock));
    // A clock that stepped back gives time, and nothing panics.
    clock.set(Tick::from_millis(0));
    assert_eq!(deadline.remaining(&clock), millis(1_005));
}

#[test]
fn l8_never_is_no_deadline() {
    const NEVER: Deadline = Deadline::at(Duration::MAX);
    let clock = ManualClock::new();
    for never in [NEVER, Deadline::NEVER, Deadline::after(Duration::MAX, &clock)] {
        assert!(never.is_never() && !never.is_over(&clock));
        assert_eq!(never.remaining(&clock), Duration::MAX);
        assert!(never.allows(Duration::from_secs(u64::MAX), &clock));
    }
    let soon = Deadline::after(millis(1), &clock);
    assert_eq!(soon.earlier_of(Deadline::NEVER), soon);
    assert_eq!(Deadline::NEVER.earlier_of(soon), soon);
}

proptest! {
    /// As plain 128-bit arithmetic has it.
    #[test]
    fn l8_it_equals_plain_arithmetic(
        at in any::<u64>(), now in 0..u64::MAX / 1_000_000, takes in any::<u64>(), other in any::<u64>(),
    ) {
        let clock = ManualClock::new();
        clock.set(Tick::from_millis(now));
        let deadline = Deadline::at(Duration::from_nanos(at));
        let left = i128::from(at) - i128::from(now) * 1_000_000;
        let over = at != u64::MAX && left <= 0;
        prop_assert_eq!(deadline.is_over(&clock), over);
        if at != u64::MAX {
            prop_assert_eq!(i128::try_from(deadline.remaining(&clock).as_nanos()).unwrap(), left.max(0));
            let allows = deadline.allows(Duration::from_nanos(takes), &clock);
            prop_assert_eq!(allows, left.max(0) > i128::from(takes));
        }
        let both = deadline.earlier_of(Deadline::at(Duration::from_nanos(other)));
        prop_assert_eq!(both, Deadline::at(Duration::from_nanos(at.min(other))));
    }

    /// Whatever the deadline is: no delay overruns it, and no attempt starts at or after it.
    #[test]
    fn r9_a_deadline_is_never_overrun_by_a_delay(
        left in 0..5_000_u64, base in 0..300_u64, takes in 0..200_u64, attempts in 1..30_u32,
        is_async in any::<bool>(),
    ) {
        let clock = ManualClock::new();
        let settings = DOUBLING.base_delay(millis(base)).max_attempts(attempts).build();
        let deadline = Deadline::after(millis(left), &clock);
        let starts = RefCell::new(Vec::new());
        let attempt = || {
            starts.borrow_mut().push(clock.now().as_millis());
            clock.advance(millis(takes));
            Err::<(), _>("down")
        };
        let answer = if is_async {
            let sleeper = SleepBy(|delay| { clock.advance(delay); ready(()) });
            let retry = Retry::with(settings, &clock, sleeper, DefaultObserver);
            finish(retry.call_async_by(deadline, || ready(attempt())))
        } else {
            let retry = Retry::with(settings, &clock, &clock, DefaultObserver);
            retry.call_by(deadline, attempt)
        };
        let starts = starts.into_inner();
        prop_assert!(starts.iter().all(|&at| at < left), "{starts:?} of {left}");

        // A plain model of the same.
        let (mut now, mut expected) = (0, Vec::new());
        for delay in delays(&settings, attempts) {
            if now >= left { break }
            expected.push(now);
            now += takes;
            if now + delay >= left { break }
            now += delay;
        }
        prop_assert_eq!(answer.is_err_and(|it| it.was_not_made()), expected.is_empty());
        prop_assert_eq!(starts, expected);
    }
}

/// The delays of so many attempts, in milliseconds.
fn delays(settings: &RetrySettings, attempts: u32) -> impl Iterator<Item = u64> {
    let delays = settings.backoff().take(attempts as usize);
    delays.map(|delay| u64::try_from(delay.as_millis()).unwrap())
}

#[test]
fn r9_it_ends_with_the_last_error_and_says_why() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let retry = Retry::with(DOUBLING.build(), &clock, &clock, &journal);
    let calls = Cell::new(0);
    let deadline = Deadline::after(millis(40), &clock);
    let answer = retry.call_by(deadline, || {
        calls.set(calls.get() + 1);
        Err::<(), _>(calls.get())
    });
    assert_eq!(answer, Err(CallError::Failed(3)));
    assert_eq!(
        journal.take(),
        [
            "- retry 1/4294967295 in 10ms after 1",
            "- retry 2/4294967295 in 20ms after 2",
            "- exhausted after 3 (deadline): 3",
        ]
    );
    assert_eq!(clock.now().as_millis(), 30);
}

#[test]
fn r9_a_delay_that_took_too_long_is_followed_by_no_attempt() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let calls = Cell::new(0);
    let call = || {
        calls.set(calls.get() + 1);
        Err::<(), _>("down")
    };
    let expected =
        ["- retry 1/4294967295 in 10ms after \"down\"", "- exhausted after 1 (deadline): \"down\""];

    let oversleeps = SleepBy(|delay: Duration| {
        clock.advance(delay + millis(90));
        ready(())
    });
    let slow = Retry::with(DOUBLING.build(), &clock, oversleeps, &journal);
    let deadline = Deadline::after(millis(100), &clock);
    let answer = finish(slow.call_async_by(deadline, || ready(call())));
    assert_eq!(answer, Err(CallError::Failed("down")));
    assert_eq!((calls.take(), journal.take()), (1, expected.map(String::from).into()));

    // As after a preparation that took too long.
    let prepared = Retry::with(DOUBLING.build(), &clock, &clock, &journal).before_retry(
        |_: fusebox::Attempt<'_, &str>| {
            clock.advance(millis(90));
            Ok(())
        },
    );
    let deadline = Deadline::after(millis(100), &clock);
    assert_eq!(prepared.call_by(deadline, call), Err(CallError::Failed("down")));
    assert_eq!((calls.take(), journal.take()), (1, expected.map(String::from).into()));
    let soon = SleepBy(|delay| {
        clock.advance(delay);
        ready(())
    });
    let prepared = Retry::with(DOUBLING.build(), &clock, soon, &journal).before_retry_async(
        |_: fusebox::Attempt<'_, &str>| {
            clock.advance(millis(90));
            ready(Ok(()))
        },
    );
    let deadline = Deadline::after(millis(100), &clock);
    let answer = finish(prepared.call_async_by(deadline, || ready(call())));
    assert_eq!(answer, Err(CallError::Failed("down")));
    assert_eq!((calls.take(), journal.take()), (1, expected.map(String::from).into()));
}

#[test]
fn l8_a_call_whose_deadline_is_over_is_not_made() {
    let clock = ManualClock::new();
    let over = Deadline::after(Duration::ZERO, &clock);
    let never = |(): &()| -> Result<(), &str> { panic!("it is not made") };
    let pipeline = Pipeline::new().retry(retry(&clock));
    assert_eq!(kind(pipeline.call_by(over.on(&clock), &(), never)), Some(LimitKind::Deadline));
    assert_eq!(kind(retry(&clock).call_by(over, || never(&()))), Some(LimitKind::Deadline));
    let sleeper = &clock;
    let retry = Retry::with(DOUBLING.build(), &clock, sleeper, DefaultObserver);
    let answer = finish(retry.call_async_by(over, || ready(never(&()))));
    assert_eq!(kind(answer), Some(LimitKind::Deadline));
    let pipeline = Pipeline::new().retry(retry);
    let answer = finish(pipeline.call_async_by(over.on(&clock), &(), |it| ready(never(it))));
    assert_eq!(kind(answer), Some(LimitKind::Deadline));
    let layered = Pipeline::new().deadline_on(Duration::ZERO, &clock);
    assert_eq!(kind(layered.call(&(), never)), Some(LimitKind::Deadline));
    let answer = finish(layered.call_async(&(), |it| ready(never(it))));
    assert_eq!(kind(answer), Some(LimitKind::Deadline));
    let limited = layered.call(&(), never).unwrap_err();
    assert_eq!(limited.to_string(), "deadline is too near");
}

#[test]
fn l8_a_future_looks_at_its_first_poll() {
    let clock = ManualClock::new();
    let pipeline = Pipeline::new();
    let deadline = Deadline::after(millis(10), &clock);
    let mut call =
        pin!(pipeline.call_async_by(deadline.on(&clock), &(), |()| ready(Ok::<_, &str>(1))));
    clock.advance(millis(10));
    assert_eq!(kind(poll_up_to(1, call.as_mut()).unwrap()), Some(LimitKind::Deadline));
}

#[test]
fn l8_a_refused_call_says_nothing_of_the_service() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let pipeline = Pipeline::new().breaker(&breaker).deadline_on(Duration::ZERO, &bench.clock);
    for _ in 0..10 {
        assert_eq!(kind(pipeline.call(&(), |()| Ok(()))), Some(LimitKind::Deadline));
    }
    assert_eq!(breaker.snapshot().score, 0);
    assert!(breaker.would_admit());
}

#[test]
fn l8_layers_inside_see_it_and_those_outside_do_not() {
    let clock = ManualClock::new();
    let down = |(): &()| -> Result<u32, &str> {
        clock.advance(millis(50));
        Err("down")
    };
    let rescue = Fallback::new().or(|(): &()| Ok(7));
    let inside = Pipeline::new().deadline_on(millis(50), &clock).fallback(rescue);
    assert_eq!(inside.call(&(), down), Err(CallError::Failed("down")));
    let outside = Pipeline::new().fallback(rescue).deadline_on(millis(50), &clock);
    assert_eq!(outside.call(&(), down), Ok(7));
    let in_time = Pipeline::new().deadline_on(millis(51), &clock).fallback(rescue);
    assert_eq!(in_time.call(&(), down), Ok(7));
    // The same, async.
    assert_eq!(
        finish(inside.call_async(&(), |it| ready(down(it)))),
        Err(CallError::Failed("down"))
    );
    assert_eq!(finish(in_time.call_async(&(), |it| ready(down(it)))), Ok(7));
}

#[test]
fn l8_no_layer_of_a_fallback_starts_after_it() {
    let clock = ManualClock::new();
    let slow = |(): &()| -> Result<u32, &str> {
        clock.advance(millis(60));
        Err("slow")
    };
    let last = |(): &()| -> Result<u32, &str> { panic!("it is too late") };
    let layers = Fallback::new().or(slow).or(last).silent();
    let pipeline = Pipeline::new().deadline_on(millis(50), &clock).fallback(layers);
    assert_eq!(pipeline.call(&(), |()| Err("down")), Err(CallError::Failed("slow")));
    let layers = Fallback::new()
        .or_async(|(): &()| ready(slow(&())))
        .or_async(|(): &()| ready(last(&())))
        .silent();
    let pipeline = Pipeline::new().deadline_on(millis(50), &clock).fallback(layers);
    let answer = finish(pipeline.call_async(&(), |()| ready(Err("down"))));
    assert_eq!(answer, Err(CallError::Failed("slow")));
}

#[test]
fn l8_a_timeout_is_cut_to_what_remains() {
    let clock = ManualClock::new();
    let limit_of = |within, limit| {
        let pipeline = Pipeline::new().deadline_on(within, &clock).timeout_by(limit, &clock);
        let mut call = pin!(pipeline.call_async(&(), |()| pending::<Result<(), TimedOut>>()));
        assert!(poll_up_to(1, call.as_mut()).is_none());
        clock.advance(within.min(limit).saturating_sub(millis(1)));
        assert!(poll_up_to(1, call.as_mut()).is_none());
        clock.advance(millis(1));
        poll_up_to(1, call).unwrap().unwrap_err().into_failed().unwrap().limit()
    };
    assert_eq!(limit_of(millis(30), millis(100)), millis(30));
    assert_eq!(limit_of(millis(100), millis(30)), millis(30));
}

#[test]
fn l8_the_nearer_of_two_holds() {
    let clock = ManualClock::new();
    for (outer, inner) in [(35, 1_000), (1_000, 35)] {
        let (begun, pipeline) =
            (clock.now(), Pipeline::new().deadline_on(millis(inner), &clock).retry(retry(&clock)));
        let deadline = Deadline::after(millis(outer), &clock);
        let answer = pipeline.call_by(deadline.on(&clock), &(), |()| Err::<(), _>("down"));
        assert_eq!(answer, Err(CallError::Failed("down")));
        assert_eq!(clock.now().since(begun), millis(30));
    }
}

#[test]
fn l8_a_scope_is_heeded_by_what_runs_in_it() {
    static CLOCK: ManualClock = ManualClock::new();
    let attempts = Cell::new(0);
    let call = || {
        attempts.set(attempts.get() + 1);
        Err::<u32, _>("down")
    };
    {
        let _scope = Deadline::after(millis(40), &CLOCK).on(&CLOCK).enter();
        assert_eq!(Deadline::current().remaining(&CLOCK), millis(40));
        assert_eq!(retry(&CLOCK).call(call), Err("down"));
        assert_eq!(attempts.take(), 3);
        CLOCK.advance(millis(10));
        let late = Fallback::new().or(|(): &()| -> Result<u32, &str> { panic!("it is too late") });
        assert_eq!(late.call(&(), |()| Err("down")), Err("down"));
        // Another thread has a scope of its own.
        thread::scope(|threads| {
            assert!(threads.spawn(|| Deadline::current().is_never()).join().unwrap());
        });
    }
    assert!(Deadline::current().is_never());
    assert_eq!(Fallback::new().or(|(): &()| Ok(7)).call(&(), |()| Err("down")), Ok(7));
}

#[test]
fn l8_scopes_nest_and_end() {
    let clock = StdClock;
    let (near, far) =
        (Deadline::after(millis(50_000), &clock), Deadline::after(millis(90_000), &clock));
    let outer = near.enter();
    {
        let _inner = far.enter();
        assert_eq!(Deadline::current(), near, "an inner scope gives no more time");
    }
    assert_eq!(Deadline::current(), near);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _inner = Deadline::at(Duration::ZERO).enter();
        assert_eq!(Deadline::current(), Deadline::at(Duration::ZERO));
        panic!("on purpose");
    }));
    assert!(caught.is_err());
    assert_eq!(Deadline::current(), near);
    drop(outer);

    // Of two tasks on one thread, each has its own.
    let mut tasks = [near, far].map(|deadline| {
        Box::pin(deadline.scope(async move {
            for _ in 0..3 {
                assert_eq!(Deadline::current(), deadline);
                common::after(1, ()).await;
            }
        }))
    });
    for _ in 0..4 {
        for task in &mut tasks {
            let _ = task.as_mut().poll(&mut context());
            assert!(Deadline::current().is_never());
        }
    }
}
