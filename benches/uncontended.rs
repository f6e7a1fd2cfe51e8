//! One thread on one breaker: healthy calls, rejections, failures.

use std::{
    future::{Future, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use criterion::{Criterion, Throughput};
use fusebox::{
    CircuitBreaker, CountCalls, DefaultClock, DefaultObserver, StdClock, Trace, TraceWord,
};

use crate::{BATCH, SETTINGS};

static HEALTHY: CircuitBreaker = CircuitBreaker::named("healthy", SETTINGS);
static COUNTED: CircuitBreaker<DefaultClock, CountCalls> =
    CircuitBreaker::with(None, SETTINGS, StdClock, CountCalls(DefaultObserver));
static RECORDED: CircuitBreaker = CircuitBreaker::named("recorded", SETTINGS);
static WORDS: [TraceWord; Trace::words(1 << 14)] =
    [const { TraceWord::new() }; Trace::words(1 << 14)];
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
    group.bench_function("the same, every call counted", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                if let Ok(permit) = COUNTED.try_acquire() {
                    black_box(());
                    permit.success();
                }
            }
        });
    });
    fusebox::set_trace(Trace::new(&WORDS)).expect("the first one");
    RECORDED.set_recorded(Some(1));
    group.bench_function("the same, every call recorded", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                if let Ok(permit) = RECORDED.try_acquire() {
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
    // A caller looks at what it gets, and uses the value: in a register, bare
    // and guarded alike.
    group.bench_function("bare call, value used", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                used(work(n));
            }
        });
    });
    group.bench_function("healthy call, value used", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                used(HEALTHY.call(|| work(n)));
            }
        });
    });
    // The whole `Result` in memory: with a rejection in it, it is a large one.
    group.bench_function("healthy call, Result stored", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(HEALTHY.call(|| work(n))).ok();
            }
        });
    });
    group.finish();
    bench_async(c);
    bench_trouble(c);
}

fn bench_async(c: &mut Criterion) {
    let mut group = c.benchmark_group("uncontended");
    group.throughput(Throughput::Elements(BATCH.into()));
    let mut cx = Context::from_waker(Waker::noop());
    group.bench_function("bare future", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(pin!(ready(work(n))).poll(&mut cx)).is_ready();
            }
        });
    });
    group.bench_function("bare future, value used", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                used_when_ready(pin!(ready(work(n))).poll(&mut cx));
            }
        });
    });
    group.bench_function("healthy call_async, value used", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                let call = pin!(HEALTHY.call_async(ready(work(n))));
                used_when_ready(call.poll(&mut cx));
            }
        });
    });
    group.bench_function("healthy call_async, Result stored", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(pin!(HEALTHY.call_async(ready(work(n)))).poll(&mut cx)).is_ready();
            }
        });
    });

    group.finish();
}

fn bench_trouble(c: &mut Criterion) {
    let mut group = c.benchmark_group("uncontended");
    group.throughput(Throughput::Elements(BATCH.into()));
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

#[allow(clippy::needless_pass_by_value)] // as a caller gets it
#[inline]
fn used<E>(result: Result<u32, E>) {
    match result {
        Ok(value) => {
            black_box(value);
        }
        Err(_) => trouble(),
    }
}

#[inline]
fn used_when_ready<E>(poll: Poll<Result<u32, E>>) {
    match poll {
        Poll::Ready(result) => used(result),
        Poll::Pending => trouble(),
    }
}

#[cold]
fn trouble() {
    panic!("a healthy call is neither rejected nor failed");
}

#[inline(never)]
fn one_call(breaker: &CircuitBreaker) -> bool {
    breaker.try_acquire().map(fusebox::Permit::success).is_ok()
}
