//! One observer for whatever was given none. A process of its own: there can
//! be one only.

use std::sync::Mutex;

use fusebox::{Event, Fallback, Observer, ObserverInUse, Retry, RetryConfig, global, set_observer};

struct Heard(Mutex<Vec<String>>);

impl Observer for Heard {
    fn on_event(&self, event: &Event<'_>) {
        let text = match event {
            Event::Transition(it) => format!("{} {}", it.breaker.unwrap_or("?"), it.to),
            Event::Rejection(it) => format!("{} rejected", it.rejected.name().unwrap_or("?")),
            Event::Exhausted(it) => format!("exhausted after {}", it.attempts),
            Event::Fallback(it) => format!("fallback {:?}", it.layer),
            _ => return,
        };
        self.0.lock().unwrap().push(text);
    }
}

#[test]
fn it_hears_of_all_that_has_no_observer_of_its_own() {
    static HEARD: Heard = Heard(Mutex::new(Vec::new()));
    static DEAF: Heard = Heard(Mutex::new(Vec::new()));
    let breaker = global().get_or_default("ai").unwrap();
    breaker.force_open(); // nobody listens yet

    set_observer(&HEARD).unwrap();
    let second = set_observer(&DEAF);
    assert_eq!(second, Err(ObserverInUse));
    assert_eq!(
        second.unwrap_err().to_string(),
        "the process has an observer already: only the first one is taken"
    );

    assert!(breaker.try_acquire().is_err());
    breaker.close();
    let once = Retry::new(RetryConfig::new().max_attempts(1).build());
    assert!(once.call(|| Err::<(), _>("down")).is_err());
    assert_eq!(Fallback::new().or(|(): &()| Ok::<_, &str>(7)).call(&(), |()| Err("down")), Ok(7));

    let heard = HEARD.0.lock().unwrap();
    assert_eq!(*heard, ["ai rejected", "ai closed", "exhausted after 1", "fallback Some(1)"]);
    assert!(DEAF.0.lock().unwrap().is_empty());
}
