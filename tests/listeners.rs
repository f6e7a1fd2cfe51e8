//! Observers that come and go while the program runs.
#![cfg(feature = "observer")]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use fusebox::{
    BreakerConfig, CircuitBreaker, Event, Listeners, Observer, StdClock, TimeCalls, set_observer,
};

#[derive(Default)]
struct Count(AtomicU32);

impl Count {
    fn take(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl Observer for Count {
    fn on_event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn they_hear_while_they_are_there() {
    let listeners = Listeners::<2>::new();
    let settings = BreakerConfig::new().build();
    let shop = CircuitBreaker::with(None, settings, StdClock, &listeners);
    let [a, b, c] = [0; 3].map(|_| Arc::new(Count::default()));
    shop.force_open();
    let first = listeners.add(a.clone()).unwrap();
    let second = listeners.add(b.clone()).unwrap();
    let full = listeners.add(c.clone()).unwrap_err();
    assert_eq!(full.to_string(), "all 2 places for listeners are taken");
    shop.close();
    assert_eq!((a.take(), b.take(), c.take()), (1, 1, 0));

    assert!(listeners.remove(first));
    assert!(!listeners.remove(first), "it is gone");
    let third = listeners.add(c.clone()).unwrap();
    assert!(!listeners.remove(first), "and its place is another's");
    shop.force_open();
    assert_eq!((a.take(), b.take(), c.take()), (0, 1, 1));
    assert_eq!(listeners.len(), 2);
    assert!(listeners.remove(second) && listeners.remove(third) && listeners.is_empty());
    assert_eq!(Arc::strong_count(&b), 1, "nothing is kept of it");
}

#[test]
fn they_come_and_go_on_many_threads() {
    static LISTENERS: Listeners<8> = Listeners::new();
    static SHOP: CircuitBreaker<StdClock, TimeCalls<&Listeners<8>>> =
        CircuitBreaker::with(None, BreakerConfig::new().build(), StdClock, TimeCalls(&LISTENERS));
    let lasting = Arc::new(Count::default());
    LISTENERS.add(lasting.clone()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let own = Arc::new(Count::default());
                    let listener = LISTENERS.add(own.clone()).unwrap();
                    SHOP.call(|| Ok::<_, ()>(())).unwrap();
                    assert!(LISTENERS.remove(listener));
                    assert!(own.take() >= 1, "it heard at least its own call");
                }
            });
        }
    });
    assert_eq!(lasting.take(), 2_000, "no event is lost");
    assert_eq!(LISTENERS.len(), 1);
}

#[test]
fn for_the_process_they_are_set_once() {
    static LISTENERS: Listeners<4> = Listeners::new();
    set_observer(&LISTENERS).unwrap();
    let count = Arc::new(Count::default());
    let listener = LISTENERS.add(count.clone()).unwrap();
    CircuitBreaker::new(BreakerConfig::new().build()).force_open();
    assert!(count.take() >= 1);
    LISTENERS.remove(listener);
}

#[test]
fn a_listener_may_remove_itself() {
    static LISTENERS: Listeners<1> = Listeners::new();
    struct Once(std::sync::Mutex<Option<fusebox::Listener>>, Count);
    impl Observer for Once {
        fn on_event(&self, event: &Event<'_>) {
            self.1.on_event(event);
            if let Some(own) = self.0.lock().unwrap().take() {
                assert!(LISTENERS.remove(own));
            }
        }
    }
    let once = Arc::new(Once(None.into(), Count::default()));
    *once.0.lock().unwrap() = Some(LISTENERS.add(once.clone()).unwrap());
    let shop = CircuitBreaker::with(None, BreakerConfig::new().build(), StdClock, &LISTENERS);
    shop.force_open();
    shop.close();
    assert_eq!(once.1.take(), 1);
}
