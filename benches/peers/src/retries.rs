//! Delays, and retries around a call that succeeds.

use std::{
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use backon::{BackoffBuilder, BlockingRetryable, ExponentialBuilder, Retryable};
use exponential_backoff::Backoff as ExponentialBackoff;
use fusebox::{
    BackoffConfig, DefaultObserver, Jitter, ManualClock, Retry, RetryConfig, RetrySettings,
    RetrySurroundings, SleepBy, layers::Hooks,
};
use fusebox_bench::peers::{Failure, Work};
use indicatif::ProgressBar;
use tokio_retry::strategy;

use crate::measure::{Case, Figure, Plan, measure};

/// Delays that one iteration draws, from a sequence that it starts anew.
const DELAYS: u32 = 50;
/// Grows over all of them without reaching the cap of an hour.
const GROWTH: f64 = 1.15;
const BASE: Duration = Duration::from_millis(100);
const CAP: Duration = Duration::from_hours(1);

pub(crate) const BARE: &str = "the call bare";
pub(crate) const OWN: &str = "fusebox";
pub(crate) const BARE_ASYNC: &str = "the future bare";

fn delays<'a, I: Iterator<Item = Duration>>(
    name: &'static str,
    sequence: impl Fn() -> I + 'a,
) -> Case<'a> {
    Case::batch(name, DELAYS, move || {
        let mut delays = black_box(sequence());
        for _ in 0..DELAYS {
            assert!(black_box(delays.next()).is_some());
        }
    })
}

pub(crate) fn jittered(plan: Plan, progress: &ProgressBar) -> Vec<Figure> {
    let own = |jitter| {
        let config = BackoffConfig::new().base_delay(BASE).max_delay(CAP);
        config.exponential_base(GROWTH).jitter(jitter).build().seed(7)
    };
    let (proportional, full) = (own(Jitter::default()), own(Jitter::Full));
    measure(
        plan,
        progress,
        "jittered delays",
        vec![
            delays(OWN, move || proportional),
            delays("fusebox, full jitter", move || full),
            delays("backon", || backon_delays().with_jitter().build()),
            delays("tokio-retry", || tokio_delays().map(strategy::jitter)),
            delays("exponential-backoff", || exponential(0.3)),
        ],
    )
}

pub(crate) fn plain(plan: Plan, progress: &ProgressBar) -> Vec<Figure> {
    let config = BackoffConfig::new().base_delay(BASE).max_delay(CAP);
    let own = config.exponential_base(GROWTH).jitter(Jitter::None).build();
    measure(
        plan,
        progress,
        "plain delays",
        vec![
            delays(OWN, move || own),
            delays("backon", || backon_delays().build()),
            delays("tokio-retry", tokio_delays),
        ],
    )
}

#[allow(clippy::cast_possible_truncation)] // 1.15 is 1.15
fn backon_delays() -> ExponentialBuilder {
    let growth = GROWTH as f32;
    let builder = ExponentialBuilder::default().with_factor(growth).with_min_delay(BASE);
    builder.with_max_delay(CAP).with_max_times(1_000)
}

/// It takes whole factors only: 1, so that it never saturates.
fn tokio_delays() -> impl Iterator<Item = Duration> {
    strategy::ExponentialBackoff::from_millis(1).factor(100).max_delay(CAP)
}

/// Whole factors here, too; the jitter cannot be switched off.
fn exponential(jitter: f32) -> impl Iterator<Item = Duration> {
    let mut backoff = ExponentialBackoff::new(DELAYS + 2, BASE, CAP);
    backoff.set_jitter(jitter);
    backoff.set_factor(1);
    backoff.into_iter().flatten()
}

#[allow(clippy::unnecessary_wraps)] // as calls are
#[inline]
fn work() -> Work {
    black_box(Work::Ok(7))
}

/// As a caller uses it: the value in a register.
#[allow(clippy::needless_pass_by_value)] // as a caller gets it
#[inline]
fn used<E>(result: Result<u32, E>) {
    if let Ok(value) = result {
        black_box(value);
    } else {
        panic!("the call succeeds");
    }
}

/// As the documentation of `Retry` has it: its settings are checked by the
/// compiler.
const SETTINGS: RetrySettings = RetryConfig::new().build();
static RETRY: Retry = Retry::new(SETTINGS);
static CLOCK: ManualClock = ManualClock::new();
/// A sleeper that is never asked to.
type NoWait = SleepBy<fn(Duration) -> Ready<()>>;
static RETRY_ASYNC: Retry<Hooks, RetrySurroundings<&ManualClock, NoWait>> =
    Retry::with(SETTINGS, &CLOCK, SleepBy(|_| ready(())), DefaultObserver);

pub(crate) fn around_success(plan: Plan, progress: &ProgressBar) -> Vec<Figure> {
    measure(
        plan,
        progress,
        "retries around a success",
        vec![
            Case::new(BARE, || used(work())),
            Case::new(OWN, || used(RETRY.call(work))),
            Case::new("backon", || {
                used(work.retry(ExponentialBuilder::default().with_jitter()).call());
            }),
            Case::new("exponential-backoff", || {
                // The loop of its README.
                for delay in ExponentialBackoff::new(3, BASE, CAP) {
                    match work() {
                        Ok(value) => {
                            black_box(value);
                            return;
                        }
                        Err(Failure) => match delay {
                            Some(delay) => std::thread::sleep(delay),
                            None => return,
                        },
                    }
                }
            }),
        ],
    )
}

/// Polls a future where it is made, as `.await` does.
macro_rules! poll {
    ($call:expr) => {
        match pin!($call).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => used(result),
            Poll::Pending => panic!("nothing waits"),
        }
    };
}

pub(crate) fn around_success_async(plan: Plan, progress: &ProgressBar) -> Vec<Figure> {
    measure(
        plan,
        progress,
        "async retries around a success",
        vec![
            Case::new(BARE_ASYNC, || poll!(ready(work()))),
            Case::new(OWN, || poll!(RETRY_ASYNC.call_async(|| ready(work())))),
            Case::new("backon", || {
                poll!((|| ready(work())).retry(ExponentialBuilder::default().with_jitter()));
            }),
            Case::new("tokio-retry", || {
                let delays = strategy::ExponentialBackoff::from_millis(10).map(strategy::jitter);
                poll!(tokio_retry::Retry::start(delays.take(3), || ready(work())));
            }),
        ],
    )
}
