//! A manual clock runs async tests, and moves on while all is asleep.

mod common;

use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::mpsc,
    task::Poll,
    thread,
    time::Duration,
};

use common::{config, millis};
use fusebox::{
    AsyncSleep, CircuitBreaker, Clock, DefaultObserver, ManualClock, Pipeline, Retry, RetryConfig,
    State, Tick, TimedOut,
};

#[test]
fn delays_take_the_clocks_time_and_no_other() {
    let clock = ManualClock::new();
    let settings = RetryConfig::new().max_attempts(4).base_delay(Duration::from_hours(1));
    let settings = settings.max_delay(Duration::from_hours(9)).jitter(fusebox::Jitter::None);
    let retry = Retry::with(settings.build(), &clock, &clock, DefaultObserver);
    assert!(clock.block_on(retry.call_async(async || Err::<(), _>("down"))).is_err());
    assert_eq!(clock.now(), Tick::from_millis(7 * 3_600_000));
}

#[test]
fn it_moves_to_the_first_of_several_delays() {
    let clock = ManualClock::new();
    let order = clock.block_on(async {
        let mut delays = [30, 10, 20].map(|time| Box::pin((&clock).sleep_async(millis(time))));
        let mut done = [false; 3];
        let mut order = Vec::new();
        poll_fn(|cx| {
            for (at, delay) in delays.iter_mut().enumerate() {
                if !done[at] && delay.as_mut().poll(cx).is_ready() {
                    done[at] = true;
                    order.push((at, clock.now().as_millis()));
                }
            }
            if order.len() == 3 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        order
    });
    assert_eq!(order, [(1, 10), (2, 20), (0, 30)]);
}

#[test]
fn a_breaker_and_a_timeout_on_the_same_clock() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with(None, config().build(), &clock, DefaultObserver);
    let pipeline = Pipeline::new().breaker(&breaker).timeout_by(millis(100), &clock);
    clock.block_on(async {
        for _ in 0..3 {
            let hangs = |(): &()| pending::<Result<(), TimedOut>>();
            assert!(pipeline.call_async(&(), hangs).await.is_err());
        }
        assert_eq!(breaker.state(), State::Open);
        (&clock).sleep_async(common::TIMEOUT).await;
        assert!(breaker.would_admit());
    });
    assert_eq!(clock.now().as_millis(), 300 + 10_000);
}

#[test]
fn what_is_woken_otherwise_comes_first() {
    let clock = ManualClock::new();
    clock.block_on(async {
        let mut sleep = pin!((&clock).sleep_async(millis(50)));
        let mut turns = 0;
        poll_fn(|cx| {
            turns += 1;
            if turns < 100 {
                cx.waker().wake_by_ref(); // as `yield_now` does
                assert_eq!(clock.now(), Tick::from_millis(0), "there is something to do");
            }
            sleep.as_mut().poll(cx)
        })
        .await;
        assert_eq!(turns, 101);
    });
}

#[test]
fn a_delay_that_was_dropped_holds_nobody_up() {
    let clock = ManualClock::new();
    let (sender, receiver) = mpsc::channel::<std::task::Waker>();
    let other = thread::spawn(move || receiver.recv().unwrap().wake());
    clock.block_on(async {
        {
            let mut dropped = pin!((&clock).sleep_async(millis(50)));
            poll_fn(|cx| {
                let _: () = assert!(dropped.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        let mut asked = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(());
            }
            sender.send(cx.waker().clone()).unwrap();
            Poll::Pending
        })
        .await;
    });
    other.join().unwrap();
    assert_eq!(clock.now(), Tick::from_millis(0), "nobody waited for the clock");
}

#[test]
fn the_clock_may_be_moved_by_hand_too() {
    let clock = ManualClock::new();
    clock.block_on(async {
        let mut sleep = pin!((&clock).sleep_async(millis(50)));
        poll_fn(|cx| {
            let polled = sleep.as_mut().poll(cx);
            if polled.is_pending() {
                clock.advance(millis(70));
            }
            polled
        })
        .await;
    });
    assert_eq!(clock.now(), Tick::from_millis(70));
}

#[test]
#[should_panic(expected = "`block_on` runs already for this clock")]
fn within_itself_it_panics() {
    let clock = ManualClock::new();
    clock.block_on(async { clock.block_on(async {}) });
}

#[test]
fn after_a_panic_it_works_again() {
    let clock = ManualClock::new();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        clock.block_on(async {
            (&clock).sleep_async(millis(5)).await;
            panic!("in the test")
        })
    }));
    assert!(panicked.is_err());
    clock.block_on((&clock).sleep_async(millis(5)));
    assert_eq!(clock.now(), Tick::from_millis(10));
}
