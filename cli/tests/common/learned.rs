//! A breaker that has learned of its service, in the time of a clock that a test moves.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use fusebox::{BreakerConfig, Clock, ConstDefault, Outcome, StdClock, Tick};
use fusebox_shm::{Options, SharedRegistry};

use super::Panel;

/// How far the clock below is ahead of the host's, in milliseconds.
static AHEAD: AtomicU64 = AtomicU64::new(0);

/// The host's clock, and what the test has added to it.
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Tick {
        Tick::from_millis(StdClock.now().as_millis() + AHEAD.load(Ordering::SeqCst))
    }
}

impl ConstDefault for Ahead {
    const DEFAULT: Self = Self;
}

fn pass(time: Duration) {
    AHEAD.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
}

/// Has a breaker learn that its calls take a tenth of a second, and that an outage lasts
/// twenty seconds. A call is slow for it above twice what is usual.
pub fn teach(panel: &Panel, name: &str) {
    let shared = SharedRegistry::<16, Ahead>::open_with(panel.path(), Options::new()).unwrap();
    let config = BreakerConfig::new().failure_threshold(3).slow_above(200);
    let settings = config.recovery_timeout(Duration::from_secs(20)).build();
    let breaker = shared.get_or_init(name, settings).unwrap();
    breaker.set_settings(settings);
    let call = |outcome| {
        let permit = breaker.try_acquire().expect("it is well, or probes");
        pass(Duration::from_millis(100));
        permit.report(outcome);
    };
    for _ in 0..2_200 {
        call(Outcome::Success);
    }
    for _ in 0..3 {
        for _ in 0..3 {
            call(Outcome::Failure);
        }
        pass(Duration::from_secs(20));
        call(Outcome::Success);
    }
    let learned = breaker.learned();
    assert!(learned.baseline.is_some() && learned.outage.is_some(), "{learned:?}");
}
