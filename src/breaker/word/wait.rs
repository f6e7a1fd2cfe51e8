//! How long an open word waits.

use super::{COUNT, FOREVER, GENERATION, OPEN, STAMP, STATE, Word};
use crate::{
    breaker::{length, settings::BreakerSettings},
    random::mix,
    state::State,
    time::Tick,
};

impl Word {
    /// Open, by itself and for the first time: it waits as long as the settings say.
    #[inline]
    pub(crate) const fn is_plainly_open(self) -> bool {
        self.0 & (STATE | COUNT) == OPEN && self.0 & STAMP != FOREVER
    }

    /// The milliseconds from an open word's stamp until it may admit a probe.
    #[inline]
    pub(super) fn wait_ms(self, settings: BreakerSettings, draw: impl FnOnce() -> u16) -> u64 {
        let wait = match self.count() {
            0 => settings.recovery_timeout_ms(),
            // A foreign writer's length is none.
            _ if matches!(self.length(), 1..=length::LARGEST) => length::decode(self.length()),
            _ => settings.wait_after_ms(self.reopenings()),
        };
        settings.jittered_ms(wait, draw)
    }

    /// The milliseconds until an open breaker may admit a probe, without the
    /// jitter, which each process draws for itself.
    pub(crate) fn left_ms(self, settings: BreakerSettings, now: Tick) -> Option<u64> {
        self.left(settings, now, || 0)
    }

    /// The same with the jitter that this process draws.
    pub(crate) fn own_left_ms(
        self,
        settings: BreakerSettings,
        now: Tick,
        salt: impl FnOnce() -> u64,
    ) -> Option<u64> {
        self.left(settings, now, || self.draw(salt()))
    }

    /// It waits no longer than this from now on, in milliseconds.
    #[cfg(not(fusebox_compact))]
    pub(crate) fn hastened(self, within: u64, settings: BreakerSettings, now: Tick) -> Self {
        let waits_longer = self.left_ms(settings, now).is_some_and(|left| left > within);
        if self.0 & STAMP == FOREVER || !waits_longer {
            self
        } else {
            self.waiting(within.max(1), now)
        }
    }

    fn left(self, settings: BreakerSettings, now: Tick, draw: impl FnOnce() -> u16) -> Option<u64> {
        (self.state() == State::Open).then(|| {
            let elapsed = u64::try_from(self.elapsed(now)).unwrap_or(0);
            self.wait_ms(settings, draw).saturating_sub(elapsed)
        })
    }

    /// This opening's share of the jitter.
    #[allow(clippy::cast_possible_truncation)] // any 16 of the mixed bits do
    pub(super) const fn draw(self, salt: u64) -> u16 {
        mix(salt ^ self.0 & GENERATION) as u16
    }
}
