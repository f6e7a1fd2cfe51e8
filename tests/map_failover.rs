//! The edges of failover sets: those to the members that took the calls.

mod common;

use std::{cell::RefCell, collections::BTreeSet};

use common::config;
use fusebox::{
    Caller, CircuitBreaker, DefaultObserver, FailoverConfig, FailoverSet, ManualClock, Map, Member,
    Name,
};

type Breaker<'a> = CircuitBreaker<&'a ManualClock>;
type Set<'a> = FailoverSet<'a, 2, (), &'a ManualClock>;

const NAMES: [&str; 5] = ["page", "eu", "us", "db", "cron"];

/// All of them mapped, under the numbers from 1 on.
fn breakers(clock: &ManualClock) -> [Breaker<'_>; 5] {
    let mut numbers = 1..;
    NAMES.map(|name| {
        let name = Some(Name::new(name));
        let breaker = CircuitBreaker::with(name, config().build(), clock, DefaultObserver);
        breaker.set_mapped(numbers.next()).unwrap();
        breaker
    })
}

fn set<'a>([_, eu, us, ..]: &'a [Breaker<'a>; 5]) -> Set<'a> {
    let members = [Member::new("eu", eu), Member::new("us", us)];
    FailoverSet::new(members, FailoverConfig::new().build())
}

fn edges(breakers: &[Breaker<'_>; 5]) -> BTreeSet<(String, String)> {
    let map = Map::of_own(breakers.each_ref().map(CircuitBreaker::reading));
    let name = |node: &fusebox::MapNode| node.name().unwrap().to_string();
    map.edges().map(|(from, to)| (name(from), name(to))).collect()
}

fn expected(pairs: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
}

fn ok(breaker: &Breaker<'_>) -> Result<(), &'static str> {
    breaker.call(|| Ok::<_, &str>(())).map_err(|_| "down")
}

#[test]
fn d5_a_member_that_takes_a_call_has_an_edge_and_others_have_none() {
    let clock = ManualClock::new();
    let breakers = breakers(&clock);
    let [page, eu, _, db, _] = &breakers;
    let set = set(&breakers);
    let call = || page.call(|| set.call(|_| ok(db)).map_err(|_| "down"));
    assert!(call().is_ok());
    let home = [("page", "eu"), ("eu", "db")];
    assert_eq!(edges(&breakers), expected(&home), "the other one was not asked");
    eu.trip();
    eu.forget_callers();
    assert!(call().is_ok());
    // The member that is open admitted nothing.
    assert_eq!(edges(&breakers), expected(&[("page", "us"), ("eu", "db"), ("us", "db")]));
    assert_eq!(Caller::current(), Caller::NONE);
}

#[test]
fn d5_a_call_that_is_made_again_elsewhere_has_both_edges() {
    let clock = ManualClock::new();
    let breakers = breakers(&clock);
    let [page, .., db, cron] = &breakers;
    let set = set(&breakers);
    let took = RefCell::new(Vec::new());
    let answer = page.call(|| {
        let answer = set.call_repeatable(|member| {
            took.borrow_mut().push(member.name().to_owned());
            // Of each member's call its own edges.
            if member.name() == "eu" { ok(db).and(Err("down")) } else { ok(cron) }
        });
        answer.map_err(|_| "down")
    });
    assert!(answer.is_ok());
    assert_eq!(took.into_inner(), ["eu", "us"]);
    let all = [("page", "eu"), ("page", "us"), ("eu", "db"), ("us", "cron")];
    assert_eq!(edges(&breakers), expected(&all));
    assert_eq!(Caller::current(), Caller::NONE);
}

#[tokio::test]
async fn d5_awaited_calls_of_a_set_have_their_own_edges_though_they_take_turns() {
    let clock = ManualClock::new();
    let breakers = breakers(&clock);
    let [page, eu, _, db, cron] = &breakers;
    let set = set(&breakers);
    let read = async || {
        let answer = set.call_async_repeatable(|member| async move {
            tokio::task::yield_now().await;
            if member.name() == "eu" {
                return Err("down");
            }
            tokio::task::yield_now().await;
            ok(db)
        });
        answer.await.map_err(|_| "down")
    };
    let other = async || {
        for _ in 0..9 {
            tokio::task::yield_now().await;
            ok(eu)?;
        }
        Ok::<_, &str>(())
    };
    let (one, two) = tokio::join!(page.call_async(read()), cron.call_async(other()));
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    let all = [("page", "eu"), ("page", "us"), ("us", "db"), ("cron", "eu")];
    assert_eq!(edges(&breakers), expected(&all));
    assert_eq!(Caller::current(), Caller::NONE);
}
