//! A tuner against every fixed setting of a grid, over storms that it was not made for.
//!
//! A storm is a service with habits that are drawn from its seed: how often it is called,
//! how long its outages last, whether it flaps, comes back slowly or fails in part, and how
//! many of its calls fail on any day. The tuner begins with the default, may go four times
//! either way, and sees nothing but readings of its breaker. The grid covers the same range.
//!
//! The figures of the tuner's own file were chosen on the seeds of `TRAIN` alone; what
//! counts are those of `TEST`.

use std::{fmt::Write as _, ops::RangeInclusive, sync::OnceLock, time::Duration};

use fusebox::{BreakerConfig, BreakerSettings, tune::TunerConfig};

use crate::{
    bounds::Figure,
    contender::Contender,
    random::Random,
    storm::{Sharing, Storm},
    table::Table,
    time::Time,
    world::Tally,
};

/// The seeds on which the tuner's own figures were chosen.
pub const TRAIN: RangeInclusive<u64> = 1..=15;

/// The seeds that count.
pub const TEST: RangeInclusive<u64> = 1_001..=1_015;

/// So many times something goes wrong in a storm.
const TROUBLES: u32 = 24;

/// Phases begin at multiples of a bin, so that a bin has one share of errors.
const BIN: Time = Time::millis(500);

/// Where more than this share of the calls fails, the service is down.
const DOWN: f64 = 0.5;

/// What goes wrong with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// It is down, and then up again.
    Outages,
    /// It goes up and down a few times.
    Flapping,
    /// It comes back bit by bit.
    SlowRecovery,
    /// A part of its calls fails for a while.
    Partial,
    /// Any of these.
    Mixed,
}

impl Habit {
    const ALL: [Self; 5] =
        [Self::Outages, Self::Flapping, Self::SlowRecovery, Self::Partial, Self::Mixed];

    /// The habit of the storm of this seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self::ALL[usize::try_from(seed % 5).unwrap_or(0)]
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Outages => "outages",
            Self::Flapping => "flapping",
            Self::SlowRecovery => "slow recoveries",
            Self::Partial => "partial failures",
            Self::Mixed => "all of these",
        }
    }
}

/// Between two numbers, each order of magnitude as likely as the other.
fn between(random: &mut Random, least: f64, most: f64) -> f64 {
    least * libm::pow(most / least, random.share())
}

/// The storm of a seed.
///
/// # Panics
/// Never: it is a storm.
#[must_use]
pub fn storm(seed: u64) -> Storm {
    let mut random = Random::new(seed, 77);
    let rate = between(&mut random, 0.5, 10.0);
    let base = between(&mut random, 0.001, 0.05);
    let typical = between(&mut random, 2.0, 300.0);
    let mut text = format!(
        "title = 'A service of which the tuner knows nothing'
         seed = {seed}
         [clients]
         instances = 10
         per_second = {rate:.3}
         timeout = '1s'
         [service]
         latency.fixed = '20ms'
         errors = '{:.2}%'
",
        base * 100.0
    );
    for _ in 0..TROUBLES {
        let calm = 180.0 * libm::exp(0.5 * random.normal());
        phase(&mut text, calm, "");
        let lasts = typical * libm::exp(0.5 * random.normal());
        let habit = match Habit::of(seed) {
            Habit::Mixed => Habit::ALL[random.below(4)],
            habit => habit,
        };
        match habit {
            Habit::Outages | Habit::Mixed => phase(&mut text, lasts, "errors = '100%'"),
            Habit::Flapping => {
                for _ in 0..2 + random.below(4) {
                    phase(&mut text, lasts / 3.0, "errors = '100%'");
                    let up = between(&mut random, 2.0, 20.0);
                    phase(&mut text, up, "");
                }
            }
            Habit::SlowRecovery => {
                phase(&mut text, lasts, "errors = '100%'");
                let back = lasts * between(&mut random, 0.25, 1.0);
                phase(&mut text, back, &format!("errors = '{:.2}%'\nramp = true", base * 100.0));
            }
            Habit::Partial => {
                let share = 20.0 + 25.0 * random.share();
                phase(&mut text, lasts, &format!("errors = '{share:.1}%'"));
            }
        }
    }
    Storm::parse(&text).expect("a storm")
}

/// Adds a phase of about so many seconds.
fn phase(text: &mut String, seconds: f64, what: &str) {
    let halves = libm::round(seconds * 2.0).max(1.0);
    // A `String` takes all that is written to it.
    let _ = writeln!(text, "[[phases]]\nlasts = '{:.0}ms'\n{what}", halves * 500.0);
}

/// What a rule's decisions cost, in calls.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Calls that were made and failed while the service was down.
    pub wasted: f64,
    /// Calls that were refused and would have been answered.
    pub refused: f64,
}

impl Cost {
    /// Both.
    #[must_use]
    pub fn sum(self) -> f64 {
        self.wasted + self.refused
    }

    fn and(self, other: Self) -> Self {
        Self { wasted: self.wasted + other.wasted, refused: self.refused + other.refused }
    }

    /// What came of a storm.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // counts of calls
    pub fn of(storm: &Storm, tally: &Tally) -> Self {
        let shares = shares(storm);
        let mut cost = Self::default();
        for (bin, share) in tally.bins.iter().zip(shares) {
            cost.refused += bin.refused as f64 * (1.0 - share);
            if share > DOWN {
                cost.wasted += bin.failures as f64;
            }
        }
        cost
    }
}

/// The share of errors in the middle of each bin.
#[allow(clippy::cast_precision_loss)] // a storm of hours
fn shares(storm: &Storm) -> Vec<f64> {
    let usual = storm.service.errors.get();
    let (mut shares, mut before) = (Vec::new(), usual);
    for phase in &storm.phases {
        let share = phase.errors.map_or(usual, crate::storm::Share::get);
        let bins = phase.lasts.as_micros() / BIN.as_micros();
        for at in 0..bins {
            let part = (at as f64 + 0.5) / bins as f64;
            shares.push(if phase.ramp { before + (share - before) * part } else { share });
        }
        before = share;
    }
    shares
}

/// The default, with which the tuner begins.
#[must_use]
pub const fn default() -> BreakerSettings {
    BreakerConfig::new().build()
}

/// With a wait that is out of the tuner's bounds.
fn beyond() -> BreakerSettings {
    default().config().failure_threshold(10).recovery_timeout(Duration::from_secs(4)).build()
}

/// The fixed settings: all of waits, growths and rules.
#[must_use]
pub fn grid() -> Vec<BreakerSettings> {
    let mut all = Vec::new();
    for timeout in [15, 30, 60, 120, 240] {
        for doublings in [0, 2] {
            // In a row; and by a score, where one call in four or in two has to fail.
            for (threshold, weight) in [(3, 0), (5, 0), (10, 0), (20, 0), (20, 3), (20, 1)] {
                let config = BreakerConfig::new()
                    .recovery_timeout(Duration::from_secs(timeout))
                    .doublings(doublings)
                    .failure_threshold(threshold)
                    .failure_weight(weight);
                all.push(config.build());
            }
        }
    }
    all
}

fn fixed(settings: BreakerSettings) -> Contender {
    Contender::fusebox("fixed", settings).sharing(Sharing::Shared)
}

fn tuned() -> Contender {
    fixed(default()).tuned(TunerConfig::new().build())
}

fn cost(contender: &Contender, storm: &Storm) -> Cost {
    Cost::of(storm, &contender.meets_in_bins(storm, BIN))
}

/// What came of the storms of some seeds.
#[derive(Debug, Clone)]
pub struct Study {
    /// The seeds, and what the default and the tuner cost in the storm of each.
    pub storms: Vec<(u64, Cost, Cost)>,
    /// The fixed settings of the grid, and what they cost in all storms together.
    pub grid: Vec<(BreakerSettings, Cost)>,
    /// What a wait costs that no tuner may choose here.
    pub beyond: Cost,
}

impl Study {
    /// Has everybody meet the storms of these seeds.
    #[must_use]
    pub fn of(seeds: RangeInclusive<u64>) -> Self {
        let storms: Vec<_> = seeds.clone().map(storm).collect();
        let all = |contender: &Contender| {
            storms.iter().map(|storm| cost(contender, storm)).fold(Cost::default(), Cost::and)
        };
        let (default, tuned) = (fixed(default()), tuned());
        Self {
            storms: seeds
                .zip(&storms)
                .map(|(seed, storm)| (seed, cost(&default, storm), cost(&tuned, storm)))
                .collect(),
            beyond: all(&fixed(beyond())),
            grid: grid().into_iter().map(|it| (it, all(&fixed(it)))).collect(),
        }
    }

    /// What the default costs in all storms together.
    #[must_use]
    pub fn default(&self) -> Cost {
        self.storms.iter().fold(Cost::default(), |sum, it| sum.and(it.1))
    }

    /// What the tuner costs in all storms together.
    #[must_use]
    pub fn tuner(&self) -> Cost {
        self.storms.iter().fold(Cost::default(), |sum, it| sum.and(it.2))
    }

    /// The best fixed settings, and what they cost.
    ///
    /// # Panics
    /// Never: the grid has settings.
    #[must_use]
    pub fn best(&self) -> (BreakerSettings, Cost) {
        let by_sum = |one: &&(_, Cost), other: &&(_, Cost)| one.1.sum().total_cmp(&other.1.sum());
        *self.grid.iter().min_by(by_sum).expect("a grid")
    }

    /// The worst storm of the tuner: its cost in parts of the default's, of at least one call.
    #[must_use]
    pub fn worst(&self) -> f64 {
        let ratios = self
            .storms
            .iter()
            .map(|(_, default, tuner)| tuner.sum().max(1.0) / default.sum().max(1.0));
        ratios.fold(0.0, f64::max)
    }
}

/// What came of the storms that count.
#[must_use]
pub fn study() -> &'static Study {
    static STUDY: OnceLock<Study> = OnceLock::new();
    STUDY.get_or_init(|| Study::of(TEST))
}

fn named(settings: BreakerSettings) -> String {
    let (timeout, threshold) = (settings.recovery_timeout(), settings.failure_threshold());
    let rule = match settings.failure_weight() {
        0 => format!("{threshold} in a row"),
        weight => format!("score {threshold}, weight {weight}"),
    };
    format!("{rule}, {timeout:?}, {} doublings", settings.doublings())
}

/// The tuner, the default and the best of the grid, over all storms.
#[must_use]
pub fn sums(study: &Study) -> Table {
    let mut table = Table::new(["settings", "wasted calls", "refused good calls", "together"]);
    let mut row = |name: String, cost: Cost| {
        let Cost { wasted, refused } = cost;
        table.row([
            name,
            format!("{wasted:.0}"),
            format!("{refused:.0}"),
            format!("{:.0}", cost.sum()),
        ]);
    };
    row("the tuner, from the default".into(), study.tuner());
    let mut grid = study.grid.clone();
    grid.sort_by(|one, other| one.1.sum().total_cmp(&other.1.sum()));
    for (at, (settings, cost)) in grid.iter().enumerate() {
        if at < 3 || at + 1 == grid.len() {
            let place = if at == 0 { "the best" } else { "fixed" };
            let place = if at + 1 == grid.len() { "the worst" } else { place };
            row(format!("{place}: {}", named(*settings)), *cost);
        }
    }
    row(format!("out of the bounds: {}", named(beyond())), study.beyond);
    row(format!("the default: {}", named(default())), study.default());
    table
}

/// Each storm.
#[must_use]
pub fn storms(study: &Study) -> Table {
    let head = ["storm", "what goes wrong", "the default", "the tuner", "of the default"];
    let mut table = Table::new(head);
    for (seed, default, tuner) in &study.storms {
        table.row([
            seed.to_string(),
            Habit::of(*seed).text().into(),
            format!("{:.0}", default.sum()),
            format!("{:.0}", tuner.sum()),
            format!("× {:.2}", tuner.sum().max(1.0) / default.sum().max(1.0)),
        ]);
    }
    table
}

/// Our figures.
#[must_use]
pub fn figures(study: &Study) -> Vec<Figure> {
    let of_best = study.tuner().sum() / study.best().1.sum();
    let of_default = study.tuner().sum() / study.default().sum();
    [
        ("tuner_of_best_fixed", of_best),
        ("tuner_of_default", of_default),
        ("tuner_worst_of_default", study.worst()),
    ]
    .map(|(key, now)| Figure { key: key.into(), now, more: false })
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storms_repeat_and_differ() {
        assert_eq!(storm(1), storm(1));
        assert_ne!(storm(1).phases, storm(6).phases);
        for seed in TRAIN.chain(TEST) {
            assert_eq!(
                shares(&storm(seed)).len() as u64,
                storm(seed).lasts().as_micros() / BIN.as_micros()
            );
        }
    }

    /// The tuner's own figures are chosen by this: run it with `--nocapture`.
    #[test]
    #[ignore = "prints the seeds for choosing; a minute"]
    fn train() {
        let study = Study::of(TRAIN);
        println!("{}\n{}", sums(&study).markdown(), storms(&study).markdown());
        for (figure, study) in figures(&study).iter().zip(figures(super::study())) {
            println!("{figure:?} {study:?}");
        }
        assert!(study.tuner().sum() < study.default().sum());
    }
}
