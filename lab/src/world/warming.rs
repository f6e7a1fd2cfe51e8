//! A service that has to be warmed up: with too much load, too soon, it collapses.

use crate::{storm::WarmUp, time::Time};

/// It collapses where so many seconds of work wait, by what it can do while it is cold.
const PATIENCE: f64 = 1.0;

/// How warm a service is. It warms up from the first call that it gets, not while it is
/// idle; and whoever brings it down has to begin anew.
#[derive(Debug)]
pub(super) struct Warming {
    lasts: Time,
    down: Time,
    /// Calls that it can answer in a second while it is cold.
    holds: f64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Warm,
    /// Nobody has called yet.
    Cold,
    /// Since the first call; the calls that wait, and when that was worked out.
    Warming {
        since: Time,
        waiting: f64,
        at: Time,
    },
    /// Until then no call is answered.
    Down(Time),
}

/// What it makes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// It answers as it would.
    Holds,
    /// This was one too many.
    Collapses,
    /// It is down.
    Down,
}

impl Warming {
    /// Of a service that has so many calls a second as a rule.
    pub(super) fn of(settings: &WarmUp, usual: f64) -> Self {
        let holds = settings.holds.get() * usual;
        Self { lasts: settings.lasts, down: settings.down, holds, state: State::Warm }
    }

    pub(super) const fn restarts(&mut self) {
        self.state = State::Cold;
    }

    /// A call comes.
    pub(super) fn meets(&mut self, now: Time) -> Met {
        let (since, waiting, at) = match self.state {
            State::Warm => return Met::Holds,
            State::Down(until) if now < until => return Met::Down,
            State::Down(_) | State::Cold => (now, 0.0, now),
            State::Warming { since, waiting, at } => (since, waiting, at),
        };
        if now.since(since) >= self.lasts {
            self.state = State::Warm;
            return Met::Holds;
        }
        let done = now.since(at).as_secs_f64() * self.holds;
        let waiting = (waiting - done).max(0.0) + 1.0;
        if waiting > (self.holds * PATIENCE).max(1.0) {
            self.state = State::Down(now + self.down);
            return Met::Collapses;
        }
        self.state = State::Warming { since, waiting, at: now };
        Met::Holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storm::Share;

    /// A tenth of 1000 a second for two seconds; then it is down for one.
    fn warming() -> Warming {
        let settings =
            WarmUp { lasts: Time::secs(2), holds: Share::new(0.1).unwrap(), down: Time::secs(1) };
        let mut warming = Warming::of(&settings, 1_000.0);
        assert_eq!(warming.meets(Time::ZERO), Met::Holds, "it was warm");
        warming.restarts();
        warming
    }

    /// Calls a millisecond apart times `gap`, until one is not answered.
    fn until_down(warming: &mut Warming, from: Time, gap: u64) -> Option<Time> {
        let times = (0..10_000 / gap).map(|at| from + Time::millis(at * gap));
        times.into_iter().find(|at| warming.meets(*at) != Met::Holds)
    }

    #[test]
    fn it_holds_what_it_can() {
        assert_eq!(until_down(&mut warming(), Time::secs(60), 10), None);
    }

    #[test]
    fn with_more_it_collapses_as_soon_as_a_second_of_work_waits() {
        let at = until_down(&mut warming(), Time::secs(60), 5).unwrap();
        assert!(at >= Time::millis(60_950) && at <= Time::millis(61_050), "{at}");
    }

    #[test]
    fn it_is_warm_after_two_seconds_of_calls_and_not_of_silence() {
        let mut it = warming();
        assert!(until_down(&mut it, Time::secs(60), 1).is_some(), "idle for a minute");
        let mut it = warming();
        assert_eq!(it.meets(Time::secs(60)), Met::Holds);
        assert_eq!(until_down(&mut it, Time::secs(62), 1), None);
    }

    #[test]
    fn who_brings_it_down_begins_anew() {
        let mut it = warming();
        let at = until_down(&mut it, Time::secs(60), 1).unwrap();
        assert_eq!(it.meets(at + Time::millis(999)), Met::Down);
        assert_eq!(it.meets(at + Time::secs(1)), Met::Holds);
        assert!(until_down(&mut it, at + Time::millis(1_001), 1).is_some());
    }
}
