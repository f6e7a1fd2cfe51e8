//! The paths whose instructions are counted, each a function of its own that
//! the counter can tell from the rest.

mod failover;
mod limits;

use std::{
    future::{Future, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

#[cfg(target_os = "linux")]
use std::sync::LazyLock;

use fusebox::{
    BackoffConfig, BreakerConfig, BreakerSettings, CachedClock, CircuitBreaker, CountCalls,
    DefaultObserver, Key, Name, Outcome, Registry, Rejected, Retry, RetryConfig, Trace, TraceWord,
    resilient, with_circuit_breaker,
};
#[cfg(target_os = "linux")]
use fusebox_shm::SharedRegistry;

/// Calls that a path makes while it is counted.
pub(crate) const CALLS: u32 = 1_000;

/// A path: what it is called, the function that is counted, what goes before.
pub(crate) struct Path {
    pub(crate) name: &'static str,
    /// Part of the function's name, and of no other's.
    pub(crate) function: &'static str,
    prepare: Prepare,
    run: fn(),
}

/// What goes before a path is counted.
enum Prepare {
    Nothing,
    By(fn()),
    /// The path itself, as it does something at its first call: it is then
    /// counted twice.
    Itself,
}

impl Path {
    /// Runs it as it is counted: once before, so that what is done only once
    /// is done.
    pub(crate) fn run(&self) {
        match self.prepare {
            Prepare::Nothing => {}
            Prepare::By(prepare) => prepare(),
            Prepare::Itself => (self.run)(),
        }
        (self.run)();
    }

    /// How often [`run`](Self::run) runs what is counted.
    pub(crate) fn times(&self) -> u32 {
        if matches!(self.prepare, Prepare::Itself) { 2 } else { 1 }
    }
}

/// The loop around every other path.
pub(crate) const EMPTY: &str = "empty loop";

/// All of them.
pub(crate) fn paths() -> impl Iterator<Item = &'static Path> {
    PATHS.iter().chain(limits::PATHS).chain(failover::PATHS)
}

const PATHS: &[Path] = &[
    Path { name: EMPTY, function: "path_empty", prepare: Prepare::Nothing, run: path_empty },
    Path {
        name: "healthy acquire + success",
        function: "path_acquire",
        prepare: Prepare::Nothing,
        run: path_acquire,
    },
    Path {
        name: "healthy call",
        function: "path_sync_call",
        prepare: Prepare::Nothing,
        run: path_sync_call,
    },
    #[cfg(target_os = "linux")]
    Path {
        name: "healthy call, shared slot",
        function: "path_shared_call",
        prepare: Prepare::By(share),
        run: path_shared_call,
    },
    Path {
        name: "healthy call_async",
        function: "path_async_call",
        prepare: Prepare::Nothing,
        run: path_async_call,
    },
    Path {
        name: "rejection",
        function: "path_rejection",
        prepare: Prepare::By(open),
        run: path_rejection,
    },
    Path {
        name: "failure recorded",
        function: "path_failure",
        prepare: Prepare::Nothing,
        run: path_failure,
    },
    Path {
        name: "timed call, healthy",
        function: "path_timed_call",
        prepare: Prepare::Nothing,
        run: path_timed_call,
    },
    Path {
        name: "recorded call, healthy",
        function: "path_recorded_call",
        prepare: Prepare::By(record),
        run: path_recorded_call,
    },
    Path {
        name: "counted call, healthy",
        function: "path_counted_call",
        prepare: Prepare::Nothing,
        run: path_counted_call,
    },
    Path {
        name: "batch of 64 successes",
        function: "path_batch",
        prepare: Prepare::Nothing,
        run: path_batch,
    },
    Path {
        name: "look-up by name",
        function: "path_by_name",
        prepare: Prepare::By(fill),
        run: path_by_name,
    },
    Path {
        name: "look-up by a const key",
        function: "path_by_key",
        prepare: Prepare::By(fill),
        run: path_by_key,
    },
    Path {
        name: "one delay, 50 to 150 %",
        function: "path_delay",
        prepare: Prepare::Nothing,
        run: path_delay,
    },
    Path {
        name: "retry around a success",
        function: "path_retry",
        prepare: Prepare::Nothing,
        run: path_retry,
    },
    Path {
        name: "#[with_circuit_breaker], healthy",
        function: "path_decorated",
        prepare: Prepare::Itself,
        run: path_decorated,
    },
    Path {
        name: "#[resilient(fallback, circuit_breaker, retry)], healthy",
        function: "path_resilient",
        prepare: Prepare::Itself,
        run: path_resilient,
    },
];

const SETTINGS: BreakerSettings =
    BreakerConfig::new().failure_threshold(2_047).recovery_timeout(Duration::from_hours(1)).build();
static HEALTHY: CircuitBreaker = CircuitBreaker::named("healthy path", SETTINGS);
/// The kernel's clock is a system call under callgrind, which is not ours to
/// count.
static CLOCK: CachedClock = CachedClock::new();
static OPEN: CircuitBreaker<&CachedClock> =
    CircuitBreaker::with(Some(Name::new("open path")), SETTINGS, &CLOCK, DefaultObserver);
static FAILING: CircuitBreaker<&CachedClock> =
    CircuitBreaker::with(Some(Name::new("failing path")), SETTINGS, &CLOCK, DefaultObserver);
static RECORDED: CircuitBreaker = CircuitBreaker::named("recorded", SETTINGS);
static TIMED: CircuitBreaker<&CachedClock> = CircuitBreaker::with(
    Some(Name::new("timed path")),
    BreakerConfig::new().slow_call(Duration::from_mins(1)).build(),
    &CLOCK,
    DefaultObserver,
);
static COUNTED: CircuitBreaker<&CachedClock, CountCalls> = CircuitBreaker::with(
    Some(Name::new("counted path")),
    SETTINGS,
    &CLOCK,
    CountCalls(DefaultObserver),
);
static PANEL: Registry<64> = Registry::new();
static RETRY: Retry = Retry::new(RetryConfig::new().build());
const NAME: &str = "backend 17";
const KEY: Key = Key::new(NAME);

fn open() {
    while let Ok(permit) = OPEN.try_acquire() {
        permit.failure();
    }
}

fn fill() {
    for n in 0..32 {
        PANEL.get_or_default(format!("backend {n}").as_str()).expect("it has room");
    }
}

#[cfg(target_os = "linux")]
fn share() {
    LazyLock::force(&SHARED);
}

#[inline(never)]
fn path_empty() {
    for _ in 0..CALLS {
        black_box(());
    }
}

#[inline(never)]
fn path_acquire() {
    for _ in 0..CALLS {
        if let Ok(permit) = HEALTHY.try_acquire() {
            black_box(());
            permit.success();
        }
    }
}

#[allow(clippy::unnecessary_wraps)] // as calls are
#[inline]
fn work(n: u32) -> Result<u32, u32> {
    Ok(black_box(n))
}

/// As a caller uses it: the value in a register.
#[allow(clippy::needless_pass_by_value)] // as a caller gets it
#[inline]
fn used<E>(result: Result<u32, E>) {
    if let Ok(value) = result {
        black_box(value);
    } else {
        panic!("the call succeeds");
    }
}

#[inline(never)]
fn path_sync_call() {
    for n in 0..CALLS {
        used(HEALTHY.call(|| work(n)));
    }
}

/// A slot in memory that other processes can map, found once.
#[cfg(target_os = "linux")]
static SHARED: LazyLock<&CircuitBreaker> = LazyLock::new(|| {
    let panel = SharedRegistry::<64>::sealed("paths").expect("memory to share").leak();
    panel.get_or_register("shared path", SETTINGS).expect("it has room")
});

#[cfg(target_os = "linux")]
#[inline(never)]
fn path_shared_call() {
    let shared = *SHARED;
    for n in 0..CALLS {
        used(shared.call(|| work(n)));
    }
}

#[inline(never)]
fn path_async_call() {
    let mut cx = Context::from_waker(Waker::noop());
    for n in 0..CALLS {
        if let std::task::Poll::Ready(result) =
            pin!(HEALTHY.call_async(ready(work(n)))).poll(&mut cx)
        {
            used(result);
        }
    }
}

#[inline(never)]
fn path_timed_call() {
    for n in 0..CALLS {
        used(TIMED.call(|| work(n)));
    }
}

static WORDS: [TraceWord; Trace::words(1 << 14)] =
    [const { TraceWord::new() }; Trace::words(1 << 14)];

fn record() {
    let _ = fusebox::set_trace(Trace::new(&WORDS));
    RECORDED.set_recorded(Some(1));
}

#[inline(never)]
fn path_recorded_call() {
    for n in 0..CALLS {
        used(RECORDED.call(|| work(n)));
    }
}

#[inline(never)]
fn path_counted_call() {
    for n in 0..CALLS {
        used(COUNTED.call(|| work(n)));
    }
}

#[inline(never)]
fn path_batch() {
    let outcomes = black_box([Outcome::Success; 64]);
    for _ in 0..CALLS {
        if let Ok(batch) = HEALTHY.acquire_many(64) {
            batch.report_all(&outcomes);
        }
    }
}

#[inline(never)]
fn path_rejection() {
    for _ in 0..CALLS {
        black_box(OPEN.try_acquire().is_err());
    }
}

#[inline(never)]
fn path_failure() {
    for _ in 0..CALLS {
        if let Ok(permit) = FAILING.try_acquire() {
            permit.failure();
        }
    }
}

#[inline(never)]
fn path_by_name() {
    for _ in 0..CALLS {
        black_box(PANEL.get(black_box(NAME)));
    }
}

#[inline(never)]
fn path_by_key() {
    for _ in 0..CALLS {
        black_box(PANEL.get(black_box(&KEY)));
    }
}

#[inline(never)]
fn path_delay() {
    let config = BackoffConfig::new().exponential_base(1.002);
    let mut delays = black_box(config.build().seed(7));
    for _ in 0..CALLS {
        black_box(delays.next());
    }
}

#[inline(never)]
fn path_retry() {
    for n in 0..CALLS {
        used(RETRY.call(|| work(n)));
    }
}

#[derive(Debug)]
enum Failure {
    Rejected,
    Failed,
}

impl From<Rejected> for Failure {
    fn from(_: Rejected) -> Self {
        Self::Rejected
    }
}

#[inline]
fn bare(n: u32) -> Result<u32, Failure> {
    if black_box(n) == u32::MAX { Err(Failure::Failed) } else { Ok(n) }
}

#[with_circuit_breaker("decorated path", failure_threshold = 2047)]
#[inline]
fn decorated(n: u32) -> Result<u32, Failure> {
    bare(n)
}

#[resilient(fallback(bare), circuit_breaker("decorated path"), retry)]
#[inline]
fn resilient_in_all(n: u32) -> Result<u32, Failure> {
    bare(n)
}

#[inline(never)]
fn path_decorated() {
    for n in 0..CALLS {
        used(decorated(n));
    }
}

#[inline(never)]
fn path_resilient() {
    for n in 0..CALLS {
        used(resilient_in_all(n));
    }
}
