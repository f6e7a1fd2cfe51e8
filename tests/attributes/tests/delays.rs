//! What decorated functions wait for, and what they do not.
#![deny(warnings)]

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use fusebox_attributes::{AiError, Counter};
use resilience::with_retry;

/// Polled once, outside of every runtime: whatever takes a timer there panics.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let Poll::Ready(value) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits");
    };
    value
}

#[with_retry(max_attempts = 1_000, base_delay = "0s")]
async fn eager(counter: &Counter) -> Result<u32, AiError> {
    counter.next();
    Err(AiError::Down)
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as a hint is
fn now(_: &AiError) -> Option<Duration> {
    Some(Duration::ZERO)
}

#[with_retry(max_attempts = 4, base_delay = "1h", max_delay = "1h", delay_hint = now)]
async fn told_to_hurry(counter: &Counter) -> Result<u32, AiError> {
    counter.next();
    Err(AiError::Down)
}

#[with_retry(max_attempts = 4, base_delay = "1h", max_delay = "1h", delay_hint = now)]
fn told_to_hurry_sync(counter: &Counter) -> Result<u32, AiError> {
    counter.next();
    Err(AiError::Down)
}

#[test]
fn without_a_delay_there_is_no_timer() {
    let counter = Counter::default();
    assert_eq!(at_once(eager(&counter)), Err(AiError::Down));
    assert_eq!(counter.count(), 1_000);
    assert_eq!(at_once(told_to_hurry(&counter)), Err(AiError::Down));
    assert_eq!(told_to_hurry_sync(&counter), Err(AiError::Down));
    assert_eq!(counter.count(), 1_008);
}
