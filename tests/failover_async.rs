//! Failover sets and futures: O5.

mod common;

use std::{cell::Cell, future::Future, pin::pin, time::Duration};

use common::{after, context, finish};
use fusebox::{
    BreakerConfig, CircuitBreaker, DefaultObserver, FailoverConfig, FailoverError, FailoverSet,
    FailoverState, ManualClock, Member, Outcome, Rejected, State,
};

type Breaker<'a> = CircuitBreaker<&'a ManualClock>;
type Set<'a> = FailoverSet<'a, 2, (), &'a ManualClock>;

fn breakers(clock: &ManualClock) -> [Breaker<'_>; 2] {
    let settings =
        BreakerConfig::new().failure_threshold(1).recovery_timeout(Duration::from_secs(10)).build();
    [(); 2].map(|()| CircuitBreaker::with(None, settings, clock, DefaultObserver))
}

fn set<'a>(breakers: &'a [Breaker<'a>; 2], config: FailoverConfig) -> Set<'a> {
    let [eu, us] = breakers;
    FailoverSet::new([Member::new("eu", eu), Member::new("us", us)], config.build())
}

/// Without a ramp, so that a home that is back takes the next call.
const AT_ONCE: FailoverConfig = FailoverConfig::new().return_over(Duration::ZERO);

#[test]
fn o5_the_first_member_that_admits_is_awaited() {
    let clock = ManualClock::new();
    let breakers = breakers(&clock);
    let set = set(&breakers, AT_ONCE);
    let call = |waits| set.call_async(move |member| after(waits, Ok::<_, ()>(member.index())));
    assert_eq!(finish(call(3)), Ok(0));
    breakers[0].trip();
    assert_eq!(finish(call(3)), Ok(1));
    assert_eq!(set.state(), FailoverState::Away);
    breakers[1].trip();
    let error = finish(call(0)).unwrap_err();
    assert_eq!(
        error.as_refused().unwrap().to_string(),
        "no member took the call: `eu` is open, retry after 10s; `us` is open, retry after 10s"
    );
}

#[test]
fn o5_members_are_asked_at_the_first_poll() {
    let clock = ManualClock::new();
    let breakers = breakers(&clock);
    let set = set(&breakers, AT_ONCE);
    let call = set.call_async(|member| after(0, Ok::<_, ()>(member.name())));
    breakers[0].trip();
    assert_eq!(finish(call), Ok("us"));
}

#[test]
fn o5_a_call_that_is_dropped_gives_its_place_back() {
    let clock = ManualClock::new();
    let breakers = breakers(&clock);
    let set = set(&breakers, AT_ONCE);
    breakers[0].trip();
    breakers[1].force_open();
    clock.advance(Duration::from_secs(10));
    {
        let mut probe = pin!(set.call_async(|_| after(9, Ok::<_, ()>(()))));
        assert!(probe.as_mut().poll(&mut context()).is_pending());
        assert_eq!(breakers[0].snapshot().probes_in_flight, 1);
        assert!(finish(set.call_async(|_| after(0, Ok::<_, ()>(())))).is_err());
    }
    assert_eq!(breakers[0].snapshot().probes_in_flight, 0);
    assert_eq!(finish(set.call_async(|member| after(1, Ok::<_, ()>(member.name())))), Ok("eu"));
    assert_eq!(breakers[0].state(), State::Closed);
}

#[test]
fn o5_a_call_that_was_never_polled_takes_nothing() {
    let clock = ManualClock::new();
    let breakers = breakers(&clock);
    let set = set(&breakers, AT_ONCE.burst(1).spill_share(0).reserve_per_second(0));
    breakers[0].trip();
    drop(set.call_async(|_| after(0, Ok::<_, ()>(()))));
    assert_eq!((set.spill_left(1), set.state()), (1, FailoverState::Home));
    finish(set.call_async(|_| after(0, Ok::<_, ()>(())))).unwrap();
    assert_eq!((set.spill_left(1), set.spill_left(2)), (0, 0));
}

#[test]
fn o5_a_failed_call_goes_on_where_it_may_be_repeated() {
    let clock = ManualClock::new();
    let breakers = breakers(&clock);
    let set = set(&breakers, AT_ONCE);
    let asked = Cell::new(0);
    let fails_at_home = |at: usize| {
        asked.set(asked.get() + 1);
        after(2, if at == 0 { Err("down") } else { Ok(at) })
    };
    assert_eq!(finish(set.call_async_repeatable(|it| fails_at_home(it.index()))), Ok(1));
    assert_eq!(asked.take(), 2);
    breakers[0].close();
    let failed = finish(set.call_async(|it| fails_at_home(it.index())));
    assert_eq!(failed, Err(FailoverError::Failed { member: "eu", error: "down" }));
    assert_eq!(asked.take(), 1);
    breakers[0].close();
    let judge = |answer: Result<&usize, &&str>| match answer {
        Ok(_) => Outcome::Success,
        Err(_) => Outcome::Ignore,
    };
    let call = set.call_async_repeatable_judged(judge, |it| fails_at_home(it.index()));
    assert_eq!(finish(call).unwrap_err().into_failed(), Some("down"));
    assert_eq!((asked.take(), breakers[0].state()), (1, State::Closed));
    let call = set.call_async_judged(judge, |it| fails_at_home(it.index()));
    assert_eq!(finish(call).unwrap_err().into_failed(), Some("down"));
}

#[test]
fn o5_a_panic_is_a_failure_of_the_member() {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    let clock = ManualClock::new();
    let breakers = breakers(&clock);
    let set = set(&breakers, AT_ONCE);
    let polled = || -> Result<(), FailoverError<'_, (), 2>> {
        finish(set.call_async(|_| async { panic!("while it is polled") }))
    };
    assert!(catch_unwind(AssertUnwindSafe(polled)).is_err());
    assert_eq!(breakers[0].state(), State::Open);
    let made = || -> Result<(), FailoverError<'_, (), 2>> {
        finish(set.call_async(|_| {
            assert_eq!(breakers[1].state(), State::Open, "while it is made");
            after(0, Ok(()))
        }))
    };
    assert!(catch_unwind(AssertUnwindSafe(made)).is_err());
    assert_eq!(breakers[1].state(), State::Open);
}

#[test]
fn o5_a_refusal_becomes_the_callers_own_error() {
    #[derive(Debug, PartialEq)]
    enum Own {
        Unavailable(Option<Duration>),
        Failed,
    }
    impl From<Rejected> for Own {
        fn from(rejected: Rejected) -> Self {
            Self::Unavailable(rejected.retry_after())
        }
    }
    let clock = ManualClock::new();
    let breakers = breakers(&clock);
    let set = set(&breakers, AT_ONCE);
    let call = || set.call_async_into(|_| after(0, Err::<(), _>(Own::Failed)));
    assert_eq!(finish(call()), Err(Own::Failed));
    clock.advance(Duration::from_secs(3));
    assert_eq!(finish(call()), Err(Own::Failed));
    let wait = Some(Duration::from_secs(7));
    assert_eq!(finish(call()), Err(Own::Unavailable(wait)));
}

#[test]
fn a_call_can_be_sent_to_another_thread() {
    static EU: CircuitBreaker = CircuitBreaker::new(BreakerConfig::new().build());
    static SET: FailoverSet<1> =
        FailoverSet::new([Member::new("eu", &EU)], FailoverConfig::new().build());
    fn sent<F: Future + Send + 'static>(call: F) -> F::Output
    where
        F::Output: Send,
    {
        std::thread::spawn(|| finish(call)).join().unwrap()
    }
    assert_eq!(sent(SET.call_async(|_| after(1, Ok::<_, String>(5)))), Ok(5));
}
