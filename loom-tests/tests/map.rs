//! Model M35: of callers that a breaker learns of at once none is lost, nor are their
//! attempts; and whoever stops watching a breaker leaves those that watch it from then on.

use fusebox::{BreakerConfig, CallerWords, Surroundings, planted::Defect};
use loom::{sync::Arc, thread};
use loom_tests::{breaker, catches, check, claim};

const PANEL: u32 = 7;

/// The words of a breaker that learns who calls it.
fn words() -> Arc<CallerWords> {
    let words = CallerWords::new();
    words.learn(PANEL, 9);
    Arc::new(words)
}

/// Two of the same word call at once, and a stranger.
fn two_callers() {
    let words = words();
    let other = {
        let words = Arc::clone(&words);
        thread::spawn(move || {
            words.note(Surroundings::inside(PANEL, 1));
            words.note(Surroundings::inside(PANEL + 1, 3));
        })
    };
    words.note(Surroundings::inside(PANEL, 2));
    other.join().unwrap();
    let known = words.get();
    claim!(known.has(1) && known.has(2), "an edge was lost: {known:?}");
    claim!(known.iter().count() == 2, "an edge that no call made: {known:?}");
}

/// One has more attempts around the call, and the other more inside it.
fn two_that_try_again() {
    let words = words();
    let other = {
        let words = Arc::clone(&words);
        thread::spawn(move || words.note_tries(3, 1))
    };
    words.note_tries(1, 4);
    other.join().unwrap();
    let known = words.get();
    let attempts = (known.attempts_around(), known.attempts_within());
    claim!(attempts == (3, 4), "attempts were lost: {attempts:?}");
}

/// The breaker is on the map; it is taken off and put on again, under another number, at once.
fn off_and_on() {
    let (breaker, _) = breaker(BreakerConfig::new());
    breaker.set_mapped(Some(1)).unwrap();
    let other = {
        let breaker = Arc::clone(&breaker);
        thread::spawn(move || breaker.set_mapped(None).unwrap())
    };
    breaker.set_mapped(Some(2)).unwrap();
    other.join().unwrap();
    let (learns, watched) = (breaker.callers().is_learning(), breaker.has_watched_gate());
    claim!(learns == watched, "it learns: {learns}, and its calls are looked at: {watched}");
}

#[test]
fn of_racing_callers_none_is_lost() {
    check(two_callers);
    check(two_that_try_again);
    check(off_and_on);
}

#[test]
fn a_store_loses_one() {
    catches(Defect::BitsSetByStore, two_callers);
    catches(Defect::LostUpdate, two_that_try_again);
}

#[test]
fn who_does_not_look_again_leaves_a_breaker_unwatched() {
    catches(Defect::WatchNotLookedAtAgain, off_and_on);
}
