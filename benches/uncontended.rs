//! One thread on one breaker: healthy calls, rejections, failures.

use std::{
    future::{Future, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Waker},
};

use criterion::{Criterion, Throughput};
use fusebox::CircuitBreaker;

use crate::{BATCH, SETTINGS};

static HEALTHY: CircuitBreaker = CircuitBreaker::named("healthy", SETTINGS);
static OPEN: CircuitBreaker = CircuitBreaker::named("open", SETTINGS);
static FAILING: CircuitBreaker = CircuitBreaker::named("failing", SETTINGS);

/// Stands for a call: not known to the compiler, and as cheap as can be.
#[allow(clippy::unnecessary_wraps)] // it may fail, for all its caller knows
#[inline]
fn work(n: u32) -> Result<u32, u32> {
    Ok(black_box(n))
}

pub(crate) fn bench(c: &mut Criterion) {
    println!("bytes of a breaker: {}", size_of::<CircuitBreaker>());
    let mut group = c.benchmark_group("uncontended");
    group.throughput(Throughput::Elements(BATCH.into()));
    group.bench_function("healthy acquire + success", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                if let Ok(permit) = HEALTHY.try_acquire() {
                    // Where the guarded call would be.
                    black_box(());
                    permit.success();
                }
            }
        });
    });
    group.bench_function("healthy acquire + success, not inlined", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(one_call(black_box(&HEALTHY)));
            }
        });
    });
    group.bench_function("bare call", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(work(n)).ok();
            }
        });
    });
    group.bench_function("healthy call", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(HEALTHY.call(|| work(n))).ok();
            }
        });
    });
    let mut cx = Context::from_waker(Waker::noop());
    group.bench_function("bare future", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(pin!(ready(work(n))).poll(&mut cx)).is_ready();
            }
        });
    });
    group.bench_function("healthy call_async", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(pin!(HEALTHY.call_async(ready(work(n)))).poll(&mut cx)).is_ready();
            }
        });
    });

    while let Ok(permit) = OPEN.try_acquire() {
        permit.failure();
    }
    group.bench_function("rejection", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(OPEN.try_acquire().is_err());
            }
        });
    });
    group.bench_function("rejection, with its error", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(OPEN.try_acquire().map(drop)).ok();
            }
        });
    });
    group.bench_function("failure recorded", |b| {
        b.iter(|| {
            // A hundred failures in a row, then a success: the threshold is
            // never reached. Both calls of each pair take the failing path.
            for _ in 0..BATCH {
                if let Ok(permit) = FAILING.try_acquire() {
                    permit.failure();
                }
            }
            if let Ok(permit) = FAILING.try_acquire() {
                permit.success();
            }
        });
    });
    group.finish();
    assert!(FAILING.counters().rejections == 0 && OPEN.counters().rejections > 0);
}

#[inline(never)]
fn one_call(breaker: &CircuitBreaker) -> bool {
    breaker.try_acquire().map(fusebox::Permit::success).is_ok()
}
