//! What Shopify published of their own runs: totals of each phase.

/// A phase of a published run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// Its length, in seconds.
    pub secs: u64,
    /// Calls that succeeded.
    pub successes: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Calls that the breaker refused.
    pub refused: u64,
}

impl Phase {
    /// All calls.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.successes + self.errors + self.refused
    }
}

/// A storm of their suite, with both published runs.
#[derive(Debug, Clone, Copy)]
pub struct Experiment {
    /// The storm's name among the built-in ones.
    pub storm: &'static str,
    classic: &'static str,
    pid: &'static str,
    /// The seeds from which the endpoints of many services are drawn that fit the calm
    /// phase of the classic and of the PID run; `None` where there is one service.
    pub seeds: Option<[u64; 2]>,
}

macro_rules! experiment {
    ($storm:literal, $file:literal, $seeds:expr) => {
        Experiment {
            storm: $storm,
            classic: include_str!(concat!("../data/semian/", $file, "_time_analysis.csv")),
            pid: include_str!(concat!("../data/semian/", $file, "_adaptive_time_analysis.csv")),
            seeds: $seeds,
        }
    };
}

/// The nine storms of their suite.
pub const SUITE: [Experiment; 9] = [
    experiment!("sustained-20", "sustained_load", None),
    experiment!("spike-100", "sudden_error_spike_100", None),
    experiment!("spike-20", "sudden_error_spike_20", None),
    experiment!("spikes", "sudden_error_spikes", None),
    experiment!("gradual", "gradual_increase", None),
    experiment!("oscillating", "oscillating_errors", None),
    experiment!("near-target", "near_target_error_rate", None),
    experiment!("one-of-many", "one_of_many_services_latency_degradation", Some([1185, 351])),
    experiment!("slow-query", "slow_query", Some([175, 1493])),
];

/// Which of their breakers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// The one that counts errors.
    Classic,
    /// The adaptive one, with a PID controller.
    Pid,
}

impl Breaker {
    /// What tables call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Pid => "pid",
        }
    }
}

impl Experiment {
    /// The published run of one of their breakers.
    ///
    /// # Panics
    /// Never: a test reads all of them.
    #[must_use]
    pub fn published(&self, breaker: Breaker) -> Vec<Phase> {
        let text = match breaker {
            Breaker::Classic => self.classic,
            Breaker::Pid => self.pid,
        };
        text.lines().skip(1).map(|line| phase(line).expect("a line of totals")).collect()
    }
}

/// `0-30s,14847,14711,136,0.92,0,0.0,1.0`: range, all, successes, errors, their share,
/// refused, its share, the share of errors that was set.
fn phase(line: &str) -> Option<Phase> {
    let cells: Vec<_> = line.split(',').collect();
    let (from, to) = cells.first()?.trim_end_matches('s').split_once('-')?;
    let number = |text: &str| text.parse::<u64>().ok();
    let at = |cell: usize| number(cells.get(cell)?);
    let phase = Phase {
        secs: number(to)? - number(from)?,
        successes: at(2)?,
        errors: at(3)?,
        refused: at(5)?,
    };
    (phase.all() == at(1)?).then_some(phase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storm::builtin;

    #[test]
    fn every_line_adds_up_and_is_a_phase_of_its_storm() {
        for experiment in SUITE {
            let storm = builtin(experiment.storm).unwrap();
            for breaker in [Breaker::Classic, Breaker::Pid] {
                let phases = experiment.published(breaker);
                assert_eq!(phases.len(), storm.phases.len(), "{}", experiment.storm);
                for (published, own) in phases.iter().zip(&storm.phases) {
                    assert_eq!(published.secs * 1_000, own.lasts.as_millis());
                }
            }
        }
        // FIELD's own reading of one of them.
        let sustained = SUITE[0].published(Breaker::Classic);
        assert_eq!((sustained[5].successes, sustained[5].refused), (2_489, 22_885));
    }
}
