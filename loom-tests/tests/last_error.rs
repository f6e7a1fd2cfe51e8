//! Model M13: whoever reads the text of the last error sees one that somebody
//! wrote, or none.

use fusebox::{BreakerConfig, planted::Defect};
use loom::thread;
use loom_tests::{breaker, catches, check, claim};

/// Texts that differ in both their words.
const TEXTS: [&str; 2] = ["refused: refused", "timeout: timeout"];

fn two_writers_and_a_reader() {
    let (breaker, _) = breaker(BreakerConfig::new());
    let writers = TEXTS.map(|text| {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.note_error(text))
    });
    if let Some(text) = breaker.last_error() {
        claim!(TEXTS.contains(&text.as_str()), "nobody wrote {text:?}");
    }
    for writer in writers {
        writer.join().unwrap();
    }
    if let Some(text) = breaker.last_error() {
        claim!(TEXTS.contains(&text.as_str()), "nobody wrote {text:?}");
    }
}

#[test]
fn a_text_is_whole_or_not_there() {
    check(two_writers_and_a_reader);
    catches(Defect::MixedTextIsShown, two_writers_and_a_reader);
}
