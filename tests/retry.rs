//! A retried sync call: R1, R5 to R10, R12, its events.

mod common;

use std::{cell::Cell, fmt, future::ready, time::Duration};

use common::{Bench, Journal, config, millis};
use fusebox::{
    CallError, Clock, DefaultObserver, Jitter, ManualClock, Rejected, Retry, RetryConfig,
    RetrySurroundings, Retryable, Sleep, SleepBy, TimedOut,
};

/// 100 ms, doubled, without jitter.
fn settings() -> RetryConfig {
    RetryConfig::new().base_delay(millis(100)).jitter(Jitter::None)
}

type Plain<'a> =
    Retry<fusebox::layers::Hooks, RetrySurroundings<&'a ManualClock, &'a ManualClock, &'a Journal>>;

/// Its own sleeper: a retry that would really sleep never ends a test early.
fn retry<'a>(clock: &'a ManualClock, journal: &'a Journal, config: RetryConfig) -> Plain<'a> {
    Retry::with(config.build(), clock, clock, journal)
}

fn failing(calls: &Cell<u32>) -> impl FnMut() -> Result<u32, String> {
    move || {
        calls.set(calls.get() + 1);
        Err(format!("no {}", calls.get()))
    }
}

#[test]
fn r1_max_attempts_counts_all_and_nobody_sleeps_after_the_last() {
    for attempts in 1..=6 {
        let (clock, journal, calls) = (ManualClock::new(), Journal::default(), Cell::new(0));
        let retry = retry(&clock, &journal, settings().max_attempts(attempts));
        let result = retry.call(failing(&calls));
        assert_eq!(calls.get(), attempts);
        assert_eq!(result, Err(format!("no {attempts}")), "the last error, as it was");
        let slept = (0..attempts - 1).map(|n| 100 << n).sum::<u64>();
        assert_eq!(clock.now().as_millis(), slept);
    }
    let error = RetryConfig::new().max_attempts(0).try_build().unwrap_err();
    assert_eq!(error.to_string(), "`max_attempts` is 0, and must be from 1 to 4294967295");
}

#[test]
fn r1_a_success_ends_it_whenever_it_comes() {
    for good in 1..=3u8 {
        let (clock, journal, calls) = (ManualClock::new(), Journal::default(), Cell::new(0));
        let result = retry(&clock, &journal, settings()).call(|| {
            calls.set(calls.get() + 1);
            if calls.get() == good { Ok(good) } else { Err("not yet") }
        });
        assert_eq!((result, calls.get()), (Ok(good), good));
        assert_eq!(journal.take().len(), usize::from(good) - 1);
    }
}

#[test]
fn r5_the_last_error_is_the_callers_own() {
    #[derive(Debug, PartialEq)]
    struct Own(Box<u32>); // neither Clone nor an Error
    impl Retryable for Own {}
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let mut n = 0;
    let result: Result<(), Own> = retry(&clock, &journal, settings()).call(|| {
        n += 1;
        Err(Own(Box::new(n)))
    });
    assert_eq!(result, Err(Own(Box::new(3))));
}

#[test]
fn r6_retry_if_decides_by_the_error() {
    let (clock, journal, calls) = (ManualClock::new(), Journal::default(), Cell::new(0));
    let twice = |error: &String| error != "no 2";
    let result = retry(&clock, &journal, settings()).retry_if(&twice).call(failing(&calls));
    assert_eq!((result, calls.get()), (Err("no 2".into()), 2));
    // Not exhausted: it was not worth another attempt.
    assert_eq!(journal.take(), ["- retry 1/3 in 100ms after \"no 1\""]);
}

#[test]
fn r6_a_rejection_is_not_retried() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let calls = Cell::new(0);
    let result = retry(&clock, &journal, settings()).call(|| {
        calls.set(calls.get() + 1);
        breaker.call(|| Ok::<_, &str>(()))
    });
    assert!(matches!(result, Err(CallError::Rejected(_))));
    assert_eq!((calls.get(), clock.now().as_millis()), (1, 0));
    // Unless somebody says so.
    let result = retry(&clock, &journal, settings()).retry_if(|_: &_| true).call(|| {
        calls.set(calls.get() + 1);
        breaker.call(|| Ok::<_, &str>(()))
    });
    assert!(result.is_err() && calls.get() == 4);
}

#[test]
fn r6_an_own_error_says_it_by_itself() {
    #[derive(Debug)]
    enum Own {
        Unavailable(Rejected),
        Busy,
    }
    impl From<Rejected> for Own {
        fn from(rejected: Rejected) -> Self {
            Self::Unavailable(rejected)
        }
    }
    impl Retryable for Own {
        fn is_retryable(&self) -> bool {
            match self {
                Self::Unavailable(rejected) => rejected.is_retryable(),
                Self::Busy => true,
            }
        }
    }
    let (clock, journal, bench) = (ManualClock::new(), Journal::default(), Bench::new());
    let breaker = bench.breaker(config().failure_threshold(2));
    let calls = Cell::new(0);
    let result = retry(&clock, &journal, settings().max_attempts(10)).call(|| {
        calls.set(calls.get() + 1);
        breaker.call(|| Err::<(), _>(Own::Busy)).map_err(CallError::into_own)
    });
    // Two failures open it; the third attempt is rejected, and is the last.
    assert_eq!(calls.get(), 3);
    assert!(matches!(result, Err(Own::Unavailable(_))));
}

#[test]
fn r7_a_hint_replaces_the_delay_up_to_the_cap() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let hint = |error: &u32| (*error != 2).then(|| millis(u64::from(*error) * 1_000));
    let mut n = 0;
    let config = settings().max_attempts(4).max_delay(millis(1_500));
    let result = retry(&clock, &journal, config).delay_hint(&hint).call(|| {
        n += 1;
        Err::<(), u32>(n)
    });
    assert_eq!(result, Err(4));
    // 1 s as asked, the second as computed, 3 s bounded by the cap.
    assert_eq!(
        journal.take()[..3],
        [
            "- retry 1/4 in 1s after 1",
            "- retry 2/4 in 200ms after 2",
            "- retry 3/4 in 1.5s after 3"
        ]
    );
    assert_eq!(clock.now().as_millis(), 1_000 + 200 + 1_500);
}

#[test]
fn r7_nobody_is_asked_for_a_hint_after_the_last_attempt() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let asked = Cell::new(0);
    let hint = |_: &&str| {
        asked.set(asked.get() + 1);
        None
    };
    for attempts in 1..=4 {
        asked.set(0);
        let retry = retry(&clock, &journal, settings().max_attempts(attempts)).delay_hint(&hint);
        assert_eq!(retry.call(|| Err::<(), _>("down")), Err("down"));
        assert_eq!(asked.get(), attempts - 1);
    }
    asked.set(0);
    let refused = retry(&clock, &journal, settings()).retry_if(|_: &&str| false).delay_hint(&hint);
    assert_eq!((refused.call(|| Err::<(), _>("no")), asked.get()), (Err("no"), 0));
}

#[test]
fn r8_before_retry_runs_between_attempts() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let (token, seen) = (Cell::new(0), Cell::new(0));
    let refresh = |attempt: fusebox::Attempt<'_, &'static str>| {
        assert_eq!(attempt.previous(), Some(&"expired"));
        assert_eq!(clock.now().as_millis(), 100, "after the delay");
        seen.set(attempt.number());
        token.set(token.get() + 1);
        Ok::<(), &'static str>(())
    };
    let result = retry(&clock, &journal, settings())
        .before_retry(&refresh)
        .call(|| if token.get() == 1 { Ok("in") } else { Err("expired") });
    assert_eq!((result, token.get(), seen.get()), (Ok("in"), 1, 2));
}

#[test]
fn r8_its_own_error_ends_the_retry() {
    let (clock, journal, calls) = (ManualClock::new(), Journal::default(), Cell::new(0));
    let refresh = |_: fusebox::Attempt<'_, String>| Err("no token".to_string());
    let result = retry(&clock, &journal, settings()).before_retry(&refresh).call(failing(&calls));
    assert_eq!((result, calls.get()), (Err("no token".into()), 1));
}

#[test]
fn r9_no_sleep_overruns_max_elapsed() {
    // Delays of 100, 200, 400 ms. Up to 700 ms the third does not fit.
    for (limit, attempts, slept) in [
        (0, 1, 0),
        (99, 1, 0),
        (100, 2, 100),
        (299, 2, 100),
        (300, 3, 300),
        (699, 3, 300),
        (700, 4, 700),
    ] {
        let (clock, journal, calls) = (ManualClock::new(), Journal::default(), Cell::new(0));
        let config = settings().max_attempts(9).max_elapsed(millis(limit));
        let result = retry(&clock, &journal, config).call(failing(&calls));
        assert_eq!(result, Err(format!("no {attempts}")), "{limit}");
        assert_eq!((calls.get(), clock.now().as_millis()), (attempts, slept));
        let last = journal.take().pop().unwrap();
        assert!(
            last.starts_with(&format!("- exhausted after {attempts} (elapsed time)")),
            "{last}"
        );
    }
}

#[test]
fn r9_the_time_of_the_attempts_counts() {
    let (clock, journal, calls) = (ManualClock::new(), Journal::default(), Cell::new(0));
    let config = settings().max_attempts(9).max_elapsed(millis(1_000));
    let result: Result<(), _> = retry(&clock, &journal, config).call(|| {
        calls.set(calls.get() + 1);
        clock.advance(millis(400));
        Err("slow")
    });
    // 400, 500, 900: a delay of 200 ms would end at 1100.
    assert_eq!((result, calls.get(), clock.now().as_millis()), (Err("slow"), 2, 900));
}

#[test]
fn r9_a_hint_does_not_overrun_it_either() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let config = settings().max_elapsed(millis(500));
    let hint = |_: &&str| Some(millis(501));
    let result: Result<(), _> = retry(&clock, &journal, config).delay_hint(&hint).call(|| Err("x"));
    assert_eq!((result, clock.now().as_millis()), (Err("x"), 0));
}

#[test]
fn r10_two_calls_do_not_share_a_sequence() {
    let clock = ManualClock::new();
    let journal = Journal::default();
    let retry = Retry::with(RetryConfig::new().max_attempts(2).build(), &clock, &clock, &journal);
    for _ in 0..2 {
        let _ = retry.call(|| Err::<(), _>("x"));
    }
    let lines: Vec<_> = journal.take().into_iter().filter(|l| l.contains("retry")).collect();
    assert_ne!(lines[0], lines[1]);
    for _ in 0..2 {
        let _ = retry.seed(3).call(|| Err::<(), _>("x"));
    }
    let lines: Vec<_> = journal.take().into_iter().filter(|l| l.contains("retry")).collect();
    assert_eq!(lines[0], lines[1], "a seed repeats it");
}

#[test]
fn r12_a_sync_retry_holds_up_the_other_tasks_of_its_thread() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static OTHER: AtomicBool = AtomicBool::new(false);
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let ran = || Err::<(), _>(OTHER.load(Ordering::Relaxed));
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        let other = tokio::spawn(async { OTHER.store(true, Ordering::Relaxed) });
        let blocking = retry(&clock, &journal, settings()).retry_if(|_: &bool| true);
        assert_eq!(blocking.call(ran), Err(false), "after two delays the other task waits still");
        assert_eq!(clock.now().as_millis(), 100 + 200);

        let sleep = SleepBy(|_| tokio::task::yield_now());
        let waiting = Retry::with(settings().build(), &clock, sleep, DefaultObserver);
        let waiting = waiting.retry_if(|_: &bool| true);
        assert_eq!(waiting.call_async(|| ready(ran())).await, Err(true), "and now it has run");
        other.await.unwrap();
    });
}

#[test]
fn a_call_may_read_its_attempt() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let mut seen = Vec::new();
    let result = retry(&clock, &journal, settings()).call_with(|attempt| {
        seen.push((attempt.number(), attempt.elapsed(), attempt.previous().copied()));
        clock.advance(millis(5));
        Err::<(), u32>(attempt.number() * 11)
    });
    assert_eq!(result, Err(33));
    assert_eq!(
        seen,
        [(1, millis(0), None), (2, millis(105), Some(11)), (3, millis(310), Some(22))]
    );
}

#[test]
fn every_attempt_is_an_event_and_so_is_the_end() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let retry = retry(&clock, &journal, settings()).named("orders");
    let _ = retry.call(|| Err::<(), _>("down"));
    assert_eq!(
        journal.take(),
        [
            "orders retry 1/3 in 100ms after \"down\"",
            "orders retry 2/3 in 200ms after \"down\"",
            "orders exhausted after 3 (attempts): \"down\"",
        ]
    );
}

#[test]
fn without_a_limit_of_time_nobody_reads_the_clock() {
    struct Untouchable;
    impl Clock for Untouchable {
        fn now(&self) -> fusebox::Tick {
            panic!("read")
        }
    }
    struct NoTime;
    impl Sleep for NoTime {
        fn sleep(&self, _: Duration) {}
    }
    let retry = Retry::with(settings().build(), Untouchable, NoTime, DefaultObserver);
    assert_eq!(retry.call(|| Err::<(), _>("x")), Err("x"));
}

#[test]
fn a_base_of_zero_does_not_sleep_at_all() {
    struct Never;
    impl Sleep for Never {
        fn sleep(&self, _: Duration) {
            panic!("slept")
        }
    }
    let clock = ManualClock::new();
    let zero = settings().base_delay(Duration::ZERO).build();
    let retry = Retry::with(zero, &clock, Never, DefaultObserver);
    assert_eq!(retry.call(|| Err::<(), _>("x")), Err("x"));
}

#[test]
fn a_panic_passes_through() {
    let (clock, journal, calls) = (ManualClock::new(), Journal::default(), Cell::new(0));
    let retry = retry(&clock, &journal, settings());
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        retry.call(|| -> Result<(), &str> {
            calls.set(calls.get() + 1);
            panic!("bug")
        })
    }));
    assert!(caught.is_err() && calls.get() == 1, "a bug is not tried again");
}

#[test]
fn standard_errors_are_retryable() {
    fn all<E: Retryable + fmt::Debug>(error: &E) {
        assert!(error.is_retryable(), "{error:?}");
    }
    all(&std::io::Error::from(std::io::ErrorKind::TimedOut));
    all(&"text");
    all(&String::new());
    all(&"x".parse::<i32>().unwrap_err());
    all(&Box::<dyn std::error::Error + Send + Sync>::from("boxed"));
    all(&CallError::Failed("text"));
}

#[test]
fn a_timeout_is_an_io_error_of_its_kind() {
    fn kind(error: impl Into<std::io::Error>) -> std::io::ErrorKind {
        error.into().kind()
    }
    let _: fn(TimedOut) -> std::io::ErrorKind = kind;
}
