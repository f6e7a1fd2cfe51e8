//! A host, and the level from which on something is not done.

use core::fmt;

use crate::{
    overload::pressure::{level::PressureLevel, pressure::Pressure},
    time::Clock,
};

/// A host's pressure, on whatever clock: a [`Pressure`](crate::Pressure).
pub(crate) trait Presses: fmt::Debug + Sync {
    /// Whether the level is at least this one.
    fn presses(&self, from: PressureLevel) -> bool;
}

impl<C: Clock + Sync> Presses for Pressure<C> {
    #[inline]
    fn presses(&self, from: PressureLevel) -> bool {
        self.level() >= from
    }
}

/// A host, and the level from which on something is not done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Under<'p> {
    host: &'p dyn Presses,
    from: PressureLevel,
}

impl<'p> Under<'p> {
    pub(crate) const fn new(host: &'p dyn Presses, from: PressureLevel) -> Self {
        Self { host, from }
    }

    /// Whether it is not done now.
    #[inline]
    pub(crate) fn presses(&self) -> bool {
        self.host.presses(self.from)
    }
}

/// Whether something is not done now, of what may have been asked for.
#[inline]
pub(crate) fn presses(under: Option<Under<'_>>) -> bool {
    under.is_some_and(|under| under.presses())
}
