//! Fallbacks and degradation: F1 to F7.

mod common;

use std::{cell::Cell, future::ready, pin::pin, time::Duration};

use common::{Journal, after, finish, millis, poll_up_to};
use fusebox::{Degradation, Fallback, LastGood, ManualClock};

struct Task {
    words: &'static str,
}

static TASK: Task = Task { words: "fix the roof" };

type Answer = Result<usize, &'static str>;

#[test]
fn f1_the_fallback_gets_the_calls_own_arguments() {
    let heuristic = |task: &Task| -> Answer { Ok(task.words.len()) };
    let fallback = Fallback::new().or(&heuristic);
    assert_eq!(fallback.call(&TASK, |_| Err("down")), Ok(12));
    assert_eq!(fallback.call(&TASK, |task| Ok(task.words.len() + 1)), Ok(13));
}

#[test]
fn f1_and_the_error_where_it_asks() {
    let known = |task: &Task, error: &&'static str| -> Answer {
        if *error == "gone" { Ok(task.words.len()) } else { Err("cannot help") }
    };
    let fallback = Fallback::new().or_with(&known);
    assert_eq!(fallback.call(&TASK, |_| Err("gone")), Ok(12));
    assert_eq!(fallback.call(&TASK, |_| Err("other")), Err("cannot help"));
}

#[test]
fn f2_layers_are_asked_in_turn_until_one_answers() {
    for answering in 0..5u32 {
        let asked = Cell::new(0);
        let layer = |n: u32| {
            let asked = &asked;
            move |_: &u32| {
                asked.set(asked.get() + 1);
                if n == answering { Ok(n) } else { Err(n) }
            }
        };
        let (one, two, three) = (layer(1), layer(2), layer(3));
        let fallback = Fallback::new().or(&one).or(&two).or(&three);
        let result = fallback.call(&0, |_| if answering == 0 { Ok(0) } else { Err(0) });
        let expected = if answering == 4 { Err(3) } else { Ok(answering) };
        assert_eq!(result, expected, "the last error where nobody answers");
        assert_eq!(asked.get(), answering.min(3));
    }
}

#[test]
fn f2_each_layer_sees_the_error_of_the_one_before() {
    let more = |(): &(), error: &u32| Err::<(), _>(error + 1);
    let fallback = Fallback::new().or_with(&more).or_with(&more).or_with(&more);
    assert_eq!(fallback.call(&(), |()| Err(10)), Err(13));
}

#[test]
fn f3_the_event_carries_each_layers_error() {
    let journal = Journal::default();
    let fail = |n: u32| move |(): &()| Err::<u32, _>(n);
    let (one, two) = (fail(1), fail(2));
    let fallback = Fallback::new().or(&one).or(&two).named("infer").observer(&journal);
    assert_eq!(fallback.call(&(), |()| Err(0)), Err(2));
    assert_eq!(journal.take(), ["infer fallback, layer None, age None, 3 errors: [0, 1, 2]"]);
    let answers = |(): &()| Ok(7);
    assert_eq!(fallback.or(&answers).call(&(), |()| Err(0)), Ok(7));
    assert_eq!(journal.take(), ["infer fallback, layer Some(3), age None, 3 errors: [0, 1, 2]"]);
    assert_eq!(finish(fallback.call_async(&(), |()| ready(Err(0)))), Err(2));
    assert_eq!(journal.take(), ["infer fallback, layer None, age None, 3 errors: [0, 1, 2]"]);
    assert_eq!(fallback.call(&(), |()| Ok(5)), Ok(5));
    assert!(journal.take().is_empty(), "a success is no event");
}

#[test]
fn f4_sync_and_async_layers_mix_under_an_async_call() {
    async fn slow(task: &Task) -> Answer {
        after(2, Err(task.words)).await
    }
    fn quick(_: &Task, error: &&'static str) -> Answer {
        assert_eq!(*error, "fix the roof");
        Err("no")
    }
    // The function sees the error; the future borrows the arguments.
    fn knowing<'t>(task: &'t Task, error: &&'static str) -> impl Future<Output = Answer> + use<'t> {
        assert_eq!(*error, "no");
        after(1, Ok(task.words.len()))
    }
    let fallback = Fallback::new().or_async(slow).or_with(quick).or_async_with(knowing);
    let mut call = pin!(fallback.call_async(&TASK, |_| after(1, Err("down"))));
    // One await of the call, two of the first layer, one of the third.
    assert!(poll_up_to(4, call.as_mut()).is_none());
    assert_eq!(poll_up_to(1, call.as_mut()), Some(Ok(12)));
    // A chain of sync layers alone fits both.
    let both = Fallback::new().or(|_: &Task| Ok::<_, &str>(2));
    assert_eq!(both.call(&TASK, |_| Err("down")), Ok(2));
    assert_eq!(finish(both.call_async(&TASK, |_| ready(Err("down")))), Ok(2));
}

#[test]
fn f5_a_silent_one_sends_no_event() {
    let journal = Journal::default();
    let basic = |(): &()| Ok::<_, &str>(1);
    let fallback = Fallback::new().or(&basic).observer(&journal);
    let _ = fallback.silent().call(&(), |()| Err("x"));
    assert!(journal.take().is_empty());
    let _ = fallback.call(&(), |()| Err("x"));
    assert_eq!(journal.take().len(), 1);
    let mut store = Degradation::with(None, &journal).silent();
    assert!(store.try_primary(|| Err::<(), _>("x")).is_none());
    store.use_fallback(|_| ());
    assert!(journal.take().is_empty());
}

#[test]
fn f3_a_degradations_event_comes_after_the_answer_and_names_who_answered() {
    let journal = Journal::default();
    let mut store = Degradation::with(Some("store"), &journal);
    assert!(store.try_primary(|| Err::<(), _>("full")).is_none());
    let kept = store.use_fallback(|error| {
        assert!(journal.take().is_empty(), "nothing has answered yet");
        error.copied()
    });
    assert_eq!(kept, Some("full"));
    let told = ["store fallback, layer Some(1), age None, 1 errors: [\"full\"]"];
    assert_eq!(journal.take(), told);

    let failed = store.try_fallback(|_| Err::<(), _>("network down"));
    assert_eq!(failed, Err("network down"));
    let neither = "store fallback, layer None, age None, 2 errors: [\"full\", \"network down\"]";
    assert_eq!(journal.take(), [neither]);
    assert_eq!(store.try_fallback(|_| Ok::<_, &str>(7)), Ok(7));
    assert_eq!(journal.take(), told);

    // Async ones likewise, and one that is dropped has not answered.
    {
        let mut asking = pin!(store.use_fallback_async(|_| after(2, 7)));
        assert!(poll_up_to(1, asking.as_mut()).is_none());
        assert!(journal.take().is_empty());
        assert_eq!(finish(asking), 7);
        assert_eq!(journal.take(), told);
        let mut dropped = Box::pin(store.use_fallback_async(|_| after(2, 7)));
        assert!(poll_up_to(1, dropped.as_mut()).is_none());
        drop(dropped);
        assert!(journal.take().is_empty());
    }
    let failed = store.try_fallback_async(|_| after(1, Err::<(), _>("network down")));
    assert_eq!(finish(failed), Err("network down"));
    assert_eq!(journal.take(), [neither]);
}

#[test]
fn no_layer_hands_the_error_on() {
    let journal = Journal::default();
    let none = Fallback::new().observer(&journal);
    assert_eq!(none.call(&(), |()| Err::<(), _>("x")), Err("x"));
    assert!(journal.take().is_empty());
}

#[test]
fn f6_degradation_remembers_whether_and_with_what() {
    let journal = Journal::default();
    let mut store = Degradation::with(Some("store"), &journal);
    assert!(!store.failed() && store.error().is_none());
    assert_eq!(store.try_primary(|| Ok::<_, &str>(1)), Some(1));
    assert_eq!(store.try_primary(|| Err::<i32, _>("full")), None);
    assert!(store.failed());
    assert_eq!(store.error(), Some(&"full"));
    assert!(journal.take().is_empty(), "the fallback runs only when asked for");
    assert_eq!(store.use_fallback(|error| error.map(|text| text.len())), Some(4));
    assert_eq!(journal.take(), ["store fallback, layer Some(1), age None, 1 errors: [\"full\"]"]);
    // It stays failed until a primary succeeds.
    assert!(store.failed());
    assert_eq!(store.try_primary(|| Ok(2)), Some(2));
    assert!(!store.failed() && store.error().is_none());
    assert_eq!(store.use_fallback(|error| error.map(|text| text.len())), None);
    assert!(journal.take().is_empty(), "nothing had failed");
}

#[test]
fn f6_none_is_not_a_failure() {
    let mut store = Degradation::new();
    assert_eq!(store.try_primary(|| Ok::<Option<u32>, ()>(None)), Some(None));
    assert!(!store.failed());
}

#[test]
fn f6_the_same_for_async() {
    let mut store = Degradation::new();
    assert_eq!(finish(store.try_primary_async(after(2, Err::<u32, _>("x")))), None);
    assert_eq!(store.error(), Some(&"x"));
    let kept = store.use_fallback_async(|error| after(1, error.copied()));
    assert_eq!(finish(kept), Some("x"));
    {
        let cancelled = pin!(store.try_primary_async(after(3, Ok(1))));
        assert!(poll_up_to(2, cancelled).is_none());
    }
    assert_eq!(store.take_error(), Some("x"), "a cancelled call changes nothing");
    assert!(!store.failed());
}

#[test]
fn f7_the_last_good_value_answers_with_its_age() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let last = LastGood::with(&clock);
    let price = Fallback::new().or_last_good(&last).observer(&journal);
    let ask = |result: Result<u32, &'static str>| price.call(&(), |()| result);
    assert_eq!(ask(Err("first")), Err("first"), "nothing is known yet");
    assert_eq!(journal.take(), ["- fallback, layer None, age None, 1 errors: [\"first\"]"]);
    assert_eq!(ask(Ok(10)), Ok(10));
    clock.advance(millis(500));
    assert_eq!(ask(Ok(20)), Ok(20));
    clock.advance(millis(1_500));
    assert_eq!(ask(Err("down")), Ok(20));
    assert_eq!(journal.take(), ["- fallback, layer Some(1), age Some(1.5s), 1 errors: [\"down\"]"]);
    assert_eq!(last.get(), Some((20, millis(1_500))));
    // Its own answers are not noted as new.
    assert_eq!(finish(price.call_async(&(), |()| ready(Err("down")))), Ok(20));
    assert_eq!(finish(price.call_async(&(), |()| ready(Ok::<_, &str>(30)))), Ok(30));
    assert_eq!(last.get(), Some((30, Duration::ZERO)));
    last.clear();
    assert_eq!(ask(Err("down")), Err("down"));
}

#[test]
fn f7_one_too_old_is_not_given_out_and_the_next_layer_is_asked() {
    let clock = ManualClock::new();
    let last = LastGood::with_max_age(millis(1_000), &clock);
    let basic = |(): &()| Ok::<_, &str>(0);
    let price = Fallback::new().or_last_good(&last).or(&basic);
    assert_eq!(price.call(&(), |()| Ok(10)), Ok(10));
    clock.advance(millis(1_000));
    assert_eq!(price.call(&(), |()| Err("down")), Ok(10));
    clock.advance(millis(1));
    assert_eq!(price.call(&(), |()| Err("down")), Ok(0));
}

#[test]
fn the_persistence_preset_goes_on() {
    let journal = Journal::default();
    let fallback = fusebox::presets::persistence().named("log").observer(&journal);
    let saved: Result<(), std::io::Error> =
        fallback.call("line", |_| Err(std::io::ErrorKind::StorageFull.into()));
    assert!(saved.is_ok());
    assert_eq!(
        journal.take(),
        ["log fallback, layer Some(1), age None, 1 errors: [Kind(StorageFull)]"]
    );
}
