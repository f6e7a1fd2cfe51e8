//! Budgets of retries: a call that succeeds beside one load, and calls of which a tenth
//! is tried again, beside tower's budget, on one thread and two.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput};
use fusebox::{
    BudgetConfig, BudgetSettings, Retry, RetryBudget, RetryConfig,
    layers::{AskError, Hooks, NoHint, Nothing},
};
use tower::retry::budget::{Budget, TpsBudget};

use crate::{BATCH, contended::measure};

const SETTINGS: BudgetSettings = BudgetConfig::share(0.10).reserve_per_second(10).build();
static FULL: RetryBudget = RetryBudget::new(SETTINGS);
static USED: RetryBudget = RetryBudget::new(SETTINGS);
static EMPTY: RetryBudget =
    RetryBudget::new(BudgetConfig::share(0.0).reserve_per_second(0).burst(1).build());
static RETRY: Retry<Hooks<AskError, NoHint, Nothing, &RetryBudget>> =
    Retry::new(RetryConfig::new().build()).budget(&FULL);

/// Tower's budget, of the share and the reserve of ours.
fn tower_budget() -> TpsBudget {
    TpsBudget::new(Duration::from_secs(10), 10, 0.1)
}

/// Ten calls, of which one is tried again.
fn ten_calls_and_a_retry() {
    for _ in 0..10 {
        USED.deposit();
    }
    black_box(USED.try_withdraw());
}

fn ten_calls_and_a_retry_of_towers(budget: &TpsBudget) {
    for _ in 0..10 {
        budget.deposit();
    }
    black_box(budget.withdraw());
}

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("budgets");
    group.throughput(Throughput::Elements(BATCH.into()));
    group.bench_function("a call, nothing is spent", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(&FULL).deposit();
            }
        });
    });
    group.bench_function("retry with a budget around success", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(RETRY.call(|| Ok::<_, u32>(black_box(n)))).ok();
            }
        });
    });
    let towers = tower_budget();
    group.bench_function("a call, tower's budget", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(&towers).deposit();
            }
        });
    });
    while EMPTY.try_withdraw() {}
    group.bench_function("a retry is refused", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(EMPTY.try_withdraw());
            }
        });
    });
    group.finish();

    let mut group = c.benchmark_group("budgets, ten calls and a retry");
    for threads in [1, 2] {
        let towers = tower_budget();
        measure(&mut group, "fusebox", threads, |_| ten_calls_and_a_retry());
        measure(&mut group, "tower", threads, |_| ten_calls_and_a_retry_of_towers(&towers));
    }
    group.finish();
    assert_eq!(FULL.available(), 100);
}
