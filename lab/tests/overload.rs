//! Overload: our goals are met, and are no gift.

use fusebox_lab::{
    intake::Work,
    table::overload::{CRITICAL, Figures, GOALS, Rule, measure},
};

/// Whether goodput and p99 are as they should be, and were soon.
fn is_well(figures: &Figures) -> bool {
    let (goodput, p99, settled) = GOALS;
    figures.goodput >= goodput
        && figures.p99 <= p99
        && figures.settled.is_some_and(|after| after <= settled)
}

#[test]
fn every_goal_is_met_at_twice_and_four_times_the_load() {
    for work in Work::ALL {
        for load in [2.0, 4.0] {
            for rule in [Rule::Ours, Rule::OursByAnswers] {
                let figures = measure(rule, work, load);
                assert!(is_well(&figures), "{work:?} × {load}, {rule:?}: {figures:?}");
                let [critical, default, sheddable, background] = figures.kept;
                assert!(load > 2.0 || critical >= CRITICAL, "{work:?}, {rule:?}: {figures:?}");
                assert!(critical > default && default > sheddable && sheddable > background);
            }
        }
    }
}

#[test]
fn goals_are_missed_without_a_guard_and_critical_calls_lost_without_priorities() {
    assert!(!is_well(&measure(Rule::Unguarded, Work::Exponential, 2.0)));
    for rule in [Rule::Bounded, Rule::Codel] {
        let figures = measure(rule, Work::Exponential, 2.0);
        assert!(figures.goodput >= GOALS.0 && figures.kept[0] < 0.6, "{rule:?}: {figures:?}");
    }
}

#[test]
fn below_its_capacity_a_server_answers_nearly_all() {
    for rule in Rule::ALL {
        let figures = measure(rule, Work::Exponential, 0.5);
        assert!(figures.goodput > 0.95, "{rule:?}: {figures:?}");
    }
}

#[test]
fn the_same_seeds_give_the_same_figures() {
    let run = || measure(Rule::Ours, Work::Heavy, 1.5);
    assert_eq!(run(), run());
}
