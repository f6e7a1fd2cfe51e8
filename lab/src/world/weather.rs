//! What is wrong at a moment: a phase of the storm, and how far it has come.

use crate::{
    storm::{Phase, Share, Storm},
    time::Time,
};

/// What is wrong now.
#[derive(Debug, Clone)]
pub(super) struct Weather {
    phases: Vec<Resolved>,
    /// The number of the present one.
    at: usize,
    /// When it began.
    since: Time,
}

/// A phase with all of its values.
#[derive(Debug, Clone)]
struct Resolved {
    lasts: Time,
    errors: Share,
    added: Time,
    hang: Share,
    loss: Share,
    stalled: bool,
    added_to_one: Option<Time>,
    partition: Share,
    slower: Option<f64>,
    load: f64,
    ramp: bool,
}

impl Weather {
    pub(super) fn of(storm: &Storm) -> Self {
        let resolve = |phase: &Phase| Resolved {
            lasts: phase.lasts,
            errors: phase.errors.unwrap_or(storm.service.errors),
            added: phase.added.unwrap_or_default(),
            hang: phase.hang.unwrap_or_default(),
            loss: phase.loss.unwrap_or(storm.network.loss),
            stalled: phase.stalled,
            added_to_one: phase.added_to_one,
            partition: phase.partition.unwrap_or_default(),
            slower: phase.slower,
            load: phase.load.unwrap_or(1.0),
            ramp: phase.ramp,
        };
        Self { phases: storm.phases.iter().map(resolve).collect(), at: 0, since: Time::ZERO }
    }

    fn now(&self) -> &Resolved {
        &self.phases[self.at]
    }

    /// How long the present phase lasts.
    pub(super) fn lasts(&self) -> Time {
        self.now().lasts
    }

    /// The next phase begins; false where there is none.
    pub(super) fn turn(&mut self, now: Time) -> bool {
        if self.at + 1 == self.phases.len() {
            return false;
        }
        self.at += 1;
        self.since = now;
        true
    }

    /// How far a ramp has come, from 0 to 1, and from which phase it starts.
    fn way(&self, now: Time) -> Option<(&Resolved, f64)> {
        let phase = self.now();
        let before = self.at.checked_sub(1).map(|at| &self.phases[at])?;
        phase
            .ramp
            .then(|| (before, now.since(self.since).as_secs_f64() / phase.lasts.as_secs_f64()))
    }

    /// The share of errors of the first service.
    pub(super) fn errors(&self, now: Time) -> Share {
        match self.way(now) {
            Some((before, way)) => before.errors.towards(self.now().errors, way),
            None => self.now().errors,
        }
    }

    /// What its calls take longer.
    pub(super) fn added(&self, now: Time) -> Time {
        let added = self.now().added;
        let Some((before, way)) = self.way(now) else { return added };
        let (from, to) = (before.added.as_secs_f64(), added.as_secs_f64());
        Time::from_secs_f64(from + (to - from) * way)
    }

    pub(super) fn slower(&self) -> Option<f64> {
        self.now().slower
    }

    pub(super) fn load(&self) -> f64 {
        self.now().load
    }

    pub(super) fn hang(&self) -> Share {
        self.now().hang
    }

    pub(super) fn loss(&self) -> Share {
        self.now().loss
    }

    pub(super) fn partition(&self) -> Share {
        self.now().partition
    }

    pub(super) fn stalled(&self) -> bool {
        self.now().stalled
    }

    /// Whether nothing at all is answered.
    pub(super) fn is_outage(&self) -> bool {
        let now = self.now();
        now.stalled || now.errors == Share::FULL && !now.ramp
    }

    pub(super) fn added_to_one(&self) -> Option<Time> {
        self.now().added_to_one
    }
}
