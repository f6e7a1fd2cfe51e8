//! A breaker and a retry budget together.

use crate::{
    random::Random,
    rules::{Attempt, Ended, Rule, Ticket},
    time::Time,
};

/// A breaker decides which attempts are made, and a budget which are made again.
pub struct Budgeted<'r> {
    breaker: Box<dyn Rule + 'r>,
    budget: Box<dyn Rule + 'r>,
}

impl<'r> Budgeted<'r> {
    /// Puts the two together. The budget must admit every first attempt.
    #[must_use]
    pub const fn new(breaker: Box<dyn Rule + 'r>, budget: Box<dyn Rule + 'r>) -> Self {
        Self { breaker, budget }
    }
}

impl Rule for Budgeted<'_> {
    fn request(&mut self, now: Time) {
        self.breaker.request(now);
        self.budget.request(now);
    }

    fn admit(&mut self, attempt: Attempt, random: &mut Random) -> Option<Ticket> {
        self.breaker.admit(attempt, random)
    }

    fn end(&mut self, ticket: Ticket, ended: Ended, random: &mut Random) {
        self.breaker.end(ticket, ended, random);
        self.budget.end(Ticket::default(), ended, random);
    }

    fn may_retry(&mut self, now: Time) -> bool {
        self.breaker.may_retry(now) && self.budget.may_retry(now)
    }

    fn period(&self) -> Option<Time> {
        self.breaker.period().or(self.budget.period())
    }

    fn update(&mut self, now: Time) {
        self.breaker.update(now);
        self.budget.update(now);
    }

    fn bytes(&self) -> usize {
        self.breaker.bytes() + self.budget.bytes()
    }

    fn writes(&self) -> u64 {
        self.breaker.writes() + self.budget.writes()
    }
}
