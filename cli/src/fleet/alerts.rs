//! What somebody should be told of a fleet.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use fusebox::State;

use crate::{
    fleet::view::{Breaker, Instance, View, turns_away},
    overview::Told,
};

/// The rules of a fleet's alerts, and what they must remember.
#[derive(Debug)]
pub struct FleetAlerts {
    /// A breaker may be open on this share of the instances, in percent.
    open_above: u8,
    /// So long an instance may disagree with all others: news takes its time.
    disagrees_for: Duration,
    /// Since when an instance disagrees, and of which breaker.
    since: HashMap<(String, String), Instant>,
}

/// Of fewer instances none can disagree with all others.
const LEAST: usize = 3;

impl FleetAlerts {
    /// A breaker open on more than so many percent of the instances, and an instance that
    /// disagrees for so long.
    #[must_use]
    pub fn new(open_above: u8, disagrees_for: Duration) -> Self {
        Self { open_above, disagrees_for, since: HashMap::new() }
    }

    /// What there is to be told, where the store does not answer for this reason, if any.
    pub fn of(&mut self, view: &View, problem: Option<&str>, now: Instant) -> Vec<Told> {
        let store =
            problem.map(|why| Told { kind: "store_unreachable", breaker: None, text: why.into() });
        if store.is_some() {
            // What was read last is not what is.
            return store.into_iter().collect();
        }
        let widely = view.breakers.iter().filter_map(|it| self.open_widely(view, it));
        let widely: Vec<_> = widely.collect();
        widely.into_iter().chain(self.disagreements(view, now)).collect()
    }

    fn open_widely(&self, view: &View, breaker: &Breaker) -> Option<Told> {
        let (open, alive) = (breaker.turned_away(), view.instances.len());
        if open * 100 <= usize::from(self.open_above) * alive {
            return None;
        }
        Some(Told {
            kind: "open_in_fleet",
            breaker: Some(breaker.name.to_string()),
            text: format!("`{}` is open on {open} of {alive} instances", breaker.label),
        })
    }

    fn disagreements(&mut self, view: &View, now: Instant) -> Vec<Told> {
        let found = found(view);
        let before = std::mem::take(&mut self.since);
        let mut told = Vec::new();
        for (instance, breaker, is_open) in found {
            let key = (instance.label.clone(), breaker.label.clone());
            let since = before.get(&key).copied().unwrap_or(now);
            if now.saturating_duration_since(since) >= self.disagrees_for {
                let (one, breaker_label) = (&instance.label, &breaker.label);
                told.push(Told {
                    kind: "instance_disagrees",
                    breaker: Some(breaker.name.to_string()),
                    text: if is_open {
                        format!(
                            "`{breaker_label}` is open on `{one}` alone, and well on all others"
                        )
                    } else {
                        format!(
                            "`{breaker_label}` is closed on `{one}` alone, and open on all others"
                        )
                    },
                });
            }
            self.since.insert(key, since);
        }
        told
    }
}

/// Instances that disagree with all others of their group, and whether they are the ones
/// that are open.
fn found(view: &View) -> Vec<(&Instance, &Breaker, bool)> {
    let mut found = Vec::new();
    for breaker in &view.breakers {
        for (group, alive) in view.groups() {
            let alive = alive as usize;
            let said: Vec<_> =
                view.sayings(breaker.name).filter(|(it, _)| it.group == group).collect();
            if alive < LEAST {
                continue;
            }
            // What an operator did on one host is no disagreement.
            let open = |state| matches!(state, State::Open | State::HalfOpen);
            if let [(instance, register)] = said[..]
                && open(register.state)
            {
                found.push((instance, breaker, true));
            }
            // Who says nothing may not have the breaker.
            let closed: Vec<_> = said.iter().filter(|(_, it)| !turns_away(it.state)).collect();
            if let [(instance, register)] = closed[..]
                && said.len() == alive
                && register.state == State::Closed
            {
                found.push((instance, breaker, false));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use fusebox::Name;
    use fusebox_fleet::{FleetConfig, News, Register, Report};

    use super::*;

    /// What instances say of the shop; `None` is nothing.
    fn view(states: &[Option<State>]) -> View {
        let news = states.iter().enumerate().map(|(at, state)| {
            let left = Duration::ZERO;
            let register = |state| Register {
                name: Name::new("shop"),
                state,
                generation: 0,
                failures: 1,
                left,
            };
            let registers = state.map(register).into_iter().collect();
            let bytes = Report { registers, ..Report::default() }.encode();
            News { instance: format!("host-{at}"), bytes, age: left }
        });
        let config = FleetConfig::new("reader").build().unwrap();
        View::of(&news.collect::<Vec<_>>(), &[], &config)
    }

    fn told(states: &[Option<State>]) -> Vec<String> {
        let mut alerts = FleetAlerts::new(50, Duration::from_secs(3));
        let (view, now) = (view(states), Instant::now());
        let first = alerts.of(&view, None, now);
        assert!(first.iter().all(|it| it.kind != "instance_disagrees"), "{first:?}");
        let later = alerts.of(&view, None, now + Duration::from_secs(3));
        later.into_iter().map(|it| it.text).collect()
    }

    const OPEN: Option<State> = Some(State::Open);
    const CLOSED: Option<State> = Some(State::Closed);

    #[test]
    fn a_share_is_told_from_above_its_bound_on() {
        assert_eq!(told(&[OPEN, OPEN, None, None]), [""; 0]);
        assert_eq!(told(&[OPEN, OPEN, OPEN, None]), ["`shop` is open on 3 of 4 instances"]);
    }

    #[test]
    fn who_disagrees_with_all_others_is_told_after_a_while() {
        let alone = "`shop` is open on `host-1` alone, and well on all others";
        assert_eq!(told(&[None, OPEN, None]), [alone]);
        assert_eq!(told(&[None, OPEN, CLOSED]), [""; 0]);
        assert_eq!(told(&[None, Some(State::ForcedOpen), None]), [""; 0]);
        assert_eq!(told(&[None, OPEN]), [""; 0]);
        let alone = "`shop` is closed on `host-0` alone, and open on all others";
        assert_eq!(told(&[CLOSED, OPEN, OPEN])[1], alone);
        assert_eq!(told(&[None, OPEN, OPEN]).len(), 1);
    }

    #[test]
    fn who_agrees_again_begins_anew() {
        let mut alerts = FleetAlerts::new(100, Duration::from_secs(3));
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        for (states, second) in [([None, OPEN, None], 0), ([None; 3], 2), ([None, OPEN, None], 4)] {
            assert_eq!(alerts.of(&view(&states), None, at(second)), []);
        }
        assert_eq!(alerts.of(&view(&[None, OPEN, None]), None, at(7)).len(), 1);
    }

    #[test]
    fn of_a_store_that_is_silent_nothing_else_is_told() {
        let mut alerts = FleetAlerts::new(0, Duration::ZERO);
        let told = alerts.of(&view(&[OPEN; 3]), Some("gone"), Instant::now());
        assert_eq!((told.len(), told[0].kind), (1, "store_unreachable"));
    }
}
