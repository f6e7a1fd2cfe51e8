//! Shopify's suite: nine storms, their published figures, and every rule under them.

use crate::{
    contender::Contender,
    field,
    published::{Breaker, Experiment, Phase, SUITE},
    storm::{Latency, Storm, builtin},
    table::{Table, percent, ratio, share},
    time::Time,
    world::Counts,
};

/// A published run, and the same run in the laboratory.
#[derive(Debug, Clone)]
pub struct Landing {
    /// The storm.
    pub storm: &'static str,
    /// Which of their breakers.
    pub breaker: Breaker,
    /// Each phase: as it was published, and as it is here, by seed.
    pub phases: Vec<(Phase, Vec<Counts>)>,
}

/// The shares of successes and of refused calls.
fn shares(successes: u64, refused: u64, all: u64) -> [f64; 2] {
    [ratio(successes, all), ratio(refused, all)]
}

impl Landing {
    /// How far the shares of successes and of refused calls of a phase lie from those
    /// that were published, in percentage points: the larger of the two, with the first
    /// seed.
    #[must_use]
    pub fn distance(published: &Phase, here: &[Counts]) -> f64 {
        let theirs = shares(published.successes, published.refused, published.all());
        let Some(ours) = here.first() else { return f64::INFINITY };
        let ours = shares(ours.successes, ours.refused, ours.all());
        100.0 * (theirs[0] - ours[0]).abs().max((theirs[1] - ours[1]).abs())
    }

    /// Whether what was published lies between the least and the most of all seeds, or
    /// within five points of them.
    #[must_use]
    pub fn is_in_range(published: &Phase, here: &[Counts]) -> bool {
        let theirs = shares(published.successes, published.refused, published.all());
        (0..2).all(|which| {
            let ours = here.iter().map(|it| shares(it.successes, it.refused, it.all())[which]);
            let (least, most) = ours
                .fold((1.0, 0.0), |(least, most): (f64, f64), it| (least.min(it), most.max(it)));
            (least - LANDS / 100.0..=most + LANDS / 100.0).contains(&theirs[which])
        })
    }

    /// How many phases lie within five points with the first seed.
    #[must_use]
    pub fn landed(&self) -> usize {
        self.phases.iter().filter(|(theirs, here)| Self::distance(theirs, here) <= LANDS).count()
    }

    /// How many lie within five points of what some seed gives.
    #[must_use]
    pub fn in_range(&self) -> usize {
        self.phases.iter().filter(|(theirs, here)| Self::is_in_range(theirs, here)).count()
    }
}

/// So many percentage points from the published share is near enough.
pub const LANDS: f64 = 5.0;

/// The storm of an experiment, with latencies that fit a published run: of all that
/// happened before the degradation, and of nothing after it.
///
/// # Panics
/// Never: the suite's storms are built in.
#[must_use]
pub fn fitted(experiment: &Experiment, breaker: Breaker) -> Storm {
    let mut storm = builtin(experiment.storm).expect("a storm of the suite");
    match &mut storm.service.latency {
        Latency::Endpoints(endpoints) => {
            let calm = calm(&storm.phases, &experiment.published(breaker));
            // Sixty threads are always busy: the mean latency follows from how many
            // calls there were. An error takes 30 % of it.
            let busy = 60.0 * 1e6 * seconds(calm.secs);
            let calls = seconds(calm.successes) + 0.3 * seconds(calm.errors);
            let all = busy / calls * 10.0;
            if let Some((last, others)) = endpoints.split_last_mut() {
                let others: u64 = others.iter().map(|it| it.as_micros()).sum();
                *last = Time::from_secs_f64(all / 1e6 - seconds(others) / 1e6)
                    .clamp(Time::millis(100), Time::secs(10));
            }
        }
        Latency::DrawnEndpoints(drawn) => {
            let at = usize::from(breaker == Breaker::Pid);
            drawn.seed = experiment.seeds.map(|seeds| seeds[at]);
        }
        _ => {}
    }
    storm
}

/// The last phase before anything goes wrong.
fn calm(phases: &[crate::storm::Phase], published: &[Phase]) -> Phase {
    let calm = |phase: &crate::storm::Phase| phase.errors.is_none() && phase.added.is_none();
    let number = phases.iter().take_while(|phase| calm(phase)).count();
    published[number.saturating_sub(1)]
}

#[allow(clippy::cast_precision_loss)] // small numbers
const fn seconds(number: u64) -> f64 {
    number as f64
}

/// Runs one of their breakers through one of their storms again, with so many seeds.
#[must_use]
pub fn again(experiment: &Experiment, breaker: Breaker, seeds: u64) -> Landing {
    let storm = fitted(experiment, breaker);
    let rule = match breaker {
        Breaker::Classic => field::shopify_classic(experiment.storm),
        Breaker::Pid => field::shopify_pid(),
    };
    let runs: Vec<_> =
        (1..=seeds.max(1)).map(|seed| rule.meets(&storm.clone().seeded(seed))).collect();
    let phases = experiment.published(breaker).into_iter().enumerate();
    let phases = phases.map(|(at, it)| (it, runs.iter().map(|run| run.phase(at)).collect()));
    Landing { storm: experiment.storm, breaker, phases: phases.collect() }
}

/// All published runs again.
#[must_use]
pub fn all_again(seeds: u64) -> Vec<Landing> {
    SUITE
        .iter()
        .flat_map(|it| [Breaker::Classic, Breaker::Pid].map(|breaker| again(it, breaker, seeds)))
        .collect()
}

/// How many phases of each run land.
#[must_use]
pub fn landings(landings: &[Landing]) -> Table {
    let mut table = Table::new([
        "storm",
        "their breaker",
        "phases",
        "within 5 points",
        "within 5 points of some seed",
        "mean distance, points",
    ]);
    for it in landings {
        let distances = it.phases.iter().map(|(theirs, here)| Landing::distance(theirs, here));
        let mean = distances.sum::<f64>() / seconds(it.phases.len() as u64);
        table.row([
            it.storm.to_owned(),
            it.breaker.name().to_owned(),
            it.phases.len().to_string(),
            it.landed().to_string(),
            it.in_range().to_string(),
            format!("{mean:.1}"),
        ]);
    }
    table
}

/// The phases that do not land with the first seed.
#[must_use]
pub fn missed(landings: &[Landing]) -> Table {
    let mut table = Table::new([
        "storm and breaker",
        "phase from",
        "successes: published",
        "here",
        "all seeds",
        "refused: published",
        "here",
        "all seeds",
    ]);
    for it in landings {
        let mut at = 0;
        for (theirs, here) in &it.phases {
            let from = at;
            at += theirs.secs;
            if Landing::distance(theirs, here) <= LANDS {
                continue;
            }
            let cells = |published: u64, of: fn(&Counts) -> u64| {
                let each: Vec<_> = here.iter().map(|it| ratio(of(it), it.all())).collect();
                let least = each.iter().copied().fold(1.0, f64::min);
                let most = each.iter().copied().fold(0.0, f64::max);
                [
                    percent(published, theirs.all()),
                    share(each[0]),
                    format!("{} to {}", share(least), share(most)),
                ]
            };
            let outside = if Landing::is_in_range(theirs, here) { "" } else { ", **outside**" };
            let breaker = it.breaker.name();
            let head = [format!("{}, {breaker}{outside}", it.storm), format!("{from} s")];
            let successes = cells(theirs.successes, |it| it.successes);
            let refused = cells(theirs.refused, |it| it.refused);
            table.row(head.into_iter().chain(successes).chain(refused));
        }
    }
    table
}

/// What every rule makes of the nine storms, from when the trouble begins to the end:
/// what it saves, and what it lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Successes, in parts of those of a run without any rule.
    pub successes: Table,
    /// Failed calls, in parts of the same.
    pub failures: Table,
}

/// Runs the suite.
///
/// # Panics
/// Never: the suite's storms are built in.
#[must_use]
pub fn suite(contenders: &[Contender]) -> Suite {
    let storms: Vec<_> = SUITE
        .iter()
        .map(|it| (it.storm, builtin(it.storm).expect("a storm of the suite")))
        .collect();
    let run = |contender: &Contender, storm: &Storm| {
        let from = storm.trouble().map_or(Time::ZERO, |(from, _)| from);
        contender.meets(storm).between(from, Time::NEVER)
    };
    let bare: Vec<_> = storms.iter().map(|(_, it)| run(&field::unguarded(), it)).collect();
    let columns = ["rule"].into_iter().chain(storms.iter().map(|(name, _)| *name));
    let mut successes = Table::new(columns);
    let mut failures = successes.clone();
    for contender in contenders {
        let counts: Vec<_> = storms.iter().map(|(_, it)| run(contender, it)).collect();
        let cells = |of: fn(&Counts) -> u64| {
            let pairs = counts.iter().zip(&bare).map(|(it, bare)| percent(of(it), of(bare)));
            [contender.name().to_owned()].into_iter().chain(pairs).collect::<Vec<_>>()
        };
        successes.row(cells(|it| it.successes));
        failures.row(cells(|it| it.failures));
    }
    Suite { successes, failures }
}
