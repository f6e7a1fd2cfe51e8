//! What calls of a healthy service cost meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use fusebox::CircuitBreaker;

/// A thread that calls a healthy service, and notes how long each call took.
pub(crate) struct Healthy {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Healthy {
    pub(crate) fn calls(breaker: &'static CircuitBreaker) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let is_over = is_over.clone();
            move || {
                let mut took = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    breaker.call(|| Ok::<_, ()>(())).unwrap();
                    took.push(began.elapsed());
                    thread::sleep(Duration::from_micros(500));
                }
                took
            }
        });
        Self { is_over, thread }
    }

    /// None failed, and none waited for the store, whose timeout is 250 ms.
    #[track_caller]
    pub(crate) fn end(self, phase: &str) {
        self.is_over.store(true, Ordering::Relaxed);
        let mut took = self.thread.join().unwrap();
        took.sort_unstable();
        let p99 = took[took.len() * 99 / 100];
        println!("{phase}: {} calls, p99 {p99:?}, slowest {:?}", took.len(), took.last());
        assert!(took.len() > 100, "{phase}: only {} calls", took.len());
        assert!(p99 < Duration::from_millis(50), "{phase}: {p99:?}");
    }
}
