//! Look-ups in a registry of 64 slots, half of them taken.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use fusebox::{Key, Registry};

use crate::{BATCH, SETTINGS};

static PANEL: Registry<64> = Registry::new();

const KEY: Key = Key::new("backend 17");

pub(crate) fn bench(c: &mut Criterion) {
    let names: Vec<_> = (0..32).map(|n| format!("backend {n}")).collect();
    for name in &names {
        PANEL.get_or_register(name.as_str(), SETTINGS).unwrap();
    }
    let absent: Vec<_> = (0..32).map(|n| format!("missing {n}")).collect();

    let mut group = c.benchmark_group("registry");
    group.throughput(Throughput::Elements(32));
    group.bench_function("32 look-ups by name", |b| {
        b.iter(|| {
            for name in &names {
                black_box(PANEL.get(black_box(name.as_str())));
            }
        });
    });
    group.bench_function("32 look-ups by name, missing", |b| {
        b.iter(|| {
            for name in &absent {
                black_box(PANEL.get(black_box(name.as_str())));
            }
        });
    });
    group.throughput(Throughput::Elements(BATCH.into()));
    group.bench_function("look-ups by a const key", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(PANEL.get(black_box(&KEY)));
            }
        });
    });
    group.finish();
}
