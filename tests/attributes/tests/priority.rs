//! Priorities as attributes: O3.
#![deny(warnings)]

use std::sync::Mutex;

use fusebox_attributes::{AiError, Counter};
use resilience::{
    BreakerConfig, CircuitBreaker, Event, Observer, Priority, StdClock, resilient,
    with_circuit_breaker, with_priority, with_retry,
};

#[with_priority("critical")]
fn pays() -> Result<Priority, AiError> {
    Ok(Priority::current())
}

#[with_priority("background")]
async fn warms() -> Result<Priority, AiError> {
    tokio::task::yield_now().await;
    Ok(Priority::current())
}

#[resilient(priority = "default")]
fn plain() -> Result<Priority, AiError> {
    Ok(Priority::current())
}

#[resilient(priority("sheddable"))]
fn recommends() -> Result<Priority, AiError> {
    Ok(Priority::current())
}

#[resilient(priority = 200)]
async fn level() -> Result<Priority, AiError> {
    tokio::task::yield_now().await;
    Ok(Priority::current())
}

const OURS: Priority = Priority::new(77);

#[with_priority(OURS)]
fn constant() -> Result<Priority, AiError> {
    Ok(Priority::current())
}

struct Task {
    priority: Priority,
}

#[with_priority(task.priority)]
async fn works(task: Task, nested: bool) -> Result<Priority, AiError> {
    tokio::task::yield_now().await;
    if nested { pays() } else { Ok(Priority::current()) }
}

#[tokio::test]
async fn o3_a_function_runs_in_the_scope_of_its_priority() {
    assert_eq!(pays(), Ok(Priority::CRITICAL));
    assert_eq!(tokio::spawn(warms()).await.unwrap(), Ok(Priority::BACKGROUND), "it is `Send`");
    assert_eq!(recommends(), Ok(Priority::SHEDDABLE));
    let around = Priority::CRITICAL.enter();
    assert_eq!(plain(), Ok(Priority::DEFAULT), "the inner one holds");
    drop(around);
    assert_eq!(level().await, Ok(Priority::new(200)));
    assert_eq!(constant(), Ok(OURS));
    assert_eq!(Priority::current(), Priority::DEFAULT, "its scope has ended");
}

#[tokio::test]
async fn o3_an_argument_may_say_it() {
    for priority in [Priority::BACKGROUND, Priority::new(3)] {
        assert_eq!(works(Task { priority }, false).await, Ok(priority));
        assert_eq!(works(Task { priority }, true).await, Ok(Priority::CRITICAL));
    }
}

/// Writes down the priority under which calls were turned away.
struct Asked(Mutex<Vec<Priority>>);

impl Observer for Asked {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Rejection(_) = event {
            self.0.lock().unwrap().push(Priority::current());
        }
    }
}

static CLOSED: CircuitBreaker<StdClock, Asked> = CircuitBreaker::with(
    None,
    BreakerConfig::new().build(),
    StdClock,
    Asked(Mutex::new(Vec::new())),
);

#[with_priority("critical")]
#[with_circuit_breaker(CLOSED)]
fn first() -> Result<(), AiError> {
    Ok(())
}

#[resilient(priority = "background", circuit_breaker(CLOSED))]
async fn last() -> Result<(), AiError> {
    Ok(())
}

#[tokio::test]
async fn o3_a_breaker_inside_is_asked_in_the_scope() {
    CLOSED.force_open();
    assert!(first().is_err() && last().await.is_err());
    let asked = CLOSED.observer().0.lock().unwrap();
    assert_eq!(*asked, [Priority::CRITICAL, Priority::BACKGROUND]);
}

/// A retry around it begins a scope for each attempt, one inside has one for all.
#[with_retry(max_attempts = 3, base_delay = "0s")]
#[with_priority("sheddable")]
fn tried_again(counter: &Counter, words: String) -> Result<(Priority, String), AiError> {
    if counter.next() < 3 { Err(AiError::Down) } else { Ok((Priority::current(), words)) }
}

#[resilient(priority = "sheddable", retry(max_attempts = 3, base_delay = "0s"))]
async fn tried_again_later(
    counter: &Counter,
    words: String,
) -> Result<(Priority, String), AiError> {
    tokio::task::yield_now().await;
    if counter.next() < 3 { Err(AiError::Down) } else { Ok((Priority::current(), words)) }
}

#[tokio::test]
async fn o3_each_attempt_has_it() {
    let words = || String::from("words");
    let expected = Ok((Priority::SHEDDABLE, words()));
    assert_eq!(tried_again(&Counter::default(), words()), expected);
    assert_eq!(tried_again_later(&Counter::default(), words()).await, expected);
}

#[with_priority("critical")]
fn gives_up(words: &str) -> Result<&str, AiError> {
    if words.is_empty() {
        return Err(AiError::BadPrompt);
    }
    Ok(words)
}

#[test]
fn o3_a_return_ends_the_scope_and_an_answer_may_borrow() {
    assert_eq!(gives_up(""), Err(AiError::BadPrompt));
    assert_eq!(Priority::current(), Priority::DEFAULT);
    assert_eq!(gives_up("words"), Ok("words"));
}
