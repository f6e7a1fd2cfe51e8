//! Retries, delays and whole pipelines around a call that succeeds, each next
//! to the bare call.

use std::{
    future::{Future, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Waker},
};

use criterion::{Criterion, Throughput};
use fusebox::{
    Backoff, BackoffConfig, CallError, CircuitBreaker, FailoverConfig, FailoverSet, Fallback,
    Jitter, ManualClock, Member, Pipeline, Retry, RetryConfig, RetrySettings, SleepBy,
};

use crate::{BATCH, SETTINGS};

static HEALTHY: CircuitBreaker = CircuitBreaker::named("healthy pipeline", SETTINGS);
static NEXT: CircuitBreaker = CircuitBreaker::named("next", SETTINGS);
const RETRY_SETTINGS: RetrySettings = RetryConfig::new().build();
static RETRY: Retry = Retry::new(RETRY_SETTINGS);

/// Stands for a call: not known to the compiler, and as cheap as can be.
#[allow(clippy::unnecessary_wraps, clippy::trivially_copy_pass_by_ref)] // as calls are
#[inline]
fn work(n: &u32) -> Result<u32, u32> {
    Ok(black_box(*n))
}

#[allow(clippy::unnecessary_wraps, clippy::trivially_copy_pass_by_ref)] // as layers are
fn basic(_: &u32, _: &CallError<u32>) -> Result<u32, u32> {
    Ok(0)
}

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("policies");
    group.throughput(Throughput::Elements(BATCH.into()));
    group.bench_function("bare call", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(work(&n)).ok();
            }
        });
    });
    group.bench_function("healthy call", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(HEALTHY.call(|| work(&n))).ok();
            }
        });
    });
    let members = [Member::new("home", &HEALTHY), Member::new("next", &NEXT)];
    let set = FailoverSet::new(members, FailoverConfig::new().build());
    group.bench_function("failover set, healthy call", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(set.call(|_| work(&n))).ok();
            }
        });
    });
    group.bench_function("retry around success", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(RETRY.call(|| work(&n))).ok();
            }
        });
    });
    let pipeline =
        Pipeline::new().fallback(Fallback::new().or_with(basic)).breaker(&HEALTHY).retry(RETRY);
    group.bench_function("healthy pipeline: fallback(breaker(retry(f)))", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(pipeline.call(&n, work)).ok();
            }
        });
    });

    let mut cx = Context::from_waker(Waker::noop());
    group.bench_function("bare future", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(pin!(ready(work(&n))).poll(&mut cx)).is_ready();
            }
        });
    });
    let clock = ManualClock::new();
    let sleeper = SleepBy(|_| ready(()));
    let retry = Retry::with(RETRY_SETTINGS, &clock, sleeper, fusebox::DefaultObserver);
    group.bench_function("async retry around success", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(pin!(retry.call_async(|| ready(work(&n)))).poll(&mut cx)).is_ready();
            }
        });
    });
    let pipeline =
        Pipeline::new().fallback(Fallback::new().or_with(basic)).breaker(&HEALTHY).retry(retry);
    group.bench_function("healthy async pipeline: fallback(breaker(retry(f)))", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                let call = pin!(pipeline.call_async(&n, |n| ready(work(n))));
                black_box(call.poll(&mut cx)).is_ready();
            }
        });
    });
    group.finish();

    let mut group = c.benchmark_group("one delay");
    group.throughput(Throughput::Elements(BATCH.into()));
    let kinds = [
        ("no jitter", Jitter::None),
        ("proportional", Jitter::default()),
        ("full", Jitter::Full),
        ("equal", Jitter::Equal),
        ("decorrelated", Jitter::Decorrelated),
    ];
    for (name, jitter) in kinds {
        group.bench_function(name, |b| {
            // Below its cap as long as the batch lasts: each delay grows.
            let config = BackoffConfig::new().exponential_base(1.04).jitter(jitter);
            let backoff: Backoff = config.build().seed(7);
            b.iter(|| {
                let mut delays = black_box(backoff);
                for _ in 0..BATCH {
                    black_box(delays.next());
                }
            });
        });
    }
    group.finish();
    assert_eq!(HEALTHY.counters().failures, 0);
}
