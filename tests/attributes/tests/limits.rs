//! Limits, budgets, deadlines and hedges as attributes.

use std::{
    future::{Future, pending},
    sync::atomic::{AtomicU32, Ordering},
    task::{Context, Waker},
    time::Duration,
};

use fusebox_attributes::{AiError, Counter};
use resilience::{
    BudgetConfig, Bulkhead, CircuitBreaker, Deadline, LimitKind, RateConfig, RateLimit, Rejected,
    RetryBudget, State, StdClock, resilient, with_bulkhead, with_deadline, with_hedge,
    with_rate_limit, with_retry,
};

/// The limit that turned a call away, and its name.
#[allow(clippy::needless_pass_by_value)] // as it comes from a call
fn limit<T: std::fmt::Debug>(answer: Result<T, AiError>) -> (Option<LimitKind>, String) {
    let Err(AiError::Rejected(rejected)) = &answer else { panic!("{answer:?}") };
    (rejected.limit(), rejected.name().unwrap_or_default().into())
}

#[with_rate_limit(every = "1h", precise = true)]
fn seldom(counter: &Counter) -> Result<u32, AiError> {
    Ok(counter.next())
}

#[test]
fn l1_a_function_has_a_rate_limit_of_its_own() {
    let counter = Counter::default();
    assert_eq!(seldom(&counter), Ok(1));
    assert_eq!(limit(seldom(&counter)), (Some(LimitKind::Rate), "seldom".into()));
    assert_eq!(counter.count(), 1);
}

static QUOTA: RateLimit = RateLimit::named("quota", RateConfig::per_minute(2).build());

#[with_rate_limit(QUOTA)]
async fn one(counter: &Counter) -> Result<u32, AiError> {
    tokio::task::yield_now().await;
    Ok(counter.next())
}

#[resilient(rate_limit(crate::QUOTA), circuit_breaker("another", failure_threshold = 1))]
fn another(counter: &Counter) -> Result<u32, AiError> {
    Ok(counter.next())
}

#[tokio::test]
async fn l1_two_functions_may_share_a_rate_limit() {
    let counter = Counter::default();
    assert_eq!((one(&counter).await, another(&counter)), (Ok(1), Ok(2)));
    assert_eq!(limit(one(&counter).await), (Some(LimitKind::Rate), "quota".into()));
    assert_eq!(limit(another(&counter)), (Some(LimitKind::Rate), "quota".into()));
    assert_eq!(counter.count(), 2);
    let breaker = resilience::global().get("another").unwrap();
    assert_eq!(breaker.state(), State::Closed, "what was turned away counts for nothing");
}

#[with_bulkhead(2)]
fn deep(counter: &Counter, levels: u32) -> Result<u32, AiError> {
    counter.next();
    if levels == 0 { Ok(0) } else { deep(counter, levels - 1) }
}

#[test]
fn l5_a_function_has_a_bulkhead_of_its_own() {
    let counter = Counter::default();
    assert_eq!(limit(deep(&counter, 2)), (Some(LimitKind::Bulkhead), "deep".into()));
    assert_eq!(counter.count(), 2);
    assert_eq!(deep(&counter, 1), Ok(0), "the places came back");
}

static WORKERS: Bulkhead = Bulkhead::named("workers", 1);

#[with_bulkhead(WORKERS)]
async fn works(text: String) -> Result<usize, AiError> {
    tokio::task::yield_now().await;
    if text.is_empty() {
        return Err(AiError::Down);
    }
    Ok(text.len())
}

#[tokio::test]
async fn l5_a_place_is_held_until_the_call_has_ended_or_is_dropped() {
    let mut first = Box::pin(works("text".into()));
    assert_eq!(WORKERS.in_flight(), 0, "nothing before the first poll");
    let mut cx = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut cx).is_pending());
    assert_eq!(WORKERS.in_flight(), 1);
    assert_eq!(limit(works("x".into()).await), (Some(LimitKind::Bulkhead), "workers".into()));
    assert_eq!(first.await, Ok(4));
    assert_eq!(works(String::new()).await, Err(AiError::Down));
    let mut dropped = Box::pin(works("text".into()));
    assert!(dropped.as_mut().poll(&mut cx).is_pending());
    drop(dropped);
    assert_eq!(WORKERS.in_flight(), 0);
    let spawned = tokio::spawn(works("spawned".into()));
    assert_eq!(spawned.await.unwrap(), Ok(7), "its future is `Send`");
}

static ONCE: RateLimit =
    RateLimit::new(RateConfig::every(Duration::from_hours(1)).precise(true).build());

#[with_retry(max_attempts = 9, base_delay = "0s")]
#[with_rate_limit(ONCE)]
fn retried(counter: &Counter) -> Result<u32, AiError> {
    counter.next();
    Err(AiError::Down)
}

#[test]
fn r6_what_a_limit_turned_away_is_not_tried_again() {
    let counter = Counter::default();
    assert_eq!(limit(retried(&counter)).0, Some(LimitKind::Rate));
    assert_eq!((counter.count(), ONCE.refused()), (1, 1), "the second attempt, and no other");
}

/// No reserve, so no clock matters.
static BUDGET: RetryBudget =
    RetryBudget::new(BudgetConfig::share(0.10).reserve_per_second(0).burst(5).build());

#[with_retry(max_attempts = 3, base_delay = "0s", budget = BUDGET)]
fn fails(counter: &Counter) -> Result<u32, AiError> {
    counter.next();
    Err(AiError::Down)
}

#[test]
fn r13_l4_retries_are_taken_from_a_budget_which_hears_of_every_call() {
    let counter = Counter::default();
    for _ in 0..1_000 {
        assert_eq!(fails(&counter), Err(AiError::Down));
    }
    // The burst, and a tenth of the calls, of which the first come while it is full.
    let retries = counter.count() - 1_000;
    assert!((100..=105).contains(&retries), "{retries}");
}

static SUCCESSES: RetryBudget =
    RetryBudget::new(BudgetConfig::share(0.5).reserve_per_second(0).burst(2).build());

#[with_retry(max_attempts = 2, base_delay = "0s", budget = SUCCESSES, max_elapsed = "1h")]
fn answers(good: bool) -> Result<(), AiError> {
    if good { Ok(()) } else { Err(AiError::Down) }
}

#[test]
fn l4_a_success_pays_into_the_budget_too_and_no_call_pays_twice() {
    for _ in 0..10 {
        let _ = answers(false);
    }
    assert_eq!(SUCCESSES.available(), 0);
    assert_eq!(answers(true), Ok(()));
    let half = SUCCESSES.available();
    assert_eq!(answers(true), Ok(()));
    assert!(half <= 1 && SUCCESSES.available() >= 1, "two calls are worth one retry");
    for _ in 0..10 {
        assert_eq!(answers(true), Ok(()));
    }
    assert_eq!(SUCCESSES.available(), 2);
}

#[with_deadline("1h")]
#[with_retry(base_delay = "2h", max_delay = "2h", jitter = false)]
fn in_time(counter: &Counter) -> Result<Deadline, AiError> {
    if counter.next() > 1 { Ok(Deadline::current()) } else { Err(AiError::Down) }
}

#[test]
fn l8_no_delay_overruns_the_deadline_of_a_call() {
    let counter = Counter::default();
    assert_eq!(in_time(&counter), Err(AiError::Down), "at once");
    assert!(in_time(&counter).is_ok_and(|deadline| !deadline.is_never()));
    assert!(Deadline::current().is_never(), "its scope has ended");
    assert_eq!(counter.count(), 2);
}

#[allow(clippy::unnecessary_wraps)] // as a fallback is
fn zero(_: &Counter) -> Result<u32, AiError> {
    Ok(0)
}

#[resilient(deadline = Duration::ZERO, fallback(zero))]
fn late(counter: &Counter) -> Result<u32, AiError> {
    Ok(counter.next())
}

#[resilient(fallback(zero), deadline = Duration::ZERO)]
async fn rescued_late(counter: &Counter) -> Result<u32, AiError> {
    Ok(counter.next())
}

#[tokio::test]
async fn l8_a_call_whose_deadline_is_over_is_not_made() {
    let counter = Counter::default();
    assert_eq!(limit(late(&counter)), (Some(LimitKind::Deadline), String::new()));
    assert_eq!(rescued_late(&counter).await, Ok(0), "a fallback outside of it answers");
    assert_eq!(counter.count(), 0);
}

#[resilient(fallback(zero))]
async fn fallen_back(counter: &Counter) -> Result<u32, AiError> {
    tokio::task::yield_now().await;
    counter.next();
    Err(AiError::Down)
}

#[resilient(deadline = "1ms", fallback(zero))]
fn overruns(counter: &Counter) -> Result<u32, AiError> {
    while !Deadline::current().is_over(&StdClock) {
        counter.next();
    }
    Err(AiError::Down)
}

#[tokio::test]
async fn l8_no_fallback_starts_after_the_deadline() {
    let counter = Counter::default();
    assert_eq!(fallen_back(&counter).await, Ok(0));
    let over = Deadline::within(Duration::ZERO);
    assert_eq!(over.scope(fallen_back(&counter)).await, Err(AiError::Down));
    assert_eq!(overruns(&counter), Err(AiError::Down));
}

#[with_deadline("1h")]
async fn remaining(nested: bool) -> Result<Deadline, AiError> {
    tokio::task::yield_now().await;
    if nested { Box::pin(remaining(false)).await } else { Ok(Deadline::current()) }
}

#[tokio::test]
async fn l8_a_scope_is_in_force_wherever_the_call_is_polled() {
    let own = tokio::spawn(remaining(true)).await.unwrap().unwrap();
    assert!(!own.is_never());
    let near = Deadline::within(Duration::from_mins(1));
    assert_eq!(near.scope(remaining(true)).await, Ok(near), "the nearer one holds");
}

/// The first call hangs, the second answers.
#[with_hedge(after = "50ms", idempotent)]
async fn hangs_once(counter: &Counter, words: String) -> Result<String, AiError> {
    if counter.next() == 1 {
        pending::<()>().await;
    }
    Ok(words)
}

#[tokio::test(start_paused = true)]
async fn l7_a_call_that_takes_long_is_made_twice() {
    let (counter, start) = (Counter::default(), tokio::time::Instant::now());
    assert_eq!(hangs_once(&counter, "words".into()).await, Ok("words".into()));
    assert_eq!((counter.count(), start.elapsed().as_millis()), (2, 50));
    assert_eq!(hangs_once(&counter, "once".into()).await, Ok("once".into()));
    assert_eq!(counter.count(), 3);
}

static HEDGES: RetryBudget =
    RetryBudget::new(BudgetConfig::share(0.0).reserve_per_second(0).burst(1).build());
static WATCHED: CircuitBreaker =
    CircuitBreaker::named("watched", resilience::BreakerConfig::new().build());

/// Takes a second for each of its calls.
#[resilient(
    circuit_breaker(WATCHED),
    retry(max_attempts = 2, base_delay = "1s", jitter = false, budget = HEDGES),
    hedge(after = "50ms", budget = HEDGES, idempotent = true)
)]
async fn slow(counter: &Counter, fails: bool) -> Result<u32, AiError> {
    let number = counter.next();
    tokio::time::sleep(Duration::from_secs(1)).await;
    if fails { Err(AiError::Down) } else { Ok(number) }
}

#[tokio::test(start_paused = true)]
async fn l7_a_hedge_is_paid_from_its_budget_and_watches_the_breaker() {
    let counter = Counter::default();
    assert_eq!(slow(&counter, false).await, Ok(1), "the first of two");
    assert_eq!((counter.count(), HEDGES.available()), (2, 0));
    assert_eq!(slow(&counter, false).await, Ok(3), "nothing is left for another");
    assert_eq!(counter.count(), 3);
    HEDGES.give_back();
    HEDGES.give_back();
    assert_eq!(HEDGES.available(), 1);
    // Its hedge takes what there is, so its retry finds nothing.
    assert_eq!(slow(&counter, true).await, Err(AiError::Down));
    assert_eq!((counter.count(), WATCHED.snapshot().score), (5, 1));
    HEDGES.give_back();
    assert_eq!(HEDGES.available(), 1);
    assert_eq!(slow(&counter, false).await, Ok(6), "the breaker is not well");
    assert_eq!((counter.count(), HEDGES.available()), (6, 1));
}

static ATTEMPTS: AtomicU32 = AtomicU32::new(0);

/// With everything that there is, in the usual order.
#[resilient(
    fallback(nothing),
    deadline = "1h",
    rate_limit(per_minute = 100),
    bulkhead(10),
    circuit_breaker("everything", failure_threshold = 1),
    retry(max_attempts = 3, base_delay = "1ms", budget = ALL),
    hedge(after = "10ms", budget = ALL, idempotent),
    timeout = "1m"
)]
async fn everything(words: &str, more: String) -> Result<usize, Everything> {
    tokio::task::yield_now().await;
    if ATTEMPTS.fetch_add(1, Ordering::Relaxed) == 0 {
        return Err(Everything);
    }
    Ok(words.len() + more.len())
}

static ALL: RetryBudget = RetryBudget::new(BudgetConfig::share(0.5).build());

#[derive(Debug, PartialEq)]
struct Everything;

impl From<Rejected> for Everything {
    fn from(_: Rejected) -> Self {
        Self
    }
}

impl From<resilience::TimedOut> for Everything {
    fn from(_: resilience::TimedOut) -> Self {
        Self
    }
}

#[allow(clippy::unused_async)] // as a fallback is
async fn nothing(_: &str, _: String) -> Result<usize, Everything> {
    Ok(0)
}

#[tokio::test(start_paused = true)]
async fn all_of_them_stand_around_one_function() {
    let call = tokio::spawn(everything("words", "more".into()));
    assert_eq!(call.await.unwrap(), Ok(9));
    assert_eq!(ATTEMPTS.load(Ordering::Relaxed), 2);
}
