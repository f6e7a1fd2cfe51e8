//! Beyond failures in a row: timed calls, batches, scores, counted calls; and what many
//! threads pay for them.

use std::{hint::black_box, time::Duration};

use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, Clock, CountCalls, DefaultObserver, Outcome,
    StdClock,
};
use indicatif::ProgressBar;

use crate::measure::{Case, Figure, Plan, measure};

const LONG: Duration = Duration::from_hours(1);
const SCORE: BreakerSettings =
    BreakerConfig::new().failure_weight(6).failure_threshold(2_047).recovery_timeout(LONG).build();
const TIMED: BreakerSettings = BreakerConfig::new().slow_call(Duration::from_mins(1)).build();

static PLAIN: CircuitBreaker = CircuitBreaker::new(BreakerConfig::new().build());
static SLOW: CircuitBreaker = CircuitBreaker::new(TIMED);
static SCORED: CircuitBreaker = CircuitBreaker::new(SCORE);
static BATCHES: CircuitBreaker = CircuitBreaker::new(SCORE);
static OPEN: CircuitBreaker =
    CircuitBreaker::new(BreakerConfig::new().failure_threshold(1).recovery_timeout(LONG).build());
static COUNTED: CircuitBreaker<StdClock, CountCalls> =
    CircuitBreaker::with(None, BreakerConfig::new().build(), StdClock, CountCalls(DefaultObserver));

pub(crate) const CLOCKS: &str = "two readings of the coarse clock";
pub(crate) const CALL: &str = "fusebox, `call`";
pub(crate) const SAMPLED: &str = "the same, timed: `slow_call`";
pub(crate) const COUNTING: &str = "the same, counted: `CountCalls`";
pub(crate) const BATCH: &str = "a batch of 64 successes, per outcome";
pub(crate) const BATCH_FAILED: &str = "a batch of 64, every 8th failed, per outcome";
pub(crate) const BATCH_COUNTS: &str = "the same as two numbers, per outcome";
pub(crate) const ONE_PERCENT: &str = "1 % failures, by a score";

const SIZE: u32 = 64;

/// On one thread.
pub(crate) fn rules(plan: Plan, progress: &ProgressBar) -> Vec<Figure> {
    let well = [Outcome::Success; SIZE as usize];
    let mut mixed = well;
    mixed.iter_mut().step_by(8).for_each(|outcome| *outcome = Outcome::Failure);
    let batch = || BATCHES.acquire_many(64).expect("a batch a millisecond keeps it closed");
    measure(
        plan,
        progress,
        "rules",
        vec![
            Case::new(CLOCKS, || {
                black_box(StdClock.now());
                black_box(StdClock.now());
            }),
            Case::new(CALL, || succeed(&PLAIN)),
            Case::new(SAMPLED, || succeed(&SLOW)),
            Case::new(COUNTING, || succeed(&COUNTED)),
            Case::new(ONE_PERCENT, score()),
            Case::batch(BATCH, SIZE, move || {
                batch().report_all(black_box(&well));
            }),
            Case::batch(BATCH_FAILED, SIZE, move || {
                batch().report_all(black_box(&mixed));
            }),
            Case::batch(BATCH_COUNTS, SIZE, move || {
                batch().report_counts(black_box(56), black_box(8));
            }),
        ],
    )
}

#[inline]
fn succeed<C: Clock, O: fusebox::Observer>(breaker: &CircuitBreaker<C, O>) {
    if breaker.call(|| black_box(Ok::<_, ()>(7))).is_err() {
        unreachable!("it is closed");
    }
}

/// One call in a hundred fails.
fn score() -> impl FnMut() {
    let mut left = 100_u32;
    move || {
        let permit = SCORED.try_acquire().expect("it stays closed");
        black_box(());
        left -= 1;
        if left == 0 {
            left = 100;
            permit.failure();
        } else {
            permit.success();
        }
    }
}

pub(crate) const REJECTED: &str = "a rejection";
pub(crate) const HEALTHY: &str = "a healthy `call`";

/// On this many threads that share one breaker.
pub(crate) fn shared(plan: Plan, progress: &ProgressBar, threads: usize) -> Vec<Figure> {
    if OPEN.state() == fusebox::State::Closed {
        OPEN.try_acquire().expect("it is closed").failure();
    }
    measure(
        plan,
        progress,
        "rules, shared",
        vec![
            // What two threads get of this machine where they share nothing.
            Case::threads(CLOCKS, threads, |_| {
                || {
                    black_box(StdClock.now());
                    black_box(StdClock.now());
                }
            }),
            Case::threads(HEALTHY, threads, |_| || succeed(&PLAIN)),
            Case::threads(REJECTED, threads, |_| {
                || {
                    if OPEN.try_acquire().is_ok() {
                        unreachable!("it is open");
                    }
                }
            }),
            Case::threads(SAMPLED, threads, |_| || succeed(&SLOW)),
            Case::threads(COUNTING, threads, |_| || succeed(&COUNTED)),
            Case::threads(ONE_PERCENT, threads, |_| score()),
        ],
    )
}
