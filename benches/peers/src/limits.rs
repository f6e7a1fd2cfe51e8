//! Limits: of a rate, of retries, of calls in flight; one thread, and several.

use std::{
    future::{Future, Ready, ready},
    hint::black_box,
    num::NonZeroU32,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use fusebox::{
    BudgetConfig, BudgetSettings, Bulkhead, Clock, DefaultObserver, RateConfig, RateLimit,
    RateSettings, RetryBudget, StdClock, Tick,
};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use indicatif::ProgressBar;
use tokio::sync::Semaphore;
use tower::{
    Service, ServiceBuilder,
    retry::budget::{Budget, TpsBudget},
};
use tower_resilience_bulkhead::BulkheadLayer;
use tower_resilience_ratelimiter::RateLimiterLayer;

use crate::measure::{Case, Figure, Plan, measure};

pub(crate) const RATE: &str = "fusebox, `RateLimit`";
const PRECISE: &str = "fusebox, `RateLimit`, precise";
const LEASED: &str = "fusebox, `RateLimit`, leases of 16";
const GOVERNOR: &str = "governor, `check`";
pub(crate) const BUDGET: &str = "fusebox, `RetryBudget`, ten calls and a retry";
const SPENDING: &str = "tower, `TpsBudget`, ten calls and a retry";
pub(crate) const BULKHEAD: &str = "fusebox, `Bulkhead`";
const SEMAPHORE: &str = "tokio, `Semaphore::try_acquire`";
const THEIRS: &str = "tower-resilience";

/// So wide that no call of a measurement is refused.
const WIDE: RateSettings = RateConfig::every(Duration::from_nanos(100)).burst(2_000_000).build();
static QUOTA: RateLimit<Fast> = RateLimit::with(None, WIDE, Fast, DefaultObserver);
static EXACT: RateLimit<Fast> =
    RateLimit::with(None, WIDE.config().precise(true).build(), Fast, DefaultObserver);
static LEASES: RateLimit<Fast> = RateLimit::with(None, WIDE, Fast, DefaultObserver);
const TENTH: BudgetSettings = BudgetConfig::share(0.1).reserve_per_second(10).build();
static RETRIES: RetryBudget = RetryBudget::new(TENTH);
static PLACES: Bulkhead = Bulkhead::new(1_000);

/// The host's clock, 128 times as fast: no limit is as wide as a measurement is quick.
#[derive(Clone, Copy)]
struct Fast;

impl Clock for Fast {
    #[inline]
    fn now(&self) -> Tick {
        Tick::from_millis(StdClock.now().as_millis() << 7)
    }

    #[inline]
    fn elapsed(&self) -> Duration {
        StdClock.elapsed() * 128
    }
}

/// The cheapest service.
#[derive(Clone)]
struct Backend;

impl Service<u32> for Backend {
    type Response = u32;
    type Error = std::io::Error;
    type Future = Ready<Result<u32, std::io::Error>>;

    #[inline]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), std::io::Error>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, number: u32) -> Self::Future {
        ready(Ok(black_box(number)))
    }
}

/// A call through a service, polled in place without a runtime.
fn call<S: Service<u32>>(service: &mut S) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    assert!(matches!(pin!(service.call(7)).poll(&mut cx), Poll::Ready(Ok(_))));
}

fn governor() -> Arc<DefaultDirectRateLimiter> {
    let quota = Quota::with_period(Duration::from_nanos(1)).expect("it is not 0");
    Arc::new(RateLimiter::direct(quota.allow_burst(NonZeroU32::MAX)))
}

fn admit(limit: &RateLimit<Fast>) {
    black_box(limit.try_acquire().is_ok());
}

/// Calls of limits of a rate that admit all, per call and thread.
pub(crate) fn rates(plan: Plan, progress: &ProgressBar, threads: usize) -> Vec<Figure> {
    let governor = governor();
    let layer = RateLimiterLayer::builder()
        .limit_for_period(usize::MAX >> 1)
        .refresh_period(Duration::from_hours(1))
        .build()
        .expect("its settings are in range");
    let service = ServiceBuilder::new().layer(layer).service(Backend);
    measure(
        plan,
        progress,
        "limits of a rate",
        vec![
            Case::threads(RATE, threads, |_| || admit(&QUOTA)),
            Case::threads(PRECISE, threads, |_| || admit(&EXACT)),
            Case::threads(LEASED, threads, |_| {
                let mut lease = LEASES.lease(16);
                move || {
                    black_box(lease.try_acquire().is_ok());
                }
            }),
            Case::threads(GOVERNOR, threads, move |_| {
                let governor = governor.clone();
                move || {
                    black_box(governor.check().is_ok());
                }
            }),
            Case::threads(THEIRS, threads, move |_| {
                let mut service = service.clone();
                move || call(&mut service)
            }),
        ],
    )
}

/// Ten calls and a retry on budgets, per eleven of them and thread.
pub(crate) fn budgets(plan: Plan, progress: &ProgressBar, threads: usize) -> Vec<Figure> {
    let towers = Arc::new(TpsBudget::new(Duration::from_secs(10), 10, 0.1));
    measure(
        plan,
        progress,
        "budgets of retries",
        vec![
            Case::threads(BUDGET, threads, |_| {
                || {
                    for _ in 0..10 {
                        RETRIES.deposit();
                    }
                    black_box(RETRIES.try_withdraw());
                }
            }),
            Case::threads(SPENDING, threads, move |_| {
                let budget = towers.clone();
                move || {
                    for _ in 0..10 {
                        budget.deposit();
                    }
                    black_box(budget.withdraw());
                }
            }),
        ],
    )
}

/// A place taken and given back, per pair and thread.
pub(crate) fn bulkheads(plan: Plan, progress: &ProgressBar, threads: usize) -> Vec<Figure> {
    let semaphore = Arc::new(Semaphore::new(1_000));
    let layer = BulkheadLayer::builder()
        .max_concurrent_calls(1_000)
        .build()
        .expect("its settings are in range");
    let service = ServiceBuilder::new().layer(layer).service(Backend);
    measure(
        plan,
        progress,
        "bulkheads",
        vec![
            Case::threads(BULKHEAD, threads, |_| || drop(black_box(PLACES.try_acquire().ok()))),
            Case::threads(SEMAPHORE, threads, move |_| {
                let semaphore = semaphore.clone();
                move || drop(black_box(semaphore.try_acquire().ok()))
            }),
            Case::threads(THEIRS, threads, move |_| {
                let mut service = service.clone();
                move || call(&mut service)
            }),
        ],
    )
}
