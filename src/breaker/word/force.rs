//! The rules: what becomes of a word by hand, or by what somebody knows.

use super::{CLOSED, DISABLED, FOREVER, GENERATION, LENGTH_SHIFT, OPEN, Word, attends};
use crate::{
    breaker::{length, settings::BreakerSettings},
    state::State,
    sync::planted,
    time::Tick,
};

/// A state that somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forced {
    Open,
    Closed,
    Disabled,
    /// As new, but for the generation.
    Reset,
}

impl Word {
    /// Somebody forces a state.
    pub(crate) fn force(self, to: Forced, settings: BreakerSettings) -> Self {
        let closed = || self.entered(CLOSED, 0).attending(attends(settings));
        let forced = match to {
            Forced::Open => Self(self.entered(OPEN, 0).0 | FOREVER),
            Forced::Closed if self.is_closed() => closed(),
            // What the stamp of another state means, that of a closed one does not.
            Forced::Closed | Forced::Reset => closed().with_stamp(Tick::from_millis(0)),
            Forced::Disabled => self.entered(DISABLED, 0),
        };
        if planted!(ForceKeepsGeneration) {
            return forced.with(GENERATION, self.0 & GENERATION);
        }
        forced
    }

    /// Somebody knows that the service is down, and may know for how long, in
    /// milliseconds. An opening that lasts longer anyway stays as it is, and so
    /// does what an operator said.
    pub(crate) fn trip(self, millis: Option<u64>, settings: BreakerSettings, now: Tick) -> Self {
        let open = match self.state() {
            State::ForcedOpen | State::Disabled => return self,
            State::Closed => self.enter(OPEN, 0, now),
            State::HalfOpen => self.reopened(now),
            State::Open => self,
        };
        let Some(millis) = millis else { return open };
        if self.state() == State::Open && self.left_ms(settings, now) >= Some(millis) {
            return self;
        }
        open.waiting(millis, now)
    }

    /// An open word that waits so many milliseconds from now on.
    pub(super) fn waiting(self, millis: u64, now: Tick) -> Self {
        let code = length::encode(millis);
        // A length is kept in a few bits; what it is too long by has passed.
        let excess = length::decode(code) - millis;
        let begun = Tick::from_millis(now.as_millis().wrapping_sub(excess));
        self.with_count(code << LENGTH_SHIFT | self.reopenings()).with_stamp(begun)
    }
}
