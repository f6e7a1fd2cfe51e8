//! `cargo bench -p fusebox-shm`: what it costs to open a file of 4096 slots, to
//! look at all of them, and to call through one of them.
#![allow(missing_docs)] // criterion's macros

use std::{fs, hint::black_box, path::Path, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use fusebox::{BreakerConfig, CircuitBreaker};
use fusebox_shm::{Options, SharedPanel, SharedRegistry, SharedView};
use tempfile::TempDir;

const SLOTS: usize = 4_096;
type Panel = SharedRegistry<SLOTS>;

fn open(path: &Path) -> Panel {
    Panel::open(path, Options::new()).expect("it can be opened")
}

fn files(c: &mut Criterion) {
    for place in ["/dev/shm", env!("CARGO_TARGET_TMPDIR")] {
        let Ok(folder) = TempDir::new_in(place) else { continue };
        let kind = if place == "/dev/shm" { "in memory" } else { "on disk" };
        let path = folder.path().join("panel");
        let panel = open(&path);
        for n in 0..SLOTS {
            panel.get_or_default(&*format!("breaker {n}")).expect("it has room");
        }
        drop(panel);
        let mut group = c.benchmark_group(format!("4096 slots {kind}"));
        group.bench_function("open the registry", |b| b.iter(|| open(&path)));
        group.bench_function("open the panel, as a tool", |b| {
            b.iter(|| SharedPanel::open(&path).expect("it can be opened"));
        });
        group.bench_function("open a view and read every breaker", |b| {
            b.iter(|| {
                let view = SharedView::open(&path).expect("it can be opened");
                view.readings().map(black_box).count()
            });
        });
        let new = folder.path().join("new");
        group.bench_function("make the file, open it, delete it", |b| {
            b.iter(|| {
                let panel = open(&new);
                fs::remove_file(&new).expect("it was made");
                panel
            });
        });
        group.finish();
    }
}

fn calls(c: &mut Criterion) {
    let settings = BreakerConfig::new().build();
    let owned = CircuitBreaker::named("owned", settings);
    let panel = Panel::sealed("bench").expect("memory to share");
    let shared = panel.get_or_register("shared", settings).expect("it has room");
    let mut group = c.benchmark_group("100 healthy calls");
    for (name, breaker) in [("owned breaker", &owned), ("shared slot", shared)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                for n in 0..100_u32 {
                    if let Ok(value) = breaker.call(|| Ok::<_, ()>(black_box(n))) {
                        black_box(value);
                    }
                }
            });
        });
    }
    group.finish();
}

fn config() -> Criterion {
    Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! {
    name = all;
    config = config();
    targets = files, calls
}
criterion_main!(all);
