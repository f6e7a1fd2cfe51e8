//! What a tuner finds of each setting: a proposal, or why there is none.

use core::{fmt, time::Duration};

use crate::{
    breaker::settings::BreakerSettings,
    tune::{
        knob::Knob,
        reason::{Reason, Short},
    },
};

/// A change of one setting that a tuner proposes.
///
/// ```
/// use fusebox::tune::{Knob, Proposal, Reason};
///
/// let reason = Reason::Relapses { relapses: 4, outages: 9 };
/// let proposal = Proposal { knob: Knob::SuccessesToClose, from: 1, to: 2, reason };
/// assert_eq!(
///     proposal.to_string(),
///     "successes_to_close 1 → 2: 4 of the last 9 openings came soon after the breaker had closed",
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // a change has these parts, and no others
pub struct Proposal {
    /// The setting.
    pub knob: Knob,
    /// Its value in force, in the unit of the [setting](Knob::setting).
    pub from: u64,
    /// The value that is proposed, in the same unit.
    pub to: u64,
    /// Why.
    pub reason: Reason,
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { knob, from, to, reason } = self;
        let row = knob.setting();
        let (from, to) = (row.shown((*from).into()), row.shown((*to).into()));
        write!(f, "{knob} {from} → {to}: {reason}")
    }
}

/// Why a tuner leaves a setting alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unchanged {
    /// Tuning is frozen by its switch.
    Frozen,
    /// What this breaker learns is frozen, and so are its settings.
    BreakerFrozen,
    /// Somebody has forced the breaker's state.
    Forced,
    /// The last step was too short a time ago.
    TooSoon {
        /// The time left until the next one.
        left: Duration,
    },
    /// Too few outages are known.
    FewOutages {
        /// How many are.
        known: u32,
        /// How many are needed.
        needed: u32,
    },
    /// Too few calls were turned away to say what a wait costs.
    FewCalls,
    /// No other value had cost less.
    Best,
    /// Another value had been better, but by too little.
    Little {
        /// That value, in the unit of the [setting](Knob::setting).
        wanted: u64,
    },
    /// Another value had been better, and is out of bounds.
    AtBound,
    /// The setting is not in use.
    NotUsed,
    /// The breaker looks at its last calls, whose promise is not computed.
    Window,
    /// Nothing speaks for a change.
    Fine,
    /// Too little was learned.
    NotLearned,
    /// The breaker follows its learned latency by itself.
    ByItself,
    /// Together with other settings the change is not allowed.
    Impossible,
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Frozen => "tuning is frozen",
            Self::BreakerFrozen => "what this breaker learns is frozen",
            Self::Forced => "somebody has forced the breaker's state",
            Self::TooSoon { left } => {
                return write!(f, "the last step was made too recently; {} are left", Short(*left));
            }
            Self::FewOutages { known, needed } => {
                let are = if *known == 1 { " is" } else { "s are" };
                return write!(f, "{known} outage{are} known, and at least {needed} must be");
            }
            Self::FewCalls => "too few calls were turned away to say what a wait costs",
            Self::Best => "no other value had cost less in the outages that are known",
            Self::Little { .. } => "another value had been better, but by too little",
            Self::AtBound => "it is at the bound of the configured value",
            Self::NotUsed => "it is not in use",
            Self::Window => "the breaker looks at its last calls, and its promise is not known",
            Self::Fine => "nothing speaks for a change",
            Self::NotLearned => "too little was learned",
            Self::ByItself => "the breaker follows its learned latency by itself",
            Self::Impossible => "together with other settings the change is not allowed",
        })
    }
}

/// What a tuner found of one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The setting.
    pub knob: Knob,
    /// Its value in force, in the unit of the [setting](Knob::setting).
    pub value: u64,
    /// A proposal, or why there is none.
    pub verdict: Result<Proposal, Unchanged>,
}

impl Finding {
    /// Returns the proposal, where there is one.
    #[must_use]
    pub fn proposal(&self) -> Option<Proposal> {
        self.verdict.ok()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Ok(proposal) => proposal.fmt(f),
            Err(why) => {
                let value = self.knob.setting().shown(self.value.into());
                write!(f, "{} stays {value}: {why}", self.knob)
            }
        }
    }
}

/// What a tuner found of all settings of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Findings {
    pub(super) before: BreakerSettings,
    pub(super) after: BreakerSettings,
    pub(super) all: [Finding; Knob::ALL.len()],
}

impl Findings {
    /// Returns what was found of each setting.
    #[must_use]
    pub const fn all(&self) -> &[Finding] {
        &self.all
    }

    /// Returns what was found of this setting.
    #[must_use]
    pub const fn of(&self, knob: Knob) -> &Finding {
        &self.all[knob as usize]
    }

    /// Iterates over the changes that are proposed.
    pub fn proposals(&self) -> impl Iterator<Item = Proposal> {
        self.all.iter().filter_map(Finding::proposal)
    }

    /// Returns the settings that were in force.
    #[must_use]
    pub const fn before(&self) -> BreakerSettings {
        self.before
    }

    /// Returns the settings with all changes that are proposed.
    #[must_use]
    pub const fn after(&self) -> BreakerSettings {
        self.after
    }
}
