//! A call that has come in: in line, and then at work.

use core::{fmt, mem};

use crate::{
    error::Limited,
    intake::intake::Intake,
    limit::deadline::until::Until,
    observe::{DefaultObserver, Observer},
    time::{Clock, DefaultClock},
};

/// A call in the line of an [`Intake`], before a worker takes it.
///
/// Whoever takes it calls [`begin`](Self::begin). Where nobody knows when that happens,
/// whoever answers calls [`answered`](Self::answered). Dropped, it leaves the line, and
/// says nothing of how long calls take: its caller has gone. One that is forgotten
/// ([`core::mem::forget`]) counts as in flight for ever.
#[must_use = "a call that is dropped at once leaves the line"]
pub struct InLine<'a, C: Clock = DefaultClock, O: Observer = DefaultObserver> {
    /// None where a bypass admitted a call for which the word had no room, and once the
    /// place is another's.
    pub(super) intake: Option<&'a Intake<C, O>>,
    pub(super) until: Option<Until<'a>>,
    /// When it came, in nanoseconds of the intake's clock.
    pub(super) since: u64,
    /// So many were in flight before it.
    pub(super) before: u32,
}

impl<'a, C: Clock, O: Observer> InLine<'a, C, O> {
    /// A worker takes the call: from here on its time is the worker's.
    ///
    /// # Errors
    /// [`Limited`] where the work would be for nothing: the call's deadline has passed, or
    /// the call has waited for more than twice the longest wait and others wait behind it,
    /// as happens when all workers stood still. It has left the line then. The worker
    /// takes the next one.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{DefaultObserver, Deadline, Intake, IntakeConfig, LimitKind, ManualClock, Priority};
    ///
    /// let clock = ManualClock::new();
    /// let api = Intake::with(None, IntakeConfig::new().build(), &clock, DefaultObserver);
    /// let deadline = Deadline::after(Duration::from_millis(30), &clock);
    /// let in_line = api.enter_by(Priority::DEFAULT, deadline.on(&clock))?;
    /// clock.advance(Duration::from_millis(40)); // no worker came
    /// assert_eq!(in_line.begin().unwrap_err().kind(), LimitKind::Deadline);
    /// # Ok::<(), fusebox::Limited>(())
    /// ```
    #[inline]
    pub fn begin(mut self) -> Result<AtWork<'a, C, O>, Limited> {
        let Some(intake) = self.intake else { return Ok(AtWork { intake: None, since: 0 }) };
        let since = intake.now();
        intake.check(since.saturating_sub(self.since), self.until)?;
        self.intake = None;
        Ok(AtWork { intake: Some(intake), since })
    }

    /// The call has been answered, by a server that does not say when its workers begin.
    ///
    /// How long the call took a worker is estimated from the time since it came, and how
    /// many were in flight then. The estimate is right on average where calls are answered
    /// in the order in which they came.
    ///
    /// ```
    /// use fusebox::{Intake, IntakeConfig, Priority};
    ///
    /// static API: Intake = Intake::named("api", IntakeConfig::new().workers(8).build());
    ///
    /// let place = API.enter(Priority::DEFAULT)?;
    /// let answer = 6 * 7; // … ask the server behind
    /// place.answered();
    /// # assert_eq!(answer, 42);
    /// # Ok::<(), fusebox::Limited>(())
    /// ```
    pub fn answered(mut self) {
        let Some(intake) = self.intake.take() else { return };
        let workers = u64::from(intake.settings().workers());
        // By Little's law it stood among so many who took turns.
        let turns = workers.max(u64::from(self.before) + 1);
        let took = u128::from(intake.now().saturating_sub(self.since));
        let takes = took * u128::from(workers) / u128::from(turns);
        intake.end(u64::try_from(takes).unwrap_or(u64::MAX));
    }
}

impl<C: Clock, O: Observer> Drop for InLine<'_, C, O> {
    #[inline]
    fn drop(&mut self) {
        if let Some(intake) = mem::take(&mut self.intake) {
            intake.leave();
        }
    }
}

impl<C: Clock, O: Observer> fmt::Debug for InLine<'_, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InLine").field("until", &self.until).finish_non_exhaustive()
    }
}

/// A call that a worker of an [`Intake`]'s server works on. [`InLine::begin`] makes it.
///
/// Dropped, it has ended, whatever came of it, and a panic is an end as well: how long it
/// took the worker is learned.
#[must_use = "a call that is dropped at once has ended"]
pub struct AtWork<'a, C: Clock = DefaultClock, O: Observer = DefaultObserver> {
    /// None as in [`InLine`].
    intake: Option<&'a Intake<C, O>>,
    /// When the worker took it, in nanoseconds of the intake's clock.
    since: u64,
}

impl<C: Clock, O: Observer> Drop for AtWork<'_, C, O> {
    #[inline]
    fn drop(&mut self) {
        if let Some(intake) = self.intake {
            intake.end(intake.now().saturating_sub(self.since));
        }
    }
}

impl<C: Clock, O: Observer> fmt::Debug for AtWork<'_, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtWork").finish_non_exhaustive()
    }
}
