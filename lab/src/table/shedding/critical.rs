//! What becomes of critical calls where there is too much load.

use super::{
    CALM, CAPACITY, LASTS, SEEDS, START,
    contenders::{google, google_by_criticality, only_sheds, ours},
    loaded,
};
use crate::{
    contender::Contender,
    field,
    storm::Retries,
    table::{Table, ratio, share},
    time::Time,
};

/// A second try, a while later.
const AGAIN: Retries =
    Retries { attempts: 2, delay: Time::millis(100), most: Time::secs(1), jitter: true };

/// What becomes of the critical calls, a fifth of all, at twice the load: the share that
/// the rule lets through, and the share that is answered; and the share of all others that
/// is answered, and the successes of all in parts of the best possible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Critical {
    /// Critical calls that are admitted.
    pub admitted: f64,
    /// Critical calls that are answered.
    pub answered: f64,
    /// Critical calls that are answered where each call is tried twice.
    pub tried_twice: f64,
    /// Others that are answered.
    pub others: f64,
    /// Successes of all, in parts of what the service can answer.
    pub successes: f64,
}

/// See [`Critical`].
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts of calls
pub fn critical(contender: &Contender) -> Critical {
    let run = |seed| {
        let mut storm = loaded(2.0, 10, "critical = '20%'", seed);
        let tally = contender.meets(&storm);
        storm.retry = AGAIN;
        let twice = contender.meets(&storm);
        let all = tally.phase(2);
        let from = START.0 + CALM.0;
        let critical = tally.of_critical(from, from + LASTS);
        let twice = twice.of_critical(from, from + LASTS);
        [
            1.0 - ratio(critical.refused, critical.requests),
            ratio(critical.answered, critical.requests),
            ratio(twice.answered, twice.requests),
            ratio(all.answered - critical.answered, all.requests - critical.requests),
            all.successes as f64 / (CAPACITY * LASTS.as_secs_f64()),
        ]
    };
    let mut sums = [0.0; 5];
    for seed in 1..=SEEDS {
        for (sum, now) in sums.iter_mut().zip(run(seed)) {
            *sum += now / SEEDS as f64;
        }
    }
    let [admitted, answered, tried_twice, others, successes] = sums;
    Critical { admitted, answered, tried_twice, others, successes }
}

/// The critical calls at twice the load.
#[must_use]
pub fn critical_table() -> Table {
    let head = [
        "rule",
        "critical calls admitted",
        "answered",
        "answered at the second try",
        "others answered",
        "successes of all",
    ];
    let mut table = Table::new(head);
    let others = [field::unguarded(), google(2.0)];
    let by_class = [google_by_criticality(2.0), google_by_criticality(1.1), ours(), only_sheds()];
    for contender in others.into_iter().chain(by_class) {
        let it = critical(&contender);
        let cells = [it.admitted, it.answered, it.tried_twice, it.others, it.successes].map(share);
        table.row([contender.name().to_owned()].into_iter().chain(cells));
    }
    table
}
