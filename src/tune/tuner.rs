//! The tuner: it looks at what was seen, and applies what it found where it is told to.

use core::{error::Error, fmt};

use crate::{
    breaker::{CircuitBreaker, settings::BreakerSettings},
    observe::Observer,
    state::State,
    time::Clock,
    tune::{
        bounds::Bounds,
        finding::{Finding, Findings, Proposal, Unchanged},
        knob::Knob,
        probes,
        reason::Reason,
        rule,
        seen::Seen,
        settings::TunerSettings,
        slow, wait,
    },
};

/// Proposes settings of breakers from what was [`Seen`] of them.
///
/// See the [module](crate::tune) for what it does, and for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Tuner {
    settings: TunerSettings,
    frozen: bool,
}

type Verdict = Result<(u64, Reason), Unchanged>;

impl Tuner {
    /// Makes a tuner.
    pub const fn new(settings: TunerSettings) -> Self {
        Self { settings, frozen: false }
    }

    /// Returns its settings.
    #[must_use]
    pub const fn settings(&self) -> TunerSettings {
        self.settings
    }

    /// Freezes all settings: it proposes nothing until it is thawed.
    pub const fn freeze(&mut self) {
        self.frozen = true;
    }

    /// Lets it propose changes again.
    pub const fn thaw(&mut self) {
        self.frozen = false;
    }

    /// Returns whether it is frozen.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Returns whether a tuner may bring a breaker that was configured so to these settings:
    /// each is within its bounds, and those that no tuner touches are the same.
    #[must_use]
    pub fn allows(&self, configured: BreakerSettings, settings: BreakerSettings) -> bool {
        self.bounds(configured).allow(settings)
    }

    fn bounds(&self, configured: BreakerSettings) -> Bounds {
        Bounds { configured, times: self.settings.bounds().into() }
    }

    /// Says of each setting what it proposes, or why it leaves it alone.
    pub fn look(&self, seen: &Seen) -> Findings {
        let now = seen.left();
        let bounds = self.bounds(seen.configured());
        let verdicts = match self.rests(seen) {
            Some(why) => [Err(why); Knob::ALL.len()],
            None => self.verdicts(seen, now, bounds),
        };
        let findings = Findings::of_verdicts(now, verdicts);
        if bounds.allow(findings.after) || findings.after == now {
            findings
        } else {
            // What cannot be is not proposed.
            let keep = |verdict: Verdict| verdict.and(Err(Unchanged::Impossible));
            Findings::of_verdicts(now, verdicts.map(keep))
        }
    }

    /// Why it proposes nothing at all.
    fn rests(&self, seen: &Seen) -> Option<Unchanged> {
        if self.frozen {
            return Some(Unchanged::Frozen);
        }
        if seen.hints.frozen {
            return Some(Unchanged::BreakerFrozen);
        }
        let last = seen.last();
        if last.is_some_and(|it| matches!(it.state, State::ForcedOpen | State::Disabled)) {
            return Some(Unchanged::Forced);
        }
        let (at, stepped) = (last?.at, seen.stepped?);
        let left = self.settings.interval().checked_sub(at.since(stepped))?;
        (!left.is_zero()).then_some(Unchanged::TooSoon { left })
    }

    fn verdicts(
        &self,
        seen: &Seen,
        now: BreakerSettings,
        bounds: Bounds,
    ) -> [Verdict; Knob::ALL.len()] {
        if !bounds.allow(now) {
            return Knob::ALL.map(|knob| match bounds.clamp(knob, knob.of(now)) {
                value if value == knob.of(now) => Err(Unchanged::Fine),
                value => Ok((value, Reason::Bounds)),
            });
        }
        let (timeout, doublings) = match wait::wanted(seen, now, self.settings, bounds) {
            Ok(it) => {
                let why = |value| (value, it.reason);
                (it.timeout.map(why), it.doublings.map(why))
            }
            Err(why) => (Err(why), Err(why)),
        };
        let (threshold, weight) = match rule::wanted(seen, now, self.settings, bounds) {
            Ok(it) => {
                let unless = |knob: Knob, value| {
                    let same = value == knob.of(now);
                    if same { Err(Unchanged::Fine) } else { Ok((value, it.reason)) }
                };
                (
                    unless(Knob::FailureThreshold, it.threshold),
                    unless(Knob::FailureWeight, it.weight),
                )
            }
            Err(why) => (Err(why), Err(why)),
        };
        let weight =
            if Knob::FailureWeight.of(now) == 0 { Err(Unchanged::NotUsed) } else { weight };
        let successes = probes::wanted(seen, now, self.settings, bounds);
        let slow = slow::wanted(seen, now, self.settings, bounds);
        // In the order of `Knob::ALL`.
        [timeout, doublings, threshold, weight, successes, slow]
    }

    /// Puts what was found in force, and tells the breaker's observer each change, with its
    /// reason ([`Event::Tuned`](crate::Event::Tuned)). Returns whether anything was changed.
    ///
    /// # Errors
    /// [`Overtaken`] when somebody has changed the settings since the tuner looked. Then
    /// nothing was changed.
    pub fn apply<C: Clock, O: Observer>(
        &self,
        findings: &Findings,
        breaker: &CircuitBreaker<C, O>,
        seen: &mut Seen,
    ) -> Result<bool, Overtaken> {
        if self.frozen || findings.before == findings.after {
            return Ok(false);
        }
        breaker.update_settings(|now| {
            if now == findings.before { Ok(findings.after) } else { Err(Overtaken) }
        })?;
        seen.tuned(findings.after, breaker.clock().now());
        for Proposal { knob, from, to, reason } in findings.proposals() {
            breaker.tell_tuned(knob.setting(), (from, to), format_args!("{reason}"));
        }
        Ok(true)
    }
}

impl Findings {
    fn of_verdicts(before: BreakerSettings, verdicts: [Verdict; Knob::ALL.len()]) -> Self {
        let mut config = before.config();
        for (knob, verdict) in Knob::ALL.into_iter().zip(verdicts) {
            if let Ok((value, _)) = verdict {
                config = knob.with(config, value);
            }
        }
        let after = config.try_build();
        let mut at = 0;
        let all = Knob::ALL.map(|knob| {
            let verdict = verdicts[at];
            at += 1;
            let value = knob.of(before);
            let verdict = verdict.and_then(|(_, reason)| match after {
                // As the breaker keeps it: long times are rounded up.
                Ok(after) if knob.of(after) != value => {
                    Ok(Proposal { knob, from: value, to: knob.of(after), reason })
                }
                Ok(_) => Err(Unchanged::Fine),
                Err(_) => Err(Unchanged::Impossible),
            });
            Finding { knob, value, verdict }
        });
        Self { before, after: after.unwrap_or(before), all }
    }
}

/// Somebody has changed the settings since the tuner looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // that is all
pub struct Overtaken;

impl fmt::Display for Overtaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings were changed since the tuner looked; nothing was changed")
    }
}

impl Error for Overtaken {}
