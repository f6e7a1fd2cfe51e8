//! Models M8 and M9: settings changed under load: every decision is explained by
//! the old ones or the new ones, and no change is lost.

use std::time::Duration;

use fusebox::{BreakerConfig, State, planted::Defect};
use loom::thread;
use loom_tests::{TIMEOUT, breaker, catches, check, claim, fail, settings};

/// Both settings open at the first failure; the defaults would not.
fn threshold() {
    let (breaker, _) = breaker(BreakerConfig::new().failure_threshold(1));
    let other = {
        let breaker = breaker.clone();
        let new = settings(BreakerConfig::new().failure_threshold(1).probes(2));
        thread::spawn(move || breaker.set_settings(new))
    };
    fail(&breaker);
    other.join().unwrap();
    claim!(breaker.state() == State::Open, "old and new open; it is {}", breaker.state());
}

/// A rejection's wait is the old one or the new one.
fn timeout() {
    const NEW: Duration = Duration::from_millis(700);
    let (breaker, _) = breaker(BreakerConfig::new().failure_threshold(1));
    fail(&breaker);
    let other = {
        let breaker = breaker.clone();
        let new = BreakerConfig::new().failure_threshold(1).recovery_timeout(NEW).build();
        thread::spawn(move || breaker.set_settings(new))
    };
    let seen = breaker.try_acquire().map(std::mem::forget).map_err(|r| r.retry_after());
    other.join().unwrap();
    let after = breaker.try_acquire().map(std::mem::forget).map_err(|r| r.retry_after());
    claim!(seen == Err(Some(TIMEOUT)) || seen == Err(Some(NEW)), "neither old nor new: {seen:?}");
    claim!(after == Err(Some(NEW)), "the next decision is by the new ones: {after:?}");
    claim!(breaker.snapshot().generation == 1, "settings change no state");
}

/// Two operators change a setting each: both are in force afterwards.
fn two_updates() {
    let (breaker, _) = breaker(BreakerConfig::new());
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.update_settings(|it| it.config().probes(2).try_build()))
    };
    let own = breaker.update_settings(|it| it.config().failure_threshold(7).try_build());
    let both = own.is_ok() && other.join().unwrap().is_ok();
    let settings = breaker.settings();
    claim!(
        both && (settings.probes(), settings.failure_threshold()) == (2, 7),
        "a change is lost: {settings}"
    );
}

#[test]
fn of_racing_changes_none_is_lost() {
    check(two_updates);
    catches(Defect::SettingsUpdatedByStore, two_updates);
}

#[test]
fn every_decision_is_by_the_old_or_the_new_settings() {
    check(threshold);
    check(timeout);
}

#[test]
fn settings_that_vanish_for_a_moment_are_caught() {
    catches(Defect::SettingsClearedFirst, threshold);
    catches(Defect::SettingsClearedFirst, timeout);
}
