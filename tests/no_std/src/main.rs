//! The core without std, without an allocator, without a C library: a registry
//! and a breaker go through an outage, sync and async. Exit code 0 if all is
//! as it should be, else the number of the step that was not.
#![no_std]
#![no_main]

use core::{
    arch::{asm, naked_asm},
    future::{self, Future},
    panic::PanicInfo,
    pin::pin,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    task::{Context, Poll, Waker},
    time::Duration,
};

use fusebox::{
    Backoff, BackoffConfig, BreakerConfig, BreakerSettings, CallError, CircuitBreaker, Clock,
    ConstDefault, DefaultObserver, Event, Fallback, Observer, Outcome, Pipeline, Ratio, Registry,
    Retry, RetryConfig, Sleep, SleepBy, State, Tick, Verdict,
    health::{AlertRules, Monitor, Window},
    set_seed,
};

/// Milliseconds, as a timer's interrupt would count them.
static UPTIME: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, Copy)]
struct Uptime;

impl Clock for Uptime {
    fn now(&self) -> Tick {
        Tick::from_millis(UPTIME.load(Ordering::Relaxed))
    }
}

impl ConstDefault for Uptime {
    const DEFAULT: Self = Self;
}

impl Sleep for Uptime {
    fn sleep(&self, delay: Duration) {
        UPTIME.fetch_add(delay.as_nanos().div_ceil(1_000_000) as u64, Ordering::Relaxed);
    }
}

static TRANSITIONS: AtomicU32 = AtomicU32::new(0);

struct CountTransitions;

impl Observer for CountTransitions {
    fn on_event(&self, event: &Event<'_>) {
        if matches!(event, Event::Transition(_)) {
            TRANSITIONS.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl ConstDefault for CountTransitions {
    const DEFAULT: Self = Self;
}

static PANEL: Registry<4, Uptime, CountTransitions> = Registry::const_default();

const SETTINGS: BreakerSettings =
    BreakerConfig::new().failure_threshold(2).recovery_timeout(Duration::from_millis(100)).build();

/// The number of the step that failed.
fn outage() -> Result<(), i32> {
    let step = |number: i32, holds: bool| if holds { Ok(()) } else { Err(number) };

    let bus = PANEL.get_or_register("sensor bus", SETTINGS).map_err(|_| 1)?;
    step(2, bus.call(|| Ok::<_, ()>(7)) == Ok(7))?;
    for _ in 0..2 {
        step(3, bus.call(|| Err::<(), _>("nack")) == Err(CallError::Failed("nack")))?;
    }
    step(4, bus.state() == State::Open)?;
    let rejected = bus.try_acquire().map(drop).err().ok_or(5)?;
    step(6, rejected.name() == Some("sensor bus"))?;
    step(7, rejected.retry_after() == Some(Duration::from_millis(100)))?;

    UPTIME.fetch_add(100, Ordering::Relaxed);
    let mut cx = Context::from_waker(Waker::noop());
    {
        // A probe that is cancelled while it waits gives its place back.
        let probe = pin!(bus.call_async(future::pending::<Result<(), ()>>()));
        step(8, probe.poll(&mut cx).is_pending() && bus.state() == State::HalfOpen)?;
        step(9, bus.try_acquire().is_err())?;
    }
    let probe = pin!(bus.call_async(future::ready(Ok::<_, ()>(8))));
    step(10, probe.poll(&mut cx) == Poll::Ready(Ok(8)))?;
    step(11, bus.state() == State::Closed)?;
    step(12, TRANSITIONS.load(Ordering::Relaxed) == 3)?;

    let permit = bus.try_acquire().map_err(|_| 13)?;
    bus.reset();
    step(14, permit.failure() == Verdict::Stale)?;
    for name in ["a", "b", "c"] {
        PANEL.get_or_default(name).map_err(|_| 15)?;
    }
    step(16, PANEL.get_or_default("d").is_err() && PANEL.len() == 4)?;
    policies()
}

const BACKOFF: Backoff = BackoffConfig::new().build();

/// Retries, a fallback and a pipeline, sync and async.
fn policies() -> Result<(), i32> {
    let step = |number: i32, holds: bool| if holds { Ok(()) } else { Err(number) };

    // Entropy comes from the caller: two devices differ, one repeats itself.
    let first = |seed| {
        set_seed(seed);
        BACKOFF.into_iter().next()
    };
    step(21, first(1) != first(2))?;
    step(22, BACKOFF.seed(1).next() == BACKOFF.seed(1).next())?;

    let bus = PANEL.get_or_register("sensor bus", SETTINGS).map_err(|_| 23)?;
    let settings = RetryConfig::new().max_elapsed(Duration::from_secs(60)).build();
    let retry = Retry::with(settings, Uptime, Uptime, DefaultObserver);
    let mut calls = 0;
    let start = Uptime.now();
    let result = retry.call(|| {
        calls += 1;
        if calls == 3 { Ok(calls) } else { Err("nack") }
    });
    step(24, result == Ok(3))?;
    // 1 s and 2 s, each times 50 to 150 %.
    let waited = Uptime.now().since(start);
    step(25, waited >= Duration::from_millis(1_500) && waited <= Duration::from_millis(4_502))?;

    let last_known = |channel: &u32| Ok::<_, &str>(channel * 100);
    let fallback = Fallback::new().or(&last_known);
    let pipeline = Pipeline::new().fallback(fallback).breaker(bus).retry(retry);
    step(26, pipeline.call(&3, |_| Err("nack")) == Ok(300))?;
    step(27, bus.snapshot().score == 1)?;

    let soon = SleepBy(|_: Duration| future::ready(()));
    let retry = Retry::with(settings, Uptime, soon, DefaultObserver);
    let pipeline = Pipeline::new().fallback(fallback).breaker(bus).retry(retry);
    let mut cx = Context::from_waker(Waker::noop());
    let call = pin!(pipeline.call_async(&4, |_| future::ready(Err::<u32, _>("nack"))));
    step(28, call.poll(&mut cx) == Poll::Ready(Ok(400)))?;
    step(29, bus.state() == State::Open)?;
    health()
}

/// One of four breakers is open: what a panel's monitor makes of that.
fn health() -> Result<(), i32> {
    let step = |number: i32, holds: bool| if holds { Ok(()) } else { Err(number) };

    let mut monitor = Monitor::<3, _>::new([const { Window::new() }; 4]);
    monitor.observe(PANEL.panel().readings());
    step(41, monitor.score() == Some(37))?; // (75 + 0) / 2
    let rules = AlertRules::DEFAULT;
    step(42, monitor.alerts(rules).next().is_none())?;
    UPTIME.fetch_add(300_001, Ordering::Relaxed);
    monitor.observe(PANEL.panel().readings());
    step(43, monitor.alerts(rules).count() == 1)?;
    rules_of_opening()
}

/// A share of failures, slow calls, the last calls, a batch.
fn rules_of_opening() -> Result<(), i32> {
    let step = |number: i32, holds: bool| if holds { Ok(()) } else { Err(number) };
    let with = |settings| CircuitBreaker::with(None, settings, Uptime, DefaultObserver);

    let shares = with(SHARES);
    step(51, (SHARES.failure_weight(), SHARES.failure_threshold()) == (14, 85))?;
    step(52, SHARES.promise().mean_calls(1.0) == Some(7.0))?;
    let batch = shares.acquire_many(100).map_err(|_| 53)?;
    step(54, batch.report_counts(94, 6) == Verdict::Recorded)?;
    let batch = shares.acquire_many(10).map_err(|_| 55)?;
    step(56, batch.report_all(&[Outcome::Failure; 10]) == Verdict::Recorded)?;
    step(57, shares.state() == State::Open)?;

    // Without threads every call is timed; one that hangs is found by the next.
    let slow = with(SLOW);
    let hung = slow.try_acquire().map_err(|_| 58)?;
    UPTIME.fetch_add(51, Ordering::Relaxed);
    drop(slow.try_acquire());
    step(59, slow.counters().slow == 1 && slow.snapshot().score == 1)?;
    step(60, hung.success() == Verdict::Recorded && slow.snapshot().score == 1)?;

    let last = with(LAST);
    for failed in [true, false, false, true] {
        let permit = last.try_acquire().map_err(|_| 61)?;
        if failed {
            permit.failure()
        } else {
            permit.success()
        };
    }
    step(62, last.state() == State::Open)
}

const SHARES: BreakerSettings = BreakerConfig::new()
    .failure_ratio(Ratio::above(0.2).normally(0.01).false_alarm_every(1_000_000_000))
    .build();
const SLOW: BreakerSettings = BreakerConfig::new().slow_call(Duration::from_millis(50)).build();
const LAST: BreakerSettings = BreakerConfig::new().failure_threshold(2).window(4).build();

/// Where the kernel starts the program: aligns the stack, as a call expects.
#[unsafe(no_mangle)]
#[unsafe(naked)]
extern "C" fn _start() -> ! {
    naked_asm!("xor ebp, ebp", "and rsp, -16", "call {main}", main = sym main)
}

extern "C" fn main() -> ! {
    exit(outage().err().unwrap_or(0))
}

fn exit(code: i32) -> ! {
    // SAFETY: `exit_group` takes a code, touches no memory and does not return.
    unsafe { asm!("syscall", in("rax") 231, in("edi") code, options(noreturn)) }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(101)
}

/// The compiler copies by calls to it; a bare-metal target has its own.
///
/// # Safety
/// As C's: both sides hold `count` bytes and do not overlap.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: as the caller promises; the direction flag is clear by the ABI.
    unsafe {
        asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") count => _,
            options(nostack, preserves_flags));
    }
    to
}

/// The compiler fills by calls to it; a bare-metal target has its own.
///
/// # Safety
/// As C's: `to` holds `count` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    // SAFETY: as the caller promises; the direction flag is clear by the ABI.
    unsafe {
        asm!("rep stosb", inout("rdi") to => _, in("eax") byte, inout("rcx") count => _,
            options(nostack, preserves_flags));
    }
    to
}

/// The compiler compares by calls to it; a bare-metal target has its own.
///
/// # Safety
/// As C's: both sides hold `count` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    for at in 0..count {
        // SAFETY: as the caller promises. Volatile, so that the compiler does
        // not make a call to this function out of this loop.
        let differ = unsafe { one.add(at).read_volatile() != other.add(at).read_volatile() };
        if differ {
            return 1;
        }
    }
    0
}

/// The precompiled `core` names it for unwinding; nothing here unwinds.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
