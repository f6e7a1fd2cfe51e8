//! Model M30: when the home of a failover set opens, no more spills onto the next member than
//! its budget has, and the change is told once. Where all calls may spill, none is refused.

use std::sync::{
    Arc as StdArc,
    atomic::{AtomicUsize, Ordering},
};

use fusebox::{
    BreakerConfig, CircuitBreaker, Event, FailoverConfig, FailoverSet, FailoverState, Member,
    Observer, planted::Defect,
};
use loom::{sync::Arc, thread};
use loom_tests::{TestClock, catches, check, claim, settings};

/// Counts the changes of a set to `Away`.
#[derive(Clone, Default)]
struct Moves(StdArc<AtomicUsize>);

impl Observer for Moves {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Failover(moved) = event
            && moved.state == FailoverState::Away
        {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Two members, and the set of them is made by whoever asks: it borrows them.
struct Regions {
    home: CircuitBreaker<TestClock, Moves>,
    next: CircuitBreaker<TestClock, Moves>,
    moves: Moves,
}

type Set = FailoverSet<'static, 2, (), TestClock, Moves>;

/// A set of two, onto whose second member `share` percent of the calls may spill, and one
/// besides. loom's threads borrow
/// nothing, so the breakers are leaked, a few words for each order.
fn set(share: u32) -> (Arc<Set>, &'static Regions) {
    let (clock, moves) = (TestClock::default(), Moves::default());
    let breaker =
        || CircuitBreaker::with(None, settings(BreakerConfig::new()), clock.clone(), moves.clone());
    let regions: &'static Regions =
        Box::leak(Box::new(Regions { home: breaker(), next: breaker(), moves: moves.clone() }));
    let config = FailoverConfig::new().spill_share(share).reserve_per_second(0).burst(1);
    let members = [Member::new("home", &regions.home), Member::new("next", &regions.next)];
    (Arc::new(FailoverSet::new(members, config.build())), regions)
}

/// The member that takes a call, if one does.
fn taken(set: &Set) -> Option<usize> {
    set.call(|member| Ok::<_, ()>(member.index())).ok()
}

/// The home has opened, and two calls want the one place that the next has.
fn two_calls_spill() {
    let (set, regions) = set(0);
    regions.home.force_open();
    let other = {
        let set = set.clone();
        thread::spawn(move || taken(&set))
    };
    let (mine, others) = (taken(&set), other.join().unwrap());
    let spilled = [mine, others].iter().filter(|at| **at == Some(1)).count();
    claim!(spilled == 1, "{spilled} calls took the one place");
    claim!([mine, others].contains(&None), "the other call found a place");
    let told = regions.moves.0.load(Ordering::SeqCst);
    claim!(told == 1, "that calls go elsewhere was told {told} times");
    claim!(set.state() == FailoverState::Away, "the set is {}", set.state());
}

/// The home opens while a call looks for a member.
fn home_opens_meanwhile() {
    let (set, regions) = set(0);
    let other = {
        let set = set.clone();
        thread::spawn(move || taken(&set))
    };
    regions.home.force_open();
    let first = other.join().unwrap();
    claim!(first.is_some(), "a call found neither the home nor the place");
    let second = taken(&set);
    let spilled = [first, second].iter().filter(|at| **at == Some(1)).count();
    claim!(spilled == 1, "{spilled} calls took the one place");
    let told = regions.moves.0.load(Ordering::SeqCst);
    claim!(told == 1, "that calls go elsewhere was told {told} times");
}

/// The home has opened, and the next may take all of its calls.
fn all_may_spill() {
    let (set, regions) = set(100);
    regions.home.force_open();
    let other = {
        let set = set.clone();
        thread::spawn(move || taken(&set))
    };
    let (mine, others) = (taken(&set), other.join().unwrap());
    let both = (mine, others) == (Some(1), Some(1));
    claim!(both, "of two calls that may spill, one found no place");
    claim!(set.spill_left(1) == 0, "a share was given twice");
}

#[test]
fn a_share_in_two_steps_is_caught() {
    catches(Defect::SharedInTwoSteps, all_may_spill);
}

#[test]
fn no_more_spills_than_the_budget_has_and_it_is_told_once() {
    check(two_calls_spill);
    check(home_opens_meanwhile);
    check(all_may_spill);
}

#[test]
fn a_spill_by_a_store_is_caught() {
    catches(Defect::WithdrawalByStore, two_calls_spill);
}

#[test]
fn a_move_by_a_store_is_caught() {
    catches(Defect::MovedByStore, two_calls_spill);
}
