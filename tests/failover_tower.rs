//! A failover set of tower's services: O5.

mod common;

use std::task::Poll;

use common::{context, finish};
use fusebox::{
    BreakerConfig, CircuitBreaker, FailoverConfig, FailoverError, FailoverSet, Member, Outcome,
    RefusalReason, State, tower::FailoverService,
};
use tower::Service;
use tower_test::mock::{self, Mock};

type Set<'a> = FailoverSet<'a, 2>;

fn breakers() -> [CircuitBreaker; 2] {
    [(); 2].map(|()| CircuitBreaker::new(BreakerConfig::new().failure_threshold(1).build()))
}

fn set(breakers: &[CircuitBreaker; 2]) -> Set<'_> {
    let [eu, us] = breakers;
    let config = FailoverConfig::new().spill_share(0).reserve_per_second(0).burst(1);
    FailoverSet::new([Member::new("eu", eu), Member::new("us", us)], config.build())
}

type Handle = mock::Handle<&'static str, &'static str>;

/// Two services, and whoever answers for them; none has room for a call yet.
fn services() -> ([Mock<&'static str, &'static str>; 2], [Handle; 2]) {
    let ((eu, mut at_eu), (us, mut at_us)) = (mock::pair(), mock::pair());
    at_eu.allow(0);
    at_us.allow(0);
    ([eu, us], [at_eu, at_us])
}

fn answer(handle: &mut Handle, with: &'static str) {
    let Poll::Ready(Some((_, send))) = handle.poll_request() else { panic!("no request is there") };
    send.send_response(with);
}

#[test]
fn o5_the_chosen_members_service_gets_ready_and_no_other() {
    let breakers = breakers();
    let set = set(&breakers);
    let (services, [mut at_eu, mut at_us]) = services();
    let mut shops = FailoverService::new(&set, services);
    at_us.allow(1);
    assert!(shops.poll_ready(&mut context()).is_pending(), "the home is busy, which is no outage");
    at_eu.allow(1);
    assert!(matches!(shops.poll_ready(&mut context()), Poll::Ready(Ok(()))));
    let call = shops.call("hello");
    answer(&mut at_eu, "from eu");
    assert_eq!(finish(call).unwrap(), "from eu");
}

#[test]
fn o5_a_home_that_opens_while_its_service_gets_ready_is_left() {
    let breakers = breakers();
    let set = set(&breakers);
    let (services, [_at_eu, mut at_us]) = services();
    let mut shops = FailoverService::new(&set, services);
    at_us.allow(1);
    assert!(shops.poll_ready(&mut context()).is_pending());
    breakers[0].trip();
    assert!(matches!(shops.poll_ready(&mut context()), Poll::Ready(Ok(()))));
    let call = shops.call("hello");
    answer(&mut at_us, "from us");
    assert_eq!(finish(call).unwrap(), "from us");
    // The budget is spent.
    assert!(matches!(shops.poll_ready(&mut context()), Poll::Ready(Ok(()))));
    let refused = finish(shops.call("hello")).unwrap_err();
    let reason = refused.as_refused().unwrap().each()[1].reason();
    assert_eq!(reason, RefusalReason::SpillOver);
}

#[test]
fn o5_what_was_reserved_before_an_opening_admits_nothing() {
    let breakers = breakers();
    let set = set(&breakers);
    let (services, [mut at_eu, _at_us]) = services();
    let mut shops = FailoverService::new(&set, services);
    at_eu.allow(1);
    assert!(matches!(shops.poll_ready(&mut context()), Poll::Ready(Ok(()))));
    breakers[0].trip();
    let refused = finish(shops.call("hello")).unwrap_err();
    let reasons = refused.as_refused().unwrap().each().map(|it| it.reason());
    assert_eq!(reasons, [RefusalReason::Breaker(State::Open), RefusalReason::NotAsked]);
}

#[test]
fn o5_what_is_not_used_is_given_back() {
    let breakers = breakers();
    let set = set(&breakers);
    breakers[0].trip();
    {
        let (services, [_at_eu, mut at_us]) = services();
        at_us.allow(1);
        let mut shops = FailoverService::new(&set, services);
        assert!(matches!(shops.poll_ready(&mut context()), Poll::Ready(Ok(()))));
        assert_eq!(set.spill_left(1), 0);
        let clone = shops.clone();
        drop(clone);
        assert_eq!(set.spill_left(1), 0);
    }
    assert_eq!(set.spill_left(1), 1);
}

#[test]
fn o5_a_service_that_cannot_get_ready_is_a_failure_and_gone() {
    let breakers = breakers();
    let set = set(&breakers);
    let (services, [mut at_eu, mut at_us]) = services();
    let mut shops = FailoverService::new(&set, services);
    at_eu.send_error("gone");
    at_us.allow(1);
    assert!(matches!(shops.poll_ready(&mut context()), Poll::Ready(Ok(()))));
    assert_eq!(breakers[0].state(), State::Open);
    let call = shops.call("hello");
    answer(&mut at_us, "from us");
    assert_eq!(finish(call).unwrap(), "from us");
    // It is not polled again, though its breaker would admit a call.
    breakers[0].close();
    assert!(matches!(shops.poll_ready(&mut context()), Poll::Ready(Ok(()))));
    let refused = finish(shops.call("hello")).unwrap_err();
    assert!(refused.as_refused().is_some());
}

#[test]
fn o5_the_last_service_that_is_gone_is_an_error_of_all() {
    let breakers = breakers();
    let set = set(&breakers);
    let (services, [mut at_eu, mut at_us]) = services();
    let mut shops = FailoverService::new(&set, services);
    at_eu.send_error("gone");
    at_us.send_error("gone, too");
    let Poll::Ready(Err(FailoverError::Failed { member, error })) =
        shops.poll_ready(&mut context())
    else {
        panic!("it is an error")
    };
    assert_eq!((member, error.to_string()), ("us", "gone, too".into()));
}

#[test]
fn o5_a_judge_says_what_an_answer_means() {
    let breakers = breakers();
    let set = set(&breakers);
    let (services, [mut at_eu, _at_us]) = services();
    let judge = |answer: Result<&&str, &tower::BoxError>| match answer {
        Ok(&"503") => Outcome::Failure,
        Ok(_) => Outcome::Success,
        Err(_) => Outcome::Ignore,
    };
    let mut shops = FailoverService::new(&set, services).judged(judge);
    at_eu.allow(2);
    for (with, state) in [("200", State::Closed), ("503", State::Open)] {
        assert!(matches!(shops.poll_ready(&mut context()), Poll::Ready(Ok(()))));
        let call = shops.call("hello");
        answer(&mut at_eu, with);
        assert_eq!(finish(call).unwrap(), with);
        assert_eq!(breakers[0].state(), state);
    }
    assert_eq!(shops.set().members()[0].name(), "eu");
}

#[test]
fn o5_a_call_that_is_dropped_counts_for_nothing() {
    let breakers = breakers();
    let set = set(&breakers);
    let (services, [mut at_eu, _at_us]) = services();
    let mut shops = FailoverService::new(&set, services);
    at_eu.allow(1);
    assert!(matches!(shops.poll_ready(&mut context()), Poll::Ready(Ok(()))));
    drop(shops.call("hello"));
    assert_eq!((breakers[0].state(), breakers[0].snapshot().score), (State::Closed, 0));
}
