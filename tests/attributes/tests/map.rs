//! Retries of attributes on the map: how often they may make a call.
#![deny(warnings)]

use std::{
    future::Future,
    panic::catch_unwind,
    pin::pin,
    sync::atomic::{AtomicU32, Ordering},
    task::{Context, Waker},
    time::Duration,
};

use resilience::{
    BreakerConfig, Caller, CircuitBreaker, Map, Rejected, Retry, RetryConfig, resilient,
    with_circuit_breaker, with_retry,
};

const SETTINGS: BreakerConfig = BreakerConfig::new().failure_threshold(2_047);

const ZERO: Duration = Duration::ZERO;

#[derive(Debug, PartialEq)]
enum Error {
    Down,
    Refused,
}

impl From<Rejected> for Error {
    fn from(_: Rejected) -> Self {
        Self::Refused
    }
}

fn around(breaker: &CircuitBreaker) -> u16 {
    breaker.callers().attempts_around()
}

static SHOP: CircuitBreaker = CircuitBreaker::named("shop", SETTINGS.build());

#[with_circuit_breaker(SHOP)]
fn shop(fails: bool) -> Result<u32, Error> {
    if fails { Err(Error::Down) } else { Ok(1) }
}

#[with_retry(max_attempts = 4, base_delay = ZERO)]
fn shop_again(fails: bool) -> Result<u32, Error> {
    shop(fails)
}

/// A retry that counts its time from the first attempt on.
#[with_retry(max_attempts = 5, base_delay = ZERO, max_elapsed = Duration::from_mins(1))]
fn shop_in_time(fails: bool) -> Result<u32, Error> {
    shop(fails)
}

#[test]
fn a_retry_is_seen_from_its_second_attempt_on() {
    SHOP.set_mapped(Some(1)).unwrap();
    assert_eq!((shop_again(false), shop_in_time(false)), (Ok(1), Ok(1)));
    assert_eq!(around(&SHOP), 1, "a first attempt says nothing");
    assert_eq!(shop_again(true), Err(Error::Down));
    assert_eq!(around(&SHOP), 4);
    assert_eq!(shop_in_time(true), Err(Error::Down));
    assert_eq!(around(&SHOP), 5);
    // A retry of the library around it multiplies.
    let twice = Retry::new(RetryConfig::new().max_attempts(2).base_delay(Duration::ZERO).build());
    let twice = twice.retry_if(|_: &Error| true);
    assert_eq!(twice.call(|| shop_again(true)), Err(Error::Down));
    assert_eq!(around(&SHOP), 8);
    assert_eq!(Caller::current(), Caller::NONE);
}

static PAGE: CircuitBreaker = CircuitBreaker::named("page", SETTINGS.build());
static STOCK: CircuitBreaker = CircuitBreaker::named("stock", SETTINGS.build());
static MAIL: CircuitBreaker = CircuitBreaker::named("mail", SETTINGS.build());

#[with_circuit_breaker(MAIL)]
async fn mail() -> Result<u32, Error> {
    tokio::task::yield_now().await;
    Ok(1)
}

#[resilient(
    retry(max_attempts = 3, base_delay = ZERO),
    circuit_breaker(STOCK),
    retry(max_attempts = 2, base_delay = ZERO)
)]
async fn stock() -> Result<u32, Error> {
    tokio::task::yield_now().await;
    Err(Error::Down)
}

#[with_circuit_breaker(PAGE)]
async fn page() -> Result<u32, Error> {
    // In turn with the attempts, and no part of them.
    let (stock, mail) = tokio::join!(stock(), async {
        for _ in 0..20 {
            mail().await?;
        }
        mail().await
    });
    mail?;
    stock
}

#[tokio::test]
async fn awaited_retries_multiply_and_leave_nothing_behind() {
    for (number, breaker) in [&PAGE, &STOCK, &MAIL].into_iter().enumerate() {
        breaker.set_mapped(Some(11 + u16::try_from(number).unwrap())).unwrap();
    }
    assert_eq!(page().await, Err(Error::Down));
    assert_eq!((around(&STOCK), around(&MAIL)), (3, 1));
    let map = Map::of_own([PAGE.reading(), STOCK.reading(), MAIL.reading()]);
    let said = "3 × 2 = 6 calls of `stock` for one of `page`";
    assert_eq!(map.worst_path().unwrap().explained().to_string(), said);
    assert_eq!(Caller::current(), Caller::NONE);
}

static CRON: CircuitBreaker = CircuitBreaker::named("cron", SETTINGS.build());
static NEWS: CircuitBreaker = CircuitBreaker::named("news", SETTINGS.build());

#[with_circuit_breaker(NEWS)]
fn news() -> Result<u32, Error> {
    Ok(1)
}

/// Fails, and panics at its second attempt.
#[with_retry(max_attempts = 3, base_delay = ZERO)]
fn breaks() -> Result<u32, Error> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    assert_eq!(CALLS.fetch_add(1, Ordering::Relaxed), 0, "as it should");
    Err(Error::Down)
}

/// The attempts of [`hangs`].
static HANGS: AtomicU32 = AtomicU32::new(0);

/// Fails, and never ends its second attempt.
#[with_retry(max_attempts = 3, base_delay = ZERO)]
async fn hangs() -> Result<u32, Error> {
    if HANGS.fetch_add(1, Ordering::Relaxed) > 0 {
        std::future::pending::<()>().await;
    }
    Err(Error::Down)
}

#[test]
fn attempts_end_with_panics_and_with_futures_that_are_dropped() {
    CRON.set_mapped(Some(21)).unwrap();
    NEWS.set_mapped(Some(22)).unwrap();
    let answer = CRON.call(|| {
        assert!(catch_unwind(breaks).is_err());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(hangs()).poll(&mut cx).is_pending());
        news()
    });
    assert_eq!(answer.ok(), Some(1));
    assert_eq!(around(&NEWS), 1);
    assert_eq!(CRON.callers().attempts_within(), 3);
}
