//! A retried async call: R1, R5 to R9 as the sync one, R11, and its limits of
//! time.

mod common;

use std::{
    cell::{Cell, RefCell},
    future::ready,
    pin::pin,
};

use common::{Journal, after, finish, millis, poll_up_to};
use fusebox::{
    Attempt, Clock, DefaultObserver, Jitter, ManualClock, Retry, RetryConfig, SleepBy, TimedOut,
};

const SETTINGS: RetryConfig = RetryConfig::new().base_delay(millis_const(100)).jitter(Jitter::None);

const fn millis_const(ms: u64) -> std::time::Duration {
    std::time::Duration::from_millis(ms)
}

/// Polls until pending without progress, moving the clock by 1 ms each time.
fn run<F: Future>(clock: &ManualClock, future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Some(output) = poll_up_to(1, future.as_mut()) {
            return output;
        }
        clock.advance(millis(1));
        assert!(clock.now().as_millis() < 100_000, "it never ends");
    }
}

#[test]
fn r1_r5_the_last_error_after_max_attempts() {
    let (clock, journal, calls) = (ManualClock::new(), Journal::default(), Cell::new(0));
    let retry = Retry::with(SETTINGS.build(), &clock, &clock, &journal);
    let result: Result<(), String> = run(
        &clock,
        retry.call_async(|| {
            calls.set(calls.get() + 1);
            ready(Err(format!("no {}", calls.get())))
        }),
    );
    assert_eq!((result, calls.get()), (Err("no 3".into()), 3));
    assert_eq!(clock.now().as_millis(), 300, "100 and 200 ms, and nothing after the last");
    assert_eq!(journal.take().len(), 3);
}

#[test]
fn r4_a_delay_of_zero_takes_no_timer() {
    let clock = ManualClock::new();
    let never = |_| -> std::future::Ready<()> { panic!("a timer was asked for") };
    let calls = Cell::new(0);
    let down = || {
        calls.set(calls.get() + 1);
        ready(Err::<(), _>("down"))
    };
    let settings = SETTINGS.max_attempts(1_000).base_delay(millis(0)).build();
    let retry = Retry::with(settings, &clock, SleepBy(&never), DefaultObserver);
    // All attempts in one poll, and no runtime anywhere.
    assert_eq!(poll_up_to(1, pin!(retry.call_async(down))), Some(Err("down")));
    assert_eq!(calls.replace(0), 1_000);

    // A hint of zero is the same, as `Retry-After: 0` gives it.
    let settings = SETTINGS.max_attempts(5).build();
    let hinted = Retry::with(settings, &clock, SleepBy(&never), DefaultObserver)
        .delay_hint(|_: &&str| Some(millis(0)));
    assert_eq!(poll_up_to(1, pin!(hinted.call_async(down))), Some(Err("down")));
    assert_eq!(calls.get(), 5);
}

#[test]
fn r7_nobody_is_asked_for_a_hint_after_the_last_attempt() {
    let (clock, asked) = (ManualClock::new(), Cell::new(0));
    let hint = |_: &&str| {
        asked.set(asked.get() + 1);
        None
    };
    let retry = Retry::with(SETTINGS.build(), &clock, &clock, DefaultObserver).delay_hint(&hint);
    assert_eq!(run(&clock, retry.call_async(|| ready(Err::<(), _>("down")))), Err("down"));
    assert_eq!(asked.get(), 2, "three attempts, two delays");
}

#[test]
fn nothing_happens_before_the_first_poll() {
    let (clock, calls) = (ManualClock::new(), Cell::new(0));
    let retry = Retry::with(SETTINGS.build(), &clock, &clock, DefaultObserver);
    drop(retry.call_async(|| {
        calls.set(1);
        ready(Ok::<(), ()>(()))
    }));
    assert_eq!(calls.get(), 0);
}

#[test]
fn r6_r7_predicates_and_hints_are_the_same() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let hint = |error: &u32| (*error == 1).then(|| millis(7));
    let retry = Retry::with(SETTINGS.max_attempts(9).build(), &clock, &clock, &journal)
        .retry_if(|error: &u32| *error < 3)
        .delay_hint(&hint);
    let calls = Cell::new(0);
    let result = run(
        &clock,
        retry.call_async(|| {
            calls.set(calls.get() + 1);
            ready(Err::<(), u32>(calls.get()))
        }),
    );
    assert_eq!((result, clock.now().as_millis()), (Err(3), 207));
}

#[test]
fn r8_a_token_is_refreshed_by_an_async_function() {
    let (clock, token) = (ManualClock::new(), Cell::new(0));
    let refresh = |attempt: Attempt<'_, &'static str>| {
        let next = attempt.number();
        let token = &token;
        async move {
            after(2, ()).await;
            token.set(next);
            Ok::<(), &'static str>(())
        }
    };
    let retry =
        Retry::with(SETTINGS.build(), &clock, &clock, DefaultObserver).before_retry_async(&refresh);
    let call = || ready(if token.get() == 2 { Ok("in") } else { Err("expired") });
    assert_eq!(run(&clock, retry.call_async(call)), Ok("in"));

    let fails = |_: Attempt<'_, &'static str>| after(1, Err::<(), _>("no token"));
    let retry =
        Retry::with(SETTINGS.build(), &clock, &clock, DefaultObserver).before_retry_async(&fails);
    let result = run(&clock, retry.call_async(|| ready(Err::<(), _>("expired"))));
    assert_eq!(result, Err("no token"));

    // A sync one under an async call.
    let token = Cell::new(false);
    let sync = |_: Attempt<'_, &'static str>| {
        token.set(true);
        Ok::<(), &'static str>(())
    };
    let retry = Retry::with(SETTINGS.build(), &clock, &clock, DefaultObserver).before_retry(&sync);
    let call = || ready(if token.get() { Ok(1) } else { Err("expired") });
    assert_eq!(run(&clock, retry.call_async(call)), Ok(1));
}

#[test]
fn r9_no_sleep_overruns_max_elapsed() {
    let clock = ManualClock::new();
    let settings = SETTINGS.max_attempts(9).max_elapsed(millis(300)).build();
    let retry = Retry::with(settings, &clock, &clock, DefaultObserver);
    let calls = Cell::new(0);
    let result = run(
        &clock,
        retry.call_async(|| {
            calls.set(calls.get() + 1);
            ready(Err::<(), _>("x"))
        }),
    );
    assert_eq!((result, calls.get(), clock.now().as_millis()), (Err("x"), 3, 300));
}

#[test]
fn a_call_may_read_its_attempt() {
    let clock = ManualClock::new();
    let retry = Retry::with(SETTINGS.build(), &clock, &clock, DefaultObserver);
    let seen = RefCell::new(Vec::new());
    let result = run(
        &clock,
        retry.call_async_with(|attempt| {
            let (number, previous) = (attempt.number(), attempt.previous().copied());
            seen.borrow_mut().push((number, attempt.elapsed(), previous));
            ready(Err::<(), u32>(number))
        }),
    );
    assert_eq!(result, Err(3));
    let expected = [(1, millis(0), None), (2, millis(100), Some(1)), (3, millis(300), Some(2))];
    assert_eq!(*seen.borrow(), expected);
}

#[derive(Debug, PartialEq)]
enum Own {
    Late(TimedOut),
    Down,
}

impl From<TimedOut> for Own {
    fn from(timed_out: TimedOut) -> Self {
        Self::Late(timed_out)
    }
}

#[test]
fn an_attempt_that_takes_too_long_is_dropped_and_tried_again() {
    struct Dropped<'a>(&'a Cell<u32>);
    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let clock = ManualClock::new();
    let retry = Retry::with(SETTINGS.build(), &clock, &clock, DefaultObserver)
        .retry_if(|error: &Own| matches!(error, Own::Late(_)));
    let (calls, drops) = (Cell::new(0), Cell::new(0));
    let result = run(
        &clock,
        retry.call_async_within(millis(50), || {
            calls.set(calls.get() + 1);
            let (number, dropped) = (calls.get(), Dropped(&drops));
            async move {
                let _dropped = dropped;
                after(if number < 3 { 1_000 } else { 10 }, ()).await;
                Ok::<_, Own>(number)
            }
        }),
    );
    assert_eq!(result, Ok(3));
    assert_eq!(drops.get(), 3);
    // Twice 50 ms, 100 and 200 ms between, 10 polls of the third.
    assert_eq!(clock.now().as_millis(), 2 * 50 + 300 + 10);

    let result: Result<(), Own> =
        run(&clock, retry.call_async_within(millis(50), || after(1_000, Ok(()))));
    assert!(matches!(&result, Err(Own::Late(late)) if late.limit() == millis(50)));
    assert_eq!(
        result.map_err(|error| match error {
            Own::Late(late) => late.to_string(),
            Own::Down => String::new(),
        }),
        Err("no answer within 50ms".into())
    );
    let result: Result<(), Own> =
        run(&clock, retry.call_async_within(millis(50), || ready(Err(Own::Down))));
    assert_eq!(result, Err(Own::Down));
}

/// Counts those of its kind.
struct Alive<'a>(&'a Cell<i32>);

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[test]
fn r11_dropped_at_any_await_nothing_is_left() {
    // Awaits: 2 in each of three attempts, the sleeps, 1 in each refresh.
    let mut ended = false;
    for polls in 0..1_000 {
        let clock = ManualClock::new();
        let (alive, begun) = (Cell::new(0i32), Cell::new(0));
        let live = || {
            alive.set(alive.get() + 1);
            begun.set(begun.get() + 1);
            Alive(&alive)
        };
        let refresh = |_: Attempt<'_, &'static str>| {
            let guard = live();
            async move {
                let _guard = guard;
                after(1, Ok::<(), &'static str>(())).await
            }
        };
        let settings = SETTINGS.base_delay(millis(3)).build();
        let retry =
            Retry::with(settings, &clock, &clock, DefaultObserver).before_retry_async(&refresh);
        {
            let mut call = pin!(retry.call_async(|| {
                let guard = live();
                async move {
                    let _guard = guard;
                    after(2, Err::<(), _>("x")).await
                }
            }));
            for _ in 0..polls {
                clock.advance(millis(1));
                // Never more than one of them at a time.
                assert!(alive.get() <= 1);
                ended |= poll_up_to(1, call.as_mut()).is_some();
                if ended {
                    break;
                }
            }
        }
        assert_eq!(alive.get(), 0, "after {polls} polls");
        if ended {
            assert_eq!(begun.get(), 5, "three attempts, two refreshes");
            return;
        }
    }
    panic!("it never ended");
}

#[test]
#[should_panic(expected = "polled after it was done")]
fn polling_a_done_call_panics() {
    let clock = ManualClock::new();
    let retry = Retry::with(SETTINGS.build(), &clock, &clock, DefaultObserver);
    let mut call = pin!(retry.call_async(|| ready(Ok::<(), ()>(()))));
    assert_eq!(poll_up_to(1, call.as_mut()), Some(Ok(())));
    poll_up_to(1, call);
}

#[test]
fn a_sleeper_is_any_function_that_makes_a_future() {
    async fn delay(_: std::time::Duration) {
        after(1, ()).await;
    }
    let clock = ManualClock::new();
    let retry = Retry::with(SETTINGS.build(), &clock, SleepBy(delay), DefaultObserver);
    let calls = Cell::new(0);
    let result = finish(retry.call_async(|| {
        calls.set(calls.get() + 1);
        ready(if calls.get() == 3 { Ok(()) } else { Err("x") })
    }));
    assert_eq!(result, Ok(()));
}
