//! What the models share: a breaker that counts its transitions, a way to run
//! a model, and a way to show that a planted defect is caught.

#[cfg(not(fusebox_loom))]
compile_error!(
    "loom-tests needs `--cfg fusebox_loom`: without it the models would run on ordinary atomics \
     and pass whatever they say. Its .cargo/config.toml sets it: run `cargo test --release` in \
     this folder, with no RUSTFLAGS in the environment."
);

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

#[cfg(fusebox_loom)]
use fusebox::planted::{Defect, plant};
use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, Clock, Event, Observer, State, Tick, Verdict,
};

/// The recovery timeout of every model.
pub const TIMEOUT: Duration = Duration::from_millis(100);

/// A clock that all clones share. Not modelled: time is no part of a race here,
/// the words are.
#[derive(Clone, Default)]
pub struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Tick {
        Tick::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Counts transitions to `Open`.
#[derive(Clone, Default)]
pub struct Openings(Arc<AtomicUsize>);

impl Openings {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Observer for Openings {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Transition(transition) = event
            && transition.to == State::Open
        {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

pub type Breaker = CircuitBreaker<TestClock, Openings>;

/// A breaker that threads of a model share, and the clock it reads.
pub fn breaker(config: BreakerConfig) -> (loom::sync::Arc<Breaker>, TestClock) {
    let clock = TestClock::default();
    // Not 0, so that a forgotten stamp is seen.
    clock.advance(Duration::from_secs(1));
    let breaker = CircuitBreaker::with(None, settings(config), clock.clone(), Openings::default());
    (loom::sync::Arc::new(breaker), clock)
}

pub fn settings(config: BreakerConfig) -> BreakerSettings {
    config.recovery_timeout(TIMEOUT).build()
}

/// A breaker that has just opened, and whose timeout has passed.
pub fn due(config: BreakerConfig) -> (loom::sync::Arc<Breaker>, TestClock) {
    let (breaker, clock) = breaker(config.failure_threshold(1));
    fail(&breaker);
    clock.advance(TIMEOUT);
    (breaker, clock)
}

pub fn fail(breaker: &Breaker) -> Verdict {
    breaker.try_acquire().expect("admitted").failure()
}

/// Takes a permit that will never report.
pub fn lose_permit(breaker: &Breaker) -> bool {
    breaker.try_acquire().map(std::mem::forget).is_ok()
}

/// A claim of a model. Made after the threads have joined and the permits are
/// gone, so that nothing of the model runs while it unwinds.
#[macro_export]
macro_rules! claim {
    ($holds:expr, $($text:tt)+) => {
        assert!($holds, "claim broken: {}", format_args!($($text)+))
    };
}

/// Runs `model` in every order that loom finds.
pub fn check(model: fn()) {
    let orders = run(model);
    assert!(orders > 1, "a model with one order models no race");
}

/// Runs a model of many steps in every order of no more than three preemptions: where a
/// planted defect is found among these, and all orders would take hours.
pub fn check_bounded(model: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// Runs a model whose threads wait for each other: what one thread wrote must
/// be what the next one reads.
pub fn check_in_sequence(model: fn()) {
    run(model);
}

fn run(model: fn()) -> usize {
    let orders = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&orders);
    loom::model(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        model();
    });
    let orders = orders.load(Ordering::SeqCst);
    println!("{orders} orders");
    orders
}

/// Runs `model` with `defect` planted, and demands that a claim breaks.
#[cfg(fusebox_loom)]
pub fn catches(defect: Defect, model: fn()) {
    plant(Some(defect));
    let outcome = catch_unwind(AssertUnwindSafe(|| loom::model(model)));
    plant(None);
    let panic = outcome.expect_err(&format!("{defect:?} was not noticed"));
    let text = text_of(&*panic);
    assert!(text.starts_with("claim broken"), "{defect:?} broke something else: {text}");
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a text")
}
