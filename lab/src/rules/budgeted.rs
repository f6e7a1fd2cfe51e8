//! A breaker beside a retry budget, as applications put them together.

use super::{Attempt, Ended, Rule, Ticket};
use crate::{random::Random, time::Time};

/// A breaker that decides on attempts, and a budget that decides on retries with it.
///
/// The budget hears of every attempt that the breaker admits. It is asked before the
/// breaker, so that it can tell which retry its tokens went to; a retry that the breaker
/// then refuses has cost them.
pub struct Budgeted<'r> {
    breaker: Timed<'r>,
    budget: Timed<'r>,
    tickets: Vec<[Ticket; 2]>,
    free: Vec<usize>,
}

/// A rule, and when its next periodic work is due.
struct Timed<'r> {
    rule: Box<dyn Rule + 'r>,
    due: Time,
}

impl<'r> Timed<'r> {
    fn new(rule: Box<dyn Rule + 'r>) -> Self {
        let due = rule.period().unwrap_or(Time::NEVER);
        Self { rule, due }
    }

    fn update(&mut self, now: Time) {
        if now >= self.due {
            self.rule.update(now);
            self.due = now + self.rule.period().unwrap_or(Time::NEVER);
        }
    }
}

impl<'r> Budgeted<'r> {
    /// Puts the two together.
    #[must_use]
    pub fn new(breaker: Box<dyn Rule + 'r>, budget: Box<dyn Rule + 'r>) -> Self {
        let (breaker, budget) = (Timed::new(breaker), Timed::new(budget));
        Self { breaker, budget, tickets: Vec::new(), free: Vec::new() }
    }
}

impl Rule for Budgeted<'_> {
    fn request(&mut self, now: Time) {
        self.breaker.rule.request(now);
        self.budget.rule.request(now);
    }

    fn admit(&mut self, attempt: Attempt, random: &mut Random) -> Option<Ticket> {
        let budget = self.budget.rule.admit(attempt, random)?;
        let both = [self.breaker.rule.admit(attempt, random)?, budget];
        let at = self.free.pop().unwrap_or(self.tickets.len());
        if at == self.tickets.len() {
            self.tickets.push(both);
        } else {
            self.tickets[at] = both;
        }
        Some(Ticket(at as u64))
    }

    #[allow(clippy::cast_possible_truncation)] // it was a `usize`
    fn end(&mut self, ticket: Ticket, ended: Ended, random: &mut Random) {
        let at = ticket.0 as usize;
        let [breaker, budget] = self.tickets[at];
        self.free.push(at);
        self.breaker.rule.end(breaker, ended, random);
        self.budget.rule.end(budget, ended, random);
    }

    fn may_retry(&mut self, now: Time) -> bool {
        self.breaker.rule.may_retry(now) && self.budget.rule.may_retry(now)
    }

    /// The shorter of the two; the other's work is done at the first such time after it
    /// is due.
    fn period(&self) -> Option<Time> {
        let (breaker, budget) = (self.breaker.rule.period(), self.budget.rule.period());
        breaker.into_iter().chain(budget).min()
    }

    fn update(&mut self, now: Time) {
        self.breaker.update(now);
        self.budget.update(now);
    }

    fn bytes(&self) -> usize {
        self.breaker.rule.bytes() + self.budget.rule.bytes()
    }

    fn writes(&self) -> u64 {
        self.breaker.rule.writes() + self.budget.rule.writes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{
        AwsBudget, Consecutive, End, EnvoyOutlier, FinagleBudget, Hystrix, Unguarded, testing::Rig,
    };

    #[test]
    fn both_decide() {
        let breaker = Box::new(Consecutive::new(3, Time::secs(5)));
        let mut rig = Rig::new(Budgeted::new(breaker, Box::new(AwsBudget::default())));
        assert!((0..100).all(|_| rig.rule.may_retry(rig.now)));
        assert!(!rig.rule.may_retry(rig.now));
        assert!(rig.fail(3) && !rig.call(End::Success));
        assert_eq!(rig.rule.bytes(), 32 + 16);
        assert_eq!(rig.rule.writes(), 100 + 3 + 1);
    }

    #[test]
    fn each_gets_its_own_ticket_back() {
        let budget = Box::new(AwsBudget::default());
        let mut rig = Rig::new(Budgeted::new(Box::new(Consecutive::default()), budget));
        let mut chance = Random::new(1, 1);
        // A retry and a first attempt are under way at once, and end crosswise.
        assert!(rig.call(End::Timeout) && rig.rule.may_retry(rig.now));
        let tickets = [2, 1]
            .map(|number| rig.rule.admit(Attempt::new(rig.now, number), &mut chance).unwrap());
        let ended = |number| Ended { now: rig.now, began: rig.now, number, end: End::Success };
        rig.rule.end(tickets[1], ended(1), &mut chance);
        let writes = rig.rule.budget.rule.writes();
        rig.rule.end(tickets[0], ended(2), &mut chance);
        assert_eq!(rig.rule.budget.rule.writes(), writes + 1);
        assert!((0..50).all(|_| rig.rule.may_retry(rig.now)), "all tokens are back");
        assert!(rig.succeed(10) && rig.rule.tickets.len() == 2, "places are used again");
    }

    #[test]
    fn requests_reach_the_budget() {
        let budget = Box::new(FinagleBudget::default());
        let mut rig = Rig::new(Budgeted::new(Box::new(Unguarded), budget));
        assert!(rig.fail(50) && (0..110).all(|_| rig.rule.may_retry(rig.now)));
        assert!(!rig.rule.may_retry(rig.now));
    }

    #[test]
    fn each_is_updated_in_its_own_time() {
        let (slow, quick) = (Box::new(EnvoyOutlier::default()), Box::new(Hystrix::default()));
        let mut rig = Rig::new(Budgeted::new(slow, quick));
        assert_eq!(rig.rule.period(), Some(Time::millis(500)));
        assert!(rig.fail(5));
        rig.wait(Time::millis(29_999));
        assert!(!rig.call(End::Success));
        rig.wait(Time::millis(1));
        assert!(rig.call(End::Success));
    }
}
