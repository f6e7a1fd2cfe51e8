//! Google's client-side throttling with criticalities (Site Reliability Engineering,
//! chapter 21, "Handling Overload": sre.google/sre-book/handling-overload).
//!
//! The throttling keeps its statistics for each criticality apart. Google's backends
//! refuse those of low criticality first; where the backend does not, the statistics of
//! all are alike, and so is what they refuse.

use super::{Attempt, Ended, GoogleThrottling, Rule, Ticket};
use crate::{random::Random, time::Time};

/// Google's client-side throttling, once for each class of priorities.
#[derive(Debug, Clone)]
pub struct GoogleByCriticality {
    k: f64,
    classes: [Option<Box<GoogleThrottling>>; 16],
}

impl GoogleByCriticality {
    /// With this K.
    #[must_use]
    pub fn new(k: f64) -> Self {
        Self { k, classes: [const { None }; 16] }
    }

    fn of(&mut self, class: usize) -> &mut GoogleThrottling {
        let k = self.k;
        self.classes[class].get_or_insert_with(|| Box::new(GoogleThrottling::new(k)))
    }
}

impl Rule for GoogleByCriticality {
    fn admit(&mut self, attempt: Attempt, random: &mut Random) -> Option<Ticket> {
        let class = attempt.priority.class();
        let admitted = self.of(class.into()).admit(attempt, random);
        admitted.map(|_| Ticket(class.into()))
    }

    #[allow(clippy::cast_possible_truncation)] // a class
    fn end(&mut self, ticket: Ticket, ended: Ended, random: &mut Random) {
        self.of(ticket.0 as usize).end(Ticket::default(), ended, random);
    }

    fn update(&mut self, now: Time) {
        self.classes.iter_mut().flatten().for_each(|it| it.update(now));
    }

    fn bytes(&self) -> usize {
        self.classes.iter().flatten().map(|it| it.bytes()).sum()
    }

    fn writes(&self) -> u64 {
        self.classes.iter().flatten().map(|it| it.writes()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::End;
    use fusebox::Priority;

    #[test]
    fn what_happens_to_one_class_is_nothing_to_the_others() {
        let mut rule = GoogleByCriticality::new(2.0);
        let mut random = Random::new(1, 1);
        let mut call = |priority, end| {
            let attempt = Attempt { priority, ..Attempt::new(Time::ZERO, 1) };
            let Some(ticket) = rule.admit(attempt, &mut random) else { return false };
            let ended = Ended { now: Time::ZERO, began: Time::ZERO, number: 1, end };
            rule.end(ticket, ended, &mut random);
            true
        };
        let refused = (0..1_000).filter(|_| !call(Priority::BACKGROUND, End::Overload)).count();
        assert!(refused > 900, "{refused}");
        assert!((0..1_000).all(|_| call(Priority::CRITICAL, End::Success)));
        assert!(!(0..100).all(|_| call(Priority::BACKGROUND, End::Success)));
    }
}
