//! Limits of calls in flight, beside what a call of theirs cannot cost less than, and
//! beside tokio's semaphore and tower's limit.

use std::{
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, Waker},
    time::Duration,
};

use criterion::{Criterion, Throughput};
use fusebox::{
    AdaptiveConfig, AdaptiveLimit, Bulkhead, InLine, Intake, IntakeConfig, Pressure,
    PressureConfig, PressureReading, Priority,
};
use tokio::sync::Semaphore;
use tower::{Service, limit::ConcurrencyLimit, service_fn};

use crate::{BATCH, contended::measure};

static WORD: AtomicU64 = AtomicU64::new(0);
static WORKERS: Bulkhead = Bulkhead::named("workers", 32);
static FULL: Bulkhead = Bulkhead::new(1);
static API: Intake = Intake::named("api", IntakeConfig::new().workers(32).build());
static SEMAPHORE: Semaphore = Semaphore::const_new(32);
static ADAPTIVE: AdaptiveLimit = AdaptiveLimit::new(AdaptiveConfig::new().build());

static CALM: Pressure = Pressure::new(PressureConfig::new().build());
static PRESSED: Pressure =
    Pressure::new(PressureConfig::new().stale_after(Duration::from_hours(1)).build());

/// The floor: nothing else counts up and down.
fn two_writes() {
    black_box(WORD.fetch_add(1, Ordering::AcqRel));
    black_box(WORD.fetch_sub(1, Ordering::AcqRel));
}

fn bulkhead() {
    drop(black_box(WORKERS.try_acquire()));
}

fn intake() {
    drop(black_box(API.enter(Priority::DEFAULT).and_then(InLine::begin)));
}

fn full() {
    black_box(FULL.try_acquire().is_err());
}

fn semaphore() {
    drop(black_box(SEMAPHORE.try_acquire()));
}

fn ignored() {
    drop(black_box(ADAPTIVE.try_acquire()));
}

fn measured() {
    if let Ok(ticket) = black_box(ADAPTIVE.try_acquire()) {
        ticket.success();
    }
}

/// The floor of what is asked: one load.
fn one_load() {
    black_box(WORD.load(Ordering::Relaxed) == u64::MAX);
}

fn calm() {
    black_box(CALM.admit(black_box(Priority::BACKGROUND)).is_ok());
}

fn pressed() {
    black_box(PRESSED.admit(black_box(Priority::DEFAULT)).is_ok());
}

pub(crate) fn bench(c: &mut Criterion) {
    let place = FULL.try_acquire();
    PRESSED.set(PressureReading { cpu: 1000, ..PressureReading::CALM });
    let rows: [(&str, fn()); 10] = [
        ("two read-modify-writes", two_writes),
        ("bulkhead: acquire + release", bulkhead),
        ("intake: enter + begin + end", intake),
        ("bulkhead, full: a refusal", full),
        ("tokio's semaphore: try_acquire + release", semaphore),
        ("adaptive limit: acquire + release", ignored),
        ("adaptive limit: acquire + success, measured", measured),
        ("one load", one_load),
        ("pressure: a check while calm", calm),
        ("pressure: a check under pressure, admitted", pressed),
    ];
    let mut group = c.benchmark_group("limits");
    group.throughput(Throughput::Elements(BATCH.into()));
    for (name, row) in rows {
        group.bench_function(name, |b| {
            b.iter(|| {
                for _ in 0..BATCH {
                    row();
                }
            });
        });
    }
    let mut limited = ConcurrencyLimit::new(
        service_fn(|n: u32| -> Ready<Result<u32, u32>> { ready(Ok(black_box(n))) }),
        32,
    );
    let mut cx = Context::from_waker(Waker::noop());
    group.bench_function("tower's ConcurrencyLimit: a call", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                if let Poll::Ready(Ok(())) = limited.poll_ready(&mut cx) {
                    black_box(pin!(limited.call(n)).poll(&mut cx)).is_ready();
                }
            }
        });
    });
    group.finish();
    let mut group = c.benchmark_group("limits, contended");
    for (name, row) in &rows[..5] {
        measure(&mut group, name, 2, |_| row());
    }
    group.finish();
    drop(place);
}
