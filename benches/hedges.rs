//! Hedges around a call that is not hedged, and the check of a deadline, each next to the
//! bare call.

use std::{
    future::{Future, Pending, pending, ready},
    hint::black_box,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use criterion::{Criterion, Throughput};
use fusebox::{
    Clock, Deadline, Hedge, LatencyQuantile, Pipeline, QuantileConfig, SleepBy, StdClock,
};

use crate::BATCH;

static QUANTILE: LatencyQuantile = LatencyQuantile::new(QuantileConfig::new().build());

/// A timer that takes nothing: the timer's own time is not the hedge's.
const NO_TIMER: SleepBy<fn(Duration) -> Pending<()>> = SleepBy(|_| pending());
const DELAY: Duration = Duration::from_secs(9);

/// Pending once, then done.
struct Twice(u32, bool);

impl Future for Twice {
    type Output = Result<u32, u32>;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        if std::mem::replace(&mut self.1, true) {
            Poll::Ready(Ok(black_box(self.0)))
        } else {
            Poll::Pending
        }
    }
}

pub(crate) fn bench(c: &mut Criterion) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut group = c.benchmark_group("hedges");
    group.throughput(Throughput::Elements(BATCH.into()));
    let (fixed, learned) = (Hedge::with(DELAY, NO_TIMER), Hedge::with(&QUANTILE, NO_TIMER));
    macro_rules! row {
        ($name:literal, $n:ident => $call:expr) => {
            group.bench_function($name, |b| {
                b.iter(|| {
                    for $n in 0..BATCH {
                        let mut call = pin!($call);
                        while black_box(call.as_mut().poll(&mut cx)).is_pending() {}
                    }
                });
            });
        };
    }
    row!("bare, ready at once", n => ready(Ok::<_, u32>(black_box(n))));
    row!("fixed delay, ready at once", n => fixed.call_async(|| ready(Ok::<_, u32>(black_box(n)))));
    row!("learned delay, ready at once",
        n => learned.call_async(|| ready(Ok::<_, u32>(black_box(n)))));
    row!("bare, pending once", n => Twice(n, false));
    row!("fixed delay, pending once", n => fixed.call_async(|| Twice(n, false)));
    row!("learned delay, pending once", n => learned.call_async(|| Twice(n, false)));
    group.finish();

    let mut group = c.benchmark_group("deadlines");
    group.throughput(Throughput::Elements(BATCH.into()));
    group.bench_function("the precise clock alone", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(StdClock.elapsed());
            }
        });
    });
    let deadline = Deadline::within(Duration::from_hours(1));
    group.bench_function("one check", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                black_box(black_box(deadline).is_over(&StdClock));
            }
        });
    });
    let pipeline = Pipeline::new();
    group.bench_function("a pipeline with a deadline and no layer", |b| {
        b.iter(|| {
            for n in 0..BATCH {
                black_box(pipeline.call_by(deadline, &n, |n| Ok::<_, u32>(black_box(*n)))).ok();
            }
        });
    });
    group.finish();
}
