//! The rules: what a shadow makes of a call that the live breaker made.

use crate::{
    breaker::{
        score::{Evidence, Pace},
        settings::BreakerSettings,
        word::{Admission, Word},
    },
    machine,
    state::{Outcome, State},
    time::Tick,
};

/// A call that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    /// Whether the live breaker has shed load for it instead of counting it.
    pub(crate) spared: bool,
    /// How long it took, in milliseconds, where that is known.
    pub(crate) took: Option<u64>,
    pub(crate) now: Tick,
}

impl Ended {
    /// What it says by these settings; `None` where that is nothing.
    pub(super) fn evidence(self, settings: BreakerSettings) -> Option<Evidence> {
        let slow = match (self.took, settings.slow_call_ms()) {
            (Some(took), Some(limit)) => took > limit,
            _ => false,
        };
        let outcome = if self.spared { Outcome::Ignore } else { self.outcome };
        let pace = if slow { Pace::Slow } else { Pace::Fine };
        let evidence = Evidence::of(outcome, pace, settings);
        (evidence == Evidence::Success || evidence.is_against()).then_some(evidence)
    }

    /// When it began, where that is known.
    fn began(self) -> Option<Tick> {
        let began = self.now.as_millis().wrapping_sub(self.took?);
        Some(Tick::from_millis(began))
    }
}

/// A shadow's word: that of a breaker none of whose probes is ever in flight, as each is
/// admitted and reports in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shade(pub(super) Word);

impl machine::Word for Shade {
    #[inline]
    fn from_bits(bits: u64) -> Self {
        Self(Word(bits))
    }

    #[inline]
    fn bits(self) -> u64 {
        self.0.0
    }

    #[cfg(fusebox_loom)]
    fn is_torn(self, _: Self) -> bool {
        crate::sync::planted!(ShadowSteppedByStore)
    }
}

/// What a shadow would have done with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Would {
    Admit,
    Refuse,
}

impl Shade {
    /// A call that the live breaker admitted has ended. It is judged as of the moment at
    /// which it began, where that is known.
    pub(super) fn after(
        self,
        call: Ended,
        evidence: Evidence,
        settings: BreakerSettings,
        salt: impl FnOnce() -> u64,
    ) -> (Self, Would) {
        let Self(word) = self;
        let asked = match call.began() {
            // It was in flight when the shadow opened: its end is stale.
            Some(began) if word.state() == State::Open && word.elapsed(began) < 0 => {
                // Unless the clock has stepped back: then it counts anew.
                if word.elapsed(call.now) >= 0 {
                    return (self, Would::Admit);
                }
                call.now
            }
            Some(began) => began,
            None => call.now,
        };
        let (admitted, said) = word.admit(settings, asked, salt, 1, 0);
        if said != (Admission::Admitted { calls: 1 }) {
            return (Self(admitted), Would::Refuse);
        }
        let (to, _) = admitted.report(admitted.ticket(), evidence, settings, || call.now);
        // Nobody looks into its slot.
        (Self(to.attending(false)), Would::Admit)
    }

    /// Stamped with the moment of a failure that the last calls count, while closed.
    pub(super) const fn failed_at(self, now: Tick) -> Self {
        Self(self.0.failed_at(self.0, now))
    }
}
