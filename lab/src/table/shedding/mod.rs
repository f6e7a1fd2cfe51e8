//! A service that gets more calls than it can answer: what each rule sheds, and when it
//! sheds nothing.

mod contenders;
mod critical;
mod steps;
mod surplus;

pub use contenders::{contenders, only_sheds, ours};
pub use critical::{Critical, critical, critical_table};
pub use steps::{Steps, settled, step, steps};
pub use surplus::{
    SURPLUS, each_table, late_table, load_of, plot, refused_table, refused_without_load, successes,
    successes_table,
};

use self::surplus::goodput;
use crate::{bounds::Figure, storm::Storm, time::Time};

/// Calls that the service can answer in a second.
pub const CAPACITY: f64 = 1_000.0;

/// So many seeds; a figure is their mean.
pub const SEEDS: u64 = 2;

/// Few calls at first: a rule that counts what it has sent, and not yet what came back,
/// is not to begin amid hundreds of them.
const START: (Time, f64) = (Time::secs(10), 0.02);
const CALM: (Time, f64) = (Time::secs(30), 0.8);
const LASTS: Time = Time::secs(120);

/// A service with room for forty calls, of which twenty are answered at a time, in 20 ms.
fn storm(clients: &str, cost: u32, phases: &str, seed: u64) -> Storm {
    let text = format!(
        "title = 'A service with too much to do'
         seed = {seed}
         [clients]
         {clients}
         per_second = {CAPACITY}
         timeout = '1s'
         [service]
         latency.fixed = '20ms'
         servers = 20
         queue = 20
         refusal_takes = '{cost}%'
         {phases}"
    );
    Storm::parse(&text).expect("a storm")
}

fn phase(lasts: Time, load: f64, errors: u32) -> String {
    format!("[[phases]]\nlasts = '{lasts}'\nload = {load}\nerrors = '{errors}%'\n")
}

/// A calm half minute, and these phases.
fn after_calm(phases: &str) -> String {
    phase(START.0, START.1, 0) + &phase(CALM.0, CALM.1, 0) + phases
}

/// A calm half minute, and two minutes of this load.
#[must_use]
pub fn loaded(load: f64, cost: u32, clients: &str, seed: u64) -> Storm {
    let phases = after_calm(&phase(LASTS, load, 0));
    storm(clients, cost, &phases, seed)
}

fn mean(of: impl Fn(u64) -> f64, seeds: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)] // a few
    let count = seeds as f64;
    (1..=seeds).map(of).sum::<f64>() / count
}

/// Our figures: successes at a surplus, and at twice, four and ten times what the service
/// can answer; what is refused though nothing is overloaded; how soon a step is followed;
/// and the critical calls that are admitted.
#[must_use]
pub fn figures() -> Vec<Figure> {
    let figure = |key: String, now, more| Figure { key, now, more };
    let mut all = Vec::new();
    for surplus in SURPLUS {
        let now = successes(&ours(), load_of(surplus), 10, "");
        all.push(figure(format!("shed_{surplus}"), now, true));
    }
    for load in [2_u32, 4, 10] {
        let now = goodput(&ours(), load.into(), 10) / 100.0;
        all.push(figure(format!("shed_at_{load}"), now, true));
    }
    all.push(figure("shed_without_load".into(), refused_without_load(&only_sheds(), 33), false));
    let settled = settled(&step(&ours(), steps::RATES[1]));
    for (way, time) in ["up", "down"].into_iter().zip(settled) {
        let now = time.map_or(f64::INFINITY, Time::as_secs_f64);
        all.push(figure(format!("shed_settled_{way}_s"), now, false));
    }
    all.push(figure("shed_critical_admitted".into(), critical(&ours()).admitted, true));
    all
}
