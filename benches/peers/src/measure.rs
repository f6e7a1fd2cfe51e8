//! Times of several things, taken in turns: what drifts, drifts for all.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use indicatif::ProgressBar;

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) sample: Duration,
}

/// One thing to be timed.
pub(crate) struct Case<'a> {
    name: &'static str,
    /// Calls that one iteration makes.
    calls: u32,
    run: Box<dyn FnMut(u64) -> Duration + 'a>,
}

impl<'a> Case<'a> {
    /// `op` makes one call.
    pub(crate) fn new(name: &'static str, op: impl FnMut() + 'a) -> Self {
        Self::batch(name, 1, op)
    }

    /// `op` makes `calls` calls.
    pub(crate) fn batch(name: &'static str, calls: u32, mut op: impl FnMut() + 'a) -> Self {
        let run = move |iterations| {
            let start = Instant::now();
            for _ in 0..iterations {
                op();
            }
            start.elapsed()
        };
        Self { name, calls, run: Box::new(run) }
    }

    /// Each of `threads` threads, on a core of its own, runs the operation that `op` makes for it. The
    /// slowest one's time counts: all were at it that long.
    pub(crate) fn threads<F: FnMut()>(
        name: &'static str,
        threads: usize,
        op: impl Fn(usize) -> F + Sync + 'a,
    ) -> Self {
        let cores = core_affinity::get_core_ids().unwrap_or_default();
        let run = move |iterations| {
            let barrier = Barrier::new(threads);
            thread::scope(|scope| {
                let running: Vec<_> = (0..threads)
                    .map(|number| {
                        let (barrier, op, cores) = (&barrier, &op, &cores);
                        scope.spawn(move || {
                            // Left to the scheduler, two threads may share a core
                            // for whole samples.
                            if let Some(core) = cores.get(number % cores.len().max(1)) {
                                core_affinity::set_for_current(*core);
                            }
                            let mut op = op(number);
                            barrier.wait();
                            let start = Instant::now();
                            for _ in 0..iterations {
                                op();
                            }
                            start.elapsed()
                        })
                    })
                    .collect();
                let times = running.into_iter().map(|thread| thread.join().expect("it ran"));
                times.max().unwrap_or_default()
            })
        };
        Self { name, calls: 1, run: Box::new(run) }
    }
}

/// What a case took, in ns per call.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    /// One for each round.
    samples: Vec<f64>,
}

impl Figure {
    pub(crate) fn ns(&self) -> f64 {
        quantile(&self.samples, 0.5)
    }

    /// The middle half of the samples.
    pub(crate) fn spread(&self) -> (f64, f64) {
        (quantile(&self.samples, 0.25), quantile(&self.samples, 0.75))
    }

    /// How many times `other`'s time this one took, round by round.
    pub(crate) fn times(&self, other: &Self) -> f64 {
        let ratios: Vec<_> =
            self.samples.iter().zip(&other.samples).map(|(own, other)| own / other).collect();
        quantile(&ratios, 0.5)
    }
}

/// The figure called `name`.
pub(crate) fn find<'a>(figures: &'a [Figure], name: &str) -> &'a Figure {
    figures.iter().find(|figure| figure.name == name).expect("a case of that name was measured")
}

/// Measures all `cases`, one sample of each a round.
pub(crate) fn measure(
    plan: Plan,
    progress: &ProgressBar,
    heading: &'static str,
    mut cases: Vec<Case<'_>>,
) -> Vec<Figure> {
    progress.set_message(heading);
    let iterations: Vec<_> = cases.iter_mut().map(|case| calibrate(case, plan.sample)).collect();
    let mut figures: Vec<_> =
        cases.iter().map(|case| Figure { name: case.name, samples: Vec::new() }).collect();
    for round in 0..plan.rounds {
        for turn in 0..cases.len() {
            // Nobody always follows the same neighbour.
            let at = (turn + round) % cases.len();
            let time = (cases[at].run)(iterations[at]);
            let calls = iterations[at] as f64 * f64::from(cases[at].calls);
            figures[at].samples.push(time.as_secs_f64() * 1e9 / calls);
        }
        progress.inc(1);
    }
    figures
}

/// As many iterations as fill `sample`.
fn calibrate(case: &mut Case<'_>, sample: Duration) -> u64 {
    let mut iterations: u64 = 16;
    loop {
        let time = (case.run)(iterations);
        if time * 4 >= sample || iterations >= 1 << 40 {
            let scale = sample.as_secs_f64() / time.as_secs_f64().max(1e-9);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // far below 2^52
            return ((iterations as f64 * scale) as u64).max(1);
        }
        iterations *= 4;
    }
}

fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // an index
    let at = ((sorted.len() - 1) as f64 * share).round() as usize;
    sorted[at]
}
