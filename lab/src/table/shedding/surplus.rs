//! What is answered where there is too much load, and what is refused where there is not.

use super::{
    CALM, CAPACITY, LASTS, SEEDS, after_calm,
    contenders::{contenders, throttles},
    loaded, mean, phase, storm,
};
use crate::{
    contender::Contender,
    field,
    plot::{Line, Plot},
    storm::Sharing,
    table::{Table, ratio, share},
};

/// The shares of calls that it has to refuse, in percent, where nobody sheds.
pub const SURPLUS: [u32; 4] = [5, 10, 20, 33];

/// What a refusal costs the service, in percent of an answer.
const COSTS: [u32; 3] = [0, 10, 30];

/// Offered loads, in parts of what it can answer.
const LOADS: [f64; 9] = [0.5, 0.8, 1.0, 1.25, 1.5, 2.0, 4.0, 7.0, 10.0];

/// Those of a service that refuses nothing.
const LATE: [f64; 4] = [1.1, 1.5, 2.0, 4.0];

/// The load at which the service has to refuse so many percent.
#[must_use]
pub fn load_of(surplus: u32) -> f64 {
    1.0 / (1.0 - f64::from(surplus) / 100.0)
}

/// Successes in parts of the best possible: of what was offered, or of what the service
/// can answer.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts of calls
pub fn successes(contender: &Contender, load: f64, cost: u32, clients: &str) -> f64 {
    let of = |seed| {
        let tally = contender.meets(&loaded(load, cost, clients, seed));
        let counts = tally.phase(2);
        let best = (CAPACITY * LASTS.as_secs_f64()).min(counts.requests as f64);
        counts.successes as f64 / best
    };
    mean(of, SEEDS)
}

/// The share of calls that a rule refuses where so many percent fail by chance, and the
/// service has room for all.
#[must_use]
pub fn refused_without_load(contender: &Contender, errors: u32) -> f64 {
    let of = |seed| {
        let phases = after_calm(&phase(LASTS, CALM.1, errors));
        let counts = contender.meets(&storm("", 0, &phases, seed)).phase(2);
        ratio(counts.refused, counts.requests)
    };
    mean(of, SEEDS)
}

/// Successes in percent of what the service can answer.
#[allow(clippy::cast_precision_loss)] // counts of calls
pub(super) fn goodput(contender: &Contender, load: f64, cost: u32) -> f64 {
    let counts = contender.meets(&loaded(load, cost, "", 1)).phase(2);
    100.0 * counts.successes as f64 / (CAPACITY * LASTS.as_secs_f64())
}

/// Successes in percent of what the service can answer, where it refuses nothing, answers
/// in turn, and callers wait for a second.
#[allow(clippy::cast_precision_loss)] // counts of calls
fn late(contender: &Contender, load: f64) -> f64 {
    let of = |seed| {
        let mut storm = loaded(load, 0, "", seed);
        storm.service.queue = None;
        let counts = contender.meets(&storm).phase(2);
        100.0 * counts.successes as f64 / (CAPACITY * LASTS.as_secs_f64())
    };
    mean(of, SEEDS)
}

/// Successes, by the surplus and what a refusal costs.
#[must_use]
pub fn successes_table(contenders: &[Contender]) -> Table {
    let heads = SURPLUS.map(|surplus| format!("{surplus} % too many"));
    let mut table = Table::new(["rule".to_owned()].into_iter().chain(heads));
    for contender in contenders {
        let cells = SURPLUS.map(|surplus| {
            let of = |cost| successes(contender, load_of(surplus), cost, "");
            COSTS.map(|cost| format!("{:.1}", 100.0 * of(cost))).join(", ")
        });
        table.row([contender.name().to_owned()].into_iter().chain(cells));
    }
    table
}

/// Successes where each of twenty callers has a rule of its own, and a refusal costs a
/// tenth of an answer.
#[must_use]
pub fn each_table() -> Table {
    let heads = SURPLUS.map(|surplus| format!("{surplus} % too many"));
    let mut table = Table::new(["rule".to_owned()].into_iter().chain(heads));
    for contender in contenders() {
        let contender = contender.sharing(Sharing::Each);
        let cells = SURPLUS.map(|surplus| {
            format!("{:.1}", 100.0 * successes(&contender, load_of(surplus), 10, "instances = 20"))
        });
        table.row([contender.name().to_owned()].into_iter().chain(cells));
    }
    table
}

/// What is refused though the errors are not from load.
#[must_use]
pub fn refused_table(contenders: &[Contender]) -> Table {
    let heads = SURPLUS.map(|errors| format!("{errors} % fail"));
    let mut table = Table::new(["rule".to_owned()].into_iter().chain(heads));
    for contender in contenders {
        let cells = SURPLUS.map(|errors| share(refused_without_load(contender, errors)));
        table.row([contender.name().to_owned()].into_iter().chain(cells));
    }
    table
}

/// Successes where callers time out.
#[must_use]
pub fn late_table(contenders: &[Contender]) -> Table {
    let heads = LATE.map(|load| format!("{load} × load"));
    let mut table = Table::new(["rule".to_owned()].into_iter().chain(heads));
    for contender in contenders {
        let cells = LATE.map(|load| format!("{:.1}", late(contender, load)));
        table.row([contender.name().to_owned()].into_iter().chain(cells));
    }
    table
}

/// Successes by the offered load, where a refusal costs a tenth of an answer.
#[must_use]
pub fn plot() -> Plot {
    let all = [field::unguarded()].into_iter().chain(throttles());
    let line = |contender: Contender| Line {
        name: contender.name().to_owned(),
        points: LOADS.map(|load| (load, goodput(&contender, load, 10))).to_vec(),
        dots: false,
    };
    Plot {
        title: "Answers by offered load; a refusal costs a tenth of an answer".into(),
        x: "offered load, in parts of what the service can answer".into(),
        y: "answers, in percent of what it can".into(),
        shaded: Vec::new(),
        lines: all.map(line).collect(),
    }
}
