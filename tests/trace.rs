//! A trace of calls: what is recorded of them, in a ring that is written over.

mod common;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use common::{TIMEOUT, config, millis};
use fusebox::{
    CircuitBreaker, DefaultObserver, Entry, Event, ManualClock, Observer, Outcome, Pipeline, State,
    Tick, Trace, TraceWord, Verdict, What,
};

/// An observer with a trace of its own.
struct Tape(Vec<TraceWord>);

impl Tape {
    fn new(records: usize) -> Self {
        Self((0..Trace::words(records)).map(|_| TraceWord::new()).collect())
    }

    fn trace(&self) -> Trace<'_> {
        Trace::new(&self.0)
    }

    /// What happened, without checkpoints.
    fn happened(&self) -> Vec<What> {
        let all = self.trace().entries().map(|it| it.what);
        all.filter(|it| !matches!(it, What::Checkpoint(_))).collect()
    }
}

impl Observer for Tape {
    fn on_event(&self, _: &Event<'_>) {}

    fn trace(&self) -> Option<Trace<'_>> {
        Some(self.trace())
    }
}

type Breaker<'a> = CircuitBreaker<&'a ManualClock, &'a Tape>;

fn breaker<'a>(clock: &'a ManualClock, tape: &'a Tape) -> Breaker<'a> {
    CircuitBreaker::with(None, config().build(), clock, tape)
}

fn ended(outcome: Outcome, took: u64) -> What {
    let verdict = Some(Verdict::Recorded);
    What::Ended { outcome, took: millis(took), slow: false, charged: false, verdict }
}

#[test]
fn nothing_is_recorded_unless_somebody_asks() {
    let (clock, tape) = (ManualClock::new(), Tape::new(64));
    let breaker = breaker(&clock, &tape);
    let _ = breaker.call(|| Err::<(), _>(()));
    assert_eq!((tape.trace().written(), breaker.recorded()), (0, None));
    breaker.set_recorded(Some(4_095));
    assert_eq!(breaker.recorded(), Some(4_095));
    let _ = breaker.call(|| Ok::<_, ()>(()));
    let written = tape.trace().written();
    assert!(written > 0);
    breaker.set_recorded(None);
    let _ = breaker.call(|| Err::<(), _>(()));
    assert_eq!((tape.trace().written(), breaker.recorded()), (written, None));
    // Without a trace a mark does no harm.
    let lone = CircuitBreaker::with(None, config().build(), &clock, DefaultObserver);
    lone.set_recorded(Some(1));
    assert!(lone.call(|| Ok::<_, ()>(())).is_ok());
}

#[test]
fn each_way_of_calling_is_recorded() {
    let (clock, tape) = (ManualClock::new(), Tape::new(256));
    let breaker = breaker(&clock, &tape);
    breaker.set_recorded(Some(1));
    let _ = breaker.call(|| {
        clock.advance(millis(7));
        Ok::<_, ()>(())
    });
    let _ = breaker.call_counting(|()| false, || Err::<(), _>(()));
    let pipeline = Pipeline::new().breaker(&breaker);
    let _ = pipeline.call("x", |text: &str| text.parse::<u32>());
    let mut call = Box::pin(breaker.call_async(std::future::ready(Ok::<_, ()>(()))));
    assert!(call.as_mut().poll(&mut common::context()).is_ready());
    breaker.try_acquire().unwrap().report(Outcome::Weighs { percent: 50 });
    breaker.try_acquire().unwrap().success_after(millis(100));
    drop(breaker.try_acquire());
    assert_eq!(
        tape.happened(),
        [
            ended(Outcome::Success, 7),
            ended(Outcome::Ignore, 0),
            ended(Outcome::Failure, 0),
            ended(Outcome::Success, 0),
            ended(Outcome::Weighs { percent: 50 }, 0),
            ended(Outcome::Success, 96), // of its time, the leading bits
            ended(Outcome::Ignore, 0),
        ]
    );
}

#[test]
fn an_outage_is_recorded_with_its_rejections_and_its_probe() {
    let (clock, tape) = (ManualClock::new(), Tape::new(256));
    clock.set(Tick::from_millis(0x12_3456_7890));
    let breaker = breaker(&clock, &tape);
    breaker.set_recorded(Some(1));
    breaker.try_acquire().unwrap().report(Outcome::opens_for(millis(70)));
    assert!(breaker.try_acquire().is_err());
    clock.advance(millis(70));
    let probe = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err());
    clock.advance(millis(5));
    probe.success();
    let changed = |to| What::Changed { to, forced: false };
    assert_eq!(
        tape.happened(),
        [
            changed(State::Open),
            ended(Outcome::Opens { millis: 70 }, 0),
            What::Rejected { state: State::Open },
            What::Probe,
            changed(State::HalfOpen),
            What::Rejected { state: State::HalfOpen },
            changed(State::Closed),
            ended(Outcome::Success, 5),
        ]
    );
    let entries: Vec<Entry> = tape.trace().entries().collect();
    assert_eq!(entries[0].at, Tick::from_millis(0x12_3456_7890), "a checkpoint has all of it");
    let last = entries.last().unwrap();
    assert_eq!((last.at.as_millis(), last.generation), (0x3456_7890 + 75, 2));
}

#[test]
fn what_an_operator_does_is_followed_by_what_the_breaker_knows() {
    let (clock, tape) = (ManualClock::new(), Tape::new(256));
    let breaker = breaker(&clock, &tape);
    breaker.set_recorded(Some(1));
    breaker.force_open();
    breaker.set_settings(config().probes(3).build());
    assert!(breaker.try_acquire().is_err());
    let checkpoints: Vec<_> = tape
        .trace()
        .entries()
        .filter_map(|it| match it.what {
            What::Checkpoint(it) => Some(it),
            _ => None,
        })
        .collect();
    let [first, forced, set] = checkpoints[..] else { panic!("{checkpoints:?}") };
    assert!(!first.is_forced() && !first.has_new_settings());
    assert!(forced.is_forced() && forced.snapshot().state == State::ForcedOpen);
    assert!(set.has_new_settings() && set.settings().probes() == 3);

    let other = CircuitBreaker::with(None, config().build(), &clock, DefaultObserver);
    drop(other.resume(set));
    assert_eq!(other.state(), State::ForcedOpen);
}

#[test]
fn the_ring_keeps_the_last_and_each_quarter_can_be_begun_with() {
    let (clock, tape) = (ManualClock::new(), Tape::new(100));
    let breaker = breaker(&clock, &tape);
    breaker.set_recorded(Some(1));
    assert_eq!(tape.trace().capacity(), 64, "a power of two");
    for _ in 0..1_000 {
        let _ = breaker.call(|| Ok::<_, ()>(()));
    }
    let entries: Vec<Entry> = tape.trace().entries().collect();
    let written = tape.trace().written();
    assert!(entries.iter().all(|it| it.position < written && it.position + 64 >= written));
    assert!(entries.is_sorted_by_key(|it| it.position));
    let begins = entries.iter().position(|it| matches!(it.what, What::Checkpoint(_)));
    assert!(begins.unwrap() < 16, "{begins:?}");
}

#[test]
fn several_threads_lose_nothing_but_what_is_written_over() {
    const THREADS: u64 = 4;
    const CALLS: u64 = 2_000;
    let (clock, tape) = (ManualClock::new(), Tape::new(1 << 14));
    let breaker = breaker(&clock, &tape);
    breaker.set_recorded(Some(1));
    let read = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..CALLS {
                    breaker.try_acquire().unwrap().ignore();
                }
            });
        }
        // A reader meanwhile sees whole entries, in their order.
        while read.load(Ordering::Relaxed) < THREADS * CALLS / 2 {
            let entries: Vec<Entry> = tape.trace().entries().collect();
            assert!(entries.iter().all(|it| it.breaker == 1));
            assert!(entries.is_sorted_by_key(|it| it.position));
            read.store(entries.len() as u64, Ordering::Relaxed);
        }
    });
    assert_eq!(tape.happened().len() as u64, THREADS * CALLS);
}

#[test]
fn slow_calls_and_those_that_hang_are_told() {
    let (clock, tape) = (ManualClock::new(), Tape::new(256));
    let settings = config().slow_call(millis(20)).build();
    let breaker = CircuitBreaker::with(None, settings, &clock, &tape);
    breaker.set_recorded(Some(1));
    let hangs = breaker.try_acquire().unwrap();
    clock.advance(millis(21));
    breaker.try_acquire().unwrap().success();
    hangs.success();
    let verdict = Some(Verdict::Recorded);
    let charged = What::Ended {
        outcome: Outcome::Success,
        took: millis(20),
        slow: true,
        charged: true,
        verdict,
    };
    assert_eq!(tape.happened(), [What::Hung, ended(Outcome::Success, 0), charged]);
}

#[test]
fn a_number_is_from_1_to_4095() {
    let (clock, tape) = (ManualClock::new(), Tape::new(64));
    let breaker = breaker(&clock, &tape);
    for number in [0, 4_096, u16::MAX] {
        let set = std::panic::AssertUnwindSafe(|| breaker.set_recorded(Some(number)));
        assert!(std::panic::catch_unwind(set).is_err(), "{number}");
    }
    assert!(std::panic::catch_unwind(|| Trace::new(&[]).capacity()).is_err());
    assert!(TIMEOUT > Duration::ZERO);
}
