//! Waiting on tokio's timer, which is paused: it jumps to where it is awaited.

use std::{future::pending, time::Duration};

use fusebox::{Jitter, Pipeline, Retry, RetryConfig, TimedOut};

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
