//! Failover sets against a model in plain numbers: O5.

use std::time::Duration;

use fusebox::{
    BreakerConfig, CircuitBreaker, DefaultObserver, FailoverConfig, FailoverError, FailoverSet,
    ManualClock, Member, RefusalReason, State,
};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone)]
enum Step {
    /// A member's breaker opens, or closes.
    Open(usize),
    Close(usize),
    /// So many calls, all of which succeed.
    Calls(u32),
    /// So many milliseconds pass.
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..3_usize).prop_map(Step::Open),
        3 => (0..3_usize).prop_map(Step::Close),
        4 => (1..30_u32).prop_map(Step::Calls),
        2 => (1..3_000_u64).prop_map(Step::Wait),
    ]
}

/// Where calls go, as whoever writes it down by hand would.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Home,
    Away,
    /// Since when, and how often the home had opened by then.
    Returning {
        since: u64,
        openings: u32,
    },
    /// Where sticky calls stay, and how often that member had opened by then.
    Stays {
        at: usize,
        openings: u32,
    },
}

#[derive(Debug)]
struct Model {
    share: f64,
    reserve: f64,
    burst: f64,
    over: u64,
    sticky: bool,
    now: u64,
    place: Place,
    open: [bool; 3],
    openings: [u32; 3],
    /// What is spent of each budget.
    spent: [f64; 3],
    spent_at: u64,
    /// What the home is owed of a call.
    owed: f64,
}

/// Floats err by less.
const HAIR: f64 = 1e-6;

impl Model {
    /// The member that takes a call.
    #[allow(clippy::cast_precision_loss)] // milliseconds of a few minutes
    fn call(&mut self) -> Option<usize> {
        let passed = (self.now - self.spent_at) as f64 / 1_000.0;
        self.spent_at = self.now;
        for spent in &mut self.spent {
            *spent = (*spent - passed * self.reserve).max(0.0);
            *spent = (*spent - self.share).max(0.0);
        }
        let mut waits = false;
        if !self.sticky && !self.open[0] {
            match self.place {
                Place::Away => self.come_back(),
                Place::Returning { openings, .. } if openings != self.openings[0] => {
                    self.come_back();
                }
                _ => {}
            }
            if let Place::Returning { since, .. } = self.place {
                let passed = (self.now - since) as f64 / self.over as f64;
                if passed >= 1.0 {
                    self.place = Place::Home;
                } else {
                    self.owed += 0.1 + 0.9 * passed;
                    waits = self.owed < 1.0 - HAIR;
                    self.owed -= if waits { 0.0 } else { 1.0 };
                }
            }
        }
        let stays = match self.place {
            Place::Stays { at, openings } if openings == self.openings[at] && !self.open[at] => {
                Some(at)
            }
            _ => None,
        };
        let first = stays.unwrap_or(0);
        let mut order = [first].into_iter().chain((0..3).filter(|at| *at != first));
        let taken = order.find(|at| {
            !self.open[*at]
                && if *at == 0 { !waits } else { self.spent[*at] + 1.0 <= self.burst + HAIR }
        });
        // A home that is well is better than none.
        let taken = taken.or((!self.open[0]).then_some(0));
        if let Some(at) = taken.filter(|at| *at > 0) {
            self.spent[at] += 1.0;
        }
        let was_away = matches!(self.place, Place::Stays { .. });
        match taken {
            Some(0) if self.sticky && stays.is_none() => self.place = Place::Home,
            Some(at) if self.sticky && stays.is_none() && (self.open[0] || was_away) => {
                self.place = Place::Stays { at, openings: self.openings[at] };
            }
            _ if !self.sticky && self.open[0] => self.place = Place::Away,
            _ => {}
        }
        taken
    }

    fn come_back(&mut self) {
        self.place = Place::Returning { since: self.now, openings: self.openings[0] };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn o5_the_set_does_as_the_model(
        steps in prop::collection::vec(step(), 1..60),
        share in 0..=100_u32,
        reserve in 0..20_u32,
        burst in prop_oneof![Just(1_u32), Just(16), Just(160)],
        over in prop_oneof![Just(0_u64), 10..5_000_u64],
        sticky in any::<bool>(),
    ) {
        let clock = ManualClock::new();
        let settings = BreakerConfig::new().recovery_timeout(Duration::from_hours(9)).build();
        let breakers = NAMES.map(|_| CircuitBreaker::with(None, settings, &clock, DefaultObserver));
        let [a, b, c] = &breakers;
        let config = FailoverConfig::new()
            .spill_share(share)
            .reserve_per_second(reserve)
            .burst(burst)
            .return_over(Duration::from_millis(over))
            .sticky(sticky)
            .build();
        let members = [Member::new("a", a), Member::new("b", b), Member::new("c", c)];
        let set = FailoverSet::new(members, config);
        let mut model = Model {
            share: f64::from(share) / 100.0,
            reserve: f64::from(reserve),
            // Calls of the default priority: five classes are above it.
            burst: f64::from(burst - burst * 5 / 16),
            over,
            sticky,
            now: 0,
            place: Place::Home,
            open: [false; 3],
            openings: [0; 3],
            spent: [0.0; 3],
            spent_at: 0,
            owed: 0.0,
        };
        // For each call: when it was, and onto which member it spilled.
        let mut log: Vec<(u64, usize)> = Vec::new();
        for step in steps {
            match step {
                Step::Open(at) => {
                    if !model.open[at] {
                        breakers[at].trip();
                        model.openings[at] += 1;
                    }
                    model.open[at] = true;
                }
                Step::Close(at) => {
                    if model.open[at] {
                        breakers[at].close();
                    }
                    model.open[at] = false;
                }
                Step::Wait(millis) => {
                    clock.advance(Duration::from_millis(millis));
                    model.now += millis;
                }
                Step::Calls(calls) => {
                    for _ in 0..calls {
                        let taken = set.call(|member| Ok::<_, ()>(member.index()));
                        match &taken {
                            // Never one that refuses.
                            Ok(at) => prop_assert_eq!(breakers[*at].state(), State::Closed),
                            Err(FailoverError::Refused(refusals)) => {
                                for (at, refusal) in refusals.each().iter().enumerate() {
                                    prop_assert_eq!(refusal.name(), NAMES[at]);
                                    let open = refusal.reason() == RefusalReason::Breaker(State::Open);
                                    prop_assert_eq!(open, model.open[at], "{}", refusal);
                                }
                            }
                            Err(other) => prop_assert!(false, "{:?}", other),
                        }
                        prop_assert_eq!(taken.ok(), model.call(), "{:?}", model);
                        log.push((model.now, taken.unwrap_or(0)));
                    }
                }
            }
        }
        // In any interval, no more spills than may.
        for member in 1..3 {
            for from in 0..log.len() {
                let mut spilled = 0;
                for to in from..log.len() {
                    spilled += u64::from(log[to].1 == member);
                    let calls = (to - from + 1) as u64 * u64::from(share);
                    let time = (log[to].0 - log[from].0) * u64::from(reserve);
                    let most = u64::from(burst) * 1_000 + calls * 10 + time;
                    prop_assert!(spilled * 1_000 <= most, "{spilled} of {} calls", to - from + 1);
                }
            }
        }
    }
}
