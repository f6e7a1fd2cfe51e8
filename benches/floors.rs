//! What the parts cost by themselves: the floors of all other figures.

use std::{
    hint::black_box,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use criterion::{Criterion, Throughput};
use fusebox::{Clock, PreciseClock, StdClock};

use crate::BATCH;

static WORD: AtomicU64 = AtomicU64::new(0);
static MUTEX: Mutex<u64> = Mutex::new(0);

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("floors");
    group.throughput(Throughput::Elements(BATCH.into()));
    // A relaxed load may not be merged with the next one, so a batch of them
    // is as many loads; `black_box` keeps each result alive in a register.
    group.bench_function("one AtomicU64 load", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(WORD.load(Ordering::Relaxed));
            }
        });
    });
    group.bench_function("two AtomicU64 loads, each tested", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                if WORD.load(Ordering::Relaxed) != 0 {
                    unlikely();
                }
                black_box(());
                if WORD.load(Ordering::Relaxed) != 0 {
                    unlikely();
                }
            }
        });
    });
    group.bench_function("fetch_add", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(WORD.fetch_add(1, Ordering::Relaxed));
            }
        });
    });
    WORD.store(0, Ordering::Relaxed);
    group.bench_function("compare-and-swap", |b| {
        b.iter(|| {
            for n in 0..u64::from(BATCH) {
                let next = if n + 1 == u64::from(BATCH) { 0 } else { n + 1 };
                let swap = WORD.compare_exchange(n, next, Ordering::AcqRel, Ordering::Acquire);
                black_box(swap.is_ok());
            }
        });
    });
    group.bench_function("uncontended Mutex", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                *MUTEX.lock().unwrap() += 1;
            }
        });
    });
    group.bench_function("Instant::now", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(Instant::now());
            }
        });
    });
    group.bench_function("StdClock, coarse", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(StdClock.now());
            }
        });
    });
    group.bench_function("PreciseClock", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(PreciseClock.now());
            }
        });
    });
    group.finish();
}

#[cold]
#[inline(never)]
fn unlikely() {
    black_box(());
}
