//! Does a shadow find the better of two settings? Shopify's storms, where the truth can be
//! had: each of the two meets the same storm itself.

use fusebox::{BreakerConfig, BreakerSettings, presets};

use crate::{
    contender::{Contender, shadowed},
    field,
    published::SUITE,
    storm::{Sharing, Storm, builtin},
    table::Table,
};

/// One pair of settings in one storm with one seed: what each costs, by its shadow and in
/// truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The storm.
    pub storm: &'static str,
    /// The sum of bad calls let through and good ones refused, as the shadows say.
    pub shadows: [u64; 2],
    /// The bad calls let through, and the good ones that a run without a breaker had more.
    pub truth: [u64; 2],
}

impl Pair {
    /// Whether the two differ by more than one part in twenty, so that one is better.
    const fn differs([a, b]: [u64; 2]) -> bool {
        a.abs_diff(b) * 20 > if a > b { a } else { b }
    }

    /// Whether the shadows say which is better, and the truth is that one is.
    #[must_use]
    pub const fn is_decided(&self) -> bool {
        Self::differs(self.shadows) && Self::differs(self.truth)
    }

    /// Whether they say the right one.
    #[must_use]
    pub const fn is_right(&self) -> bool {
        (self.shadows[0] < self.shadows[1]) == (self.truth[0] < self.truth[1])
    }
}

/// The settings that are compared: failures in a row, and a score.
#[must_use]
pub fn settings() -> [(&'static str, BreakerSettings); 2] {
    [("the defaults", BreakerConfig::new().build()), ("`SERVICE`", presets::SERVICE)]
}

/// Every storm of the suite with so many seeds.
///
/// # Panics
/// Never: the suite's storms are built in.
#[must_use]
pub fn pairs(seeds: u64) -> Vec<Pair> {
    let storms = SUITE.iter().map(|it| it.storm);
    storms.flat_map(|storm| (1..=seeds).map(move |seed| pair_in(storm, seed))).collect()
}

/// The pair in one storm of the suite.
///
/// # Panics
/// On another name.
#[must_use]
pub fn pair_in(name: &'static str, seed: u64) -> Pair {
    pair(name, &builtin(name).expect("a storm of the suite").seeded(seed))
}

fn pair(name: &'static str, storm: &Storm) -> Pair {
    let bare = field::unguarded().meets(storm).total();
    let both = settings().map(|(_, it)| it);
    Pair {
        storm: name,
        shadows: both.map(|it| {
            let told = shadowed(storm, it);
            told.iter().map(|it| it.passed + it.lost).sum()
        }),
        truth: both.map(|it| {
            let own = Contender::fusebox("own", it).sharing(Sharing::Shared).meets(storm).total();
            own.failures + bare.successes.saturating_sub(own.successes)
        }),
    }
}

/// A row for each storm: the means of the costs, and how often the shadows were right.
#[must_use]
pub fn table(pairs: &[Pair]) -> Table {
    let [(a, _), (b, _)] = settings();
    let mut table = Table::new([
        "storm".to_owned(),
        format!("shadow of {a}"),
        format!("of {b}"),
        format!("in truth {a}"),
        b.to_owned(),
        "right".to_owned(),
    ]);
    for storm in SUITE.iter().map(|it| it.storm) {
        let own: Vec<_> = pairs.iter().filter(|it| it.storm == storm).collect();
        let mean = |of: fn(&Pair) -> u64| {
            let sum: u64 = own.iter().map(|it| of(it)).sum();
            (sum / own.len().max(1) as u64).to_string()
        };
        let decided: Vec<_> = own.iter().filter(|it| it.is_decided()).collect();
        let right = decided.iter().filter(|it| it.is_right()).count();
        let cells = [
            storm.to_owned(),
            mean(|it| it.shadows[0]),
            mean(|it| it.shadows[1]),
            mean(|it| it.truth[0]),
            mean(|it| it.truth[1]),
            format!("{right} of {}", decided.len()),
        ];
        table.row(cells);
    }
    table
}
