//! What the tests share: a breaker on a manual clock, and a list of its
//! transitions.
#![allow(dead_code, unreachable_pub)] // each test file uses its share

use std::{
    process::Command,
    sync::Mutex,
    task::{Context, Waker},
    time::Duration,
};

use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, Event, ManualClock, Name, Observer, Rejected,
    State, Tick, Verdict,
};

/// The recovery timeout of [`config`].
pub const TIMEOUT: Duration = Duration::from_secs(10);

pub type Breaker<'a> = CircuitBreaker<&'a ManualClock, &'a Log>;

/// Three failures open; ten seconds until the first probe.
pub const fn config() -> BreakerConfig {
    BreakerConfig::new().failure_threshold(3).recovery_timeout(TIMEOUT)
}

/// A clock and a log, for a breaker to borrow.
pub struct Bench {
    pub clock: ManualClock,
    pub log: Log,
}

impl Bench {
    pub fn new() -> Self {
        let clock = ManualClock::new();
        clock.set(Tick::from_millis(1_000_000));
        Self { clock, log: Log::default() }
    }

    pub fn breaker(&self, config: BreakerConfig) -> Breaker<'_> {
        self.with_settings(config.build())
    }

    pub fn with_settings(&self, settings: BreakerSettings) -> Breaker<'_> {
        CircuitBreaker::with(Some(Name::new("tested")), settings, &self.clock, &self.log)
    }

    /// A breaker that has just opened.
    pub fn opened(&self, config: BreakerConfig) -> Breaker<'_> {
        let breaker = self.breaker(config);
        while breaker.state() == State::Closed {
            fail(&breaker);
        }
        breaker
    }

    /// A breaker that has opened, and whose timeout has passed.
    pub fn due(&self, config: BreakerConfig) -> Breaker<'_> {
        let breaker = self.opened(config);
        self.clock.advance(TIMEOUT);
        breaker
    }
}

/// Writes transitions down and counts rejections.
#[derive(Default)]
pub struct Log {
    transitions: Mutex<Vec<(State, State, bool)>>,
    rejections: Mutex<usize>,
}

impl Log {
    /// From, to, and whether it was forced; forgets what it returns.
    pub fn take(&self) -> Vec<(State, State, bool)> {
        std::mem::take(&mut self.transitions.lock().unwrap())
    }

    pub fn rejections(&self) -> usize {
        *self.rejections.lock().unwrap()
    }
}

impl Observer for Log {
    fn on_event(&self, event: &Event<'_>) {
        match event {
            Event::Transition(t) => {
                assert_eq!(t.breaker, Some("tested"));
                self.transitions.lock().unwrap().push((t.from, t.to, t.forced));
            }
            Event::Rejection(_) => *self.rejections.lock().unwrap() += 1,
            other => panic!("an event of another kind: {other:?}"),
        }
    }
}

pub fn fail(breaker: &Breaker<'_>) -> Verdict {
    breaker.try_acquire().expect("admitted").failure()
}

pub fn succeed(breaker: &Breaker<'_>) -> Verdict {
    breaker.try_acquire().expect("admitted").success()
}

pub fn rejection(breaker: &Breaker<'_>) -> Rejected {
    breaker.try_acquire().map(drop).expect_err("rejected")
}

pub fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// This test program, to be run again in a process of its own.
pub fn this_program() -> Command {
    // With whatever cargo runs another machine's programs, an emulator say.
    let runner = std::env::vars()
        .find(|(name, _)| name.starts_with("CARGO_TARGET_") && name.ends_with("_RUNNER"))
        .map(|(_, runner)| runner)
        .unwrap_or_default();
    let this = std::env::current_exe().unwrap().into_os_string();
    let mut words = runner.split_whitespace().map(Into::into).chain([this]);
    let mut program = Command::new(words.next().unwrap());
    program.args(words);
    program
}

pub fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// Writes every event down as a line.
#[derive(Default)]
pub struct Journal(Mutex<Vec<String>>);

impl Journal {
    /// The lines; forgets what it returns.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Journal {
    fn on_event(&self, event: &Event<'_>) {
        let line = match event {
            Event::Transition(it) => format!("{} -> {}", it.from, it.to),
            Event::Rejection(it) => format!("rejected: {it}"),
            Event::Failover(it) => format!(
                "failover {} {}: {} to {}",
                it.set.unwrap_or("-"),
                it.state,
                it.from.unwrap_or("-"),
                it.to.unwrap_or("-")
            ),
            Event::Retry(it) => format!(
                "{} retry {}/{} in {:?} after {:?}",
                it.policy.unwrap_or("-"),
                it.attempt,
                it.max_attempts,
                it.delay,
                it.error
            ),
            Event::Exhausted(it) => format!(
                "{} exhausted after {} ({}): {:?}",
                it.policy.unwrap_or("-"),
                it.attempts,
                it.limit,
                it.error
            ),
            Event::Fallback(it) => format!(
                "{} fallback, layer {:?}, age {:?}, {} errors: {:?}",
                it.policy.unwrap_or("-"),
                it.layer,
                it.age,
                it.errors.count(),
                it.errors
            ),
            other => panic!("an event of another kind: {other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }
}

/// Polls a future that nobody wakes, at most `polls` times.
pub fn poll_up_to<F: Future>(polls: u32, mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    for _ in 0..polls {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context()) {
            return Some(output);
        }
    }
    None
}

/// Polls a future to its end; one that never ends fails the test.
pub fn finish<F: Future>(future: F) -> F::Output {
    poll_up_to(1_000, std::pin::pin!(future)).expect("the future ends")
}

/// Pending `waits` times, then the result.
pub async fn after<T>(waits: u32, result: T) -> T {
    let mut left = waits;
    std::future::poll_fn(|_| {
        let done = left == 0;
        left = left.saturating_sub(1);
        if done { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    result
}

/// What a subscriber of `tracing`'s writes.
#[derive(Clone, Default)]
pub struct Buffer(std::sync::Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
