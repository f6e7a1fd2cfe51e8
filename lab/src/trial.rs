//! A storm tried on several rules: what `fusebox try` shows.

use serde::Serialize;

use crate::{
    contender::Contender,
    measure,
    plot::{Line, Plot},
    storm::Storm,
    table::ratio,
    time::Time,
    world::Tally,
};

/// What several rules made of a storm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// The storm's title.
    pub storm: String,
    /// What happens in it.
    pub text: String,
    /// How long it lasts, in seconds.
    pub seconds: f64,
    /// The rules, in the order in which they were named.
    pub rules: Vec<Row>,
    /// The times between which something goes wrong, in seconds.
    pub trouble: Option<(f64, f64)>,
}

/// What a rule made of a storm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub rule: String,
    /// Requests that came.
    pub requests: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests that nobody took up in time.
    pub forgotten: u64,
    /// Attempts that were made.
    pub attempts: u64,
    /// Of those, the ones that failed or took too long.
    pub failed: u64,
    /// Of those, the ones that took too long.
    pub timed_out: u64,
    /// Attempts that the rule refused.
    pub refused: u64,
    /// Attempts in parts of requests, from when the trouble begins until the rule is
    /// back.
    pub load: f64,
    /// Seconds from the trouble's end until requests are answered as before; none if
    /// they never are, or there was no trouble.
    pub back_after_s: Option<f64>,
    /// How often the rule began to refuse calls of the first service.
    pub openings: usize,
    /// Calls to the first service that it let through while it refused others.
    pub probes: u64,
    /// Writes to what callers share, for each attempt or refusal.
    pub writes_per_call: f64,
    /// Answers in each second.
    #[serde(skip)]
    pub per_second: Vec<u64>,
}

impl Row {
    fn of(contender: &Contender, storm: &Storm, tally: &Tally) -> Self {
        let total = tally.total();
        Self {
            rule: contender.name().into(),
            requests: total.requests,
            answered: total.answered,
            forgotten: total.forgotten,
            attempts: total.attempts,
            failed: total.failures,
            timed_out: total.timeouts,
            refused: total.refused,
            load: measure::load(storm, tally),
            back_after_s: measure::back_after(storm, tally).map(Time::as_secs_f64),
            openings: tally.refusals.len(),
            probes: total.probes,
            writes_per_call: ratio(tally.writes, total.attempts + total.refused),
            per_second: tally.bins.iter().map(|bin| bin.answered).collect(),
        }
    }
}

impl Trial {
    /// Has each rule meet the storm, and tells `progress` of each before it does.
    ///
    /// ```
    /// use fusebox::BreakerConfig;
    /// use fusebox_lab::{contender::Contender, field, storm, trial::Trial};
    ///
    /// let storm = storm::builtin("outage").unwrap();
    /// let mine = Contender::fusebox("mine", BreakerConfig::new().failure_threshold(3).build());
    /// let trial = Trial::run(&storm, &[mine, field::by_key("polly").unwrap()], |_, _| ());
    /// assert!(trial.rules[0].failed < trial.rules[1].failed);
    /// ```
    pub fn run(
        storm: &Storm,
        contenders: &[Contender],
        mut progress: impl FnMut(usize, &Contender),
    ) -> Self {
        let rules = contenders.iter().enumerate().map(|(at, contender)| {
            progress(at, contender);
            Row::of(contender, storm, &contender.meets(storm))
        });
        Self {
            rules: rules.collect(),
            storm: storm.title.clone(),
            text: storm.text.trim().into(),
            seconds: storm.lasts().as_secs_f64(),
            trouble: storm.trouble_in_secs(),
        }
    }

    /// The answers of each second, as a picture.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // small numbers
    pub fn plot(&self) -> Plot {
        let line = |row: &Row| Line {
            name: row.rule.clone(),
            points: (0..).zip(&row.per_second).map(|(at, n)| (f64::from(at), *n as f64)).collect(),
            dots: false,
        };
        Plot {
            title: self.storm.clone(),
            x: "seconds".into(),
            y: "answers per second".into(),
            shaded: self.trouble.into_iter().collect(),
            lines: self.rules.iter().map(line).collect(),
        }
    }
}
