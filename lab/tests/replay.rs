//! What a replay says of the calls that a trace recorded.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, Event, ManualClock, Observer, Outcome, Permit,
    State, Tick, Trace, TraceWord, Verdict,
};
use fusebox_lab::replay::{Story, StoryError, Told, Unknown};
use proptest::prelude::*;

/// An observer with a trace of its own.
struct Tape(Vec<TraceWord>, AtomicU64);

impl Tape {
    fn new(records: usize) -> Self {
        Self((0..Trace::words(records)).map(|_| TraceWord::new()).collect(), AtomicU64::new(0))
    }
}

impl Observer for Tape {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Transition(it) = event
            && it.to == State::Open
            && !it.forced
        {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn trace(&self) -> Option<Trace<'_>> {
        Some(Trace::new(&self.0))
    }
}

type Breaker<'a> = CircuitBreaker<&'a ManualClock, &'a Tape>;

fn recorded<'a>(settings: BreakerSettings, clock: &'a ManualClock, tape: &'a Tape) -> Breaker<'a> {
    let breaker = CircuitBreaker::with(None, settings, clock, tape);
    breaker.set_recorded(Some(7));
    breaker
}

fn story(tape: &Tape) -> Story {
    Story::of(tape.trace().unwrap().entries(), 7).unwrap()
}

/// What somebody does.
#[derive(Debug, Clone, Copy)]
enum Act {
    Begin,
    /// Ends the call in flight of this number, modulo how many there are.
    End(usize, Outcome, bool),
    /// Begins and ends a call.
    Call(Outcome),
    Wait(u64),
    Lose(usize),
    Force(u8),
    Set(u32),
    Batch(u16, u16),
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Success),
        4 => Just(Outcome::Failure),
        1 => Just(Outcome::Ignore),
        1 => (0..500_u16).prop_map(|percent| Outcome::Weighs { percent }),
        1 => (0..5_000_u32).prop_map(|millis| Outcome::Opens { millis }),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => Just(Act::Begin),
        6 => (0..9_usize, outcome(), any::<bool>()).prop_map(|(n, it, drop)| Act::End(n, it, drop)),
        6 => outcome().prop_map(Act::Call),
        4 => (0..40_u64).prop_map(Act::Wait),
        2 => (0..5_000_u64).prop_map(Act::Wait),
        1 => (0..9_usize).prop_map(Act::Lose),
        1 => (0..6_u8).prop_map(Act::Force),
        1 => (1..6_u32).prop_map(Act::Set),
        1 => (0..4_u16, 1..4_u16).prop_map(|(well, ill)| Act::Batch(well, ill)),
    ]
}

fn settings() -> impl Strategy<Value = BreakerSettings> {
    (1..6_u32, 0..3_u32, 1..3_000_u64, 1..3_u32, 1..3_u32, 0..2_u32, 0..3_u8, any::<bool>())
        .prop_map(|(threshold, weight, wait, probes, successes, doublings, kind, slow)| {
            let mut config = BreakerConfig::new()
                .failure_threshold(threshold)
                .recovery_timeout(Duration::from_millis(wait))
                .probes(probes)
                .successes_to_close(successes)
                .doublings(doublings);
            config = match kind {
                0 => config.failure_weight(weight),
                1 => config.window(8),
                _ => config.min_span(Duration::from_millis(5)).quiet(Duration::from_millis(900)),
            };
            if slow { config.slow_call(Duration::from_millis(30)).build() } else { config.build() }
        })
}

/// What was seen from outside.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    admitted: u64,
    refused: u64,
    failed: u64,
    openings: u64,
}

/// Does it all.
fn live(breaker: &Breaker<'_>, clock: &ManualClock, acts: &[Act]) -> Seen {
    let (mut seen, mut permits) = (Seen::default(), Vec::new());
    let is_bad = |it| u64::from(!matches!(it, Outcome::Success | Outcome::Ignore));
    for act in acts {
        match *act {
            Act::Begin => match breaker.try_acquire() {
                Ok(permit) => permits.push(permit),
                Err(_) => seen.refused += 1,
            },
            Act::End(number, outcome, drops) if !permits.is_empty() => {
                let permit = permits.swap_remove(number % permits.len());
                seen.admitted += 1;
                if drops {
                    drop(permit);
                } else {
                    seen.failed += is_bad(outcome);
                    permit.report(outcome);
                }
            }
            Act::Call(outcome) => match breaker.try_acquire() {
                Ok(permit) => {
                    seen.admitted += 1;
                    seen.failed += is_bad(outcome);
                    permit.report(outcome);
                }
                Err(_) => seen.refused += 1,
            },
            Act::Wait(millis) => clock.advance(Duration::from_millis(millis)),
            Act::Lose(number) if !permits.is_empty() => {
                std::mem::forget(permits.swap_remove(number % permits.len()));
            }
            Act::Force(0) => breaker.force_open(),
            Act::Force(1) => breaker.disable(),
            Act::Force(2) => breaker.trip(),
            Act::Force(3) => breaker.trip_for(Duration::from_secs(2)).unwrap(),
            Act::Force(4) => breaker.reset(),
            Act::Force(_) => breaker.close(),
            Act::Set(threshold) => {
                let _ = breaker
                    .update_settings(|it| it.config().failure_threshold(threshold).try_build());
            }
            Act::Batch(well, ill) => match breaker.acquire_many(well + ill) {
                Ok(batch) if batch.len() == usize::from(well + ill) => {
                    seen.admitted += u64::from(well + ill);
                    seen.failed += u64::from(ill);
                    batch.report_counts(well, ill);
                }
                Ok(batch) => {
                    seen.admitted += batch.len() as u64;
                    drop(batch);
                }
                Err(_) => seen.refused += 1,
            },
            _ => {}
        }
    }
    // Those that are in flight are in no record, unless they are probes.
    permits.into_iter().for_each(std::mem::forget);
    seen.openings = breaker.observer().1.load(Ordering::Relaxed);
    seen
}

/// An entry keeps four bits of the generation: a call that is stale may look like one of
/// the state in force.
#[test]
fn d4_a_probe_of_sixteen_generations_ago_is_stale_in_a_replay_too() {
    let (clock, tape) = (ManualClock::new(), Tape::new(4_096));
    let wait = Duration::from_millis(26);
    let settings =
        BreakerConfig::new().failure_threshold(1).recovery_timeout(wait).probes(2).build();
    let breaker = recorded(settings, &clock, &tape);
    breaker.try_acquire().unwrap().failure();
    clock.advance(wait);
    let old = breaker.try_acquire().unwrap();
    for _ in 0..8 {
        breaker.try_acquire().unwrap().failure();
        clock.advance(wait);
    }
    let probe = breaker.try_acquire().unwrap();
    assert_eq!(breaker.snapshot().generation, 2 + 16);
    assert_eq!(old.failure(), Verdict::Stale);
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(story(&tape).live().differing, 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn d4_replaying_the_live_settings_equals_what_happened(
        settings in settings(),
        acts in prop::collection::vec(act(), 0..150),
        began in prop_oneof![Just(0_u64), Just(0xFFFF_FF00), Just((1 << 40) - 2_000), 0..1_u64 << 40],
    ) {
        let (clock, tape) = (ManualClock::new(), Tape::new(4_096));
        clock.set(Tick::from_millis(began));
        let breaker = recorded(settings, &clock, &tape);
        let seen = live(&breaker, &clock, &acts);
        let story = story(&tape);
        let told = story.live();
        prop_assert_eq!(told.differing, 0, "{:?}\n{:#?}", told, tape.trace().unwrap().entries().collect::<Vec<_>>());
        prop_assert_eq!(told.refused, seen.refused);
        prop_assert_eq!(told.failed, seen.failed);
        prop_assert_eq!(told.openings, seen.openings);
        prop_assert!(told.admitted >= seen.admitted, "and probes that did not end");
        let known = acts.iter().all(|act| !matches!(act, Act::Set(_)));
        if known {
            prop_assert_eq!(story.tell(settings, Unknown::Succeed), told);
        }
    }

    /// What was written over is left out, and the rest equals what happened.
    #[test]
    fn d4_the_end_of_a_long_story_equals_what_happened(
        settings in settings(),
        acts in prop::collection::vec(act(), 300..600),
    ) {
        let (clock, tape) = (ManualClock::new(), Tape::new(128));
        let breaker = recorded(settings, &clock, &tape);
        live(&breaker, &clock, &acts);
        match Story::of(tape.trace().unwrap().entries(), 7) {
            Ok(story) => prop_assert_eq!(story.live().differing, 0, "{:?}\n{:?}", story.live(), tape.trace().unwrap().entries().collect::<Vec<_>>()),
            Err(error) => prop_assert_eq!(error, StoryError::Unknown, "all of it was written over"),
        }
    }

    #[test]
    fn any_words_are_a_story_or_none(words in prop::collection::vec(any::<u64>(), 64..300), written: u64) {
        let tape = Tape::foreign(&words, written);
        for entry in tape.trace().unwrap().entries() {
            if let Ok(story) = Story::of(tape.trace().unwrap().entries(), entry.breaker) {
                let _ = story.live();
            }
        }
    }
}

impl Tape {
    fn foreign(words: &[u64], written: u64) -> Self {
        let head = Trace::words(0);
        let word = |at: usize| {
            if at == 0 { written } else { words[at.saturating_sub(head).min(words.len() - 1)] }
        };
        Self((0..head + words.len()).map(|at| TraceWord::of(word(at))).collect(), AtomicU64::new(0))
    }
}

#[test]
fn other_settings_save_failures_and_lose_successes() {
    let (clock, tape) = (ManualClock::new(), Tape::new(1_024));
    let wait = Duration::from_secs(1);
    let settings = BreakerConfig::new().failure_threshold(3).recovery_timeout(wait).build();
    let breaker = recorded(settings, &clock, &tape);
    let call = |outcome| {
        clock.advance(Duration::from_millis(100));
        breaker.try_acquire().map(|permit: Permit<'_, _, _>| permit.report(outcome)).ok()
    };
    for _ in 0..3 {
        assert_eq!(call(Outcome::Failure), Some(Verdict::Recorded));
    }
    assert_eq!(breaker.state(), State::Open);
    // Nine that nobody knows of, and then a probe.
    for _ in 0..9 {
        assert_eq!(call(Outcome::Success), None);
    }
    for _ in 0..10 {
        assert_eq!(call(Outcome::Success), Some(Verdict::Recorded));
    }
    let story = story(&tape);
    let live = story.live();
    assert_eq!((live.calls, live.admitted, live.refused, live.openings), (22, 13, 9, 1));
    assert_eq!((live.differing, live.unknown, live.open), (0, 0, wait));

    // One that opens at once saves two failures, and probes at a call of the nine.
    let brittle = settings.config().failure_threshold(1).build();
    let (least, most) = (story.tell(brittle, Unknown::Succeed), story.tell(brittle, Unknown::Fail));
    assert_eq!((least.saved, most.saved), (2, 2));
    assert!(least.unknown > most.unknown && most.lost > least.lost, "{least:?} {most:?}");
    // One that never opens lets all of them through.
    let patient = settings.config().failure_threshold(100).build();
    let told: Told = story.tell(patient, Unknown::Fail);
    assert_eq!((told.refused, told.unknown, told.failed, told.openings), (0, 9, 12, 0));
}

#[test]
fn what_is_not_there_is_an_error() {
    let (clock, tape) = (ManualClock::new(), Tape::new(64));
    recorded(BreakerConfig::new().build(), &clock, &tape);
    let entries = || tape.trace().unwrap().entries();
    assert_eq!(Story::of(entries(), 8).unwrap_err(), StoryError::Unknown);
    assert_eq!(Story::of(entries().skip(1), 7).unwrap_err(), StoryError::Unknown);
    assert!(StoryError::NoStart.to_string().contains("written over"));
}

/// A shadow sees the same calls as the trace, and judges them by the same rules.
mod shadow {
    use super::*;

    fn settings() -> impl Strategy<Value = BreakerSettings> {
        (1..6_u32, prop_oneof![Just(None), (0..5_u32).prop_map(Some)], 1..300_u64, 0..3_u32)
            .prop_map(|(threshold, weight, timeout, doublings)| {
                let config = BreakerConfig::new()
                    .failure_threshold(threshold)
                    .recovery_timeout(Duration::from_millis(timeout))
                    .doublings(doublings);
                match weight {
                    Some(weight) => config.failure_weight(weight).build(),
                    None => config.window(threshold + 4).build(),
                }
            })
    }

    proptest! {
        /// One call at a time, and a live breaker that turns none away. A trace keeps how
        /// long a call took exactly where that is below 16 ms.
        #[test]
        fn d4_a_replay_of_a_shadows_settings_says_what_the_shadow_counted(
            other in settings(),
            calls in prop::collection::vec((outcome(), 0..16_u64, 0..100_u64), 1..200),
        ) {
            let (clock, tape) = (ManualClock::new(), Tape::new(1 << 12));
            clock.set(Tick::from_millis(5_000));
            let patient = BreakerConfig::new().failure_threshold(2_000).build();
            let breaker = recorded(patient, &clock, &tape);
            breaker.set_shadow(Some(other)).unwrap();
            for (outcome, took, gap) in calls {
                let outcome = match outcome {
                    Outcome::Opens { .. } => Outcome::Failure, // the live one would open
                    other => other,
                };
                let permit = breaker.try_acquire().unwrap();
                clock.advance(Duration::from_millis(took));
                permit.report(outcome);
                clock.advance(Duration::from_millis(gap));
            }
            let shadow = breaker.shadow().unwrap();
            let told = story(&tape).tell(other, Unknown::Fail);
            prop_assert_eq!((told.lost, told.saved), (shadow.lost, shadow.saved));
            prop_assert_eq!(told.failed, shadow.passed);
            prop_assert_eq!(told.openings, u64::from(shadow.openings));
            prop_assert_eq!((told.unknown, shadow.unknown), (0, 0));
        }
    }

    /// What the live breaker turned away, a replay tries, and bounds both ways; a shadow
    /// does not see it, and says how much there was.
    #[test]
    fn calls_that_were_turned_away_are_unknown_to_both() {
        let (clock, tape) = (ManualClock::new(), Tape::new(1 << 8));
        clock.set(Tick::from_millis(5_000));
        let settings = BreakerConfig::new().failure_threshold(2).build();
        let patient = BreakerConfig::new().failure_threshold(100).build();
        let breaker = recorded(settings, &clock, &tape);
        breaker.set_shadow(Some(patient)).unwrap();
        for _ in 0..5 {
            let _ = breaker.try_acquire().map(Permit::failure);
        }
        let shadow = breaker.shadow().unwrap();
        assert_eq!((shadow.passed, shadow.unknown), (2, 3));
        let failed = |unknown| story(&tape).tell(patient, unknown).failed;
        assert_eq!((failed(Unknown::Succeed), failed(Unknown::Fail)), (2, 5));
    }
}
