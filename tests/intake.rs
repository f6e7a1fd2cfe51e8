//! A server's own guard: O3, and what it promises besides.

mod common;

use std::{sync::Mutex, time::Duration};

use common::millis;
use fusebox::{
    AtWork, Deadline, DefaultObserver, Event, InLine, Intake, IntakeConfig, IntakeSettings,
    LimitKind, ManualClock, Name, Observer, Priority, Tick,
};
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);

type Api<'c> = Intake<&'c ManualClock, DefaultObserver>;

fn settings(workers: u32, max_wait: Duration) -> IntakeSettings {
    IntakeConfig::new().workers(workers).max_wait(max_wait).build()
}

fn api(clock: &ManualClock, workers: u32, max_wait: Duration) -> Api<'_> {
    Intake::with(Some(Name::new("api")), settings(workers, max_wait), clock, DefaultObserver)
}

/// A call that a worker takes at once, and that takes so long.
fn served(api: &Api<'_>, clock: &ManualClock, takes: Duration) {
    let work = api.enter(Priority::new(255)).unwrap().begin().unwrap();
    clock.advance(takes);
    drop(work);
}

/// All levels that are admitted now.
fn admitted(api: &Api<'_>) -> Vec<u8> {
    // A call that leaves the line again leaves no trace.
    (0..=255).filter(|level| api.enter(Priority::new(*level)).is_ok()).collect()
}

/// What an intake should do, in plain numbers and without packing.
struct Model {
    workers: u32,
    max_wait: f64,
    takes: f64,
    samples: f64,
    in_flight: u32,
}

impl Model {
    fn wait(&self) -> f64 {
        let line = f64::from((self.in_flight + 1).saturating_sub(self.workers));
        let takes = if self.samples == 0.0 { self.max_wait / 4.0 } else { self.takes };
        line * takes / f64::from(self.workers)
    }

    fn allows(&self, level: u8) -> f64 {
        // Six classes below, half as long; kept in parts of 64.
        let below = f64::from(14 - (level / 16).min(14));
        self.max_wait * (64.0 * (-below / 6.0).exp2()).round() / 64.0
    }

    fn end(&mut self, takes: f64) {
        self.in_flight -= 1;
        self.samples = (self.samples + 1.0).min(63.0);
        self.takes += (takes - self.takes) / self.samples;
    }
}

#[derive(Debug, Clone)]
enum Act {
    Comes(u8),
    Goes(usize),
    Begins(usize),
    Ends(usize),
    Passes(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => any::<u8>().prop_map(Act::Comes),
        1 => any::<usize>().prop_map(Act::Goes),
        3 => any::<usize>().prop_map(Act::Begins),
        3 => any::<usize>().prop_map(Act::Ends),
        3 => (0..40_u64).prop_map(Act::Passes),
    ];
    proptest::collection::vec(act, 1..300)
}

proptest! {
    #[test]
    fn o3_who_is_admitted_is_as_plain_arithmetic_says_and_the_higher_before_the_lower(
        workers in 1..40_u32,
        max_wait in 1..200_u64,
        acts in acts(),
    ) {
        let clock = ManualClock::new();
        let api = api(&clock, workers, millis(max_wait));
        let mut model = Model {
            workers, max_wait: max_wait as f64, takes: 0.0, samples: 0.0, in_flight: 0,
        };
        let (mut line, mut work) = (Vec::<(InLine<'_, _>, u64)>::new(), Vec::<(AtWork<'_, _>, u64)>::new());
        let mut now = 0;
        for act in acts {
            match act {
                Act::Comes(level) => {
                    let (wait, allowed) = (model.wait(), model.allows(level));
                    let came = api.enter(Priority::new(level));
                    // The unit of a mean is 32 ns, and that of a sum of 60 means 2 µs.
                    if (wait - allowed).abs() > 0.01 {
                        prop_assert_eq!(came.is_ok(), wait < allowed, "{} of {}", wait, allowed);
                    }
                    match came {
                        Ok(place) => {
                            line.push((place, now));
                            model.in_flight += 1;
                        }
                        Err(limited) => {
                            let told = limited.retry_after().unwrap().as_secs_f64() * 1e3;
                            prop_assert!((told - wait).abs() < 0.01, "{} of {}", told, wait);
                            prop_assert_eq!(limited.kind(), LimitKind::Overload);
                        }
                    }
                }
                Act::Goes(at) if !line.is_empty() => {
                    drop(line.swap_remove(at % line.len()));
                    model.in_flight -= 1;
                }
                Act::Begins(at) if !line.is_empty() => {
                    let (place, since) = line.swap_remove(at % line.len());
                    let is_overdue = now - since > 2 * max_wait && model.in_flight > workers;
                    let began = place.begin();
                    prop_assert_eq!(began.is_ok(), !is_overdue);
                    match began {
                        Ok(it) => work.push((it, now)),
                        Err(_) => model.in_flight -= 1,
                    }
                }
                Act::Ends(at) if !work.is_empty() => {
                    let (it, since) = work.swap_remove(at % work.len());
                    drop(it);
                    model.end((now - since) as f64);
                }
                Act::Passes(by) => {
                    clock.advance(millis(by));
                    now += by;
                }
                _ => {}
            }
            prop_assert_eq!(api.in_flight(), model.in_flight);
            // Whoever is admitted, all above are.
            let admitted = admitted(&api);
            let lowest = usize::from(admitted.first().copied().unwrap_or(255));
            prop_assert!(admitted.is_empty() || admitted.len() == 256 - lowest);
            prop_assert!(model.in_flight >= workers || admitted.len() == 256);
        }
        drop((line, work));
        prop_assert_eq!(api.in_flight(), 0, "a place is lost");
    }
}

#[test]
fn o3_each_named_level_finds_room_where_the_one_below_does_not() {
    let clock = ManualClock::new();
    let api = api(&clock, 4, 16 * MS);
    served(&api, &clock, 4 * MS);
    // Each call in line is 1 ms.
    let mut line = Vec::new();
    for (level, room) in [
        (Priority::BACKGROUND, 4 + 4),
        (Priority::SHEDDABLE, 2),
        (Priority::DEFAULT, 4),
        (Priority::CRITICAL, 6),
    ] {
        for _ in 0..room {
            line.push(api.enter(level).unwrap());
        }
        assert!(api.enter(level).is_err(), "{level}");
    }
    assert!(api.enter(Priority::new(255)).is_err());
    assert_eq!(api.expected_wait(), 17 * MS);
    // The moment it is over, everybody is admitted.
    drop(line);
    assert_eq!((admitted(&api).len(), api.expected_wait()), (256, Duration::ZERO));
}

#[test]
fn o3_a_refusal_says_the_wait_and_is_told_and_counted() {
    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);
    impl Observer for Told {
        fn on_event(&self, event: &Event<'_>) {
            let Event::Limited(limited) = event else { panic!("{event:?}") };
            self.0.lock().unwrap().push(limited.to_string());
        }
    }
    let (clock, told) = (ManualClock::new(), Told::default());
    let api = Intake::with(Some(Name::new("api")), settings(1, 10 * MS), &clock, &told);
    let work = api.enter(Priority::CRITICAL).unwrap().begin().unwrap();
    clock.advance(10 * MS);
    drop(work);
    let _in = api.enter(Priority::CRITICAL).unwrap();
    let limited = api.enter(Priority::BACKGROUND).unwrap_err();
    assert_eq!(limited.retry_after(), Some(10 * MS));
    let text = "overload guard `api` turns calls away, retry after 10ms";
    assert_eq!(*told.0.lock().unwrap(), [text]);
    assert_eq!((api.reading().refused, api.reading().overdue), (1, 0));
}

#[test]
fn o3_nobody_is_refused_while_a_worker_is_free() {
    let clock = ManualClock::new();
    let api = api(&clock, 3, MS);
    served(&api, &clock, Duration::from_secs(3_600));
    let calls: Vec<_> = (0..3).map(|_| api.enter(Priority::new(0)).unwrap()).collect();
    assert!(api.enter(Priority::new(255)).is_err());
    drop(calls);
}

#[test]
fn o3_before_a_call_has_ended_four_may_wait_for_each_worker() {
    let clock = ManualClock::new();
    let api = api(&clock, 8, 20 * MS);
    let calls: Vec<_> = std::iter::from_fn(|| api.enter(Priority::CRITICAL).ok()).collect();
    assert_eq!((calls.len(), api.reading().waiting, api.reading().work_time), (40, 32, None));
}

#[test]
fn o3_a_call_that_waited_too_long_is_refused_while_others_wait() {
    let clock = ManualClock::new();
    let api = api(&clock, 1, 10 * MS);
    served(&api, &clock, 5 * MS);
    let (first, second) =
        (api.enter(Priority::CRITICAL).unwrap(), api.enter(Priority::CRITICAL).unwrap());
    clock.advance(22 * MS); // the worker stood still
    assert_eq!(first.begin().unwrap_err().kind(), LimitKind::Overload);
    let work = second.begin().expect("nobody else is there");
    assert_eq!((api.in_flight(), api.reading().overdue, api.reading().refused), (1, 1, 0));
    drop(work);
}

#[test]
fn o3_a_call_that_cannot_begin_before_its_deadline_is_refused() {
    let clock = ManualClock::new();
    let api = api(&clock, 1, 100 * MS);
    served(&api, &clock, 10 * MS);
    let by =
        |wait: Duration| api.enter_by(Priority::CRITICAL, Deadline::after(wait, &clock).on(&clock));
    assert_eq!(by(Duration::ZERO).unwrap_err().kind(), LimitKind::Deadline);
    let work = by(MS).unwrap().begin().unwrap();
    // The next one waits for 10 ms.
    let limited = by(10 * MS).unwrap_err();
    assert_eq!(limited.to_string(), "deadline `api` is too near");
    assert_eq!(limited.retry_after(), None);
    let in_line = by(11 * MS).unwrap();
    clock.advance(11 * MS);
    drop(work);
    assert_eq!(in_line.begin().unwrap_err().kind(), LimitKind::Deadline);
    assert_eq!((api.in_flight(), api.reading().refused, api.reading().overdue), (0, 2, 1));
    assert!(api.enter_by(Priority::DEFAULT, Deadline::NEVER.on(&clock)).is_ok());
}

#[test]
fn o3_the_deadline_of_the_scope_is_heeded() {
    let clock: &ManualClock = Box::leak(Box::default());
    let api = api(clock, 1, 100 * MS);
    served(&api, clock, 10 * MS);
    let work = api.enter(Priority::DEFAULT).unwrap();
    {
        let _scope = Deadline::after(5 * MS, clock).on(clock).enter();
        assert_eq!(api.enter(Priority::DEFAULT).unwrap_err().kind(), LimitKind::Deadline);
        let later = Deadline::after(50 * MS, clock);
        assert!(api.enter_by(Priority::DEFAULT, later.on(clock)).is_err(), "the earlier holds");
    }
    assert!(api.enter(Priority::DEFAULT).is_ok());
    drop(work);
}

#[test]
fn o3_a_server_that_does_not_say_when_it_begins_is_measured_by_its_answers() {
    let clock = ManualClock::new();
    let api = api(&clock, 2, 1_000 * MS);
    let call = || api.enter(Priority::CRITICAL).unwrap();
    let first = call();
    clock.advance(10 * MS);
    first.answered();
    // Two workers of 10 ms each: pairs are answered after 10, 20, and 30 ms.
    let mut calls: Vec<_> = (0..6).map(|_| call()).collect();
    for _ in 0..3 {
        clock.advance(10 * MS);
        calls.drain(..2).for_each(InLine::answered);
    }
    // Of each pair the first one came before it was a pair: on average a little more.
    let takes = api.reading().work_time.unwrap();
    assert!(takes >= 10 * MS && takes < 13 * MS, "{takes:?}");
    assert_eq!(api.in_flight(), 0);
}

#[test]
fn o3_settings_change_at_once_and_what_is_known_stays() {
    let clock = ManualClock::new();
    let api = api(&clock, 1, 20 * MS);
    served(&api, &clock, 10 * MS);
    let calls: Vec<_> = (0..3).map(|_| api.enter(Priority::CRITICAL).unwrap()).collect();
    assert!(api.enter(Priority::CRITICAL).is_err());
    api.set_settings(api.settings().config().workers(4).build());
    assert_eq!((api.reading().waiting, api.expected_wait()), (0, Duration::ZERO));
    assert_eq!(api.reading().work_time, Some(10 * MS));
    api.set_settings(api.settings().config().workers(1).max_wait(5 * MS).build());
    assert!(api.enter(Priority::CRITICAL).is_err());
    assert_eq!(api.in_flight(), 3);
    drop(calls);
}

#[test]
fn o3_a_panic_is_an_end_and_a_clock_that_steps_back_is_no_time() {
    let clock = ManualClock::new();
    clock.set(Tick::from_millis(1_000));
    let api = api(&clock, 1, 20 * MS);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _work = api.enter(Priority::DEFAULT).unwrap().begin().unwrap();
        clock.advance(7 * MS);
        panic!("in the work");
    }));
    assert!(panicked.is_err());
    assert_eq!((api.in_flight(), api.reading().work_time), (0, Some(7 * MS)));
    let work = api.enter(Priority::DEFAULT).unwrap().begin().unwrap();
    clock.step_back(500 * MS);
    drop(work);
    assert_eq!(api.reading().work_time, Some(Duration::from_micros(3_500)));
}

#[test]
fn o3_settings_out_of_range_are_an_error() {
    let bad = |config: IntakeConfig| config.try_build().unwrap_err().to_string();
    assert_eq!(
        bad(IntakeConfig::new().workers(65_536)),
        "`workers` is 65536, and must be from 1 to 65535"
    );
    assert_eq!(
        bad(IntakeConfig::new().max_wait(Duration::from_micros(999))),
        "`max_wait` is 999µs, and must be from 1ms to 3600s"
    );
    let built = settings(65_535, Duration::from_secs(3_600));
    assert_eq!((built.workers(), built.max_wait()), (65_535, Duration::from_secs(3_600)));
    assert_eq!(built.to_string(), "workers=65535 max_wait=3600s");
}
