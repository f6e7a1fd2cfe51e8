//! A limit of a rate: admitted, refused, leased, by one thread and by two, beside
//! governor's and beside the clock that both must read.

use std::{hint::black_box, num::NonZeroU32, time::Duration};

use criterion::{Criterion, Throughput};
use fusebox::{
    Clock, DefaultObserver, PreciseClock, RateConfig, RateLimit, RateSettings, StdClock, Tick,
};
use governor::{Quota, RateLimiter};

use crate::{BATCH, contended::measure};

/// As many as a bench can ask for.
const ENDLESS: RateSettings =
    RateConfig::every(Duration::from_nanos(100)).burst(2_000_000).clock_step(STEP).build();
const STEP: Duration = Duration::from_millis(10);
static COARSE: RateLimit<Fast> = RateLimit::with(None, ENDLESS, Fast, DefaultObserver);
/// A lease is quicker than the burst is large where the clock is late.
static LEASED: RateLimit<Fast> = RateLimit::with(None, ENDLESS, Fast, DefaultObserver);
static PRECISE: RateLimit<Fast> =
    RateLimit::with(None, ENDLESS.config().precise(true).build(), Fast, DefaultObserver);
static SPENT: RateLimit = RateLimit::new(RateConfig::every(Duration::from_hours(24)).build());

/// The host's clock, 128 times as fast: no limit is as wide as a bench is quick, and all
/// calls are to be admitted.
#[derive(Clone, Copy)]
struct Fast;

impl Clock for Fast {
    #[inline]
    fn now(&self) -> Tick {
        Tick::from_millis(StdClock.now().as_millis() << 7)
    }

    #[inline]
    fn elapsed(&self) -> Duration {
        StdClock.elapsed() * 128
    }
}

/// As wide as there is: a thousand million calls a second.
fn theirs() -> governor::DefaultDirectRateLimiter {
    let quota = Quota::with_period(Duration::from_nanos(1)).unwrap();
    RateLimiter::direct(quota.allow_burst(NonZeroU32::MAX))
}

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("rate limit");
    group.throughput(Throughput::Elements(BATCH.into()));
    let mut batch = |name: &str, work: &mut dyn FnMut()| {
        group.bench_function(name, |b| {
            b.iter(|| {
                for _ in 0..BATCH {
                    work();
                }
            });
        });
    };
    let _ = SPENT.try_acquire();
    let governor = theirs();
    let mut lease = LEASED.lease(16);
    batch("the coarse clock alone", &mut || {
        black_box(StdClock.now());
    });
    batch("the precise clock alone", &mut || {
        black_box(PreciseClock.elapsed());
    });
    batch("admitted", &mut || {
        black_box(COARSE.try_acquire().is_ok());
    });
    batch("admitted, precise", &mut || {
        black_box(PRECISE.try_acquire().is_ok());
    });
    batch("admitted, of a lease of 16", &mut || {
        black_box(lease.try_acquire().is_ok());
    });
    batch("refused", &mut || {
        black_box(SPENT.try_acquire().is_ok());
    });
    batch("governor `check`", &mut || {
        black_box(governor.check().is_ok());
    });
    group.finish();

    let mut group = c.benchmark_group("rate limit, contended");
    for threads in [1, 2] {
        measure(&mut group, "admitted", threads, |_| {
            black_box(COARSE.try_acquire().is_ok());
        });
        measure(&mut group, "governor `check`", threads, |_| {
            black_box(governor.check().is_ok());
        });
    }
    group.finish();
    // A burst lasts 20 ms here: a host that holds its clock up for longer has calls refused,
    // and a refusal takes about as long.
    let refused = COARSE.refused() + PRECISE.refused();
    if refused > 0 {
        eprintln!("{refused} of these calls were refused, as the host's clock stood still");
    }
    let mut group = c.benchmark_group("rate limit, leases of 16");
    for threads in [1, 2] {
        leased(&mut group, threads);
    }
    group.finish();
}

/// Each thread has a lease of its own.
fn leased(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    threads: usize,
) {
    std::thread_local! {
        static LEASE: std::cell::RefCell<fusebox::RateLease<'static, Fast>> =
            std::cell::RefCell::new(LEASED.lease(16));
    }
    measure(group, "admitted", threads, |_| {
        LEASE.with_borrow_mut(|lease| black_box(lease.try_acquire()).ok());
    });
}
