//! The clocks, and what each makes of a rejection and a failure.

use std::{hint::black_box, time::Duration};

use fusebox::{
    BreakerConfig, CachedClock, CircuitBreaker, Clock, DefaultObserver, PreciseClock, StdClock,
};
use indicatif::ProgressBar;

use crate::measure::{Case, Figure, Plan, measure};

static CACHED: CachedClock = CachedClock::new();

/// The clocks' names.
pub(crate) const CLOCKS: [&str; 3] =
    ["`StdClock`, coarse (the default)", "`PreciseClock`", "`CachedClock`, kept fresh every 1 ms"];

/// What is known of the clocks, in the order of [`CLOCKS`].
pub(crate) struct Clocks {
    pub(crate) readings: Vec<Figure>,
    pub(crate) rejections: Vec<Figure>,
    pub(crate) failures: Vec<Figure>,
    /// The median step that was seen; `None` where it is below a tick, 1 ms.
    pub(crate) steps: [Option<Duration>; 3],
}

pub(crate) fn clocks(plan: Plan, progress: &ProgressBar) -> Clocks {
    let keeper = CACHED.keep_fresh(Duration::from_millis(1)).expect("a thread starts");
    let steps = [step(&StdClock), step(&PreciseClock), step(&CACHED)];
    let readings = measure(
        plan,
        progress,
        "clocks",
        vec![reading(0, &StdClock), reading(1, &PreciseClock), reading(2, &CACHED)],
    );
    let rejections = measure(
        plan,
        progress,
        "clocks: rejections",
        vec![rejection(0, &StdClock), rejection(1, &PreciseClock), rejection(2, &CACHED)],
    );
    let failures = measure(
        plan,
        progress,
        "clocks: failures",
        vec![failure(0, &StdClock), failure(1, &PreciseClock), failure(2, &CACHED)],
    );
    drop(keeper);
    Clocks { readings, rejections, failures, steps }
}

/// The median of a few steps, in the clock's own ticks.
fn step(clock: &impl Clock) -> Option<Duration> {
    let mut steps: Vec<_> = (0..9)
        .map(|_| {
            let start = clock.now();
            loop {
                let now = clock.now();
                if now != start {
                    return now.since(start);
                }
            }
        })
        .collect();
    steps.sort_unstable();
    Some(steps[steps.len() / 2]).filter(|step| step.as_millis() > 1)
}

fn reading<C: Clock>(at: usize, clock: &'static C) -> Case<'static> {
    Case::new(CLOCKS[at], move || {
        black_box(clock.now());
    })
}

fn breaker<C: Clock>(clock: &'static C) -> CircuitBreaker<&'static C> {
    let settings = BreakerConfig::new()
        .failure_threshold(2_047)
        .recovery_timeout(Duration::from_hours(1))
        .build();
    CircuitBreaker::with(None, settings, clock, DefaultObserver)
}

fn rejection<C: Clock>(at: usize, clock: &'static C) -> Case<'static> {
    let breaker = breaker(clock);
    while let Ok(permit) = breaker.try_acquire() {
        permit.failure();
    }
    Case::new(CLOCKS[at], move || assert!(breaker.try_acquire().is_err()))
}

fn failure<C: Clock>(at: usize, clock: &'static C) -> Case<'static> {
    let breaker = breaker(clock);
    Case::batch(CLOCKS[at], 50, move || {
        for _ in 0..49 {
            if let Ok(permit) = breaker.try_acquire() {
                permit.failure();
            }
        }
        breaker.try_acquire().expect("it is closed").success();
    })
}
