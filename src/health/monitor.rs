//! The windows of a whole panel.

use crate::{
    breaker::reading::Reading,
    health::{alert::Alerts, rules::AlertRules, window::Window},
};

/// A window of `W` readings for each slot of a panel: an array of them, or
/// whatever else lends a slice (a `Vec`, for a panel whose size the program
/// learns when it runs).
///
/// See the [module](crate::health).
#[derive(Debug, Clone, Copy)]
pub struct Monitor<const W: usize, S> {
    windows: S,
}

impl<const W: usize, S> Monitor<W, S> {
    /// Makes a monitor that keeps its readings in `windows`, one for each slot.
    #[must_use]
    pub const fn new(windows: S) -> Self {
        Self { windows }
    }
}

impl<const W: usize, S: AsRef<[Window<W>]> + AsMut<[Window<W>]>> Monitor<W, S> {
    /// Takes in a reading of each slot, as [`Panel::readings`] gives them.
    ///
    /// # Panics
    /// On a slot for which there is no window.
    ///
    /// [`Panel::readings`]: crate::Panel::readings
    #[track_caller]
    pub fn observe(&mut self, readings: impl IntoIterator<Item = (usize, Reading)>) {
        let windows = self.windows.as_mut();
        for (slot, reading) in readings {
            let number = windows.len();
            let Some(window) = windows.get_mut(slot) else {
                panic!("slot {slot} has no window: the monitor has {number}")
            };
            window.push(&reading);
        }
    }

    /// Returns the window of each slot. It is empty where no breaker is
    /// registered.
    #[must_use]
    pub fn windows(&self) -> &[Window<W>] {
        self.windows.as_ref()
    }

    /// Returns the score of the panel, 0 to 100, by the [module's
    /// formula](crate::health#scores); `None` while no breaker has a score.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // at most 100
    pub fn score(&self) -> Option<u8> {
        let scores = self.windows().iter().filter_map(Window::score).map(u64::from);
        let (number, sum, lowest) = scores.fold((0, 0, 100), |(number, sum, lowest), score| {
            (number + 1, sum + score, score.min(lowest))
        });
        (number > 0).then(|| ((sum + number * lowest) / (2 * number)) as u8)
    }

    /// Returns the alerts that `rules` raise.
    #[must_use]
    pub fn alerts(&self, rules: AlertRules) -> Alerts<'_, W> {
        Alerts::new(self.windows(), rules)
    }
}
