//! What decorated functions wait for, and what they do not.
#![deny(warnings)]

use std::{
    pin::pin,
    sync::atomic::{AtomicU32, Ordering},
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

#[allow(clippy::trivially_copy_pass_by_ref, clippy::unnecessary_wraps)] // as a hint is
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

static HINTS: AtomicU32 = AtomicU32::new(0);

#[allow(clippy::trivially_copy_pass_by_ref, clippy::unnecessary_wraps)] // as a hint is
fn counted(_: &AiError) -> Option<Duration> {
    HINTS.fetch_add(1, Ordering::Relaxed);
    Some(Duration::ZERO)
}

#[with_retry(max_attempts = 3, delay_hint = counted)]
fn hinted() -> Result<u32, AiError> {
    Err(AiError::Down)
}

#[with_retry(max_attempts = 3, max_elapsed = "1h", delay_hint = counted)]
async fn hinted_later() -> Result<u32, AiError> {
    Err(AiError::Down)
}

#[test]
fn no_hint_is_asked_for_after_the_last_attempt() {
    assert_eq!(hinted(), Err(AiError::Down));
    assert_eq!(HINTS.load(Ordering::Relaxed), 2);
    assert_eq!(at_once(hinted_later()), Err(AiError::Down));
    assert_eq!(HINTS.load(Ordering::Relaxed), 4);
}
