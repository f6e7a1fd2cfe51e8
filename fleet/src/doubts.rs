//! Complaints about the store, each told now and then.

use std::{collections::HashSet, time::Duration};

/// So long nothing is told again.
const QUIET: Duration = Duration::from_mins(1);
/// Instances that are complained of in that time, at most.
const MOST: usize = 64;

/// Complaints about the store, so that whoever writes garbage cannot make more of it.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    since: Duration,
    told: HashSet<String>,
    same_name: bool,
}

impl Doubts {
    /// Whether to tell of an instance's garbage.
    pub(crate) fn garbage(&mut self, instance: &str, now: Duration) -> bool {
        self.begin_anew(now);
        self.told.len() < MOST && self.told.insert(instance.to_owned())
    }

    /// Whether to tell of an instance with this one's name.
    pub(crate) fn same_name(&mut self, now: Duration) -> bool {
        self.begin_anew(now);
        !std::mem::replace(&mut self.same_name, true)
    }

    fn begin_anew(&mut self, now: Duration) {
        if now.saturating_sub(self.since) >= QUIET {
            *self = Self { since: now, ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_a_minute_and_not_without_end() {
        let (mut doubts, minute) = (Doubts::default(), Duration::from_mins(1));
        let told = |doubts: &mut Doubts, at| {
            (0..1_000).filter(|i| doubts.garbage(&i.to_string(), at)).count()
        };
        assert_eq!(told(&mut doubts, Duration::ZERO), MOST);
        assert!(!doubts.garbage("7", Duration::from_secs(59)));
        assert!(doubts.same_name(Duration::from_secs(59)));
        assert!(!doubts.same_name(Duration::from_secs(59)));
        assert_eq!(told(&mut doubts, minute), MOST);
        assert!(doubts.same_name(minute));
    }
}
