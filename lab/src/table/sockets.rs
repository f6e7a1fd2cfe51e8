//! Two storms with real sockets, beside the same in virtual time.

use std::io;

use crate::{
    contender::Contender,
    field,
    sockets::{self, Seen, Side},
    storm::{Storm, builtin},
    table::{Table, ratio},
    time::Time,
};

/// A storm that ran both ways under a rule.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The storm.
    pub storm: &'static str,
    /// The rule.
    pub rule: String,
    /// In virtual time.
    pub virtually: Seen,
    /// With real sockets.
    pub really: Seen,
}

/// Figures that differ by no more than this share agree.
pub const AGREES: f64 = 0.15;

/// An outage of Shopify's suite at a tenth of its length, and a retry storm of 50
/// seconds.
///
/// # Panics
/// Never: both storms are built in.
#[must_use]
pub fn storms() -> [(&'static str, Storm); 2] {
    let spike = builtin("spike-100").expect("a built-in storm").shortened(10);
    let mut stall = builtin("retry-storm-70").expect("a built-in storm");
    stall.phases[0].lasts = Time::secs(10);
    stall.phases[2].lasts = Time::secs(30);
    [("spike-100, a tenth", spike), ("retry-storm-70, 50 s", stall)]
}

/// Runs both storms both ways, under no rule, Semian's classic breaker and fusebox's
/// preset; `progress` is told of each. It takes as long as the storms: three minutes.
///
/// # Errors
/// Where no socket can be had.
pub fn run(mut progress: impl FnMut(&str, &Contender)) -> io::Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for (name, storm) in storms() {
        for rule in [field::unguarded(), field::shopify_classic("spike-100"), field::ours()] {
            progress(name, &rule);
            let really = sockets::run(&rule, &storm)?;
            let virtually = sockets::virtually(&rule, &storm);
            pairs.push(Pair { storm: name, rule: rule.name().into(), virtually, really });
        }
    }
    Ok(pairs)
}

impl Pair {
    /// The totals that are compared: each one's name, in virtual time, and really.
    #[must_use]
    pub fn figures(&self) -> [(&'static str, u64, u64); 4] {
        let (ours, theirs) = (self.virtually.total(), self.really.total());
        let pair = |name, of: fn(&Side) -> u64| (name, of(&ours), of(&theirs));
        [
            pair("attempts", |it| it.attempts),
            pair("successes", |it| it.successes),
            pair("failures", |it| it.failures),
            pair("refused", |it| it.refused),
        ]
    }

    /// Whether two figures agree: within 15 %, or within one in a hundred of all calls.
    #[must_use]
    pub fn agree(&self, virtually: u64, really: u64) -> bool {
        let all = self.virtually.total();
        let noise = ratio(all.attempts + all.refused, 100);
        #[allow(clippy::cast_precision_loss)] // counts of calls
        let apart = virtually.abs_diff(really) as f64;
        apart <= noise || apart <= AGREES * ratio(virtually.max(really), 1)
    }

    /// Whether all figures agree.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.figures().into_iter().all(|(_, virtually, really)| self.agree(virtually, really))
    }
}

/// The table of all pairs.
#[must_use]
pub fn table(pairs: &[Pair]) -> Table {
    let figures = ["attempts", "successes", "failures", "refused"];
    let mut table = Table::new(["storm, rule"].into_iter().chain(figures));
    for pair in pairs {
        let cells = pair.figures().map(|(_, virtually, really)| {
            let apart = (ratio(really, virtually) - 1.0) * 100.0;
            let agrees = if pair.agree(virtually, really) { "" } else { ", **apart**" };
            if virtually == 0 {
                format!("0 / {really}{agrees}")
            } else {
                format!("{virtually} / {really} ({apart:+.0} %){agrees}")
            }
        });
        table.row([format!("{}, {}", pair.storm, pair.rule)].into_iter().chain(cells));
    }
    table
}
