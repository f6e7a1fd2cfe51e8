//! What functions under attributes tell of, and when.
#![deny(warnings)]

use std::{
    cell::RefCell,
    error::Error,
    fmt, io,
    pin::pin,
    task::{Context, Poll, Waker},
};

use fusebox_attributes::AiError;
use resilience::{Event, Observer, global, resilient, set_observer, with_fallback, with_retry};

thread_local! {
    /// On whose thread an event is sent, tests it.
    static HEARD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Hear;

impl Observer for Hear {
    fn on_event(&self, event: &Event<'_>) {
        let text = match event {
            Event::Fallback(it) => {
                format!("{:?} by {:?} after {:?}", it.policy, it.layer, it.errors)
            }
            Event::Retry(it) => format!("again after {}", it.error),
            Event::Exhausted(it) => format!("no more after {}", it.error),
            _ => return,
        };
        HEARD.with_borrow_mut(|heard| heard.push(text));
    }
}

/// The events of this thread until now.
fn heard() -> Vec<String> {
    _ = set_observer(&Hear); // by whichever test is the first
    HEARD.take()
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Nothing has been told while the fallback is asked.
fn basic(good: bool) -> Result<u32, AiError> {
    assert_eq!(HEARD.with_borrow(Vec::len), 0, "told of before the answer");
    if good { Ok(7) } else { Err(AiError::BadPrompt) }
}

async fn basic_later(good: bool) -> Result<u32, AiError> {
    tokio::task::yield_now().await;
    basic(good)
}

#[with_fallback(basic)]
fn answered(_: bool) -> Result<u32, AiError> {
    Err(AiError::Down)
}

#[with_fallback(basic_later)]
async fn answered_later(_: bool) -> Result<u32, AiError> {
    Err(AiError::Down)
}

#[with_fallback(basic, log_errors = false)]
fn silent(_: bool) -> Result<u32, AiError> {
    Err(AiError::Down)
}

fn whatever(_: bool) -> u32 {
    8
}

#[with_fallback(whatever, infallible = true)]
fn infallible(_: bool) -> Result<u32, AiError> {
    Err(AiError::Down)
}

/// An error with a text and a source.
#[derive(Debug)]
struct CannotSave(io::Error);

impl fmt::Display for CannotSave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot save")
    }
}

impl Error for CannotSave {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl CannotSave {
    fn full() -> Self {
        Self(io::Error::other("disk full"))
    }
}

fn cannot_either() -> Result<u32, CannotSave> {
    Err(CannotSave(io::Error::other("no such share")))
}

#[resilient(fallback(cannot_either), retry(max_attempts = 2, base_delay = "0s"))]
fn save() -> Result<u32, CannotSave> {
    Err(CannotSave::full())
}

/// Nothing is known of its error but that it has a `Debug`.
#[with_retry(max_attempts = 1)]
fn generic<E: fmt::Debug + Copy>(error: E) -> Result<u32, E> {
    Err(error)
}

#[with_retry(max_attempts = 1)]
fn text() -> Result<u32, &'static str> {
    Err("a text of its own")
}

#[resilient(fallback(basic), circuit_breaker("events"))]
fn counted(_: bool) -> Result<u32, AiError> {
    Err(AiError::Down)
}

async fn never(_: bool) -> Result<u32, AiError> {
    std::future::pending().await
}

#[resilient(fallback(never), circuit_breaker("dropped"))]
async fn dropped(_: bool) -> Result<u32, AiError> {
    Err(AiError::Down)
}

#[test]
fn a_fallback_is_told_of_after_its_answer() {
    heard();
    assert_eq!(answered(true), Ok(7));
    assert_eq!(heard(), [r#"Some("answered") by Some(1) after [Down]"#]);
    assert_eq!(answered(false), Err(AiError::BadPrompt));
    assert_eq!(heard(), [r#"Some("answered") by None after [Down, BadPrompt]"#]);
    assert_eq!(infallible(true), Ok(8));
    assert_eq!(heard(), [r#"Some("infallible") by Some(1) after [Down]"#]);
}

#[test]
fn and_so_is_one_that_takes_its_time() {
    heard();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(answered_later(true)), Ok(7));
    assert_eq!(heard(), [r#"Some("answered_later") by Some(1) after [Down]"#]);
    assert_eq!(runtime.block_on(answered_later(false)), Err(AiError::BadPrompt));
    assert_eq!(heard(), [r#"Some("answered_later") by None after [Down, BadPrompt]"#]);
}

/// Its `Debug` would be the names and the braces of its type.
#[test]
fn an_error_is_shown_by_its_text_and_its_sources() {
    heard();
    assert!(save().is_err());
    assert_eq!(
        heard(),
        [
            "again after cannot save: disk full",
            "no more after cannot save: disk full",
            r#"Some("save") by None after [cannot save: disk full, cannot save: no such share]"#,
        ]
    );
    assert_eq!(text(), Err("a text of its own"));
    assert_eq!(heard(), ["no more after a text of its own"]);
    assert_eq!(generic("quoted"), Err("quoted"));
    assert_eq!(heard(), [r#"no more after "quoted""#], "a generic function knows no more");
}

#[test]
fn a_fallback_may_be_silent() {
    heard();
    assert_eq!((silent(true), silent(false)), (Ok(7), Err(AiError::BadPrompt)));
    assert_eq!(heard(), [""; 0]);
}

#[test]
fn a_breaker_counts_answers_and_failures_alike() {
    heard();
    assert_eq!(counted(true), Ok(7));
    assert_eq!(heard().len(), 1);
    assert_eq!(counted(false), Err(AiError::BadPrompt));
    assert_eq!(global().get("events").unwrap().counters().fallbacks, 2);
}

#[test]
fn an_answer_that_never_came_is_not_told_of() {
    heard();
    {
        let mut call = pin!(dropped(true));
        assert_eq!(poll(call.as_mut()), Poll::Pending);
        assert_eq!(poll(call.as_mut()), Poll::Pending);
    }
    assert_eq!(heard(), [""; 0]);
    assert_eq!(global().get("dropped").unwrap().counters().fallbacks, 0);
}
