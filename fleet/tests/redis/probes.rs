//! How many probe a service that is down.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use fusebox::{BreakerConfig, State};

use crate::{crew::Hand, eventually, server::Server};

const WAIT: Duration = Duration::from_secs(2);

/// A service behind the breakers of eight instances, each of which calls it all the time.
struct Service {
    is_up: AtomicBool,
    is_over: AtomicBool,
    /// Who called it, and when.
    calls: Mutex<Vec<(usize, Instant)>>,
}

impl Service {
    fn behind(hands: &[Hand]) -> Arc<Self> {
        let service = Arc::new(Self {
            is_up: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            calls: Mutex::default(),
        });
        for (number, hand) in hands.iter().enumerate() {
            let (service, shop) = (service.clone(), hand.shop);
            thread::spawn(move || {
                while !service.is_over.load(Ordering::Relaxed) {
                    let _ = shop.call(|| service.answer(number));
                    thread::sleep(Duration::from_millis(5));
                }
            });
        }
        service
    }

    fn answer(&self, caller: usize) -> Result<(), ()> {
        if self.is_up.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.calls.lock().unwrap().push((caller, Instant::now()));
        Err(())
    }

    fn calls_since(&self, began: Instant) -> Vec<(usize, Instant)> {
        let calls = self.calls.lock().unwrap();
        calls.iter().copied().filter(|(_, at)| *at >= began).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

#[test]
fn n7_few_probe_while_the_store_answers_and_each_for_itself_while_not() {
    let Some(mut server) = Server::start() else { return };
    let settings = BreakerConfig::new().failure_threshold(5).recovery_timeout(WAIT).build();
    let hands: Vec<_> =
        (0..8).map(|i| Hand::with(&server.url, &format!("host-{i}"), settings)).collect();
    crate::crew::all_see(&hands);
    let service = Service::behind(&hands);
    eventually("all are open", || hands.iter().all(|it| it.shop.state() == State::Open));

    let began = Instant::now();
    thread::sleep(WAIT * 5);
    let probes = service.calls_since(began);
    let most = probes.iter().map(|(_, from)| {
        probes.iter().filter(|(_, at)| (*from..*from + WAIT).contains(at)).count()
    });
    let most = most.max().unwrap_or(0);
    println!("{} probes in 5 waits, {most} in one at most", probes.len());
    assert!((1..=3).contains(&most) && probes.len() >= 3, "{probes:?}");

    server.kill();
    let began = Instant::now();
    eventually("each probes for itself", || {
        let probes = service.calls_since(began);
        (0..8).all(|number| probes.iter().any(|(caller, _)| *caller == number))
    });
    println!(
        "without a store: {} probes in {:?}",
        service.calls_since(began).len(),
        began.elapsed()
    );

    // One finds it well, and all know soon.
    server.revive();
    crate::crew::all_see(&hands);
    thread::sleep(WAIT);
    service.is_up.store(true, Ordering::Relaxed);
    let took =
        eventually("all are closed", || hands.iter().all(|it| it.shop.state() == State::Closed));
    println!("all are closed {took:?} after the service came back");
    service.is_over.store(true, Ordering::Relaxed);
}
