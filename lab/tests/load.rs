//! What fusebox promises about load: a service is brought back by a ramp and not without
//! one, and only load makes a breaker shed.

use fusebox_lab::{
    field,
    table::{cold_cache, shedding},
    time::Time,
};

#[test]
fn a_cold_service_comes_back_by_a_ramp_and_not_without() {
    let without = cold_cache::cold(&field::ours(), 50);
    assert!(without.collapses > 100 && without.back.is_none(), "{without:?}");
    let with = cold_cache::cold(&cold_cache::ours(cold_cache::RAMP), 50);
    assert_eq!((with.collapses, with.shut, with.failed), (0, 0, 0), "{with:?}");
    assert!(with.back.is_some_and(|back| back <= Time::secs(20)), "{with:?}");
    // It gets too much before it is warm.
    assert!(cold_cache::cold(&cold_cache::ours(5), 50).collapses > 0);
}

#[test]
fn errors_that_are_not_from_load_shed_nothing() {
    let refused = shedding::refused_without_load(&shedding::only_sheds(), 33);
    assert!(refused <= 0.0, "{refused}");
}

#[test]
fn what_is_shed_is_worth_more_than_it_costs() {
    let load = shedding::load_of(33);
    let of = |contender| shedding::successes(&contender, load, 30, "");
    let (none, sheds) = (of(field::unguarded()), of(shedding::only_sheds()));
    assert!(none < 0.8 && sheds > 0.96, "{none}, {sheds}");
}
