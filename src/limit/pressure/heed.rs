//! How the calls of a pipeline heed a host's pressure.

use crate::{
    limit::pressure::under::{Under, presses},
    overload::pressure::{level::PressureLevel, pressure::Pressure},
    time::{Clock, DefaultClock},
};

/// How the calls of a [`Pipeline`](crate::Pipeline) heed a host's pressure. By itself it
/// does nothing: each method adds one thing that calls do without from a level on. All of
/// it returns by itself when the pressure ends.
///
/// [`Pipeline::pressure_with`](crate::Pipeline::pressure_with) adds it as a layer, for what
/// comes inside that. Of two such layers the inner one holds, if it says anything but
/// [`shed`](Self::shed).
///
/// ```
/// use fusebox::{Bulkhead, Heed, Pipeline, Pressure, PressureConfig, PressureLevel};
///
/// static HOST: Pressure = Pressure::new(PressureConfig::new().build());
/// static WORKERS: Bulkhead = Bulkhead::new(32);
/// const HEED: Heed<'static> = Heed::new(&HOST)
///     .shed()
///     .no_hedges(PressureLevel::Raised)
///     .no_retries(PressureLevel::High)
///     .narrow_limits(PressureLevel::High, 50);
///
/// let report = Pipeline::new().pressure_with(HEED).bulkhead(&WORKERS);
/// assert_eq!(report.call(&(), |()| Ok::<_, ()>(42)), Ok(42));
/// ```
#[derive(Debug)]
pub struct Heed<'p, C = DefaultClock> {
    pub(crate) host: &'p Pressure<C>,
    pub(crate) sheds: bool,
    pub(crate) spares: Spares<'p>,
}

// Not derived: that would ask for `C: Copy`.
impl<C> Clone for Heed<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Heed<'_, C> {}

/// What is left out inside a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spares<'p> {
    retries: Option<Under<'p>>,
    hedges: Option<Under<'p>>,
    limits: Option<(Under<'p>, u32)>,
}

impl<'p, C: Clock + Sync> Heed<'p, C> {
    /// Heeds nothing yet.
    #[must_use]
    pub const fn new(host: &'p Pressure<C>) -> Self {
        let spares = Spares { retries: None, hedges: None, limits: None };
        Self { host, sheds: false, spares }
    }

    /// Turns calls away whose [current](crate::Priority::current) priority is below what
    /// the level admits, before anything inside is asked.
    #[must_use]
    pub const fn shed(mut self) -> Self {
        self.sheds = true;
        self
    }

    /// Retries inside make no further attempt while the level is at least this one: they
    /// end with the error that they have, and with an
    /// [`Event::Exhausted`](crate::Event::Exhausted) whose limit is
    /// [`Limit::Pressure`](crate::Limit::Pressure).
    #[must_use]
    pub const fn no_retries(mut self, from: PressureLevel) -> Self {
        self.spares.retries = Some(Under::new(self.host, from));
        self
    }

    /// No hedge inside starts while the level is at least this one.
    #[must_use]
    pub const fn no_hedges(mut self, from: PressureLevel) -> Self {
        self.spares.hedges = Some(Under::new(self.host, from));
        self
    }

    /// Bulkheads and rate limits inside admit so many percent of what they do otherwise,
    /// while the level is at least this one: see
    /// [`Bulkhead::try_acquire_within`](crate::Bulkhead::try_acquire_within) and
    /// [`RateLimit::try_acquire_within`](crate::RateLimit::try_acquire_within).
    ///
    /// # Panics
    /// On a share that is not from 1 to 100; in a `const` or `static` that is a compile
    /// error.
    #[must_use]
    #[track_caller]
    pub const fn narrow_limits(mut self, from: PressureLevel, percent: u32) -> Self {
        assert!(percent >= 1 && percent <= 100, "`percent` must be from 1 to 100%");
        self.spares.limits = Some((Under::new(self.host, from), percent));
        self
    }
}

impl Spares<'_> {
    /// How many percent of a limit there are now.
    #[inline]
    pub(crate) fn percent(&self) -> u32 {
        match self.limits {
            Some((under, percent)) if under.presses() => percent,
            _ => 100,
        }
    }

    /// Whether nothing is left out.
    pub(crate) const fn are_none(&self) -> bool {
        self.retries.is_none() && self.hedges.is_none() && self.limits.is_none()
    }
}

/// Whether a retry in such a layer makes no further attempt.
pub(crate) fn no_retries(spares: Option<&Spares<'_>>) -> bool {
    presses(spares.and_then(|it| it.retries))
}

/// Whether no hedge starts in such a layer.
pub(crate) fn no_hedges(spares: Option<&Spares<'_>>) -> bool {
    presses(spares.and_then(|it| it.hedges))
}
