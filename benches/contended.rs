//! Two threads: on one breaker, on neighbouring slots, on one cache line.
//!
//! A figure is the time in which every thread made one call.

use std::{
    hint::black_box,
    sync::{
        Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use fusebox::{
    CircuitBreaker, Clock, CountCalls, DefaultClock, DefaultObserver, Observer, Registry, StdClock,
};

use crate::SETTINGS;

static SHARED: CircuitBreaker = CircuitBreaker::named("shared", SETTINGS);
static COUNTED: CircuitBreaker<DefaultClock, CountCalls> =
    CircuitBreaker::with(None, SETTINGS, StdClock, CountCalls(DefaultObserver));
static NEIGHBOURS: Registry<2> = Registry::new();
/// Neighbours as they would be without padding.
static UNPADDED: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

/// The calls of one thread between two looks at the clock.
const CALLS: u64 = 1_000;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("contended");
    for threads in [1, 2] {
        measure(&mut group, "healthy, one breaker", threads, |_| healthy(&SHARED));
        measure(&mut group, "the same, every call counted", threads, |_| healthy(&COUNTED));
        measure(&mut group, "failures, one breaker", threads, |_| failing(&SHARED));
        SHARED.reset();
    }
    let slots = ["left", "right"].map(|name| NEIGHBOURS.get_or_register(name, SETTINGS).unwrap());
    measure(&mut group, "failures, neighbouring slots", 2, |number| failing(slots[number]));
    measure(&mut group, "fetch_add, one word", 2, |_| {
        UNPADDED[0].fetch_add(1, Ordering::Relaxed);
    });
    measure(&mut group, "fetch_add, one cache line", 2, |number| {
        UNPADDED[number].fetch_add(1, Ordering::Relaxed);
    });
    group.finish();
}

#[inline]
fn healthy<C: Clock, O: Observer>(breaker: &CircuitBreaker<C, O>) {
    if let Ok(permit) = breaker.try_acquire() {
        black_box(());
        permit.success();
    }
}

/// A failure and the success that resets it: two changes of the word.
#[inline]
fn failing(breaker: &CircuitBreaker) {
    if let Ok(permit) = breaker.try_acquire() {
        permit.failure();
    }
    if let Ok(permit) = breaker.try_acquire() {
        permit.success();
    }
}

pub(crate) fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    threads: usize,
    work: impl Fn(usize) + Sync,
) {
    group.bench_function(format!("{name}, {threads} threads"), |b| {
        b.iter_custom(|iterations| {
            let rounds = iterations.div_ceil(CALLS);
            let barrier = Barrier::new(threads);
            // The slowest thread's time: all were at it that long.
            let slowest = thread::scope(|scope| {
                let running: Vec<_> = (0..threads)
                    .map(|number| {
                        let (barrier, work) = (&barrier, &work);
                        scope.spawn(move || {
                            barrier.wait();
                            let start = Instant::now();
                            for _ in 0..rounds * CALLS {
                                work(number);
                            }
                            start.elapsed()
                        })
                    })
                    .collect();
                running.into_iter().map(|thread| thread.join().unwrap()).max()
            });
            per_iteration(slowest.unwrap_or_default(), rounds * CALLS, iterations)
        });
    });
}

/// The share of `iterations` in a time that `calls` took.
fn per_iteration(time: Duration, calls: u64, iterations: u64) -> Duration {
    time.mul_f64(iterations as f64 / calls as f64)
}
