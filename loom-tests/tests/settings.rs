//! Models M8 and M9: settings changed under load: every decision is explained by
//! the old rule or the new one, and the old wait or the new one, and no change is
//! lost.

use std::time::Duration;

use fusebox::{BreakerConfig, BreakerSettings, State, planted::Defect};
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
fn updates(own: fn(BreakerConfig) -> BreakerConfig) -> BreakerSettings {
    let (breaker, _) = breaker(BreakerConfig::new());
    let other = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.update_settings(|it| it.config().probes(2).try_build()))
    };
    let own = breaker.update_settings(|it| own(it.config()).try_build());
    claim!(own.is_ok() && other.join().unwrap().is_ok(), "a change is refused");
    breaker.settings()
}

/// Both are of the wait.
fn updates_of_one_word() {
    let settings = updates(|it| it.doublings(3));
    let both = (settings.probes(), settings.doublings());
    claim!(both == (2, 3), "a change is lost: {settings}");
}

/// One is of the rule.
fn updates_of_two_words() {
    let settings = updates(|it| it.failure_threshold(7));
    let both = (settings.probes(), settings.failure_threshold());
    claim!(both == (2, 7), "a change is lost: {settings}");
}

#[test]
fn of_racing_changes_none_is_lost() {
    check(updates_of_one_word);
    check(updates_of_two_words);
    catches(Defect::SettingsUpdatedByStore, updates_of_one_word);
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
