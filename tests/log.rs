//! Events as `log` sees them: levels, text, key-value pairs.

use std::{fmt::Write, sync::Mutex};

use fusebox::{
    BreakerConfig, Bulkhead, CircuitBreaker, DefaultObserver, FailoverConfig, FailoverSet,
    Fallback, Jitter, ManualClock, Member, Name, RateConfig, RateLimit, Retry, RetryConfig,
    TimeCalls,
};
use log::{Log, Metadata, Record};

struct Lines(Mutex<Vec<String>>);

static LINES: Lines = Lines(Mutex::new(Vec::new()));

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        struct Pairs(String);
        impl<'kvs> log::kv::VisitSource<'kvs> for Pairs {
            fn visit_pair(
                &mut self,
                key: log::kv::Key<'kvs>,
                value: log::kv::Value<'kvs>,
            ) -> Result<(), log::kv::Error> {
                write!(self.0, " {key}={value}").map_err(log::kv::Error::from)
            }
        }
        let mut pairs = Pairs(String::new());
        record.key_values().visit(&mut pairs).unwrap();
        let line = format!("{} {}: {};{}", record.level(), record.target(), record.args(), pairs.0);
        self.0.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

#[test]
fn every_kind_of_event_has_its_level_and_pairs() {
    log::set_logger(&LINES).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let clock = ManualClock::new();
    let settings = BreakerConfig::new().failure_threshold(1).build();
    let name = Some(Name::new("ai"));
    let breaker = CircuitBreaker::with(name, settings, &clock, TimeCalls(DefaultObserver));
    breaker.note_error("down");
    let _ = breaker.call(|| Err::<(), _>("down"));
    let _ = breaker.call(|| Ok::<_, ()>(()));
    let settings = RetryConfig::new().max_attempts(2).jitter(Jitter::None).build();
    let retry = Retry::with(settings, &clock, &clock, DefaultObserver).named("ask");
    let _ = retry.call(|| Err::<(), _>("down"));
    let fallback = Fallback::new().or(|(): &()| Err::<u32, _>("too")).named("infer");
    let _ = fallback.call(&(), |()| Err("down"));
    let settings = RateConfig::per_second(100).burst(2).build();
    let quota = RateLimit::with(Some(Name::new("quota")), settings, &clock, DefaultObserver);
    assert!(quota.acquire_n(2).is_ok() && quota.try_acquire().is_err());
    let workers = Bulkhead::with(None, 1, DefaultObserver);
    let _place = workers.try_acquire().unwrap();
    assert!(workers.try_acquire().is_err());
    let settings = BreakerConfig::new().build();
    let [eu, us] = [(); 2].map(|()| CircuitBreaker::with(None, settings, &clock, DefaultObserver));
    let members = [Member::new("eu", &eu), Member::new("us", &us)];
    let shops = FailoverSet::named("shops", members, FailoverConfig::new().build());
    eu.force_open();
    LINES.0.lock().unwrap().pop();
    assert!(shops.call(|_| Ok::<_, ()>(())).is_ok());
    LINES.0.lock().unwrap().retain(|line| !line.contains("breaker=None"));
    assert_eq!(
        *LINES.0.lock().unwrap(),
        [
            "WARN fusebox: circuit breaker `ai` changed from closed to open; breaker=ai from=closed to=open generation=1 forced=false wait=Some(60s) last_error=down",
            "TRACE fusebox: call ended after 0ns: Failure; breaker=ai outcome=Failure duration=0ns",
            "DEBUG fusebox: call rejected: circuit breaker `ai` is open, retry after 60s; the last error was: down; breaker=ai state=open retry_after_ms=60000 last_error=down",
            "DEBUG fusebox: attempt 1 of 2 failed, retrying in 1s: \"down\"; policy=ask attempt=1 max_attempts=2 delay=1s error=\"down\"",
            "ERROR fusebox: retries exhausted after 2 attempts (attempts): \"down\"; policy=ask attempts=2 limit=attempts error=\"down\"",
            "WARN fusebox: fallback used (every layer failed): [\"down\", \"too\"]; policy=infer layer=None age=None errors=[\"down\", \"too\"]",
            "DEBUG fusebox: call limited: rate limit `quota` is used up, retry after 10ms; limit=quota kind=rate limit retry_after=Some(10ms)",
            "DEBUG fusebox: call limited: bulkhead is full; limit=None kind=bulkhead retry_after=None",
            "WARN fusebox: calls of `shops` go away from `eu`, to `us`; set=shops state=away from=eu to=us",
        ]
    );
}
