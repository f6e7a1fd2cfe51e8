//! A host's pressure: its word, its level, and what is done without under it.

use core::{
    future::{Future, pending, ready},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use std::{cell::Cell, sync::Mutex};

use fusebox::{
    Bulkhead, CallError, DefaultObserver, Event, Fallback, Hedge, Heed, Limit, LimitKind,
    ManualClock, Observer, Pipeline, Pressure, PressureConfig, PressureLevel, PressureReading,
    PressureSettings, Priority, RateConfig, RateLimit, Retry, RetryConfig, SleepBy, Tick,
};
use proptest::prelude::*;

const LEVELS: [PressureLevel; 4] =
    [PressureLevel::Calm, PressureLevel::Raised, PressureLevel::High, PressureLevel::Critical];
const CALM: PressureReading = PressureReading::CALM;
const BUSY: PressureReading = PressureReading { cpu: 1000, ..CALM };

fn at(clock: &ManualClock) -> Pressure<&ManualClock> {
    Pressure::with(PressureConfig::new().build(), clock)
}

/// One on a clock that stands still, for policies that keep it.
fn kept() -> &'static Pressure<&'static ManualClock> {
    let clock: &'static ManualClock = Box::leak(Box::new(ManualClock::new()));
    Box::leak(Box::new(Pressure::with(PressureConfig::new().build(), clock)))
}

fn raise<C: fusebox::Clock>(host: &Pressure<C>, to: PressureLevel) {
    while host.level() < to {
        host.set(BUSY);
    }
    assert_eq!(host.level(), to);
}

fn calm<C: fusebox::Clock>(host: &Pressure<C>) {
    while host.level() > PressureLevel::Calm {
        host.set(CALM);
    }
}

// The level, by a model without packing: numbers of thousandths of a threshold's unit.

struct Model {
    level: usize,
}

impl Model {
    /// What the highest level is whose thresholds, times this, are reached.
    fn reached(reading: PressureReading, settings: PressureSettings, times: f64) -> usize {
        let mut highest = 0;
        let shares = [
            (reading.cpu, settings.cpu()),
            (reading.memory, settings.memory()),
            (reading.io, settings.io()),
        ];
        for (share, percent) in shares {
            let (share, high) = (f64::from(share.min(1000)) / 10.0, f64::from(percent));
            let middle = f64::midpoint(high, 100.0);
            for (at, threshold) in [high / 2.0, high, middle].into_iter().enumerate() {
                if percent > 0 && share >= threshold * times {
                    highest = highest.max(at + 1);
                }
            }
        }
        let (queue, high) = (f64::from(reading.queue.min(4095)) / 10.0, settings.queue());
        for (at, threshold) in [0.5, 1.0, 2.0].into_iter().enumerate() {
            if high > 0 && queue >= threshold * f64::from(high) * times {
                highest = highest.max(at + 1);
            }
        }
        highest
    }

    fn read(&mut self, reading: PressureReading, settings: PressureSettings) -> PressureLevel {
        if Self::reached(reading, settings, 1.0) > self.level {
            self.level += 1;
        } else if Self::reached(reading, settings, 0.75) < self.level {
            self.level -= 1;
        }
        LEVELS[self.level]
    }
}

prop_compose! {
    fn readings()(cpu in 0..1100_u16, memory in 0..1100_u16, io in 0..1100_u16, queue: u16)
        -> PressureReading
    {
        PressureReading { cpu, memory, io, queue: queue % 300 }
    }
}

prop_compose! {
    // Even, so that a half of it is a whole number of thousandths in both.
    fn all_settings()(cpu in 0..=100_u32, memory in 0..=100_u32, io in 0..=100_u32, queue in 0..=200_u32)
        -> PressureSettings
    {
        PressureConfig::new().cpu(cpu).memory(memory).io(io).queue(queue).build()
    }
}

proptest! {
    #[test]
    fn o4_the_level_is_that_of_a_model_without_packing(
        settings in all_settings(),
        read in prop::collection::vec(readings(), 1..40),
        origin: u64,
    ) {
        let clock = ManualClock::new();
        clock.set(Tick::from_millis(origin));
        let (host, mut model) = (Pressure::with(settings, &clock), Model { level: 0 });
        for reading in read {
            clock.advance(Duration::from_millis(250));
            let expected = model.read(reading, settings);
            prop_assert_eq!(host.set(reading), expected);
            prop_assert_eq!(host.level(), expected);
            let kept = PressureReading {
                cpu: reading.cpu.min(1000),
                memory: reading.memory.min(1000),
                io: reading.io.min(1000),
                queue: reading.queue.min(4095),
            };
            prop_assert_eq!(host.reading(), Some(kept));
        }
    }

    #[test]
    fn o4_a_steady_reading_settles_within_three_and_then_stays(
        settings in all_settings(),
        before in prop::collection::vec(readings(), 0..5),
        steady in readings(),
    ) {
        let clock = ManualClock::new();
        let host = Pressure::with(settings, &clock);
        for reading in before {
            host.set(reading);
        }
        let mut seen = host.level();
        for _ in 0..3 {
            let now = host.set(steady);
            prop_assert!((now as i32 - seen as i32).abs() <= 1, "one step at a time");
            seen = now;
        }
        for _ in 0..3 {
            prop_assert_eq!(host.set(steady), seen);
        }
    }

    #[test]
    fn o4_readings_around_a_threshold_do_not_make_it_flap(
        wobble in prop::collection::vec(451..=600_u16, 1..50),
    ) {
        let clock = ManualClock::new();
        let host = at(&clock);
        raise(&host, PressureLevel::High); // at 60 %, and held to 45 %
        for cpu in wobble {
            prop_assert_eq!(host.set(PressureReading { cpu, ..CALM }), PressureLevel::High);
        }
    }

    #[test]
    fn o4_of_two_priorities_the_higher_is_never_turned_away_alone(
        level in 0..4_usize, one: u8, other: u8,
    ) {
        let clock = ManualClock::new();
        let host = at(&clock);
        raise(&host, LEVELS[level]);
        let (low, high) = (Priority::new(one.min(other)), Priority::new(one.max(other)));
        prop_assert!(host.admit(high).is_ok() || host.admit(low).is_err());
        prop_assert_eq!(host.admit(low).is_ok(), host.admits(low));
        prop_assert_eq!(host.admits(low), low.class() >= LEVELS[level].least().class());
    }

    #[test]
    fn o4_a_sampler_that_died_keeps_nobody_from_working(
        origin: u64, stale_ms in 1_000..60_000_u64, within in 0..100_u64,
    ) {
        let clock = ManualClock::new();
        clock.set(Tick::from_millis(origin));
        let settings =
            PressureConfig::new().stale_after(Duration::from_millis(stale_ms)).build();
        let host = Pressure::with(settings, &clock);
        raise(&host, PressureLevel::Critical);
        clock.advance(Duration::from_millis(stale_ms * within / 100));
        prop_assert_eq!(host.level(), PressureLevel::Critical);
        clock.set(Tick::from_millis(origin.wrapping_add(stale_ms + 128)));
        prop_assert_eq!(host.reading(), None);
        prop_assert_eq!(host.level(), PressureLevel::Calm);
        prop_assert!(host.admit(Priority::new(0)).is_ok());
        // Its stamp has gone round: nothing comes back.
        clock.set(Tick::from_millis(origin.wrapping_add(64 << 20)));
        prop_assert_eq!(host.level(), PressureLevel::Calm);
        prop_assert_eq!(host.set(BUSY), PressureLevel::Raised, "it begins anew");
    }
}

#[test]
fn o4_without_a_reading_the_host_is_calm() {
    let host = Pressure::new(PressureConfig::new().build());
    assert_eq!((host.level(), host.reading()), (PressureLevel::Calm, None));
    assert!(host.admit(Priority::new(0)).is_ok());
    host.set(BUSY);
    assert!(host.admit(Priority::new(0)).is_err());
    host.clear();
    assert_eq!((host.level(), host.reading()), (PressureLevel::Calm, None));
}

#[test]
fn o4_a_clock_that_steps_back_ends_it_at_once() {
    let clock = ManualClock::new();
    clock.set(Tick::from_millis(10_000_000));
    let host = at(&clock);
    raise(&host, PressureLevel::High);
    clock.set(Tick::from_millis(1_000));
    assert_eq!(host.level(), PressureLevel::Calm);
}

#[test]
fn o4_settings_change_live() {
    let clock = ManualClock::new();
    let host = at(&clock);
    let reading = PressureReading { cpu: 250, ..CALM };
    assert_eq!(host.set(reading), PressureLevel::Calm);
    host.set_settings(PressureConfig::from(host.settings()).cpu(25).build());
    assert_eq!(host.settings().cpu(), 25);
    assert_eq!(host.set(reading), PressureLevel::Raised);
    assert_eq!(host.set(reading), PressureLevel::High);
    host.set_settings(host.settings().config().cpu(0).build());
    assert_eq!(host.set(BUSY), PressureLevel::Raised, "nobody looks at it any more");
}

// Calls that matter less are turned away.

#[test]
fn o4_a_pipeline_turns_background_work_away_and_takes_it_back() {
    let (clock, calls) = (ManualClock::new(), Cell::new(0));
    let host = at(&clock);
    let work = Pipeline::new().pressure(&host);
    let call = || {
        work.call(&(), |()| {
            calls.set(calls.get() + 1);
            Ok::<_, ()>(())
        })
    };
    raise(&host, PressureLevel::Raised);
    assert_eq!(call(), Ok(()), "a call without a priority is a default one");
    let background = Priority::BACKGROUND.enter();
    let Err(CallError::Limited(limited)) = call() else { panic!("it was admitted") };
    assert_eq!((limited.kind(), limited.retry_after()), (LimitKind::Pressure, None));
    assert_eq!(calls.get(), 1);
    calm(&host);
    assert_eq!(call(), Ok(()));
    drop(background);
    raise(&host, PressureLevel::Critical);
    assert!(call().is_err(), "only what is critical is admitted");
    let _critical = Priority::CRITICAL.enter();
    assert_eq!(call(), Ok(()));
}

/// What an async call comes to that never waits.
fn now<F: Future>(call: F) -> F::Output {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn o4_an_async_pipeline_turns_background_work_away() {
    let clock = ManualClock::new();
    let host = at(&clock);
    let work = Pipeline::new().pressure(&host);
    raise(&host, PressureLevel::Raised);
    let call = || work.call_async(&(), |()| ready(Ok::<_, ()>(1)));
    assert_eq!(now(call()), Ok(1));
    let answer = now(Priority::BACKGROUND.scope(async { call().await }));
    assert!(matches!(answer, Err(CallError::Limited(_))));
    calm(&host);
    assert_eq!(now(Priority::BACKGROUND.scope(async { call().await })), Ok(1));
}

// No retries.

#[derive(Default)]
struct Ends(Mutex<Vec<(u32, Limit)>>);

impl Observer for &Ends {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Exhausted(exhausted) = event {
            self.0.lock().unwrap().push((exhausted.attempts, exhausted.limit));
        }
    }
}

impl Ends {
    fn take(&self) -> Vec<(u32, Limit)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn o4_a_retry_makes_no_further_attempt_and_ends_with_the_error_that_it_has() {
    let (clock, ends, calls) = (ManualClock::new(), Ends::default(), Cell::new(0));
    let host = kept();
    let settings = RetryConfig::new().max_attempts(3).build();
    let retry = Retry::with(settings, &clock, &clock, &ends).under(host, PressureLevel::High);
    let call = || {
        calls.set(0);
        let answer = retry.call(|| {
            calls.set(calls.get() + 1);
            Err::<(), _>(calls.get())
        });
        answer.unwrap_err()
    };
    raise(host, PressureLevel::Raised);
    assert_eq!((call(), ends.take()), (3, vec![(3, Limit::Attempts)]), "it is not so high yet");
    raise(host, PressureLevel::High);
    assert_eq!((call(), ends.take()), (1, vec![(1, Limit::Pressure)]));
    assert_eq!(Limit::Pressure.to_string(), "host pressure");
    calm(host);
    assert_eq!(call(), 3);
}

#[test]
fn o4_retries_inside_a_layer_heed_it() {
    let (clock, ends) = (ManualClock::new(), Ends::default());
    let host = at(&clock);
    let retry = Retry::with(RetryConfig::new().max_attempts(3).build(), &clock, &clock, &ends);
    let heed = Heed::new(&host).no_retries(PressureLevel::High);
    let work = Pipeline::new().pressure_with(heed).pressure(&host).retry(retry);
    let calls = Cell::new(0);
    let count = |()| {
        calls.set(calls.get() + 1);
        Err::<(), _>("down")
    };
    assert!(work.call(&(), |()| count(())).is_err());
    assert_eq!(calls.take(), 3);
    raise(&host, PressureLevel::High);
    assert_eq!(work.call(&(), |()| count(())), Err(CallError::Failed("down")));
    assert_eq!(calls.take(), 1);
    let sleeper = SleepBy(|_| ready(()));
    let retry = Retry::with(RetryConfig::new().build(), &clock, sleeper, &ends);
    let work = Pipeline::new().pressure_with(heed).retry(retry);
    assert!(now(work.call_async(&(), |()| ready(count(())))).is_err());
    assert_eq!(calls.take(), 1);
    ends.take();
    calm(&host);
    assert!(now(work.call_async(&(), |()| ready(count(())))).is_err());
    assert_eq!((calls.take(), ends.take()), (3, vec![(3, Limit::Attempts)]));
}

#[test]
fn o4_pressure_that_rises_during_a_call_ends_its_retries() {
    let (clock, ends) = (ManualClock::new(), Ends::default());
    let host = at(&clock);
    let retry = Retry::with(RetryConfig::new().max_attempts(9).build(), &clock, &clock, &ends);
    let heed = Heed::new(&host).no_retries(PressureLevel::Raised);
    let calls = Cell::new(0);
    let answer = Pipeline::new().pressure_with(heed).retry(retry).call(&(), |()| {
        calls.set(calls.get() + 1);
        if calls.get() == 4 {
            raise(&host, PressureLevel::Raised);
        }
        Err::<(), _>("down")
    });
    assert_eq!((answer, calls.get()), (Err(CallError::Failed("down")), 4));
}

// No hedges.

#[test]
fn o4_no_hedge_starts() {
    let host = kept();
    let hedge = Hedge::with(Duration::from_secs(1), SleepBy(|_| ready(())))
        .under(host, PressureLevel::Raised);
    let calls = Cell::new(0);
    let mut cx = Context::from_waker(Waker::noop());
    let mut made = || {
        let call = hedge.call_async(|| {
            calls.set(calls.get() + 1);
            pending::<Result<(), ()>>()
        });
        assert!(pin!(call).poll(&mut cx).is_pending());
        calls.take()
    };
    assert_eq!(made(), 2);
    raise(host, PressureLevel::Raised);
    assert_eq!(made(), 1);
    calm(host);
    assert_eq!(made(), 2);
}

#[test]
fn o4_hedges_inside_a_layer_heed_it() {
    let clock = ManualClock::new();
    let host = at(&clock);
    let hedge = Hedge::with(Duration::from_secs(1), SleepBy(|_| ready(()))).every_call();
    let heed = Heed::new(&host).no_hedges(PressureLevel::Raised);
    let work = Pipeline::new().pressure_with(heed).hedge(hedge);
    let calls = Cell::new(0);
    let mut cx = Context::from_waker(Waker::noop());
    let mut made = || {
        let call = work.call_async(&(), |()| {
            calls.set(calls.get() + 1);
            pending::<Result<(), ()>>()
        });
        assert!(pin!(call).poll(&mut cx).is_pending());
        calls.take()
    };
    assert_eq!(made(), 2);
    raise(&host, PressureLevel::Raised);
    assert_eq!(made(), 1);
    calm(&host);
    assert_eq!(made(), 2);
}

// The cheap layer first.

#[derive(Default)]
struct Fallbacks(Mutex<Vec<(Option<u32>, usize)>>);

impl Observer for &Fallbacks {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Fallback(used) = event {
            self.0.lock().unwrap().push((used.layer, used.errors.count()));
        }
    }
}

impl Fallbacks {
    fn take(&self) -> Vec<(Option<u32>, usize)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[allow(clippy::unnecessary_wraps, clippy::trivially_copy_pass_by_ref)] // as a layer is
fn even(id: &u32) -> Option<Result<u32, &'static str>> {
    id.is_multiple_of(2).then_some(Ok(0))
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as a layer is
fn below_ten(id: &u32) -> Result<u32, &'static str> {
    if *id < 10 { Ok(1) } else { Err("too large") }
}

#[test]
fn o4_the_cheap_answer_comes_first_and_the_call_only_where_there_is_none() {
    let (clock, used, calls) = (ManualClock::new(), Fallbacks::default(), Cell::new(0));
    let host = at(&clock);
    let price = Fallback::new()
        .cheap_when(&host, PressureLevel::High)
        .or_if(even)
        .or(below_ten)
        .observer(&used);
    let call = |id: u32| {
        let answer = price.call(&id, |id| {
            calls.set(calls.get() + 1);
            if *id == 99 { Err("down") } else { Ok(*id) }
        });
        (answer, calls.take(), used.take())
    };
    raise(&host, PressureLevel::Raised);
    assert_eq!(call(2), (Ok(2), 1, vec![]), "it is not so high yet");
    raise(&host, PressureLevel::High);
    assert_eq!(call(2), (Ok(0), 0, vec![(Some(1), 0)]));
    assert_eq!(call(3), (Ok(1), 0, vec![(Some(2), 0)]));
    assert_eq!(call(11), (Ok(11), 1, vec![]), "no layer has an answer");
    assert_eq!(call(99), (Err("down"), 1, vec![(None, 2)]), "and the call has none either");
    calm(&host);
    assert_eq!(call(2), (Ok(2), 1, vec![]));
}

#[test]
fn o4_the_cheap_answer_comes_first_in_every_kind_of_call() {
    let (clock, used, calls) = (ManualClock::new(), Fallbacks::default(), Cell::new(0));
    let host = at(&clock);
    let fallback = Fallback::new()
        .cheap_when(&host, PressureLevel::Raised)
        .or_async(|id: &u32| ready(below_ten(id)))
        .observer(&used);
    let answer = |id: &u32| {
        calls.set(calls.get() + 1);
        if *id == 99 { Err("down") } else { Ok(*id) }
    };
    let alone = |id: u32| {
        let answer = now(fallback.call_async(&id, |id| ready(answer(id))));
        (answer, calls.take(), used.take())
    };
    let pipeline = Pipeline::new().fallback(fallback);
    let inside = |id: u32| {
        let answer = now(pipeline.call_async(&id, |id| ready(answer(id))));
        (answer.map_err(CallError::into_failed), calls.take(), used.take())
    };
    let sync = Pipeline::new().fallback(
        Fallback::new().cheap_when(&host, PressureLevel::Raised).or(below_ten).observer(&used),
    );
    let blocking = |id: u32| {
        let answer = sync.call(&id, answer);
        (answer.map_err(CallError::into_failed), calls.take(), used.take())
    };
    let some = |answer: Result<u32, &'static str>| answer.map_err(Some);
    for _ in 0..2 {
        calm(&host);
        assert_eq!(alone(3), (Ok(3), 1, vec![]));
        assert_eq!(inside(3), (Ok(3), 1, vec![]));
        assert_eq!(blocking(3), (Ok(3), 1, vec![]));
        raise(&host, PressureLevel::Raised);
        for (id, expected) in [
            (3, (Ok(1), 0, vec![(Some(1), 0)])),
            (11, (Ok(11), 1, vec![])),
            (99, (Err("down"), 1, vec![(None, 2)])),
        ] {
            let (value, made, events) = expected;
            assert_eq!(alone(id), (value, made, events.clone()));
            assert_eq!(inside(id), (some(value), made, events.clone()));
            assert_eq!(blocking(id), (some(value), made, events));
        }
    }
}

// Narrower limits.

/// How many calls are admitted, each inside the one before.
fn nested(depth: u32, call: &dyn Fn(&dyn Fn() -> u32) -> Option<u32>) -> u32 {
    call(&|| nested(depth + 1, call)).unwrap_or(depth)
}

#[test]
fn o4_limits_are_narrower_while_the_pressure_lasts() {
    let clock = ManualClock::new();
    let host = at(&clock);
    let workers = Bulkhead::new(8);
    let settings =
        RateConfig::per_second(100).burst(10).clock_step(Duration::from_millis(1)).build();
    let quota = RateLimit::with(None, settings, &clock, DefaultObserver);
    let heed = Heed::new(&host).narrow_limits(PressureLevel::High, 50);
    let crowd = Pipeline::new().pressure_with(heed).bulkhead(&workers);
    let paced = Pipeline::new().pressure_with(heed).rate_limit(&quota);

    let in_flight = || nested(0, &|inner| crowd.call(&(), |()| Ok::<_, ()>(inner())).ok());
    // At once, and in the second after that.
    let admitted = |level| {
        clock.advance(Duration::from_secs(10));
        host.clear();
        raise(&host, level);
        let call = || paced.call(&(), |()| Ok::<_, ()>(())).is_ok();
        let at_once = (0..100).filter(|_| call()).count();
        let later = (0..1000).filter(|_| {
            clock.advance(Duration::from_millis(1));
            call()
        });
        (at_once, later.count())
    };
    assert_eq!(admitted(PressureLevel::Raised), (10, 100), "it is not so high yet");
    assert_eq!(in_flight(), 8);
    assert_eq!(admitted(PressureLevel::High), (5, 50));
    assert_eq!(in_flight(), 4);
    assert_eq!(admitted(PressureLevel::Calm), (10, 100));
    assert_eq!(in_flight(), 8);
}

proptest! {
    #[test]
    fn o4_a_narrower_bulkhead_admits_its_share_and_one_at_least(
        limit in 1..200_u32, percent in 1..=100_u32,
    ) {
        let workers = Bulkhead::new(limit);
        let mut places = Vec::new();
        while let Ok(place) = workers.try_acquire_within(percent) {
            places.push(place);
        }
        prop_assert_eq!(places.len(), (limit * percent / 100).max(1) as usize);
        prop_assert_eq!(workers.in_flight() as usize, places.len());
    }

    #[test]
    fn o4_a_narrower_rate_limit_admits_its_share_over_time(
        percent in 1..=100_u64, burst in 1..20_u32,
    ) {
        let clock = ManualClock::new();
        let config = RateConfig::per_second(10).burst(burst).clock_step(Duration::from_millis(1));
        let quota = RateLimit::with(None, config.build(), &clock, DefaultObserver);
        let mut admitted = 0;
        for _ in 0..10_000 { // 100 s in steps of 10 ms
            clock.advance(Duration::from_millis(10));
            admitted += u64::from(quota.try_acquire_within(u32::try_from(percent).unwrap()).is_ok());
        }
        // One call in each 100 ms, or in so many times that; where the burst is of one, it
        // may be asked for a step later than it could have come.
        let most = 1_000 * percent / 100 + u64::from(burst);
        let least = 100_000 / (10_000 / percent + 1 + 10);
        prop_assert!((least..=most).contains(&admitted), "{least} to {most}: {admitted}");
    }
}

#[test]
#[should_panic = "`percent` must be from 1 to 100%"]
fn o4_a_share_of_nothing_is_an_error_of_the_program() {
    drop(Bulkhead::new(1).try_acquire_within(0));
}
