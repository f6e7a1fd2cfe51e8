//! What users of the attributes ask for: time limits, preparations, growths, the
//! last error, another path to the crate.
#![deny(warnings)]

use std::{
    future::pending,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use resilience::{
    Attempt, BreakerConfig, CircuitBreaker, Rejected, TimedOut, global, resilient,
    with_circuit_breaker, with_retry, with_timeout,
};

/// Another crate's re-export of this one.
mod facade {
    pub(crate) mod tools {
        pub(crate) use resilience as fusebox;
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Own {
    Late(Duration),
    Rejected,
    Down(u32),
    NoToken,
}

impl From<TimedOut> for Own {
    fn from(timed_out: TimedOut) -> Self {
        Self::Late(timed_out.limit())
    }
}

impl From<Rejected> for Own {
    fn from(_: Rejected) -> Self {
        Self::Rejected
    }
}

impl std::fmt::Display for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "own error: {self:?}")
    }
}

const LIMIT: Duration = Duration::from_secs(2);

#[with_timeout("2s")]
async fn limited(hangs: bool) -> Result<u32, Own> {
    if hangs {
        pending::<()>().await;
    }
    Ok(7)
}

#[with_timeout(LIMIT)]
async fn limited_by_a_constant(text: &str) -> Result<&str, Own> {
    pending::<()>().await;
    Ok(text)
}

#[tokio::test(start_paused = true)]
async fn a_call_has_its_time_limit() {
    assert_eq!(limited(false).await, Ok(7));
    let begun = tokio::time::Instant::now();
    assert_eq!(limited(true).await, Err(Own::Late(LIMIT)));
    assert_eq!(limited_by_a_constant("text").await, Err(Own::Late(LIMIT)));
    assert_eq!(begun.elapsed(), LIMIT * 2);
}

#[with_retry(max_attempts = 3, base_delay = "1s", jitter = false, attempt_timeout = "2s")]
async fn each_attempt_limited(attempts: &AtomicU32) -> Result<u32, Own> {
    if attempts.fetch_add(1, Ordering::Relaxed) < 2 {
        pending::<()>().await;
    }
    Ok(7)
}

#[resilient(
    circuit_breaker("everyday", failure_threshold = 2),
    timeout = "5s",
    retry(max_attempts = 9, base_delay = "1s", jitter = false)
)]
async fn all_attempts_limited(attempts: &AtomicU32) -> Result<u32, Own> {
    attempts.fetch_add(1, Ordering::Relaxed);
    Err(Own::Down(1))
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_its_own_and_all_attempts_have_theirs() {
    let attempts = AtomicU32::new(0);
    let begun = tokio::time::Instant::now();
    assert_eq!(each_attempt_limited(&attempts).await, Ok(7));
    // Two limits, and the delays between them.
    assert_eq!(begun.elapsed(), Duration::from_secs(2 + 1 + 2 + 2));

    attempts.store(0, Ordering::Relaxed);
    assert_eq!(all_attempts_limited(&attempts).await, Err(Own::Late(Duration::from_secs(5))));
    assert_eq!(attempts.load(Ordering::Relaxed), 3, "after 0, 1 and 3 seconds");
    // Inside the breaker, a limit is a failure to it.
    let breaker = global().get("everyday").unwrap();
    assert_eq!(breaker.snapshot().score, 1);
}

fn refresh(attempt: Attempt<'_, Own>) -> Result<(), Own> {
    match attempt.previous() {
        Some(Own::Down(401)) => Err(Own::NoToken),
        Some(Own::Down(number)) => {
            assert_eq!((attempt.number(), *number), (2, 500));
            Ok(())
        }
        other => panic!("{other:?}"),
    }
}

async fn refresh_later(attempt: Attempt<'_, Own>) -> Result<(), Own> {
    tokio::task::yield_now().await;
    refresh(attempt)
}

#[with_retry(max_attempts = 2, base_delay = "0s", before_retry = refresh)]
fn prepared(status: u32, calls: &AtomicU32) -> Result<u32, Own> {
    if calls.fetch_add(1, Ordering::Relaxed) == 0 { Err(Own::Down(status)) } else { Ok(status) }
}

#[with_retry(max_attempts = 2, base_delay = "0s", before_retry = refresh)]
async fn prepared_async(status: u32, calls: &AtomicU32) -> Result<u32, Own> {
    prepared_later(status, calls).await
}

#[with_retry(max_attempts = 2, base_delay = "0s", before_retry = refresh_later)]
async fn prepared_later(status: u32, calls: &AtomicU32) -> Result<u32, Own> {
    if calls.fetch_add(1, Ordering::Relaxed) == 0 { Err(Own::Down(status)) } else { Ok(status) }
}

#[tokio::test]
async fn something_runs_before_another_attempt_and_may_end_it() {
    let calls = AtomicU32::new(0);
    assert_eq!(prepared(500, &calls), Ok(500));
    calls.store(0, Ordering::Relaxed);
    assert_eq!(prepared(401, &calls), Err(Own::NoToken));
    assert_eq!(calls.swap(0, Ordering::Relaxed), 1, "it was not tried again");
    assert_eq!(prepared_later(500, &calls).await, Ok(500));
    calls.store(0, Ordering::Relaxed);
    assert_eq!(prepared_async(500, &calls).await, Ok(500));
    calls.store(0, Ordering::Relaxed);
    assert_eq!(prepared_later(401, &calls).await, Err(Own::NoToken));
}

#[with_retry(max_attempts = 5, base_delay = "1s", growth = "linear", jitter = false)]
async fn linear() -> Result<(), Own> {
    Err(Own::Down(0))
}

#[with_retry(
    max_attempts = 4, jitter = false,
    growth = resilience::Growth::Listed(&[Duration::from_secs(7), Duration::from_secs(1)]),
)]
async fn listed() -> Result<(), Own> {
    Err(Own::Down(0))
}

#[tokio::test(start_paused = true)]
async fn delays_grow_by_a_word() {
    let begun = tokio::time::Instant::now();
    assert!(linear().await.is_err());
    assert_eq!(begun.elapsed(), Duration::from_secs(1 + 2 + 3 + 4));
    assert!(listed().await.is_err());
    assert_eq!(begun.elapsed(), Duration::from_secs(10 + 7 + 1 + 1));
}

static NOTED: CircuitBreaker = CircuitBreaker::named("noted", BreakerConfig::new().build());

#[with_circuit_breaker(NOTED, note_errors = true)]
fn noted(number: u32) -> Result<(), Own> {
    Err(Own::Down(number))
}

#[with_circuit_breaker(NOTED, note_errors = true)]
async fn noted_async(number: String) -> Result<String, Own> {
    if number.is_empty() { Ok(number) } else { Err(Own::NoToken) }
}

#[tokio::test]
async fn a_breaker_keeps_the_last_error() {
    noted(7).unwrap_err();
    assert_eq!(NOTED.last_error().unwrap().as_str(), "own error: Down(7)");
    noted_async("x".into()).await.unwrap_err();
    noted_async(String::new()).await.unwrap();
    assert_eq!(NOTED.last_error().unwrap().as_str(), "own error: NoToken");
}

#[facade::tools::fusebox::with_retry(
    crate = facade::tools::fusebox, max_attempts = 2, base_delay = "0s",
)]
fn through_a_facade(calls: &AtomicU32) -> Result<u32, Own> {
    if calls.fetch_add(1, Ordering::Relaxed) == 0 { Err(Own::Down(0)) } else { Ok(1) }
}

#[resilient(retry(max_attempts = 2, base_delay = "0s"), crate = facade::tools::fusebox)]
#[facade::tools::fusebox::with_circuit_breaker("facade")]
fn all_through_a_facade(calls: &AtomicU32) -> Result<u32, Own> {
    if calls.fetch_add(1, Ordering::Relaxed) == 0 { Err(Own::Down(0)) } else { Ok(1) }
}

#[test]
fn the_crate_is_found_where_it_is_said_to_be() {
    let calls = AtomicU32::new(0);
    assert_eq!(through_a_facade(&calls), Ok(1));
    calls.store(0, Ordering::Relaxed);
    assert_eq!(all_through_a_facade(&calls), Ok(1));
    assert_eq!(global().get("facade").unwrap().counters().retries, 1);
}

#[with_circuit_breaker("shares", failure_ratio = 0.2, slow_call = "250ms", min_span = "20ms")]
fn by_shares() -> Result<(), Own> {
    Ok(())
}

#[with_circuit_breaker("last calls", failure_threshold = 3, window = 10)]
fn by_the_last_calls(status: u32) -> Result<(), Own> {
    if status == 200 { Ok(()) } else { Err(Own::Down(status)) }
}

#[test]
fn a_breaker_opens_by_the_rule_of_its_attribute() {
    by_shares().unwrap();
    let settings = global().get("shares").unwrap().settings();
    assert_eq!((settings.failure_weight(), settings.failure_threshold()), (14, 85));
    assert_eq!(settings.slow_call(), Some(Duration::from_millis(250)));
    assert_eq!(settings.min_span(), Duration::from_millis(20));

    for status in [503, 200, 503, 200, 200, 503] {
        let _ = by_the_last_calls(status);
    }
    assert_eq!(by_the_last_calls(200), Err(Own::Rejected));
}
