//! A server's own guard, as a layer for tower: O3.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use fusebox::{
    CallError, Clock, Deadline, DefaultObserver, Intake, IntakeConfig, LimitKind, Priority,
    Rejected, TokioClock, http::unavailable, tower::IntakeLayer,
};
use http::{HeaderValue, Request, Response, StatusCode};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tower::{Layer, Service, ServiceExt, service_fn};

const MS: Duration = Duration::from_millis(1);

type Api = Intake<TokioClock, DefaultObserver>;

fn api(workers: u32, max_wait: Duration) -> Arc<Api> {
    let settings = IntakeConfig::new().workers(workers).max_wait(max_wait).build();
    Arc::new(Intake::with(None, settings, TokioClock, DefaultObserver))
}

/// A service that takes 10 ms, says the level that it was asked with, and counts calls.
fn service(
    calls: &Arc<AtomicU32>,
) -> impl Service<u8, Response = u8, Error = std::io::Error, Future: Send> + Clone + Send + 'static
{
    let calls = Arc::clone(calls);
    service_fn(move |level: u8| {
        calls.fetch_add(1, Ordering::Relaxed);
        async move {
            sleep(10 * MS).await;
            Ok(level)
        }
    })
}

fn level(request: &u8) -> Priority {
    Priority::new(*request)
}

#[tokio::test(start_paused = true)]
async fn o3_calls_wait_in_line_for_a_worker_and_in_turn() {
    let (api, calls) = (api(2, 100 * MS), Arc::default());
    let guarded = IntakeLayer::new(Arc::clone(&api)).layer(service(&calls));
    // Before the first call has ended, nobody knows how long they take.
    assert!(guarded.clone().oneshot(160).await.is_ok());
    let begun = Instant::now();
    let mut all = JoinSet::new();
    for _ in 0..4 {
        let service = guarded.clone();
        all.spawn(async move { (service.oneshot(160).await.unwrap(), begun.elapsed()) });
    }
    sleep(5 * MS).await;
    assert_eq!((api.in_flight(), calls.load(Ordering::Relaxed)), (4, 3));
    let mut ends = Vec::new();
    while let Some(end) = all.join_next().await {
        ends.push(end.unwrap().1);
    }
    assert_eq!(ends, [10 * MS, 10 * MS, 20 * MS, 20 * MS]);
    assert_eq!((api.in_flight(), api.reading().work_time), (0, Some(10 * MS)));
}

#[tokio::test(start_paused = true)]
async fn o3_a_refused_call_never_reaches_the_service_and_the_critical_is_admitted() {
    let (api, calls) = (api(1, 10 * MS), Arc::default());
    let layer = IntakeLayer::new(Arc::clone(&api)).priority_of(level);
    let guarded = layer.layer(service(&calls));
    assert!(guarded.clone().oneshot(32).await.is_ok());
    let first = tokio::spawn(guarded.clone().oneshot(32));
    sleep(MS).await;
    let Err(CallError::Limited(limited)) = guarded.clone().oneshot(32).await else { panic!() };
    assert_eq!((limited.kind(), limited.retry_after()), (LimitKind::Overload, Some(10 * MS)));
    assert_eq!(guarded.clone().oneshot(224).await.unwrap(), 224);
    assert_eq!((first.await.unwrap().unwrap(), calls.load(Ordering::Relaxed)), (32, 3));

    // Without a function, it is that of the scope.
    let scoped = IntakeLayer::new(Arc::clone(&api)).layer(service(&calls));
    let _in = api.enter(Priority::CRITICAL).unwrap();
    let call = || scoped.clone().oneshot(0);
    assert!(Priority::BACKGROUND.scope(call()).await.is_err());
    assert!(Priority::CRITICAL.enter_and(call).await.is_ok());

    let own = IntakeLayer::new(Arc::clone(&api)).own_errors().layer(service(&calls));
    let full = api.enter(Priority::CRITICAL);
    let error = own.oneshot(0).await.unwrap_err();
    let rejected = error.get_ref().and_then(|it| it.downcast_ref::<Rejected>()).unwrap();
    assert_eq!(rejected.limit(), Some(LimitKind::Overload));
    drop(full);
}

/// In a scope of this priority, from its first call on.
trait EnterAnd {
    async fn enter_and<F: Future>(self, call: impl FnOnce() -> F) -> F::Output;
}

impl EnterAnd for Priority {
    async fn enter_and<F: Future>(self, call: impl FnOnce() -> F) -> F::Output {
        self.scope(async { call().await }).await
    }
}

#[tokio::test(start_paused = true)]
async fn o3_a_call_that_is_dropped_leaves_the_line() {
    let (api, calls) = (api(1, 100 * MS), Arc::default());
    let guarded = IntakeLayer::new(Arc::clone(&api)).layer(service(&calls));
    assert!(guarded.clone().oneshot(0).await.is_ok());
    let first = tokio::spawn(guarded.clone().oneshot(0));
    sleep(MS).await;
    let waiting = tokio::spawn(guarded.clone().oneshot(0));
    sleep(MS).await;
    assert_eq!(api.in_flight(), 2);
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert_eq!(api.in_flight(), 1);
    first.abort(); // at work
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!((api.in_flight(), calls.load(Ordering::Relaxed)), (0, 2));
    assert!(guarded.oneshot(0).await.is_ok(), "no worker is lost");
}

#[tokio::test(start_paused = true)]
async fn o3_workers_come_and_go_live() {
    let (api, calls) = (api(1, 1_000 * MS), Arc::new(AtomicU32::new(0)));
    let guarded = IntakeLayer::new(Arc::clone(&api)).layer(service(&calls));
    assert!(guarded.clone().oneshot(0).await.is_ok());
    // How many of 12 calls at once are at work.
    let at_work = async |workers: u32| {
        api.set_settings(api.settings().config().workers(workers).build());
        calls.store(0, Ordering::Relaxed);
        let mut all: JoinSet<_> = (0..12).map(|_| guarded.clone().oneshot(224)).collect();
        sleep(MS).await;
        let at_work = calls.load(Ordering::Relaxed);
        while let Some(end) = all.join_next().await {
            assert!(end.unwrap().is_ok());
        }
        at_work
    };
    assert_eq!(at_work(4).await, 4);
    assert_eq!(at_work(8).await, 8);
    api.set_settings(api.settings().config().workers(2).build());
    assert!(guarded.clone().oneshot(224).await.is_ok());
    // One worker went with the call before, and each call takes another.
    let still = at_work(2).await;
    assert!((2..8).contains(&still), "{still}");
    assert_eq!(at_work(2).await, 2);
}

#[tokio::test(start_paused = true)]
async fn o3_http_answers_503_with_retry_after_and_reads_priority_and_deadline() {
    let api = api(1, 3_000 * MS);
    let seen = |request: &Request<String>| {
        let left = request.extensions().get::<Deadline>().map(|it| it.remaining(&TokioClock));
        left.map_or(0, |left| left.as_millis())
    };
    let inner = service_fn(move |request: Request<String>| async move {
        sleep(1_600 * MS).await;
        Ok::<_, Infallible>(Response::new(seen(&request).to_string()))
    });
    let guarded = IntakeLayer::http(Arc::clone(&api)).on_shed(unavailable).layer(inner);
    let ask = |priority: Option<Priority>, deadline: Option<&'static str>| {
        let mut request = Request::new(String::new());
        request.extensions_mut().extend(priority.map(extension).unwrap_or_default());
        if let Some(deadline) = deadline {
            let value = HeaderValue::from_static(deadline);
            request.headers_mut().insert("x-fusebox-deadline", value);
        }
        tokio::spawn(guarded.clone().oneshot(request))
    };
    assert_eq!(ask(None, Some("5000")).await.unwrap().unwrap().body(), "3400");

    let first = ask(None, None);
    sleep(MS).await;
    // It would wait for 1.6 s.
    let refused = ask(Some(Priority::BACKGROUND), None).await.unwrap().unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "2");
    let late = ask(Some(Priority::CRITICAL), Some("1500")).await.unwrap().unwrap();
    assert_eq!((late.status(), late.headers().len()), (StatusCode::SERVICE_UNAVAILABLE, 0));
    let critical = ask(Some(Priority::CRITICAL), Some("9000")).await.unwrap().unwrap();
    assert_eq!(critical.status(), StatusCode::OK);
    assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
}

fn extension(priority: Priority) -> http::Extensions {
    let mut extensions = http::Extensions::new();
    extensions.insert(priority);
    extensions
}

#[tokio::test(start_paused = true)]
async fn o3_at_four_times_the_load_the_server_does_what_it_can_and_the_critical_first() {
    let (api, calls) = (api(8, 10 * MS), Arc::default());
    let layer = IntakeLayer::new(Arc::clone(&api)).priority_of(level);
    let guarded = layer.layer(service(&calls));
    let begun = Instant::now();
    let mut all = JoinSet::new();
    // 3.2 calls a millisecond, where 0.8 can be done: of 16, four are critical.
    for ms in 0..1_000_u32 {
        for n in (ms * 16 / 5)..((ms + 1) * 16 / 5) {
            let level = if n % 16 < 3 { 224 } else { 96 };
            let service = guarded.clone();
            all.spawn(async move {
                let came = TokioClock.now();
                (level, service.oneshot(level).await.is_ok(), TokioClock.now().since(came))
            });
        }
        sleep(MS).await;
    }
    let lasted = begun.elapsed();
    let (mut answered, mut critical) = (0, [0, 0]);
    while let Some(end) = all.join_next().await {
        let (level, ok, took) = end.unwrap();
        assert!(!ok || took <= 30 * MS, "{took:?}"); // twice the wait, and the work
        answered += u32::from(ok);
        if level == 224 {
            critical[usize::from(ok)] += 1;
        }
    }
    assert_eq!(lasted, 1_000 * MS);
    // 800 in a second, and what was in the server when it was over.
    assert!(answered > 720 && answered <= 800 + 16, "{answered}");
    assert!(critical[1] * 100 >= 99 * (critical[0] + critical[1]), "{critical:?}");
    assert_eq!(api.in_flight(), 0);
}
