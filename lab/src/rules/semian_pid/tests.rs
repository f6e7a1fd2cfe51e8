use super::*;
use crate::rules::testing::{Rig, same};

/// The state after one step from the beginning, by its parts.
fn after(shares: &[f64]) -> SemianPid {
    let mut rule = SemianPid::default();
    for &share in shares {
        rule.step(share);
    }
    rule
}

#[test]
fn the_proportional_term_by_hand() {
    // e = 0.2 is above the cap, so the ideal share stays 0.05 and d = 0.15.
    let one = after(&[0.2]);
    assert!(same(one.p, 0.15) && same(one.integral, 0.15) && same(one.rejection, 0.18));
    // p = 0.15 - 0.85 x 0.18 = -0.003; r = 0.18 - 0.003 + 0.2 x 0.147.
    let two = after(&[0.2, 0.2]);
    assert!(same(two.p, -0.003) && same(two.integral, 0.147));
    assert!(same(two.rejection, 0.2064));
    // p = 0.15 - 0.85 x 0.2064; the integral is 0.147 + p.
    let three = after(&[0.2, 0.2, 0.2]);
    assert!(same(three.p, -0.02544) && same(three.integral, 0.12156));
    assert!(same(three.rejection, 0.2064 - 0.02544 + 0.2 * 0.12156));
}

#[test]
fn an_outage_is_rejected_wholly_at_once() {
    let rule = after(&[1.0]);
    assert!(same(rule.p, 0.95) && same(rule.rejection, 1.0));
}

#[test]
fn shopifys_first_windows_of_no_errors() {
    // experiments/results/csv/sudden_error_spike_100_adaptive_pid_controller.csv: ideal
    // error rates 4.61, 4.25 and 3.92 %; lowest integrals -0.0461, -0.0886 and -0.1278.
    let rules = [after(&[0.0]), after(&[0.0; 2]), after(&[0.0; 3])];
    let rounded = |digits: f64, number: f64| libm::round(number * digits) / digits;
    let ideals = rules.each_ref().map(|rule| rounded(1e4, rule.ideal()));
    assert!(ideals.iter().zip([0.0461, 0.0425, 0.0392]).all(|(&a, b)| same(a, b)));
    let integrals = rules.each_ref().map(|rule| rounded(1e4, rule.terms().0));
    let published = [-0.0461, -0.0886, -0.1278];
    assert!(integrals.iter().zip(published).all(|(&a, b)| same(a, b)), "{integrals:?}");
}

#[test]
fn the_dead_zone_is_a_quarter_of_the_ideal() {
    let rule = after(&[0.06]);
    assert!(same(rule.ideal(), 0.0017 * 0.06 + 0.9983 * 0.05));
    assert!(same(rule.p, 0.0) && same(rule.rejection, 0.0));
    let rule = after(&[0.07]);
    assert!(same(rule.p, 0.07 - rule.ideal()), "beyond it the whole difference counts");
    let rule = after(&[0.02]);
    assert!(same(rule.p, 0.02 - rule.ideal()), "and below the ideal too");
}

#[test]
fn the_ideal_share_ignores_what_is_above_the_cap() {
    assert!(same(after(&[0.1001; 100]).ideal(), 0.05));
    assert!(after(&[0.1; 100]).ideal() > 0.05);
}

#[test]
fn after_half_an_hour_the_ideal_moves_half_as_fast() {
    let mut smoother = Smoother { value: 0.05, observations: 1_798 };
    smoother.observe(0.0);
    assert!(same(smoother.value, 0.05 * (1.0 - 0.078)));
    let before = smoother.value;
    smoother.observe(0.0);
    assert!(same(smoother.value, before * (1.0 - 0.039)));
    let before = smoother.value;
    smoother.observe(0.1);
    assert!(same(smoother.value, 0.0009 * 0.1 + 0.9991 * before));
}

#[test]
fn the_integral_is_held_within_ten() {
    let rule = SemianPid { integral: 9.9, rejection: 1.0, ..SemianPid::default() };
    let mut high = rule.clone();
    high.step(1.0);
    assert!(same(high.integral, 10.0));
    let mut low = SemianPid { integral: -9.5, ..rule };
    low.step(0.0);
    assert!(same(low.integral, -10.0));
    assert_eq!(low.rejection.to_bits(), 0.0_f64.to_bits());
}

#[test]
fn the_window_is_of_ten_seconds_and_two_thousand_calls() {
    let mut rig = Rig::new(SemianPid::default());
    assert!(rig.fail(2_500));
    assert_eq!(rig.rule.errors.len(), 2_000);
    assert!(same(rig.rule.error_share(Time::secs(10)), 1.0));
    assert!(same(rig.rule.error_share(Time::micros(10_000_001)), 0.0));
}

#[test]
fn rejections_are_recorded_and_do_not_dilute() {
    let mut rig = Rig::new(SemianPid { rejection: 1.0, ..SemianPid::default() });
    assert!(!rig.fail(1));
    assert_eq!((rig.rule.rejections.len(), rig.rule.errors.len()), (1, 0));
}

#[test]
fn shopifys_windows_at_the_start_of_an_outage() {
    // The same file, windows 60 to 64: means of 60 controllers.
    let smoother = Smoother { value: 0.0075, observations: 3_600 };
    let mut rule = SemianPid { smoother, integral: -0.3237, ..SemianPid::default() };
    let errors = [0.2494, 0.369, 0.4411, 0.4981];
    let rejections = [0.2276, 0.4736, 0.7029, 0.9246];
    let integrals = [-0.0809, 0.1376, 0.3057, 0.4414];
    for ((share, rejection), integral) in errors.into_iter().zip(rejections).zip(integrals) {
        rule.step(share);
        assert!((rule.rejection - rejection).abs() < 0.01, "{}", rule.rejection);
        assert!((rule.integral - integral).abs() < 0.005, "{}", rule.integral);
    }
}

#[test]
fn an_outage_is_let_through_until_the_window_tells() {
    let mut rig = Rig::new(SemianPid::default());
    rig.run(100, Time::secs(60), 0.01);
    let ran = rig.run(100, Time::secs(8), 1.0);
    assert!((200..500).contains(&ran.failed), "{ran:?}");
    assert!(same(rig.rule.rejection(), 1.0));
    // Nothing passes, so the window empties, and an empty window has no errors: it
    // opens a little again in the midst of the outage, as Shopify's windows 74 to 79 do.
    let ran = rig.run(100, Time::secs(14), 1.0);
    assert!(ran.failed > 0, "{ran:?}");
}
