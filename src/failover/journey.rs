//! What one call has been through: the members that it tried, and those that refused it.

use core::ops::ControlFlow;

use crate::{
    error::Rejected,
    failover::error::{FailoverError, Refused},
    state::State,
};

/// A call on its way from member to member.
#[derive(Debug)]
pub(crate) struct Journey<'a, E, const N: usize> {
    /// The members that it was made at, a bit for each.
    tried: u64,
    /// The members at which it cannot be made.
    skipped: u64,
    /// Why the others did not take it, as of the last time it looked for one.
    pub(super) refused: [Option<Refused>; N],
    /// The state in which the home's breaker turned it away.
    pub(super) home: Option<State>,
    /// The members to whose budgets it gave its share.
    given: u64,
    /// What it failed with last, and at which member.
    failed: Option<(&'a str, E)>,
}

impl<'a, E, const N: usize> Journey<'a, E, N> {
    /// One that begins.
    pub(crate) const fn new() -> Self {
        Self { tried: 0, skipped: 0, refused: [None; N], home: None, given: 0, failed: None }
    }

    /// One that the home's breaker turned away.
    pub(super) fn turned_away(rejected: &Rejected) -> Self {
        let mut journey = Self::new();
        journey.turn_away(0, rejected);
        journey
    }

    /// The breaker of this member turned it away.
    pub(super) fn turn_away(&mut self, at: usize, rejected: &Rejected) {
        self.refused[at] = Some(Refused::by(rejected));
        if at == 0 {
            self.home = Some(rejected.state());
        }
    }

    /// Whether it was made before.
    pub(super) const fn repeats(&self) -> bool {
        self.tried != 0
    }

    /// Whether it has been at this member, or was turned away there by the breaker.
    pub(super) fn was_at(&self, at: usize) -> bool {
        (self.tried | self.skipped) & 1 << at != 0 || at == 0 && self.home.is_some()
    }

    /// Whether its share for this member's budget is still to be given, as it now is.
    pub(super) const fn gives(&mut self, at: usize) -> bool {
        let gives = self.given & 1 << at == 0;
        self.given |= 1 << at;
        gives
    }

    /// It failed at this member: whether it goes on to another one.
    pub(crate) fn fail(
        &mut self,
        at: usize,
        name: &'a str,
        error: E,
        goes_on: bool,
    ) -> ControlFlow<FailoverError<'a, E, N>> {
        self.tried |= 1 << at;
        if goes_on {
            self.failed = Some((name, error));
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(FailoverError::Failed { member: name, error })
        }
    }

    /// It cannot be made at this member.
    #[cfg(feature = "tower")]
    pub(crate) const fn skip(&mut self, at: usize) {
        self.skipped |= 1 << at;
    }

    /// What it failed with, if it was made.
    pub(super) fn take_failed(&mut self) -> Option<FailoverError<'a, E, N>> {
        let (member, error) = self.failed.take()?;
        Some(FailoverError::Failed { member, error })
    }
}
