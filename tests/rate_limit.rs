//! Limits of a rate: L1 and L2.

use core::{
    future::Future,
    task::{Context, Waker},
    time::Duration,
};

use fusebox::{
    BreakerConfig, CircuitBreaker, Clock, DefaultObserver, Event, LimitKind, ManualClock, Name,
    Observer, Pipeline, RateConfig, RateLimit, RateSettings, State, Tick,
};

const MS: Duration = Duration::from_millis(1);

fn limit(settings: RateSettings, clock: &ManualClock) -> RateLimit<&ManualClock> {
    RateLimit::with(None, settings, clock, DefaultObserver)
}

fn ms(config: RateConfig) -> RateSettings {
    config.clock_step(MS).build()
}

#[test]
fn l1_a_burst_at_once_and_then_one_in_each_interval() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::per_second(100).burst(3)), &clock);
    let admitted = |_: &u32| quota.try_acquire().is_ok();
    assert_eq!((0..10).filter(admitted).count(), 3);
    clock.advance(10 * MS);
    assert_eq!((0..10).filter(admitted).count(), 1);
    clock.advance(25 * MS);
    assert_eq!((0..10).filter(admitted).count(), 2);
    clock.advance(5 * MS);
    assert_eq!((0..10).filter(admitted).count(), 1);
}

#[test]
fn l1_the_wait_is_exact() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::every(7 * MS).burst(2)), &clock);
    assert!(quota.acquire_n(2).is_ok());
    clock.advance(3 * MS);
    let limited = quota.try_acquire().unwrap_err();
    assert_eq!((limited.kind(), limited.retry_after()), (LimitKind::Rate, Some(4 * MS)));
    clock.advance(3 * MS);
    assert!(quota.try_acquire().is_err());
    clock.advance(MS);
    assert!(quota.try_acquire().is_ok());
}

#[test]
fn l1_a_clock_that_steps_back_stops_nobody_for_long() {
    let clock = ManualClock::new();
    clock.set(Tick::from_millis(100_000_000));
    let quota = limit(ms(RateConfig::per_second(100).burst(3)), &clock);
    assert!(quota.acquire_n(3).is_ok());
    clock.set(Tick::from_millis(5));
    assert_eq!(quota.try_acquire().unwrap_err().retry_after(), Some(10 * MS));
    clock.advance(10 * MS);
    assert!(quota.try_acquire().is_ok());
}

#[test]
fn l2_all_or_none() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::per_second(100).burst(5)), &clock);
    assert!(quota.acquire_n(4).is_ok());
    assert_eq!(quota.acquire_n(2).unwrap_err().retry_after(), Some(10 * MS));
    assert!(quota.try_acquire().is_ok(), "the refusal took one");
    assert_eq!(quota.acquire_n(6).unwrap_err().retry_after(), None);
}

#[test]
fn l2_what_is_given_back_is_not_had_twice() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::every(MS).burst(5)), &clock);
    let reserved = quota.reserve(5, Duration::ZERO).unwrap();
    clock.advance(5 * MS); // made up for by now
    assert!(quota.acquire_n(5).is_ok());
    reserved.give_back();
    assert!(quota.try_acquire().is_err());
}

#[test]
fn a_limit_in_a_pipeline_counts_for_nothing_in_a_breaker() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::per_second(100).burst(1)), &clock);
    let settings = BreakerConfig::new().failure_threshold(1).build();
    let breaker = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    let pipeline = Pipeline::new().breaker(&breaker).rate_limit(&quota);
    assert_eq!(pipeline.call(&(), |()| Ok::<_, &str>(1)), Ok(1));
    let limited = pipeline.call(&(), |()| Ok::<_, &str>(2)).unwrap_err();
    assert_eq!(limited.as_limited().unwrap().retry_after(), Some(10 * MS));
    assert!(limited.was_not_made() && limited.as_rejected().is_none());
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_limit_is_asked_when_an_async_call_begins() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::per_second(100).burst(1)), &clock);
    let pipeline = Pipeline::new().rate_limit(&quota);
    let call = |(): &()| core::future::ready(Ok::<_, &str>(1));
    let not_polled = pipeline.call_async(&(), call);
    assert_eq!(clock.block_on(pipeline.call_async(&(), call)), Ok(1));
    assert!(clock.block_on(not_polled).unwrap_err().was_not_made());
}

#[test]
fn a_wait_that_is_dropped_gives_its_call_back() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::every(10 * MS).burst(1)), &clock);
    let sleeper = &clock;
    assert_eq!(clock.block_on(quota.until_ready_by(&sleeper, Duration::ZERO)), Ok(()));
    let mut waiting = Box::pin(quota.until_ready_by(&sleeper, 20 * MS));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(quota.try_acquire().unwrap_err().retry_after(), Some(20 * MS));
    drop(waiting);
    assert_eq!(quota.try_acquire().unwrap_err().retry_after(), Some(10 * MS));
    assert_eq!(
        clock.block_on(quota.until_ready_by(&sleeper, 9 * MS)).unwrap_err().retry_after(),
        Some(10 * MS)
    );
    assert_eq!(clock.block_on(quota.until_ready_by(&sleeper, 10 * MS)), Ok(()));
    assert_eq!(clock.now(), Tick::from_millis(10));
}

#[test]
fn events_and_counts_tell_of_refusals() {
    use std::sync::Mutex;
    struct Told(Mutex<Vec<String>>);
    impl Observer for Told {
        fn on_event(&self, event: &Event<'_>) {
            if let Event::Limited(limited) = event {
                self.0.lock().unwrap().push(limited.to_string());
            }
        }
    }
    let (clock, told) = (ManualClock::new(), Told(Mutex::default()));
    let name = Some(Name::new("quota"));
    let quota = RateLimit::with(name, ms(RateConfig::every(10 * MS).burst(1)), &clock, &told);
    assert!(quota.try_acquire().is_ok());
    assert!(quota.try_acquire().is_err());
    assert_eq!(quota.refused(), 1);
    assert_eq!(*told.0.lock().unwrap(), ["rate limit `quota` is used up, retry after 10ms"]);
}

#[test]
fn what_cannot_be_is_an_error_that_names_it() {
    let text = |config: RateConfig| config.try_build().unwrap_err().to_string();
    assert_eq!(
        text(RateConfig::per_second(100).burst(0)),
        "`burst` is 0, and must be from 1 to 2000000"
    );
    let never = text(RateConfig::per_second(0));
    assert!(never.starts_with("`interval` is ") && never.ends_with("from 100ns to 86400s"));
    assert_eq!(
        text(RateConfig::every(Duration::ZERO)),
        "`interval` is 0ns, and must be from 100ns to 86400s"
    );
    assert_eq!(
        text(RateConfig::every(MS)),
        "`burst` is 1, and must be at least 20 on a clock with steps of 10ms, unless it is \
         `precise`"
    );
    assert!(RateConfig::every(MS).precise(true).try_build().is_ok());
    assert!(RateConfig::every(MS).burst(20).try_build().is_ok());
    assert!(
        text(RateConfig::every(86_400 * 1_000 * MS).burst(2_000)).starts_with("`burst` is 2000")
    );
    assert!(text(RateConfig::new().clock_step(7_200 * 1_000 * MS)).starts_with("`clock_step` is "));
}

#[test]
fn settings_change_live() {
    let clock = ManualClock::new();
    let quota = limit(ms(RateConfig::every(10 * MS).burst(1)), &clock);
    assert!(quota.try_acquire().is_ok());
    quota.set_settings(ms(RateConfig::every(2 * MS).burst(1)));
    clock.advance(8 * MS);
    assert!(quota.try_acquire().is_err(), "what was taken stays taken");
    clock.advance(2 * MS);
    assert!(quota.try_acquire().is_ok());
    clock.advance(2 * MS);
    assert!(quota.try_acquire().is_ok());
    let text = quota.settings().unwrap().to_string();
    assert_eq!(text, "interval=2ms burst=1 precise=off");
}
