//! Attributes that look at the whole answer of the function.
#![deny(warnings)]

use std::sync::atomic::{AtomicU32, Ordering};

use resilience::{
    Outcome, Rejected, global, resilient, with_circuit_breaker, with_fallback, with_retry,
};

/// A status that is no answer.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    Status(u16),
    Rejected,
}

impl From<Rejected> for Wrong {
    fn from(_: Rejected) -> Self {
        Self::Rejected
    }
}

type Answer = Result<u16, Wrong>;

fn judge(answer: Result<&u16, &Wrong>) -> Outcome {
    match answer {
        Ok(503) => Outcome::Failure,
        Ok(_) | Err(Wrong::Status(404)) => Outcome::Success,
        Err(_) => Outcome::Ignore,
    }
}

fn is_busy(answer: Result<&u16, &Wrong>) -> bool {
    matches!(answer, Ok(503) | Err(Wrong::Status(503)))
}

#[with_circuit_breaker("judged", judge = judge, failure_threshold = 100)]
fn judged(answer: Answer) -> Answer {
    answer
}

#[with_circuit_breaker("judged", judge = judge)]
async fn judged_later(answer: Answer) -> Answer {
    tokio::task::yield_now().await;
    answer
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(future)
}

#[test]
fn a_breaker_is_told_by_the_whole_answer() {
    let failures = || global().get("judged").map_or(0, |it| it.snapshot().score);
    let cases =
        [(Ok(503), 1), (Err(Wrong::Status(400)), 1), (Ok(503), 2), (Err(Wrong::Status(404)), 0)];
    for (answer, expected) in cases {
        assert_eq!((judged(answer), failures()), (answer, expected));
    }
    for (answer, expected) in cases {
        assert_eq!((block_on(judged_later(answer)), failures()), (answer, expected));
    }
}

static CALLS: AtomicU32 = AtomicU32::new(0);

#[allow(clippy::unnecessary_wraps)] // as a hint is
fn at_once(_: Result<&u16, &Wrong>) -> Option<std::time::Duration> {
    Some(std::time::Duration::ZERO)
}

#[with_retry(max_attempts = 3, base_delay = "1h", max_delay = "1h", retry_on = is_busy, delay_hint_on = at_once)]
fn retried(answers: &[Answer; 3]) -> Answer {
    answers[CALLS.fetch_add(1, Ordering::Relaxed) as usize]
}

#[with_retry(max_attempts = 3, base_delay = "0s", retry_on = is_busy)]
async fn retried_later(answers: &[Answer; 3]) -> Answer {
    answers[CALLS.fetch_add(1, Ordering::Relaxed) as usize]
}

#[test]
fn a_retry_tries_again_on_an_answer_that_it_refuses() {
    let busy = Err(Wrong::Status(503));
    for (answers, last, attempts) in [
        ([Ok(503), busy, Ok(200)], Ok(200), 3),
        ([Ok(404), Ok(1), Ok(1)], Ok(404), 1),
        ([busy, busy, Ok(503)], Ok(503), 3),
        ([Ok(503), Err(Wrong::Rejected), Ok(1)], Err(Wrong::Rejected), 2),
    ] {
        assert_eq!((retried(&answers), CALLS.swap(0, Ordering::Relaxed)), (last, attempts));
        let later = block_on(retried_later(&answers));
        assert_eq!((later, CALLS.swap(0, Ordering::Relaxed)), (last, attempts));
    }
}

fn basic(own: Answer) -> Answer {
    if own == Ok(503) || own == Err(Wrong::Status(503)) { Ok(7) } else { Err(Wrong::Rejected) }
}

fn is_outage(answer: Result<&u16, &Wrong>) -> bool {
    matches!(answer, Ok(500..) | Err(Wrong::Status(500..)))
}

#[with_fallback(basic, when = is_outage)]
fn rescued(own: Answer) -> Answer {
    own
}

#[with_fallback(basic, when = is_outage)]
async fn rescued_later(own: Answer) -> Answer {
    own
}

#[test]
fn a_fallback_answers_in_place_of_a_response() {
    for (own, expected) in [
        (Ok(503), Ok(7)),
        (Err(Wrong::Status(503)), Ok(7)),
        (Ok(200), Ok(200)),
        (Err(Wrong::Status(404)), Err(Wrong::Status(404))), // kept out
        (Ok(500), Ok(500)), // the fallback has none: better than its error
        (Err(Wrong::Status(500)), Err(Wrong::Rejected)),
    ] {
        assert_eq!(rescued(own), expected, "{own:?}");
        assert_eq!(block_on(rescued_later(own)), expected, "{own:?}");
    }
}

#[resilient(
    fallback(basic, when = is_outage),
    circuit_breaker("judged stack", judge = judge, failure_threshold = 100),
    retry(max_attempts = 2, base_delay = "0s", retry_on = is_busy)
)]
fn stacked(own: Answer) -> Answer {
    own
}

#[test]
fn all_of_them_in_one() {
    assert_eq!((stacked(Ok(503)), stacked(Ok(200))), (Ok(7), Ok(200)));
    let breaker = global().get("judged stack").unwrap();
    assert_eq!((breaker.counters().failures, breaker.counters().retries), (1, 1));
}
