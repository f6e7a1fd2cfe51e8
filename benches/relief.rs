//! What a closed breaker decides that does not admit every call, beside the one write that
//! a share cannot do without.

use std::{
    hint::black_box,
    mem::forget,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use criterion::{Criterion, Throughput};
use fusebox::{
    BreakerConfig, CircuitBreaker, Clock, DefaultObserver, ManualClock, Outcome, Permit, Priority,
    Rejected, StdClock,
};

use crate::{BATCH, SETTINGS};

/// As a caller looks at it: whether it was admitted.
#[allow(clippy::needless_pass_by_value)] // as a caller gets it
#[inline]
fn admitted<C: Clock>(asked: Result<Permit<'_, C>, Rejected>) {
    black_box(asked.map(forget).is_ok());
}

static WORD: AtomicU64 = AtomicU64::new(0);

pub(crate) fn bench(c: &mut Criterion) {
    // One call in a hundred is shed: most of what is measured is a decision to admit.
    let settings = SETTINGS.config().max_shed(1).build();
    let clock = ManualClock::new();
    let sheds = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    sheds.acquire_many(32).expect("it is closed").report_all(&[Outcome::Overload; 32]);
    // Nobody reports what happens here, and the time must not stand still in a ramp.
    let settings = BreakerConfig::new()
        .recovery_timeout(Duration::from_millis(1))
        .ramp_up(Duration::from_hours(4))
        .ramp_from(99);
    let ramps = CircuitBreaker::with(None, settings.build(), StdClock, DefaultObserver);
    ramps.trip();
    while ramps.reading().ramp_left.is_none() {
        let _ = ramps.try_acquire().map(fusebox::Permit::success);
    }

    let mut group = c.benchmark_group("relief");
    group.throughput(Throughput::Elements(BATCH.into()));
    let mut row = |name: &str, once: &dyn Fn()| {
        group.bench_function(name, |b| b.iter(|| (0..BATCH).for_each(|_| once())));
    };
    row("one read-modify-write", &|| {
        black_box(WORD.fetch_add(1, Ordering::Relaxed));
    });
    row("shed decision, of a class above the line", &|| {
        admitted(sheds.try_acquire_as(Priority::CRITICAL));
    });
    row("shed decision, of the class that is thinned", &|| {
        admitted(sheds.try_acquire());
    });
    row("ramp decision", &|| {
        admitted(ramps.try_acquire());
    });
    group.finish();
}
