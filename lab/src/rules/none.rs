//! No breaker at all: what every other rule is measured against.

use super::{Attempt, Ended, Rule, Ticket};
use crate::random::Random;

/// Admits every attempt, and allows every retry.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unguarded;

impl Rule for Unguarded {
    fn admit(&mut self, _: Attempt, _: &mut Random) -> Option<Ticket> {
        Some(Ticket::default())
    }

    fn end(&mut self, _: Ticket, _: Ended, _: &mut Random) {}

    fn bytes(&self) -> usize {
        0
    }

    fn writes(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rules::testing::Rig, time::Time};

    #[test]
    fn nothing_is_refused() {
        let mut rig = Rig::new(Unguarded);
        let ran = rig.run(1_000, Time::secs(10), 1.0);
        assert_eq!((ran.admitted, ran.refused_at), (10_000, None));
        assert!(rig.rule.may_retry(rig.now));
    }
}
