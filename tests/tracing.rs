//! Events as `tracing` sees them: levels, fields, names.

mod common;

use std::sync::{Mutex, MutexGuard, PoisonError};

use common::Buffer;
use fusebox::{
    BreakerConfig, BreakerSettings, Bulkhead, CircuitBreaker, DefaultObserver, FailoverConfig,
    FailoverSet, Fallback, GlobalBreaker, Jitter, ManualClock, Member, Name, RateConfig, RateLimit,
    Retry, RetryConfig, TimeCalls,
};

/// One test at a time. A place in the code whose first event comes on a thread without a
/// subscriber is turned off until the next subscriber is made, though another thread may have
/// one: `tracing` asks only the thread's own while there is but one.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is written while `f` runs.
fn lines(f: impl FnOnce()) -> String {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, f);
    let text = buffer.text();
    text.lines().map(|line| line.trim_start().to_owned() + "\n").collect()
}

#[test]
fn every_kind_of_event_has_its_level_and_fields() {
    let _alone = alone();
    let text = lines(|| {
        let clock = ManualClock::new();
        let settings = BreakerConfig::new().failure_threshold(1).build();
        let name = Some(Name::new("ai"));
        let breaker = CircuitBreaker::with(name, settings, &clock, TimeCalls(DefaultObserver));
        let _ = breaker.call(|| Err::<(), _>("down").inspect_err(|e| breaker.note_error(e)));
        let _ = breaker.call(|| Ok::<_, ()>(()));
        let settings = RetryConfig::new().max_attempts(2).jitter(Jitter::None).build();
        let retry = Retry::with(settings, &clock, &clock, DefaultObserver).named("ask");
        let _ = retry.call(|| Err::<(), _>("down"));
        let fallback = Fallback::new().or(|(): &()| Ok::<_, &str>(1)).named("infer");
        let _ = fallback.call(&(), |()| Err("down"));
        let fallback = Fallback::new().or(|(): &()| Err::<u32, _>("too")).named("infer");
        let _ = fallback.call(&(), |()| Err("down"));
        let settings = RateConfig::per_second(100).burst(2).build();
        let quota = RateLimit::with(Some(Name::new("quota")), settings, &clock, DefaultObserver);
        assert!(quota.acquire_n(2).is_ok() && quota.try_acquire().is_err());
        let workers = Bulkhead::with(None, 1, DefaultObserver);
        let _place = workers.try_acquire().unwrap();
        assert!(workers.try_acquire().is_err());
    });
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "WARN fusebox: circuit breaker changed its state breaker=\"ai\" from=closed to=open generation=1 forced=false wait=60s last_error=down",
            "TRACE fusebox: call ended breaker=\"ai\" outcome=Failure duration=0ns",
            "DEBUG fusebox: call rejected breaker=\"ai\" state=open retry_after_ms=60000 last_error=down",
            "DEBUG fusebox: attempt failed, retrying policy=\"ask\" attempt=1 max_attempts=2 delay=1s error=\"down\"",
            "ERROR fusebox: retries exhausted policy=\"ask\" attempts=2 limit=attempts error=\"down\"",
            "WARN fusebox: fallback used policy=\"infer\" layer=1 errors=[\"down\"]",
            "WARN fusebox: fallback used, and every layer failed policy=\"infer\" errors=[\"down\", \"too\"]",
            "DEBUG fusebox: call limited limit=\"quota\" kind=rate limit retry_after=10ms",
            "DEBUG fusebox: call limited kind=bulkhead",
        ]
    );
}

#[test]
fn other_settings_under_one_name_are_an_error_event_once() {
    static FIRST: GlobalBreaker = GlobalBreaker::new("clash", Some(settings(3)));
    static SECOND: GlobalBreaker = GlobalBreaker::new("clash", Some(settings(4)));
    static THIRD: GlobalBreaker = GlobalBreaker::new("clash", None);
    const fn settings(threshold: u32) -> BreakerSettings {
        BreakerConfig::new().failure_threshold(threshold).build()
    }
    let _alone = alone();
    let text = lines(|| {
        let first = FIRST.get();
        for _ in 0..3 {
            assert!(std::ptr::eq(SECOND.get(), first), "the published settings hold");
            assert!(std::ptr::eq(THIRD.get(), first));
        }
        assert_eq!(first.settings().failure_threshold(), 3);
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("ERROR fusebox: misconfigured subject=\"clash\""));
    assert!(text.contains("failure_threshold=3") && text.contains("failure_threshold=4"), "{text}");
}

#[test]
fn a_change_of_member_is_a_warning_and_no_call_is() {
    let _alone = alone();
    let clock = ManualClock::new();
    let settings = BreakerConfig::new().build();
    let [eu, us] = [(); 2].map(|()| CircuitBreaker::with(None, settings, &clock, DefaultObserver));
    let members = [Member::new("eu", &eu), Member::new("us", &us)];
    let shops = FailoverSet::named("shops", members, FailoverConfig::new().build());
    eu.force_open();
    let text = lines(|| {
        for _ in 0..5 {
            assert!(shops.call(|_| Ok::<_, ()>(())).is_ok());
        }
    });
    let warnings: Vec<_> = text.lines().filter(|line| line.starts_with("WARN")).collect();
    let expected = "WARN fusebox: calls go to another member of a failover set set=\"shops\" \
                    state=away from=\"eu\" to=\"us\"";
    assert_eq!(warnings, [expected]);
}
