//! Attributes that tell a breaker of overload: O2.
#![deny(warnings)]

use std::{future::pending, io, sync::Mutex};

use resilience::{
    BreakerConfig, CircuitBreaker, Event, Observer, Outcome, Rejected, StdClock, TimeCalls,
    TimedOut, resilient, with_circuit_breaker, with_fallback, with_timeout,
};

/// Writes down what became of each call.
struct Outcomes(Mutex<Vec<Outcome>>);

impl Observer for Outcomes {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Call(it) = event {
            self.0.lock().unwrap().push(it.outcome);
        }
    }
}

type Watched = CircuitBreaker<StdClock, TimeCalls<Outcomes>>;

const fn watched() -> Watched {
    let settings = BreakerConfig::new().failure_threshold(2_047).build();
    CircuitBreaker::with(None, settings, StdClock, TimeCalls(Outcomes(Mutex::new(Vec::new()))))
}

/// What it made of its calls so far; forgets them.
fn outcomes(breaker: &Watched) -> Vec<Outcome> {
    std::mem::take(&mut breaker.observer().0.0.lock().unwrap())
}

/// An error that does not say which one it was, nor has a source.
#[derive(Debug, PartialEq)]
enum Opaque {
    Status(u16),
    Other,
}

impl From<Rejected> for Opaque {
    fn from(_: Rejected) -> Self {
        Self::Other
    }
}

impl From<TimedOut> for Opaque {
    fn from(_: TimedOut) -> Self {
        Self::Other
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as a predicate is
fn is_busy(error: &Opaque) -> bool {
    matches!(error, Opaque::Status(429 | 503))
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as a predicate is
fn is_outage(error: &Opaque) -> bool {
    matches!(error, Opaque::Status(429 | 500..) | Opaque::Other)
}

static BUSY: Watched = watched();

#[with_circuit_breaker(BUSY, is_overload = is_busy)]
fn asks(answer: Result<u32, Opaque>) -> Result<u32, Opaque> {
    answer
}

#[with_circuit_breaker(BUSY, is_overload = is_busy, expect = is_outage)]
async fn asks_later(answer: Result<u32, Opaque>) -> Result<u32, Opaque> {
    tokio::task::yield_now().await;
    answer
}

#[tokio::test]
async fn o2_a_predicate_says_which_failures_are_an_overload() {
    for (answer, outcome, expected) in [
        (Ok(1), Outcome::Success, Outcome::Success),
        (Err(429), Outcome::Overload, Outcome::Overload),
        (Err(503), Outcome::Overload, Outcome::Overload),
        (Err(500), Outcome::Failure, Outcome::Failure),
        (Err(404), Outcome::Failure, Outcome::Ignore),
    ] {
        let _ = asks(answer.map_err(Opaque::Status));
        assert_eq!(outcomes(&BUSY), [outcome], "{answer:?}");
        let _ = asks_later(answer.map_err(Opaque::Status)).await;
        assert_eq!(outcomes(&BUSY), [expected], "{answer:?}, with `expect`");
    }
}

static DISK: Watched = watched();

/// The library's own predicate, for an error that is one.
#[with_circuit_breaker(DISK, is_overload = resilience::is_overload)]
fn reads(kind: io::ErrorKind) -> io::Result<()> {
    Err(kind.into())
}

#[with_circuit_breaker(DISK, is_overload = resilience::is_overload)]
async fn reads_later(kind: io::ErrorKind) -> io::Result<()> {
    tokio::task::yield_now().await;
    Err(kind.into())
}

#[tokio::test]
async fn o2_the_predicate_may_be_the_librarys() {
    let cases =
        [(io::ErrorKind::TimedOut, Outcome::Overload), (io::ErrorKind::NotFound, Outcome::Failure)];
    for (kind, outcome) in cases {
        let _ = reads(kind);
        let _ = reads_later(kind).await;
        assert_eq!(outcomes(&DISK), [outcome; 2], "{kind}");
    }
}

/// What a call does.
#[derive(Clone, Copy)]
enum Does {
    Hang,
    Fail,
    Answer,
}

async fn does(what: Does) -> Result<u32, Opaque> {
    match what {
        Does::Hang => pending().await,
        Does::Fail => Err(Opaque::Other),
        Does::Answer => Ok(1),
    }
}

static SLOW: Watched = watched();

#[resilient(circuit_breaker(SLOW), timeout = "1s")]
async fn hangs(what: Does) -> Result<u32, Opaque> {
    does(what).await
}

#[resilient(circuit_breaker(SLOW, expect = is_outage, is_overload = is_busy), timeout = "1s")]
async fn hangs_expecting(what: Does) -> Result<u32, Opaque> {
    does(what).await
}

#[tokio::test(start_paused = true)]
async fn o2_a_timeout_of_its_own_is_one_whatever_error_it_becomes() {
    for (what, outcome) in [
        (Does::Hang, Outcome::Overload),
        (Does::Fail, Outcome::Failure),
        (Does::Answer, Outcome::Success),
    ] {
        let _ = hangs(what).await;
        let _ = hangs_expecting(what).await;
        assert_eq!(outcomes(&SLOW), [outcome; 2]);
    }
    assert_eq!(tokio::spawn(hangs(Does::Hang)).await.unwrap(), Err(Opaque::Other), "it is `Send`");
}

static TRIED: Watched = watched();

#[resilient(
    circuit_breaker(TRIED),
    retry(max_attempts = 2, base_delay = "0s", attempt_timeout = "1s")
)]
async fn tried_again(attempts: &Mutex<Vec<Does>>) -> Result<u32, Opaque> {
    let what = attempts.lock().unwrap().pop().unwrap();
    does(what).await
}

/// In the order in which they are made.
#[tokio::test(start_paused = true)]
async fn o2_of_several_attempts_the_last_one_says_so() {
    for (attempts, outcome) in [
        ([Does::Fail, Does::Hang], Outcome::Overload),
        ([Does::Hang, Does::Fail], Outcome::Failure),
        ([Does::Hang, Does::Answer], Outcome::Success),
    ] {
        let left = Mutex::new(attempts.into_iter().rev().collect());
        let _ = tried_again(&left).await;
        assert_eq!(outcomes(&TRIED), [outcome]);
    }
}

static INNER: Watched = watched();
static OUTER: Watched = watched();

#[with_circuit_breaker(OUTER)]
#[with_fallback(no_better)]
#[with_circuit_breaker(INNER)]
#[with_timeout("1s")]
async fn nested(what: Does) -> Result<u32, Opaque> {
    does(what).await
}

#[allow(clippy::unused_async)] // as a fallback is
async fn no_better(_: Does) -> Result<u32, Opaque> {
    Err(Opaque::Status(500))
}

#[tokio::test(start_paused = true)]
async fn o2_every_breaker_around_a_timeout_hears_of_it() {
    for (what, outcome) in [(Does::Hang, Outcome::Overload), (Does::Fail, Outcome::Failure)] {
        let _ = nested(what).await;
        assert_eq!((outcomes(&INNER), outcomes(&OUTER)), (vec![outcome], vec![outcome]));
    }
}

static JUDGED: Watched = watched();

fn judge(answer: Result<&u32, &Opaque>) -> Outcome {
    if answer.is_ok() { Outcome::Success } else { Outcome::Ignore }
}

#[resilient(circuit_breaker(JUDGED, judge = judge), timeout = "1s")]
async fn judged(what: Does) -> Result<u32, Opaque> {
    does(what).await
}

#[tokio::test(start_paused = true)]
async fn o2_a_judge_decides_alone() {
    assert_eq!(judged(Does::Hang).await, Err(Opaque::Other));
    assert_eq!(outcomes(&JUDGED), [Outcome::Ignore]);
}

/// A timeout around a breaker cancels the call, which counts for nothing.
static BLIND: Watched = watched();

#[resilient(timeout = "1s", circuit_breaker(BLIND))]
async fn blind(what: Does) -> Result<u32, Opaque> {
    does(what).await
}

#[tokio::test(start_paused = true)]
async fn o2_a_timeout_around_a_breaker_says_nothing() {
    assert_eq!(blind(Does::Hang).await, Err(Opaque::Other));
    assert_eq!(outcomes(&BLIND), [Outcome::Ignore]);
}
