//! An error in an event is its text, in one line: no backtrace of forty.

mod common;

use std::{fmt, sync::Mutex};

use common::config;
use fusebox::{
    CallError, CircuitBreaker, DefaultObserver, Event, Fallback, ManualClock, Observer, Pipeline,
    Retry, RetryConfig, RetrySettings,
};

const TWICE: RetrySettings = RetryConfig::new().max_attempts(2).build();

/// Writes down the text and the `Debug` of each error that it is shown.
#[derive(Default)]
struct Texts(Mutex<Vec<(String, String)>>);

impl Texts {
    fn add(&self, error: &dyn fusebox::ErrorText) {
        self.0.lock().unwrap().push((error.to_string(), format!("{error:?}")));
    }

    fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// The texts alone.
    fn texts(&self) -> Vec<String> {
        self.take().into_iter().map(|(text, _)| text).collect()
    }
}

impl Observer for Texts {
    fn on_event(&self, event: &Event<'_>) {
        match event {
            Event::Retry(it) => self.add(it.error),
            Event::Exhausted(it) => self.add(it.error),
            Event::Fallback(it) => {
                it.errors.each(|error| self.add(error));
                let list = format!("{:?}", it.errors);
                self.0.lock().unwrap().push((list.clone(), list));
            }
            _ => {}
        }
    }
}

/// What a retry and a fallback tell of an error: the wait, the end, the
/// fallback's one and its list.
fn told_of<E: fmt::Debug>(error: impl Fn() -> E) -> Vec<(String, String)> {
    let (clock, texts) = (ManualClock::new(), Texts::default());
    let retry = Retry::with(TWICE, &clock, &clock, &texts).retry_if(|_: &E| true);
    assert!(retry.call(|| Err::<(), _>(error())).is_err());
    let help = |(): &()| Ok(1);
    let fallback = Fallback::new().or(&help).observer(&texts);
    assert!(fallback.call(&(), |()| Err(error())).is_ok());
    texts.take()
}

/// As programs have it.
fn store_error() -> anyhow::Error {
    let disk = std::io::Error::other("disk full");
    anyhow::Error::new(disk).context("no room for the order").context("cannot save")
}

/// Runs itself again, with backtraces and without.
#[test]
fn an_anyhow_error_is_one_line_with_its_chain_and_no_backtrace() {
    const CHILD: &str = "FUSEBOX_ERROR_TEXT_TEST_CHILD";
    const LINE: &str = "cannot save: no room for the order: disk full";
    if let Ok(backtrace) = std::env::var(CHILD) {
        let told = told_of(store_error);
        assert_eq!(told.len(), 4);
        for (text, debug) in &told[..3] {
            assert_eq!(text, LINE, "as `{{:#}}` of the error itself");
            assert_eq!(debug.contains("Stack backtrace:"), backtrace == "1", "{debug}");
            assert!(debug.lines().count() > 1, "`{{:?}}` is the error's own");
        }
        assert_eq!(told[3].0, format!("[{LINE}]"));
        written_by_tracing(LINE);
        println!("backtrace {backtrace}: as it should be");
        return;
    }
    let name = "an_anyhow_error_is_one_line_with_its_chain_and_no_backtrace";
    for backtrace in ["0", "1"] {
        let child = common::this_program()
            .args(["--exact", name, "--nocapture"])
            .env("RUST_BACKTRACE", backtrace)
            .env(CHILD, backtrace)
            .output()
            .unwrap();
        let output =
            String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
        assert!(output.contains(&format!("backtrace {backtrace}: as it should be")), "{output}");
    }
}

#[cfg(not(feature = "tracing"))]
fn written_by_tracing(_: &str) {}

/// What `tracing` writes of it.
#[cfg(feature = "tracing")]
fn written_by_tracing(line: &str) {
    let buffer = common::Buffer::default();
    let writer = buffer.clone();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let clock = ManualClock::new();
        let retry = Retry::with(TWICE, &clock, &clock, DefaultObserver);
        let retry = retry.retry_if(|_: &anyhow::Error| true);
        assert!(retry.call(|| Err::<(), _>(store_error())).is_err());
        let help = |(): &()| Ok(1);
        assert!(Fallback::new().or(&help).call(&(), |()| Err(store_error())).is_ok());
    });
    let text = buffer.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].ends_with(&format!(" error={line}")), "{text}");
    assert!(lines[1].ends_with(&format!(" error={line}")), "{text}");
    assert!(lines[2].ends_with(&format!(" errors=[{line}]")), "{text}");
}

#[test]
fn an_error_without_a_text_is_its_debug() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "its `Debug` is what is looked at")]
    struct Down {
        code: u16,
        host: &'static str,
    }
    let told = told_of(|| Down { code: 503, host: "shop\n" });
    let expected = r#"Down { code: 503, host: "shop\n" }"#;
    assert!(told[..3].iter().all(|(text, debug)| text == expected && debug == expected));
    assert_eq!(told[3].0, format!("[{expected}]"));
    assert!(told_of(|| ()).iter().take(3).all(|(text, _)| text == "()"));
    assert!(told_of(|| "down").iter().take(3).all(|(text, _)| text == "\"down\""));
}

#[test]
fn a_text_without_end_ends_after_a_thousand_bytes() {
    struct Endless;
    impl fmt::Debug for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (0..10_000).try_for_each(|_| f.write_str("é "))
        }
    }
    let told = told_of(|| Endless);
    assert!(told[0].0.ends_with("é …"), "{}", told[0].0);
    assert_eq!(told[0].0.len(), 999 + "…".len(), "whole characters of at most 1,000 bytes");
    assert_eq!(told[0].1.len(), 30_000);
}

#[test]
fn an_error_whose_debug_fails_fails_as_ever() {
    struct Mute;
    impl fmt::Debug for Mute {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    use std::fmt::Write as _;
    let error: &dyn fusebox::ErrorText = &Mute;
    assert!(write!(String::new(), "{error}").is_err());
}

#[test]
fn a_pipeline_shows_every_layers_error_so() {
    let (clock, texts) = (ManualClock::new(), Texts::default());
    let retry = Retry::with(TWICE, &clock, &clock, &texts).retry_if(|_: &CallError<_>| true);
    let breaker = CircuitBreaker::with(None, config().build(), &clock, DefaultObserver);
    let help = |(): &()| Err::<(), _>(store_error());
    let fallback = Fallback::new().or(&help).observer(&texts);
    let pipeline = Pipeline::new().fallback(fallback).retry(retry).breaker(&breaker);
    assert!(pipeline.call(&(), |()| Err(store_error())).is_err());
    // Two attempts, then the fallback's two errors, and their list.
    let texts = texts.texts();
    assert_eq!(texts.len(), 5);
    for text in texts {
        // Whether the test's own process has backtraces is not known.
        assert!(text.contains("cannot save: no room for the order: disk full"), "{text}");
        assert!(text.lines().count() == 1 && text.len() < 200, "{text}");
    }
}
