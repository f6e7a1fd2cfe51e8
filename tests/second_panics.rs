//! A panic that follows another: B11. Whoever panics while the thread unwinds
//! already, an observer that is told of the failure say, aborts no process.

mod common;

use std::{
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    process::Output,
    sync::atomic::{AtomicU32, Ordering},
};

use common::{TIMEOUT, after, config, context};
use fusebox::{
    BreakerSettings, CircuitBreaker, Clock, Event, ManualClock, Observer, Pipeline, State, Tick,
};

fn panics<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// A panic of the caller's own code: it must come back, and no other.
#[derive(Debug, PartialEq)]
struct Own(u32);

/// Panics in the caller's code.
fn own_panic<R>() -> R {
    panic_any(Own(7))
}

/// What comes back to the caller is the caller's own panic.
#[track_caller]
fn assert_own<R>(f: impl FnOnce() -> R) {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(f()))).expect_err("it panics");
    assert_eq!(panic.downcast_ref(), Some(&Own(7)), "and with the first panic");
}

/// Panics whenever it is told something, until it is told to be quiet.
#[derive(Default)]
struct Rude {
    told: AtomicU32,
    quiet: AtomicU32,
}

impl Observer for Rude {
    fn on_event(&self, event: &Event<'_>) {
        self.told.fetch_add(1, Ordering::Relaxed);
        assert!(self.quiet.load(Ordering::Relaxed) != 0, "in the observer: {event:?}");
    }
}

/// Opened by one failure, with one probe at a time; its observer is rude.
struct Harsh {
    clock: ManualClock,
    rude: Rude,
}

type HarshBreaker<'a> = CircuitBreaker<&'a ManualClock, &'a Rude>;

impl Harsh {
    const SETTINGS: BreakerSettings = config().failure_threshold(1).build();

    fn new() -> Self {
        Self { clock: ManualClock::new(), rude: Rude::default() }
    }

    fn breaker(&self) -> HarshBreaker<'_> {
        CircuitBreaker::with(None, Self::SETTINGS, &self.clock, &self.rude)
    }

    /// A breaker that waits for a probe.
    fn due(&self) -> HarshBreaker<'_> {
        let breaker = self.breaker();
        assert!(panics(|| breaker.try_acquire().unwrap().failure()), "it tells of its opening");
        assert_eq!((breaker.state(), self.told()), (State::Open, 1));
        self.clock.advance(TIMEOUT);
        breaker
    }

    /// How often the observer was told something, since this was last asked.
    fn told(&self) -> u32 {
        self.rude.told.swap(0, Ordering::Relaxed)
    }

    /// The breaker is open, `told` events after; once the observer is quiet it
    /// recovers, so that no probe's place was lost.
    #[track_caller]
    fn assert_recovers(&self, breaker: &HarshBreaker<'_>, told: u32) {
        assert_eq!((breaker.state(), self.told()), (State::Open, told));
        self.rude.quiet.store(1, Ordering::Relaxed);
        assert!(breaker.try_acquire().is_err(), "it has just opened");
        self.clock.advance(TIMEOUT);
        let probe = breaker.try_acquire().expect("a place for a probe");
        assert_eq!(breaker.snapshot().probes_in_flight, 1);
        probe.success();
        assert_eq!(breaker.state(), State::Closed);
    }
}

/// Runs a test again in a process of its own, as what it shows may abort one.
/// What the child left; nothing in the child.
fn again(name: &str) -> Option<Output> {
    const CHILD: &str = "FUSEBOX_SECOND_PANICS_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return None;
    }
    let mut child = common::this_program();
    child.args(["--exact", name, "--nocapture"]).env(CHILD, "1");
    Some(child.output().unwrap())
}

/// Runs a test apart, where it must come to its end.
fn apart(name: &str, test: impl FnOnce()) {
    const SURVIVED: &str = "it survived";
    let Some(child) = again(name) else {
        test();
        println!("{SURVIVED}");
        return;
    };
    let output = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "the child ended with {}:\n{output}", child.status);
    assert!(output.contains(SURVIVED), "the child did not run it:\n{output}");
}

/// What a panic that nobody catches does: no more, and no less.
#[test]
fn b11_a_rude_observer_leaves_a_panic_what_it_is() {
    let Some(child) = again("b11_a_rude_observer_leaves_a_panic_what_it_is") else {
        let harsh = Harsh::new();
        let _ = harsh.breaker().call(own_panic::<Result<(), ()>>);
        unreachable!();
    };
    assert_eq!(child.status.code(), Some(101), "{}", String::from_utf8_lossy(&child.stderr));
}

/// Tests that run apart.
macro_rules! apart {
    ($($(#[$attribute:meta])* fn $name:ident() $body:block)+) => {$(
        $(#[$attribute])*
        fn $name() {
            apart(stringify!($name), || $body);
        }
    )+};
}

apart! {
    #[test]
    fn b11_a_rude_observer_at_a_probes_admission() {
        let harsh = Harsh::new();
        let breaker = harsh.due();
        assert!(panics(|| breaker.try_acquire().map(drop)));
        // Told of the probe, and while that panic unwound, of its failure.
        harsh.assert_recovers(&breaker, 2);
    }

    #[test]
    fn b11_a_rude_observer_of_a_call_that_panics() {
        let harsh = Harsh::new();
        let breaker = harsh.breaker();
        assert_own(|| breaker.call(own_panic::<Result<(), ()>>));
        harsh.assert_recovers(&breaker, 1);
    }

    #[test]
    fn b11_a_rude_observer_of_a_permit_that_a_panic_drops() {
        let harsh = Harsh::new();
        let breaker = harsh.breaker();
        assert_own(|| {
            let _permit = breaker.try_acquire().unwrap();
            own_panic::<()>();
        });
        harsh.assert_recovers(&breaker, 1);
    }

    #[test]
    fn b11_a_rude_observer_of_a_future_that_panics() {
        let harsh = Harsh::new();
        let breaker = harsh.breaker();
        let mut call = Box::pin(breaker.call_async(async { own_panic::<Result<(), ()>>() }));
        assert_own(|| call.as_mut().poll(&mut context()));
        harsh.assert_recovers(&breaker, 1);
    }

    #[test]
    fn b11_a_rude_observer_of_a_future_that_a_panic_drops() {
        let harsh = Harsh::new();
        let breaker = harsh.breaker();
        assert_own(|| {
            let mut call = Box::pin(breaker.call_async(after(1, Ok::<_, ()>(()))));
            assert!(call.as_mut().poll(&mut context()).is_pending());
            own_panic::<()>();
        });
        harsh.assert_recovers(&breaker, 1);
    }

    #[test]
    fn b11_a_rude_observer_of_a_filter_that_panics() {
        let harsh = Harsh::new();
        let breaker = harsh.breaker();
        assert_own(|| breaker.call_counting(|()| own_panic(), || Err::<(), _>(())));
        harsh.assert_recovers(&breaker, 1);

        let harsh = Harsh::new();
        let breaker = harsh.breaker();
        let call = breaker.call_async_counting(|()| own_panic(), after(0, Err::<(), _>(())));
        assert_own(|| Box::pin(call).as_mut().poll(&mut context()));
        harsh.assert_recovers(&breaker, 1);
    }

    #[test]
    fn b11_a_rude_observer_in_a_pipeline() {
        let harsh = Harsh::new();
        let breaker = harsh.breaker();
        let pipeline = Pipeline::new().breaker(&breaker);
        assert_own(|| pipeline.call(&(), |()| own_panic::<Result<(), ()>>()));
        harsh.assert_recovers(&breaker, 1);

        let harsh = Harsh::new();
        let breaker = harsh.breaker();
        let pipeline = Pipeline::new().breaker(&breaker);
        let call = pipeline.call_async(&(), |()| async { own_panic::<Result<(), ()>>() });
        assert_own(|| Box::pin(call).as_mut().poll(&mut context()));
        harsh.assert_recovers(&breaker, 1);
    }

    #[test]
    fn b11_a_rude_observer_of_rejections_and_of_a_closing() {
        let harsh = Harsh::new();
        let breaker = harsh.due();
        harsh.clock.step_back(TIMEOUT);
        assert!(panics(|| breaker.call(|| Ok::<_, ()>(()))), "it is told of a rejection");
        assert_eq!((breaker.state(), harsh.told()), (State::Open, 1));

        harsh.clock.advance(TIMEOUT);
        harsh.rude.quiet.store(1, Ordering::Relaxed);
        let probe = breaker.try_acquire().unwrap();
        harsh.rude.quiet.store(0, Ordering::Relaxed);
        assert!(panics(|| probe.success()), "and of the closing, which took effect");
        assert_eq!((breaker.state(), harsh.told()), (State::Closed, 2));
    }

    #[test]
    fn b11_a_panic_whose_payload_panics_when_it_is_dropped() {
        struct Mine;
        impl Drop for Mine {
            fn drop(&mut self) {
                panic!("in the destructor of a panic");
            }
        }
        struct Throws;
        impl Observer for Throws {
            fn on_event(&self, _: &Event<'_>) {
                panic_any(Mine);
            }
        }
        let clock = ManualClock::new();
        let breaker = CircuitBreaker::with(None, Harsh::SETTINGS, &clock, Throws);
        assert_own(|| breaker.call(own_panic::<Result<(), ()>>));
        assert_eq!(breaker.state(), State::Open);
    }

    #[test]
    fn b11_a_clock_that_panics() {
        struct Broken;
        impl Clock for Broken {
            fn now(&self) -> Tick {
                panic!("in the clock");
            }
        }
        let harsh = Harsh::new();
        let breaker = CircuitBreaker::with(None, Harsh::SETTINGS, Broken, &harsh.rude);
        assert_own(|| breaker.call(own_panic::<Result<(), ()>>));
        assert!(panics(|| breaker.call(|| Err::<(), _>(()))), "once, where nothing unwinds yet");
        assert_eq!(breaker.state(), State::Closed, "nothing can be stamped");
    }

    #[cfg(feature = "tower")]
    #[test]
    fn b11_a_rude_observer_of_a_service_that_panics() {
        use std::{future::poll_fn, task::Poll};

        use fusebox::{Outcome, tower::CircuitBreakerLayer};
        use tower::{Layer, Service, service_fn};

        // In its future, before it makes one, and in the judge of its answer.
        for way in 0..3 {
            let harsh = Harsh::new();
            let breaker = harsh.breaker();
            let layer = CircuitBreakerLayer::judged(&breaker, move |_: Result<&(), &()>| -> Outcome {
                if way == 2 { own_panic() } else { Outcome::Success }
            });
            let mut service = layer.layer(service_fn(|()| {
                if way == 1 {
                    own_panic::<()>();
                }
                poll_fn(move |_| if way == 0 { own_panic() } else { Poll::Ready(Ok(())) })
            }));
            assert!(service.poll_ready(&mut context()).is_ready());
            assert_own(|| Box::pin(service.call(())).as_mut().poll(&mut context()));
            harsh.assert_recovers(&breaker, 1);
        }

        // A service that is ready, and a call under way, dropped by a panic.
        for called in [false, true] {
            let harsh = Harsh::new();
            let breaker = harsh.breaker();
            let layer = CircuitBreakerLayer::new(&breaker);
            assert_own(|| {
                let mut service = layer.layer(service_fn(|()| after(1, Ok::<(), ()>(()))));
                assert!(service.poll_ready(&mut context()).is_ready());
                if !called {
                    own_panic::<()>();
                }
                let mut call = Box::pin(service.call(()));
                assert!(call.as_mut().poll(&mut context()).is_pending());
                own_panic::<()>();
            });
            harsh.assert_recovers(&breaker, 1);
        }
    }

    #[cfg(all(feature = "macros", feature = "observer"))]
    #[test]
    fn b11_a_rude_observer_under_an_attribute() {
        use fusebox::{Rejected, global, set_observer, with_circuit_breaker};

        #[derive(Debug, PartialEq)]
        struct Down;
        impl From<Rejected> for Down {
            fn from(_: Rejected) -> Self {
                Self
            }
        }
        #[with_circuit_breaker("rude", failure_threshold = 1)]
        fn ask() -> Result<(), Down> {
            own_panic()
        }
        #[with_circuit_breaker("rude async", failure_threshold = 1)]
        async fn ask_async() -> Result<(), Down> {
            own_panic()
        }
        static RUDE: Rude = Rude { told: AtomicU32::new(0), quiet: AtomicU32::new(0) };
        set_observer(&RUDE).unwrap();
        assert_own(ask);
        assert_own(|| Box::pin(ask_async()).as_mut().poll(&mut context()));
        assert_eq!(RUDE.told.load(Ordering::Relaxed), 2);
        for name in ["rude", "rude async"] {
            assert_eq!(global().get_or_default(name).unwrap().state(), State::Open);
        }
    }
}
