//! The task's part in a quota: it leases cells before calls ask for them.

use std::{sync::atomic::Ordering, time::Duration};

use fusebox::{Clock, Name, Observer, Tick};

use super::{FleetQuota, LASTS, allowance::Allowance};
use crate::transport::{Store, StoreError};

/// About the time between two turns of the task.
pub(super) const TURN: Duration = Duration::from_millis(50);

/// A limit that a fleet's task renews, at each of its turns.
pub trait Share: Send + Sync {
    /// The limit's name.
    #[doc(hidden)]
    fn name(&self) -> Name;

    /// Leases what calls will ask for. `alive` is the number of instances, this one
    /// included.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer.
    #[doc(hidden)]
    fn renew(&self, store: &mut dyn Store, alive: u32) -> Result<(), StoreError>;
}

impl<C: Clock + Send + Sync, O: Observer + Send + Sync> Share for FleetQuota<C, O> {
    fn name(&self) -> Name {
        self.name
    }

    fn renew(&self, store: &mut dyn Store, alive: u32) -> Result<(), StoreError> {
        let wanted = self.wanted.swap(0, Ordering::Relaxed);
        let (most, part) = (self.settings.cells(), self.settings.part());
        self.alone.set_settings(self.settings.alone_among(alive));
        // One's fair part, or a quarter of what there is, so that nobody takes all at once,
        // and one who needs much has it within a few turns.
        let fair = most.div_ceil(alive.max(1).into()).max(most.div_ceil(4));
        // Calls come unevenly: a quarter more than last time. And one to begin with.
        let aim = (wanted + wanted.div_ceil(4)).clamp(1, fair);
        let left = Allowance::from_bits(self.word.load(Ordering::Relaxed));
        let now = self.clock.now();
        let left = if left.is_over(now) { 0 } else { left.cells() };
        let granted = match aim.saturating_sub(left) {
            0 => 0,
            cells => store.draw(self.name.as_str(), cells, most, part)?,
        };
        self.hold(aim, granted, self.clock.now());
        Ok(())
    }
}

impl<C: Clock, O: Observer> FleetQuota<C, O> {
    /// Adds cells to what is left, and lets all of it count for longer. What is left of
    /// better times is forgotten, as far as it is more than `aim`.
    fn hold(&self, aim: u64, cells: u64, now: Tick) {
        let lasts = u64::try_from(LASTS.as_millis()).unwrap_or(u64::MAX);
        let until = Tick::from_millis(now.as_millis().wrapping_add(lasts));
        let renewed = |bits| {
            let old = Allowance::from_bits(bits);
            let left = if old.is_over(now) { 0 } else { old.cells() };
            Some(Allowance::of(left.min(aim) + cells, until).bits())
        };
        // The word is all there is: relaxed. The closure always has a value.
        let _ = self.word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, renewed);
    }
}
