//! How far a setting may go from what was configured.

use crate::{breaker::settings::BreakerSettings, tune::knob::Knob};

/// The bounds of one breaker's settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) configured: BreakerSettings,
    pub(super) times: u64,
}

/// The most growths of a wait that there can be.
const MOST_GROWTHS: u64 = 15;

impl Bounds {
    /// The least and the largest value of a setting. What is configured as 0, which is none,
    /// stays so; but a wait may grow as long as it stays within its own bounds.
    pub(super) fn range(self, knob: Knob) -> (u64, u64) {
        let configured = knob.of(self.configured);
        if matches!(knob, Knob::Doublings) {
            return if self.times == 1 { (configured, configured) } else { (0, MOST_GROWTHS) };
        }
        if configured == 0 {
            return (0, 0);
        }
        let row = knob.setting();
        let least = configured.div_ceil(self.times).max(row.min());
        let most = configured.saturating_mul(self.times).min(row.max());
        (least.min(configured), most.max(configured))
    }

    /// A value, or the nearest one within the range.
    pub(super) fn clamp(self, knob: Knob, value: u64) -> u64 {
        let (least, most) = self.range(knob);
        value.clamp(least, most)
    }

    /// The longest wait that there may be, in milliseconds.
    pub(super) fn longest_wait(self) -> u64 {
        self.configured.wait_after_ms(MOST_GROWTHS).saturating_mul(self.times)
    }

    /// Whether all settings are within their bounds, and those that no tuner touches are as
    /// configured.
    pub(super) fn allow(self, settings: BreakerSettings) -> bool {
        let within = |(row, value): (&crate::config::Setting, u64)| {
            let knob = Knob::ALL.into_iter().find(|knob| knob.name() == row.name());
            knob.map_or_else(
                || self.configured.get(row.name()) == Some(value),
                |knob| {
                    let (least, most) = self.range(knob);
                    // A breaker keeps long times rounded up.
                    (least..=most.saturating_add(most >> 8)).contains(&value)
                },
            )
        };
        let longest = self.longest_wait();
        settings.values().all(within)
            && settings.wait_after_ms(MOST_GROWTHS) <= longest.saturating_add(longest >> 8)
    }
}
