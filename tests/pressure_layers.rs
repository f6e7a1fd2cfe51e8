//! A host's pressure around services of tower, and who hears of it. A process of its own:
//! its observer is the whole process's.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fusebox::{
    CallError, Event, Fallback, LimitKind, ManualClock, Observer, Pressure, PressureConfig,
    PressureLevel, PressureReading, Priority, Rejected, set_observer,
    tower::{FallbackLayer, PressureLayer},
};
use tower::{Layer, Service, service_fn};

const BUSY: PressureReading = PressureReading { cpu: 1000, ..PressureReading::CALM };

type Host = Arc<Pressure<ManualClock>>;

/// A host at this level, on a clock that stands still.
fn host(level: PressureLevel) -> Host {
    let host = Arc::new(Pressure::with(PressureConfig::new().build(), ManualClock::new()));
    while host.level() < level {
        host.set(BUSY);
    }
    host
}

fn calm(host: &Host) {
    while host.level() > PressureLevel::Calm {
        host.set(PressureReading::CALM);
    }
}

/// How often a kind of limit turned a call away.
struct Heard(Mutex<Vec<LimitKind>>);

impl Observer for Heard {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Limited(limited) = event {
            self.0.lock().unwrap().push(limited.kind());
        }
    }
}

static HEARD: Heard = Heard(Mutex::new(Vec::new()));

#[tokio::test]
async fn o4_requests_that_matter_less_are_turned_away_and_the_observer_hears_of_it() {
    set_observer(&HEARD).unwrap();
    let host = host(PressureLevel::High);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let inner = service_fn(move |level: u8| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move { Ok::<_, std::io::Error>(level) }
    });
    let layer = PressureLayer::new(Arc::clone(&host)).priority(|level: &u8| Priority::new(*level));
    let mut service = layer.layer(inner.clone());
    let low = Priority::SHEDDABLE.level();
    let Err(CallError::Limited(limited)) = service.call(low).await else { panic!("admitted") };
    assert_eq!((limited.kind(), limited.retry_after()), (LimitKind::Pressure, None));
    assert_eq!(service.call(Priority::DEFAULT.level()).await.unwrap(), 160);
    assert_eq!(calls.load(Ordering::Relaxed), 1, "who is turned away calls nothing");
    assert_eq!(*HEARD.0.lock().unwrap(), [LimitKind::Pressure]);
    calm(&host);
    assert_eq!(service.call(low).await.unwrap(), low);

    // By the scope that the service is called in, and in the service's own errors.
    let mut service = PressureLayer::new(Arc::clone(&host)).own_errors().layer(inner);
    host.set(BUSY);
    let call = {
        let _scope = Priority::BACKGROUND.enter();
        service.call(0)
    };
    let error = call.await.unwrap_err();
    assert!(error.get_ref().is_some_and(|it| it.is::<Rejected>() || it.is::<fusebox::Limited>()));
    assert_eq!(service.call(0).await.unwrap(), 0);
}

#[tokio::test]
async fn o4_the_cheap_answer_comes_before_the_service() {
    let host: &'static Host = Box::leak(Box::new(host(PressureLevel::High)));
    let polled = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&polled);
    let inner = service_fn(move |id: u32| {
        let counted = Arc::clone(&counted);
        async move {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::ZERO).await;
            if id == 99 { Err("down") } else { Ok(id) }
        }
    });
    let small = |id: &u32| if *id < 10 { Ok(0) } else { Err("too large") };
    let fallback = Fallback::new().cheap_when(host, PressureLevel::High).or(small);
    let mut service = FallbackLayer::new(fallback).layer(inner);
    assert_eq!((service.call(3).await, polled.load(Ordering::Relaxed)), (Ok(0), 0));
    assert_eq!((service.call(11).await, polled.load(Ordering::Relaxed)), (Ok(11), 1));
    assert_eq!((service.call(99).await, polled.load(Ordering::Relaxed)), (Err("down"), 2));
    calm(host);
    assert_eq!((service.call(3).await, polled.load(Ordering::Relaxed)), (Ok(3), 3));
    assert_eq!(service.call(99).await, Err("too large"), "the last error, as ever");
}

#[tokio::test(start_paused = true)]
async fn o4_a_task_keeps_it_sampled_until_it_is_dropped() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use fusebox::{PressureSampler, StdSleep};
        let sampler = match PressureSampler::open() {
            Ok(sampler) => sampler,
            Err(error) => return println!("SKIPPED: {error}"),
        };
        let host = host(PressureLevel::Calm);
        let kept = Arc::clone(&host);
        let task = tokio::spawn(async move { kept.keep_sampled_async(sampler, StdSleep).await });
        tokio::time::sleep(PressureSampler::EVERY * 2).await;
        assert!(host.reading().is_some());
        task.abort();
        task.await.unwrap_err();
        assert_eq!(host.reading(), None);
    }
}
