//! Failover sets: O5.

mod common;

use std::{io, time::Duration};

use common::{Journal, millis};
use fusebox::{
    Advice, BreakerConfig, CallError, CircuitBreaker, FailoverConfig, FailoverError, FailoverSet,
    FailoverState, ManualClock, Member, Name, Outcome, Pipeline, Priority, RateConfig, RateLimit,
    RefusalReason, Registry, RegistryError, Rejected, State,
};

type Breaker<'a> = CircuitBreaker<&'a ManualClock, &'a Journal>;
type Set<'a, const N: usize, T = ()> = FailoverSet<'a, N, T, &'a ManualClock, &'a Journal>;

/// A clock, a journal, and three breakers, each of which opens at its first failure, for ten
/// seconds.
struct World {
    clock: ManualClock,
    journal: Journal,
}

const NAMES: [&str; 3] = ["eu", "us", "ap"];

impl World {
    fn new() -> Self {
        let world = Self { clock: ManualClock::new(), journal: Journal::default() };
        world.clock.advance(Duration::from_secs(1_000));
        world
    }

    fn breakers(&self) -> [Breaker<'_>; 3] {
        let settings = BreakerConfig::new()
            .failure_threshold(1)
            .recovery_timeout(Duration::from_secs(10))
            .build();
        NAMES.map(|name| {
            CircuitBreaker::with(Some(Name::new(name)), settings, &self.clock, &self.journal)
        })
    }

    /// The events of failovers.
    fn moves(&self) -> Vec<String> {
        let lines = self.journal.take();
        lines.into_iter().filter(|line| line.starts_with("failover")).collect()
    }
}

fn set<'a>(breakers: &'a [Breaker<'a>; 3], config: FailoverConfig) -> Set<'a, 3> {
    let [eu, us, ap] = breakers;
    let members = [Member::new("eu", eu), Member::new("us", us), Member::new("ap", ap)];
    FailoverSet::named("shops", members, config.build())
}

/// 40 %, and nothing besides but a burst.
const BARE: FailoverConfig = FailoverConfig::new().reserve_per_second(0).burst(16);

/// The member that takes a call, which succeeds.
fn taken(set: &Set<'_, 3>) -> Option<&'static str> {
    set.call(|member| Ok::<_, ()>(NAMES[member.index()])).ok()
}

/// How many of so many calls each member takes, and how many none does.
fn spread(set: &Set<'_, 3>, calls: u32) -> [u32; 4] {
    let mut spread = [0; 4];
    for _ in 0..calls {
        let at = set.call(|member| Ok::<_, ()>(member.index())).unwrap_or(3);
        spread[at] += 1;
    }
    spread
}

#[test]
fn o5_the_first_member_that_admits_takes_the_call() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, FailoverConfig::new());
    assert_eq!(taken(&set), Some("eu"));
    breakers[0].force_open();
    assert_eq!(taken(&set), Some("us"));
    breakers[1].force_open();
    assert_eq!(taken(&set), Some("ap"));
    breakers[2].force_open();
    assert_eq!(taken(&set), None);
    breakers[1].close();
    assert_eq!(taken(&set), Some("us"));
    assert_eq!(set.members().each_ref().map(Member::spilled), [0, 2, 1]);
}

#[test]
fn o5_a_member_is_told_by_index_name_and_value() {
    static EU: CircuitBreaker = CircuitBreaker::named("eu", BreakerConfig::new().build());
    static US: CircuitBreaker = CircuitBreaker::named("us", BreakerConfig::new().build());
    static SHOPS: FailoverSet<'static, 2, u16> = FailoverSet::new(
        [Member::new("eu", &EU).at(8_001), Member::new("us", &US).at(8_002)],
        FailoverConfig::new().build(),
    );
    let call =
        || SHOPS.call(|shop| Ok::<_, ()>((shop.index(), shop.name().to_owned(), *shop.value())));
    assert_eq!(call(), Ok((0, "eu".into(), 8_001)));
    EU.force_open();
    assert_eq!(call(), Ok((1, "us".into(), 8_002)));
    assert_eq!((SHOPS.name(), SHOPS.state()), (None, FailoverState::Away));
}

#[test]
fn o5_no_more_spills_than_the_budget_of_each_member() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE);
    breakers[0].force_open();
    // Of the burst of 16, calls of the default priority leave 5 to the five classes above.
    let [home, us, ap, refused] = spread(&set, 10_000);
    assert_eq!((home, us + ap + refused), (0, 10_000));
    assert!((4_000..=4_000 + 16).contains(&us), "{us} of 10000 spilled onto the next");
    assert!((4_000..=4_000 + 16).contains(&ap), "{ap} of 10000 spilled onto the last");
    // One more that is down: what it does not take does not drown the other.
    breakers[1].force_open();
    let [_, us, ap, _] = spread(&set, 10_000);
    assert_eq!(us, 0);
    assert!((3_999..=4_001).contains(&ap), "{ap} of 10000 spilled onto the last");
    // Without calls, time gives nothing where there is no reserve.
    world.clock.advance(Duration::from_hours(1));
    assert!(spread(&set, 2)[2] <= 1);
}

#[test]
fn o5_the_reserve_is_for_where_calls_are_rare() {
    let world = World::new();
    let breakers = world.breakers();
    let config = FailoverConfig::new().spill_share(0).reserve_per_second(2).burst(1);
    let set = set(&breakers, config);
    breakers[0].force_open();
    assert_eq!(spread(&set, 10), [0, 1, 1, 8]);
    world.clock.advance(millis(499));
    assert_eq!(spread(&set, 10), [0, 0, 0, 10]);
    world.clock.advance(millis(1));
    assert_eq!(spread(&set, 10), [0, 1, 1, 8]);
}

#[test]
fn o5_a_standby_for_all_refuses_nothing() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.spill_share(100));
    breakers[0].force_open();
    assert_eq!(spread(&set, 10_000), [0, 10_000, 0, 0]);
}

#[test]
fn o5_a_share_of_all_finds_a_place_on_any_number_of_threads() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.spill_share(100).burst(1));
    breakers[0].force_open();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(spread(&set, 1_000), [0, 1_000, 0, 0]));
        }
    });
}

#[test]
fn o5_calls_at_a_time_lose_no_share() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.spill_share(100).burst(1).return_over(Duration::ZERO));
    breakers[0].force_open();
    breakers[2].force_open();
    assert_eq!(taken(&set), Some("us"));
    breakers[0].close();
    // While one is at the home, so is another. Both fail there, and go on.
    let fails_at_home = |index: usize| if index == 0 { Err("down") } else { Ok(index) };
    let mut inner = None;
    let outer = set.call_repeatable(|member| {
        inner.get_or_insert_with(|| set.call_repeatable(|it| fails_at_home(it.index())));
        fails_at_home(member.index())
    });
    assert_eq!((outer, inner), (Ok(1), Some(Ok(1))));
    // Once the calls are done, each has given one share, and no more.
    assert_eq!(set.spill_left(1), 0);
}

#[test]
fn o5_the_error_lists_every_members_state() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.burst(1).spill_share(0));
    breakers[0].trip();
    breakers[2].force_open();
    assert_eq!(taken(&set), Some("us"));
    world.clock.advance(millis(5_800));
    let error = set.call(|_| Ok::<(), io::Error>(())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no member of `shops` took the call: `eu` is open, retry after 4.2s; `us` has no \
         spill-over left; `ap` is forced open"
    );
    let refused = error.as_refused().unwrap();
    assert_eq!(refused.set(), Some("shops"));
    assert_eq!(refused.retry_after(), Some(millis(4_200)));
    let each = refused.each().map(|it| (it.name(), it.reason(), it.retry_after()));
    let expected = [
        ("eu", RefusalReason::Breaker(State::Open), Some(millis(4_200))),
        ("us", RefusalReason::SpillOver, None),
        ("ap", RefusalReason::Breaker(State::ForcedOpen), None),
    ];
    assert_eq!(each, expected);
    let own = error.into_own();
    assert_eq!(own.to_string(), "circuit breaker `shops` is open, retry after 4.2s");
    assert!(own.get_ref().unwrap().is::<Rejected>());

    let failed = set.call(|_| Err::<(), _>("not called"));
    assert!(matches!(failed, Err(FailoverError::Refused(_))));
    breakers[0].close();
    let failed = set.call(|_| Err::<(), _>("no such article")).unwrap_err();
    assert_eq!(failed.to_string(), "`eu`: no such article");
    assert_eq!(failed.into_failed(), Some("no such article"));
}

#[test]
fn o5_only_what_was_not_made_goes_on_unless_it_may_be_repeated() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, FailoverConfig::new());
    let mut asked = Vec::new();
    let failed = set.call(|member| {
        asked.push(member.name());
        Err::<(), _>("down")
    });
    assert_eq!(failed, Err(FailoverError::Failed { member: "eu", error: "down" }));
    assert_eq!(asked, ["eu"]);

    breakers[0].close();
    let mut asked = Vec::new();
    let answer = set.call_repeatable(|member| {
        asked.push(member.name());
        if member.index() < 2 { Err("down") } else { Ok(member.index()) }
    });
    assert_eq!((answer, asked), (Ok(2), vec!["eu", "us", "ap"]));
    assert_eq!(
        [State::Open, State::Open, State::Closed],
        breakers.each_ref().map(CircuitBreaker::state)
    );

    // Nobody is left: the last member's own error.
    breakers.iter().for_each(CircuitBreaker::close);
    let failed = set.call_repeatable(|member| Err::<(), _>(member.index()));
    assert_eq!(failed, Err(FailoverError::Failed { member: "ap", error: 2 }));
    let refused = set.call_repeatable(|member| Err::<(), _>(member.index()));
    assert!(matches!(refused, Err(FailoverError::Refused(_))));

    // An error that is not the member's fault is the answer.
    breakers.iter().for_each(CircuitBreaker::close);
    let judge = |answer: Result<&(), &u16>| match answer {
        Err(404) => Outcome::Ignore,
        Err(_) => Outcome::Failure,
        Ok(()) => Outcome::Success,
    };
    let failed = set.call_repeatable_judged(judge, |_| Err(404));
    assert_eq!(failed.unwrap_err().into_failed(), Some(404));
}

#[test]
fn o5_what_is_repeated_is_taken_from_the_budget() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.spill_share(10));
    let (mut calls, mut attempts) = (0, 0);
    for _ in 0..2_000 {
        breakers.iter().for_each(CircuitBreaker::close);
        calls += 1;
        let _ = set.call_repeatable(|_| {
            attempts += 1;
            Err::<(), _>("down")
        });
    }
    // A tenth onto each of the two others, and what they began with.
    assert!(attempts <= calls + 2 * (calls / 10 + 16), "{attempts} attempts of {calls} calls");
    assert!(attempts > calls + calls / 10, "{attempts} attempts of {calls} calls");
}

#[test]
fn o5_home_takes_a_share_that_grows_and_is_evenly_spread() {
    let world = World::new();
    let breakers = world.breakers();
    let config = BARE.spill_share(100).return_over(Duration::from_secs(10)).return_from(10);
    let set = set(&breakers, config);
    breakers[0].force_open();
    assert_eq!(taken(&set), Some("us"));
    breakers[0].close();
    let mut shares = Vec::new();
    for _ in 0..=10 {
        let mut home = 0_u32;
        for call in 1..=1_000_u32 {
            home += u32::from(taken(&set) == Some("eu"));
            // Any beginning is within one call of its share.
            let share = 100 + 90 * u32::try_from(shares.len()).unwrap();
            assert!((home * 1_000).abs_diff(call * share) <= 2_000, "{home} of {call} at {share}");
        }
        shares.push(home);
        world.clock.advance(Duration::from_secs(1));
    }
    for (second, share) in shares.iter().enumerate() {
        let expected = 100 + 90 * u32::try_from(second).unwrap();
        assert!(share.abs_diff(expected) <= 1, "{share} of 1000 in second {second}");
    }
    assert_eq!(set.state(), FailoverState::Home);
    assert_eq!(spread(&set, 1_000), [1_000, 0, 0, 0]);
}

#[test]
fn o5_home_is_the_last_resort_while_calls_return() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.spill_share(0).burst(1));
    breakers[0].force_open();
    assert_eq!(spread(&set, 3), [0, 1, 1, 1], "no more may spill");
    breakers[0].close();
    // A tenth is its share, and the rest finds no place elsewhere.
    assert_eq!(spread(&set, 100), [100, 0, 0, 0]);
    assert_eq!(set.state(), FailoverState::Returning);
    // Nor does it where the others are down.
    breakers[1].force_open();
    breakers[2].force_open();
    assert_eq!(spread(&set, 100), [100, 0, 0, 0]);
    // As long as its breaker admits.
    breakers[0].trip();
    assert_eq!(spread(&set, 100), [0, 0, 0, 100]);
}

#[test]
fn o5_a_call_that_failed_elsewhere_goes_home_while_calls_return() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.spill_share(100));
    breakers[2].force_open();
    breakers[0].force_open();
    assert_eq!(taken(&set), Some("us"));
    breakers[0].close();
    let mut asked = Vec::new();
    let answer = set.call_repeatable(|member| {
        asked.push(member.name());
        if member.index() == 0 { Ok(()) } else { Err("down") }
    });
    assert_eq!((answer, asked), (Ok(()), vec!["us", "eu"]));
    // What is made again is taken from the home's budget.
    assert_eq!(set.members()[0].spilled(), 1);
}

#[test]
fn o5_calls_bring_the_set_home() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE);
    assert!(set.is_home());
    breakers[0].force_open();
    assert!(set.is_home(), "no call has found it down");
    spread(&set, 1);
    assert!(!set.is_home());
    breakers[0].close();
    world.clock.advance(Duration::from_hours(1));
    assert!(!set.is_home(), "no call has found it well");
    spread(&set, 1);
    assert!(!set.is_home(), "calls return");
    world.clock.advance(Duration::from_secs(10));
    spread(&set, 1);
    assert!(set.is_home());
}

#[test]
fn o5_a_home_that_fails_in_its_ramp_begins_anew() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.spill_share(100));
    breakers[0].trip();
    assert_eq!(taken(&set), Some("us"));
    breakers[0].close();
    spread(&set, 10);
    world.clock.advance(Duration::from_secs(9));
    assert!((900..=920).contains(&spread(&set, 1_000)[0]));
    // Between two calls, so that no call is turned away.
    breakers[0].trip();
    breakers[0].close();
    assert_eq!(set.state(), FailoverState::Returning);
    assert!((99..=101).contains(&spread(&set, 1_000)[0]));
}

#[test]
fn o5_home_is_probed_while_calls_are_away() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.spill_share(100).return_over(Duration::ZERO));
    assert!(set.call(|_| Err::<(), _>("down")).is_err());
    assert_eq!(spread(&set, 100), [0, 100, 0, 0]);
    world.clock.advance(Duration::from_secs(10));
    // The next call is the probe, and the set returns.
    assert_eq!(spread(&set, 100), [100, 0, 0, 0]);
    let expected = ["failover shops away: eu to us", "failover shops home: - to eu"];
    assert_eq!(world.moves(), expected);
}

#[test]
fn o5_a_change_of_member_is_told_once() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, FailoverConfig::new());
    assert!(set.call(|_| Err::<(), _>("down")).is_err());
    spread(&set, 100);
    breakers[1].trip();
    spread(&set, 100);
    breakers[0].close();
    spread(&set, 100);
    world.clock.advance(Duration::from_secs(11));
    spread(&set, 100);
    let expected = [
        "failover shops away: eu to us",
        "failover shops returning: - to eu",
        "failover shops home: - to eu",
    ];
    assert_eq!(world.moves(), expected);
}

#[test]
fn o5_sticky_calls_stay_until_that_member_fails() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.spill_share(100).sticky(true));
    breakers[0].trip();
    assert_eq!(spread(&set, 100), [0, 100, 0, 0]);
    // A home that flaps moves nobody.
    for _ in 0..20 {
        breakers[0].close();
        assert_eq!(spread(&set, 10), [0, 10, 0, 0]);
        breakers[0].trip();
        assert_eq!(spread(&set, 10), [0, 10, 0, 0]);
    }
    assert_eq!(world.moves(), ["failover shops away: eu to us"]);
    breakers[1].trip();
    assert_eq!(spread(&set, 100), [0, 0, 100, 0]);
    // It had opened, though nobody saw that.
    breakers[0].close();
    breakers[2].trip();
    breakers[2].close();
    assert_eq!(spread(&set, 100), [100, 0, 0, 0]);
    let expected = ["failover shops away: us to ap", "failover shops home: ap to eu"];
    assert_eq!(world.moves(), expected);
}

#[test]
fn o5_a_sticky_set_keeps_to_its_budget() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.sticky(true));
    breakers[0].trip();
    spread(&set, 100);
    breakers[0].close();
    let [home, us, ap, refused] = spread(&set, 1_000);
    assert_eq!((home, ap, refused), (600, 0, 0), "{us} stay");
}

#[test]
fn o5_lower_priorities_find_no_place_first() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.spill_share(20));
    breakers[0].force_open();
    let levels = [Priority::CRITICAL, Priority::DEFAULT, Priority::SHEDDABLE, Priority::BACKGROUND];
    let mut refused = [0; 4];
    for call in 0..8_000 {
        let level = call % 4;
        let _scope = levels[level].enter();
        refused[level] += u32::from(taken(&set).is_none());
    }
    // 40 % of the calls find a place: every critical one, some others, none of the lowest.
    let [critical, default, sheddable, background] = refused;
    assert_eq!(critical, 0);
    assert!((600..900).contains(&default), "{refused:?}");
    assert!(sheddable > 1_980 && background > 1_980, "{refused:?}");
}

#[test]
fn o5_no_class_is_refused_where_a_lower_one_is_admitted() {
    for burst in [1, 2, 7, 16, 40, 160] {
        let world = World::new();
        let breakers = world.breakers();
        let set = set(&breakers, BARE.spill_share(0).burst(burst));
        breakers[0].force_open();
        breakers[2].force_open();
        // From the lowest class up: each admits what its part has left.
        let mut all = 0;
        for class in 0..16 {
            let _scope = Priority::new(class * 16).enter();
            while taken(&set).is_some() {
                all += 1;
            }
            let kept = burst * (15 - u32::from(class)) / 16;
            assert_eq!(all, burst - kept, "class {class} of a burst of {burst}");
        }
    }
}

#[test]
fn o5_a_member_of_which_others_warn_comes_last() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, FailoverConfig::new());
    breakers[0].force_open();
    let advice = Advice {
        primed: true,
        probed_elsewhere: false,
        instances: 9,
        failures: 20,
        lasts: Duration::from_secs(3),
    };
    breakers[1].advise(Some(advice));
    assert_eq!(taken(&set), Some("ap"));
    breakers[2].force_open();
    assert_eq!(taken(&set), Some("us"));
    breakers[2].close();
    world.clock.advance(Duration::from_secs(4));
    assert_eq!(taken(&set), Some("us"));
}

#[test]
fn o5_a_home_that_is_probed_elsewhere_is_left_alone() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, FailoverConfig::new());
    breakers[0].trip();
    world.clock.advance(Duration::from_secs(10));
    breakers[0].advise(Some(Advice {
        primed: false,
        probed_elsewhere: true,
        instances: 9,
        failures: 20,
        lasts: Duration::from_secs(3),
    }));
    assert_eq!(taken(&set), Some("us"));
    world.clock.advance(Duration::from_secs(3));
    assert_eq!(taken(&set), Some("eu"));
}

#[test]
fn o5_a_set_that_panics_sends_to_all_in_turn() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, BARE.panic_below(50));
    breakers[0].force_open();
    assert!(spread(&set, 100)[0] == 0);
    breakers[1].force_open();
    assert_eq!(spread(&set, 300), [100, 100, 100, 0]);
    assert_eq!(set.state(), FailoverState::Panic);
    // What fails at a breaker that did not admit it is not counted.
    let failures = breakers[0].counters().failures;
    for _ in 0..2 {
        let _ = set.call(|member| if member.index() == 0 { Err("down") } else { Ok(()) });
    }
    assert_eq!(
        (breakers[0].counters().failures, breakers[0].state()),
        (failures, State::ForcedOpen)
    );
    breakers[1].close();
    assert_eq!(spread(&set, 100)[0], 0);
    let expected = [
        "failover shops away: eu to us",
        "failover shops panic: - to -",
        "failover shops away: eu to -",
    ];
    assert_eq!(world.moves(), expected);
}

#[test]
fn o5_a_set_does_not_panic_unless_asked() {
    let world = World::new();
    let breakers = world.breakers();
    let set = set(&breakers, FailoverConfig::new());
    breakers.iter().for_each(CircuitBreaker::force_open);
    assert_eq!(spread(&set, 100), [0, 0, 0, 100]);
}

#[test]
fn o5_a_pipeline_stands_inside() {
    let clock = ManualClock::new();
    let settings = BreakerConfig::new().failure_threshold(1).build();
    let breakers = NAMES.map(|name| {
        CircuitBreaker::with(Some(Name::new(name)), settings, &clock, fusebox::DefaultObserver)
    });
    let [eu, us, _] = &breakers;
    let quotas = [(); 2].map(|()| {
        let once = RateConfig::per_minute(1).burst(1).build();
        RateLimit::with(None, once, &clock, fusebox::DefaultObserver)
    });
    let pipelines = quotas.each_ref().map(|quota| Pipeline::new().rate_limit(quota));
    let set = FailoverSet::new(
        [Member::new("eu", eu).at(&pipelines[0]), Member::new("us", us).at(&pipelines[1])],
        FailoverConfig::new().build(),
    );
    // A limit of the pipeline's says nothing of the member's health, and the next may have
    // room. Nothing was called, so the call may be made again.
    let judge = |answer: Result<&usize, &CallError<&str>>| match answer {
        Err(error) if error.was_not_made() => Outcome::Weighs { percent: 1 },
        Err(_) => Outcome::Failure,
        Ok(_) => Outcome::Success,
    };
    let call = || {
        let ask = |member: fusebox::Chosen<'_, &Pipeline<_>>| {
            member.value().call(&(), |()| Ok::<_, &str>(member.index()))
        };
        set.call_judged(judge, ask).map_err(|error| error.to_string())
    };
    assert_eq!(call(), Ok(0));
    let error = call().unwrap_err();
    assert!(error.starts_with("`eu`: rate limit is used up"), "{error}");
}

#[test]
fn o5_the_slots_of_a_registry_are_members() {
    static SERVICES: Registry<4> = Registry::new();
    let settings = BreakerConfig::new().failure_threshold(1).build();
    let members = SERVICES.panel().members(["shop eu", "shop us"], settings).unwrap();
    let shops = FailoverSet::new(members, FailoverConfig::new().build());
    assert!(shops.call(|_| Err::<(), _>("down")).is_err());
    assert_eq!(SERVICES.get("shop eu").unwrap().state(), State::Open);
    assert_eq!(shops.call(|shop| Ok::<_, ()>(shop.name())), Ok("shop us"));
    let full = SERVICES.panel().members(["a", "b", "c"], settings);
    assert!(matches!(full, Err(RegistryError::Full { .. })), "{full:?}");
    assert!(SERVICES.panel().members(["two\nlines"], settings).is_err());
}

#[test]
fn settings_are_checked_when_built() {
    let text = |config: FailoverConfig| config.try_build().unwrap_err().to_string();
    assert_eq!(text(FailoverConfig::new().burst(0)), "`burst` is 0, and must be from 1 to 160");
    assert_eq!(
        text(FailoverConfig::new().panic_below(101)),
        "`panic_below` is 101%, and must be from 0 to 100%"
    );
    assert_eq!(
        text(FailoverConfig::new().return_from(0)),
        "`return_from` is 0%, and must be from 1 to 100%"
    );
    assert!(text(FailoverConfig::new().return_over(Duration::from_hours(2))).starts_with('`'));
    let settings = FailoverConfig::new().build();
    assert_eq!(
        settings.to_string(),
        "spill_share=40% reserve_per_second=1 burst=20 panic_below=0% return_from=10% \
         return_over=10s sticky=off"
    );
    assert_eq!(FailoverConfig::from(settings).build(), settings);
}
