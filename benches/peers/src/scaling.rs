//! Throughput against threads, with and without failures, and false sharing.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crossbeam_utils::CachePadded;
use fusebox::{BreakerConfig, BreakerSettings, CircuitBreaker, Registry};
use indicatif::ProgressBar;

use crate::measure::{Case, Figure, Plan, find, measure};

const SETTINGS: BreakerSettings =
    BreakerConfig::new().failure_threshold(2_047).recovery_timeout(Duration::from_hours(1)).build();

/// The mixes of calls.
pub(crate) const MIXES: [(&str, u32); 3] =
    [("healthy", 0), ("1 % failures", 100), ("50 % failures", 2)];

/// Millions of calls a second, of all threads together.
pub(crate) struct Line {
    pub(crate) mix: &'static str,
    pub(crate) shared: bool,
    /// Threads, and what they did.
    pub(crate) points: Vec<(usize, f64)>,
}

pub(crate) fn scaling(plan: Plan, progress: &ProgressBar, threads: &[usize]) -> Vec<Line> {
    let most = threads.iter().copied().max().unwrap_or(1);
    let own: &'static [CircuitBreaker] =
        Box::leak((0..most).map(|_| CircuitBreaker::new(SETTINGS)).collect());
    let mut lines: Vec<_> = [true, false]
        .into_iter()
        .flat_map(|shared| MIXES.map(|(mix, _)| Line { mix, shared, points: Vec::new() }))
        .collect();
    for &threads in threads {
        let mixed = |shared: bool, (mix, every): (&'static str, u32)| {
            Case::threads(mix, threads, move |number| {
                mixed_calls(if shared { &own[0] } else { &own[number] }, every)
            })
        };
        for shared in [true, false] {
            let cases = MIXES.iter().map(|&mix| mixed(shared, mix)).collect();
            let figures = measure(plan, progress, "scaling", cases);
            for line in lines.iter_mut().filter(|line| line.shared == shared) {
                let calls = threads as f64 * 1e3 / find(&figures, line.mix).ns();
                line.points.push((threads, calls));
            }
            own.iter().for_each(CircuitBreaker::reset);
        }
    }
    lines
}

/// Calls of which each `every`-th fails; none, if that is 0.
fn mixed_calls(breaker: &CircuitBreaker, every: u32) -> impl FnMut() {
    let mut left = every;
    move || {
        let permit = breaker.try_acquire().expect("successes keep it closed");
        black_box(());
        left = left.wrapping_sub(1);
        if left == 0 {
            left = every;
            permit.failure();
        } else {
            permit.success();
        }
    }
}

pub(crate) const APART: &str = "compare-and-swap, each thread its own word, own cache lines";
pub(crate) const TOGETHER: &str = "compare-and-swap, each thread its own word, one cache line";
pub(crate) const SLOTS: &str = "failures and successes on neighbouring slots of a registry";
pub(crate) const SAME: &str = "failures and successes on one breaker";

/// What padding is for: the cost of a neighbour on the same cache line.
pub(crate) fn false_sharing(plan: Plan, progress: &ProgressBar) -> Vec<Figure> {
    let apart: [CachePadded<AtomicU64>; 2] = Default::default();
    let together: CachePadded<[AtomicU64; 2]> = CachePadded::default();
    let panel: &'static Registry<2> = Box::leak(Box::new(Registry::new()));
    let slots =
        ["left", "right"].map(|name| panel.get_or_register(name, SETTINGS).expect("it has room"));
    measure(
        plan,
        progress,
        "false sharing",
        vec![
            Case::threads(APART, 2, |number| swap(&apart[number])),
            Case::threads(TOGETHER, 2, |number| swap(&together[number])),
            Case::threads(SLOTS, 2, move |number| mixed_calls(slots[number], 2)),
            Case::threads(SAME, 2, move |_| mixed_calls(slots[0], 2)),
        ],
    )
}

fn swap(word: &AtomicU64) -> impl FnMut() {
    move || {
        let seen = word.load(Ordering::Relaxed);
        let swap = word.compare_exchange(seen, seen ^ 1, Ordering::AcqRel, Ordering::Acquire);
        black_box(swap.is_ok());
    }
}
