//! The decorated functions do what their attributes say.

use std::{sync::Arc, time::Duration};

use fusebox_attributes::{
    AiError, Client, Counter, Service, consumes, explained, first_word, guarded,
    joined_in_the_library, refused, rescued, retried, retries_rejections, retry_outside, stacked,
};
use resilience::{State, global, with_circuit_breaker};

#[test]
fn a_retry_tries_again_and_returns_the_last_error() {
    let counter = Counter::default();
    assert_eq!(retried(&counter, 3), Ok(3));
    assert_eq!(retried(&counter, 100), Err(AiError::Down));
    assert_eq!(counter.count(), 6);
}

#[test]
fn retry_if_decides() {
    let counter = Counter::default();
    assert_eq!(refused(&counter), Err(AiError::BadPrompt));
    assert_eq!(counter.count(), 1);
}

#[test]
fn arguments_by_value_are_cloned_for_each_attempt() {
    let counter = Counter::default();
    assert_eq!(consumes(("no number".into(), &counter), "a".into()), Ok("a!".into()));
    assert_eq!(counter.count(), 2);
}

#[test]
fn generics_and_receivers_of_every_kind() {
    let client = Client::default();
    assert_eq!(client.show("x", [0u8; 4], 'y'), Ok("x4y4".into()));
    let client = Arc::new(Client::default());
    let back = Arc::clone(&client).shared().unwrap();
    assert!(Arc::ptr_eq(&client, &back));
    assert_eq!(client.attempts.count(), 3);
}

#[test]
fn a_breaker_is_shared_by_its_name() {
    assert_eq!(guarded(Ok("fine".into())), Ok("fine".into()));
    let breaker = global().get("guarded").expect("registered by the first call");
    let mut words = String::from("two words");
    assert_eq!(first_word(&mut words), Ok("two"));
    // Not an outage: it does not count.
    for _ in 0..5 {
        assert_eq!(guarded(Err(AiError::BadPrompt)), Err(AiError::BadPrompt));
    }
    assert_eq!(breaker.state(), State::Closed);
    for _ in 0..2 {
        assert_eq!(guarded(Err(AiError::Down)), Err(AiError::Down));
    }
    assert_eq!(breaker.state(), State::Open);
    let Err(AiError::Rejected(rejected)) = guarded(Ok("fine".into())) else {
        panic!("not rejected");
    };
    assert_eq!(rejected.name(), Some("guarded"));
    assert!(matches!(first_word(&mut words), Err(AiError::Rejected(_))), "one breaker for both");
}

/// Of another crate of the same program.
#[with_circuit_breaker("across crates", failure_threshold = 1, recovery_timeout = "1h")]
fn fails_here() -> Result<(), AiError> {
    Err(AiError::Down)
}

#[test]
fn a_breaker_is_shared_across_crates() {
    assert_eq!(fails_here(), Err(AiError::Down));
    assert!(matches!(joined_in_the_library(), Err(AiError::Rejected(_))));
}

#[test]
fn a_fallback_gets_the_arguments_and_where_it_asks_the_error() {
    assert_eq!(rescued("model"), Ok(0));
    assert_eq!(rescued("words"), Ok(5));
    assert_eq!(rescued(""), Err(AiError::BadPrompt));
    assert_eq!(explained("why".into()), Ok("why: Down".into()));
}

#[test]
fn stacked_attributes_apply_outermost_first() {
    let mut client = Client::default();
    // fallback(breaker(retry(f))): three attempts, one failure, an answer.
    assert_eq!(client.ask("words"), Ok(5));
    assert_eq!((client.attempts.count(), client.last), (3, 1_003));
    let breaker = global().get("client").unwrap();
    assert_eq!(breaker.counters().failures, 1);
    assert_eq!(client.ask("words"), Ok(5));
    assert_eq!((breaker.state(), client.attempts.count()), (State::Open, 6));
    // Open: no attempt, and an answer all the same.
    assert_eq!(client.ask("words"), Ok(5));
    assert_eq!(client.attempts.count(), 6);
    let counters = breaker.counters();
    assert_eq!((counters.retries, counters.exhausted, counters.fallbacks), (4, 2, 3));
}

#[tokio::test(start_paused = true)]
async fn and_so_they_do_on_async_functions() {
    let mut client = Client::default();
    assert_eq!(client.ask_async("words", 2).await, Ok(5));
    assert_eq!(client.last, 2);
    assert_eq!(client.ask_async("words", 100).await, Ok(500));
    assert_eq!(client.last, 1_004);
    let breaker = global().get("client async").unwrap();
    assert_eq!(breaker.counters().failures, 1);
    let spawned = tokio::spawn(async move { client.ask_async("words", 100).await });
    assert_eq!(spawned.await.unwrap(), Ok(500), "its future is `Send`");
    assert_eq!(breaker.state(), State::Open);
    let counters = breaker.counters();
    assert_eq!((counters.retries, counters.exhausted, counters.fallbacks), (3, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn one_attribute_for_all() {
    let (counter, start) = (Counter::default(), tokio::time::Instant::now());
    assert_eq!(stacked(&counter).await, Ok(0));
    assert_eq!(counter.count(), 2);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(500) && waited <= Duration::from_millis(1_502));
    assert_eq!(stacked(&counter).await, Ok(0));
    assert_eq!(counter.count(), 2, "open: not called");
    let counters = global().get("one attribute").unwrap().counters();
    assert_eq!((counters.retries, counters.exhausted, counters.fallbacks), (1, 1, 2));
}

#[test]
fn a_retry_outside_a_breaker_does_not_retry_rejections() {
    let counter = Counter::default();
    assert!(matches!(retry_outside(&counter), Err(AiError::Rejected(_))));
    assert_eq!(counter.count(), 2);
    let breaker = global().get("retry outside").unwrap();
    assert_eq!(breaker.counters().rejections, 1, "the third attempt, and no other");
    // The rejection is not worth another attempt, so no limit was reached.
    assert_eq!((breaker.counters().retries, breaker.counters().exhausted), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn unless_it_is_told_to() {
    let counter = Counter::default();
    let call = async move { (retries_rejections(&counter).await, counter) };
    let (result, counter) = tokio::spawn(call).await.unwrap();
    assert!(matches!(result, Err(AiError::Rejected(_))));
    assert_eq!(counter.count(), 2);
    let breaker = global().get("retry outside, async").unwrap();
    assert_eq!(breaker.counters().rejections, 3);
}

#[test]
fn a_breaker_may_be_named_by_the_path_to_its_static() {
    use fusebox_attributes::{OWN, SHARED, under_own, under_shared};
    assert_eq!(under_own(), Err(AiError::Down));
    assert_eq!(OWN.state(), State::Open);
    assert!(matches!(under_own(), Err(AiError::Rejected(_))));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert!(matches!(runtime.block_on(under_shared()), Err(AiError::Rejected(_))));
    assert_eq!(SHARED.get().state(), State::Open);
    assert!(std::ptr::eq(SHARED.get(), global().get("shared").unwrap()));
    assert_eq!(SHARED.get().counters().retries, 1, "counted on the breaker that was named");
}

#[test]
fn attributes_beneath_another_count_as_used() {
    assert_eq!(fusebox_attributes::beneath::imported(), Ok(0));
}

#[test]
fn an_infallible_fallback_is_a_plain_function() {
    use fusebox_attributes::{answered, answered_later};
    assert_eq!((answered("7"), answered("seven")), (Ok(7), Ok(5)));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(answered_later("seven")), Ok(5));
}
