//! Waiting on tokio's timer, which is paused: it jumps to where it is awaited.

mod common;

use std::{future::pending, time::Duration};

use common::{TIMEOUT, config, millis};
use fusebox::{
    CircuitBreaker, Clock, DefaultObserver, Jitter, Pipeline, Retry, RetryConfig, StdSleep,
    TimedOut, TokioClock,
};

static RETRY: Retry =
    Retry::new(RetryConfig::new().base_delay(Duration::from_secs(10)).jitter(Jitter::None).build());

#[derive(Debug, PartialEq)]
enum Own {
    Late,
    Down,
}

impl fusebox::Retryable for Own {}

impl From<TimedOut> for Own {
    fn from(_: TimedOut) -> Self {
        Self::Late
    }
}

#[tokio::test(start_paused = true)]
async fn delays_are_tokios() {
    let start = tokio::time::Instant::now();
    let result = RETRY.call_async(|| async { Err::<(), _>(Own::Down) }).await;
    assert_eq!((result, start.elapsed().as_secs()), (Err(Own::Down), 30));
}

#[tokio::test(start_paused = true)]
async fn so_are_limits() {
    let start = tokio::time::Instant::now();
    let limit = Duration::from_secs(5);
    let result = RETRY.call_async_within(limit, pending::<Result<(), Own>>).await;
    assert_eq!((result, start.elapsed().as_secs()), (Err(Own::Late), 3 * 5 + 30));
    let pipeline = Pipeline::new().timeout(limit).retry(RETRY);
    let result =
        tokio::spawn(
            async move { pipeline.call_async(&(), |()| pending::<Result<(), Own>>()).await },
        );
    assert_eq!(result.await.unwrap().unwrap_err().into_failed(), Some(Own::Late));
    assert_eq!(start.elapsed().as_secs(), 45 + 5);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_on_tokios_clock_obeys_pause() {
    let breaker = CircuitBreaker::with(None, config().build(), TokioClock, DefaultObserver);
    breaker.trip();
    tokio::time::advance(TIMEOUT.saturating_sub(millis(1))).await;
    assert!(!breaker.would_admit());
    tokio::time::advance(millis(1)).await;
    assert!(breaker.would_admit());
}

#[tokio::test(start_paused = true)]
async fn so_does_max_elapsed() {
    let settings = RetryConfig::new()
        .unlimited()
        .base_delay(Duration::from_mins(1))
        .max_elapsed(Duration::from_hours(1))
        .build();
    let retry = Retry::with(settings, TokioClock, StdSleep, DefaultObserver);
    let begun = TokioClock.now();
    let mut attempts = 0;
    let answer = retry
        .call_async(|| {
            attempts += 1;
            async { Err::<(), _>("down") }
        })
        .await;
    let elapsed = TokioClock.now().since(begun);
    assert!(answer.is_err() && attempts > 30, "{attempts}");
    assert!(elapsed <= Duration::from_hours(1) && elapsed > Duration::from_secs(3_400));
}

#[test]
fn outside_of_a_runtime_tokios_clock_runs_as_the_hosts() {
    let [a, b] = [0; 2].map(|_| TokioClock.elapsed());
    assert!(a <= b && b.saturating_sub(a) < Duration::from_mins(1));
}
