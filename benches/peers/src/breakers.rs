//! Healthy calls, rejections and failures: one thread, and several.

use std::{
    future::{Future, ready},
    hint::black_box,
    num::NonZeroU32,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, Waker},
};

use fusebox::{BreakerConfig, CircuitBreaker, Clock, StdClock};
use fusebox_bench::peers::{
    Answer, CircuitBreakerRs, FAILURES_IN_A_ROW, Failsafe, Failure, Fusebox, MutexBreaker, Peer,
    Recloser, TowerResilience, Work,
};
use governor::{Quota, RateLimiter};
use indicatif::ProgressBar;

use crate::measure::{Case, Figure, Plan, measure};

pub(crate) const LOADS: &str = "two `AtomicU64` loads, each tested";
pub(crate) const BARE: &str = "the call bare";
pub(crate) const ACQUIRE: &str = "fusebox, `try_acquire` + `success`, inlined";
pub(crate) const CALL_ASYNC: &str = "fusebox, `call_async`";
pub(crate) const CLOCK: &str = "the coarse clock alone";
pub(crate) const CAS: &str = "one compare-and-swap alone";
pub(crate) const ADD: &str = "one `fetch_add` alone";
pub(crate) const GOVERNOR: &str = "governor `check` (a rate limiter)";

static WORD: AtomicU64 = AtomicU64::new(0);
static COUNT: AtomicU64 = AtomicU64::new(0);
static HEALTHY: CircuitBreaker = CircuitBreaker::named("healthy", BreakerConfig::new().build());

// A measured path that is not the one it is named after stops the run.

#[inline]
fn succeed<P: Peer>(caller: &mut P::Caller<'_>) {
    match P::call(caller, Ok(7)) {
        Answer::Value(value) => {
            black_box(value);
        }
        answer => wrong(P::NAME, answer),
    }
}

#[inline]
fn fail<P: Peer>(caller: &mut P::Caller<'_>) {
    match P::call(caller, Err(Failure)) {
        Answer::Failed => {}
        answer => wrong(P::NAME, answer),
    }
}

#[cold]
fn wrong(name: &str, answer: Answer) {
    panic!("{name} answered {answer:?}");
}

fn successes<'a, P: Peer>() -> Case<'a> {
    let breaker: &'static P = Box::leak(Box::new(P::closed()));
    let mut caller = breaker.caller();
    Case::new(P::NAME, move || succeed::<P>(&mut caller))
}

fn rejections<'a, P: Peer>() -> Case<'a> {
    let breaker: &'static P = Box::leak(Box::new(P::open()));
    let mut caller = breaker.caller();
    Case::new(P::NAME, move || match P::call(&mut caller, Ok(7)) {
        Answer::Rejected => {}
        answer => wrong(P::NAME, answer),
    })
}

pub(crate) fn healthy(plan: Plan, progress: &ProgressBar) -> Vec<Figure> {
    let limiter = RateLimiter::direct(Quota::per_second(NonZeroU32::MAX));
    let mut cx = Context::from_waker(Waker::noop());
    measure(
        plan,
        progress,
        "healthy calls",
        vec![
            Case::new(LOADS, || {
                if WORD.load(Ordering::Relaxed) != 0 {
                    unlikely();
                }
                black_box(());
                if WORD.load(Ordering::Relaxed) != 0 {
                    unlikely();
                }
            }),
            Case::new(ACQUIRE, || {
                if let Ok(permit) = HEALTHY.try_acquire() {
                    black_box(());
                    permit.success();
                }
            }),
            Case::new(BARE, || match black_box(Work::Ok(7)) {
                Ok(value) => {
                    black_box(value);
                }
                Err(Failure) => unlikely(),
            }),
            successes::<Fusebox>(),
            Case::new(CALL_ASYNC, move || {
                let call = pin!(HEALTHY.call_async(ready(black_box(Work::Ok(7)))));
                match call.poll(&mut cx) {
                    Poll::Ready(Ok(value)) => {
                        black_box(value);
                    }
                    _ => unlikely(),
                }
            }),
            successes::<Failsafe>(),
            successes::<Recloser>(),
            successes::<TowerResilience>(),
            successes::<CircuitBreakerRs>(),
            successes::<MutexBreaker>(),
            Case::new(GOVERNOR, move || {
                black_box(limiter.check()).ok();
            }),
        ],
    )
}

pub(crate) fn rejected(plan: Plan, progress: &ProgressBar) -> Vec<Figure> {
    measure(
        plan,
        progress,
        "rejections",
        vec![
            Case::new(CLOCK, || {
                black_box(StdClock.now());
            }),
            Case::new(ADD, || {
                COUNT.fetch_add(1, Ordering::Relaxed);
            }),
            rejections::<Fusebox>(),
            rejections::<Failsafe>(),
            rejections::<Recloser>(),
            rejections::<TowerResilience>(),
            rejections::<CircuitBreakerRs>(),
            rejections::<MutexBreaker>(),
        ],
    )
}

fn failures<'a, P: Peer>() -> Case<'a> {
    let breaker: &'static P = Box::leak(Box::new(P::closed()));
    let mut caller = breaker.caller();
    Case::batch(P::NAME, FAILURES_IN_A_ROW + 1, move || {
        for _ in 0..FAILURES_IN_A_ROW {
            fail::<P>(&mut caller);
        }
        succeed::<P>(&mut caller);
    })
}

pub(crate) fn failed(plan: Plan, progress: &ProgressBar) -> Vec<Figure> {
    let mut next = 0;
    WORD.store(0, Ordering::Relaxed);
    let figures = measure(
        plan,
        progress,
        "failures",
        vec![
            Case::new(CLOCK, || {
                black_box(StdClock.now());
            }),
            Case::new(CAS, || {
                let seen = next;
                next ^= 1;
                let swap = WORD.compare_exchange(seen, next, Ordering::AcqRel, Ordering::Acquire);
                black_box(swap.is_ok());
            }),
            failures::<Fusebox>(),
            failures::<Failsafe>(),
            failures::<Recloser>(),
            failures::<TowerResilience>(),
            failures::<CircuitBreakerRs>(),
            failures::<MutexBreaker>(),
        ],
    );
    WORD.store(0, Ordering::Relaxed);
    figures
}

fn shared<'a, P: Peer>(threads: usize) -> Case<'a> {
    let breaker: &'static P = Box::leak(Box::new(P::closed()));
    Case::threads(P::NAME, threads, move |_| {
        let mut caller = breaker.caller();
        move || succeed::<P>(&mut caller)
    })
}

/// Healthy calls of `threads` threads on one breaker, per call and thread.
pub(crate) fn threads(plan: Plan, progress: &ProgressBar, threads: usize) -> Vec<Figure> {
    let limiter = RateLimiter::direct(Quota::per_second(NonZeroU32::MAX));
    measure(
        plan,
        progress,
        "threads on one breaker",
        vec![
            shared::<Fusebox>(threads),
            shared::<Failsafe>(threads),
            shared::<Recloser>(threads),
            shared::<TowerResilience>(threads),
            shared::<CircuitBreakerRs>(threads),
            shared::<MutexBreaker>(threads),
            Case::threads(GOVERNOR, threads, |_| {
                || {
                    black_box(limiter.check()).ok();
                }
            }),
        ],
    )
}

#[cold]
#[inline(never)]
fn unlikely() {
    panic!("a healthy call fails in nothing, and the word is 0");
}
