//! Limits of calls in flight in tokio's queue, and as layers for tower: L5.

use std::{sync::Arc, time::Duration};

use fusebox::{
    Bulkhead, CallError, LimitKind, Rejected, WaitingBulkhead,
    tower::{BulkheadLayer, WaitingBulkheadLayer},
};
use tokio::{
    sync::Semaphore,
    time::{Instant, advance},
};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn l5_who_waits_gets_a_place_in_turn_or_hears_after_the_longest_wait() {
    static WORKERS: WaitingBulkhead = WaitingBulkhead::named("workers", 1);
    let place = WORKERS.try_acquire().unwrap();
    let begun = Instant::now();
    let limited = WORKERS.acquire_within(50 * MS).await.unwrap_err();
    assert_eq!((limited.kind(), limited.name()), (LimitKind::Bulkhead, Some("workers")));
    assert_eq!((begun.elapsed(), WORKERS.refused()), (50 * MS, 1));

    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let callers: Vec<_> = (0..4)
        .map(|n| {
            let order = Arc::clone(&order);
            tokio::spawn(async move {
                let _place = WORKERS.acquire().await;
                order.lock().unwrap().push(n);
                tokio::time::sleep(MS).await;
            })
        })
        .collect();
    advance(MS).await; // all are in the queue
    assert!(WORKERS.try_acquire().is_err());
    drop(place);
    assert!(WORKERS.try_acquire().is_err(), "nobody jumps the queue");
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3]);
    assert_eq!((WORKERS.in_flight(), WORKERS.limit()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn l5_a_wait_that_is_dropped_leaves_the_queue_and_loses_no_place() {
    let workers = Arc::new(WaitingBulkhead::new(1));
    let place = workers.try_acquire().unwrap();
    let waiting = {
        let workers = Arc::clone(&workers);
        tokio::spawn(async move { drop(workers.acquire_within(1_000 * MS).await) })
    };
    advance(MS).await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    drop(place);
    assert!(workers.try_acquire().is_ok());
    assert_eq!(workers.in_flight(), 0);
}

/// A service that answers once it gets a permit.
fn service(
    answers: &Arc<Semaphore>,
) -> impl Service<u32, Response = u32, Error = std::io::Error, Future: Send> + Clone + Send + 'static
{
    let answers = Arc::clone(answers);
    service_fn(move |id: u32| {
        let answers = Arc::clone(&answers);
        async move {
            answers.acquire().await.expect("it is open").forget();
            Ok(id * 2)
        }
    })
}

#[tokio::test(start_paused = true)]
async fn l5_a_full_service_is_ready_and_turns_calls_away() {
    let (answers, workers) = (Arc::new(Semaphore::new(0)), Arc::new(Bulkhead::new(1)));
    let layer = BulkheadLayer::new(Arc::clone(&workers));
    let mut guarded = ServiceBuilder::new().layer(layer).service(service(&answers));
    let first = tokio::spawn(guarded.ready().await.unwrap().call(1));
    assert_eq!(workers.in_flight(), 1, "from the call on");
    let refused = guarded.ready().await.unwrap().call(2).await;
    assert!(matches!(refused, Err(CallError::Limited(limited)) if limited.name().is_none()));
    let mut clone = guarded.clone();
    assert!(clone.ready().await.unwrap().call(2).await.is_err(), "clones share it");
    answers.add_permits(1);
    assert_eq!(first.await.unwrap().unwrap(), 2);
    assert_eq!(workers.in_flight(), 0);
    drop(guarded.ready().await.unwrap().call(3));
    assert_eq!(workers.in_flight(), 0, "a dropped call gives its place back");

    let own = BulkheadLayer::new(Arc::clone(&workers)).own_errors();
    let mut own = ServiceBuilder::new().layer(own).service(service(&answers));
    let place = workers.try_acquire().unwrap();
    let error = own.ready().await.unwrap().call(1).await.unwrap_err();
    let rejected = error.get_ref().and_then(|it| it.downcast_ref::<Rejected>()).unwrap();
    assert_eq!(rejected.limit(), Some(LimitKind::Bulkhead));
    drop(place);
}

#[tokio::test(start_paused = true)]
async fn l5_calls_of_a_service_wait_in_the_queue() {
    let (answers, workers) = (Arc::new(Semaphore::new(0)), Arc::new(WaitingBulkhead::new(1)));
    let layer = WaitingBulkheadLayer::new(Arc::clone(&workers), 100 * MS);
    let mut guarded = ServiceBuilder::new().layer(layer).service(service(&answers));
    let first = tokio::spawn(guarded.ready().await.unwrap().call(1));
    advance(MS).await;
    let second = tokio::spawn(guarded.ready().await.unwrap().call(2));
    advance(MS).await;
    assert!(!first.is_finished() && !second.is_finished());
    answers.add_permits(2);
    assert_eq!(first.await.unwrap().unwrap(), 2);
    assert_eq!(second.await.unwrap().unwrap(), 4);
    let _held = tokio::spawn(guarded.ready().await.unwrap().call(3));
    advance(MS).await;
    let refused = guarded.ready().await.unwrap().call(4).await;
    assert!(matches!(refused, Err(CallError::Limited(_))));
}
