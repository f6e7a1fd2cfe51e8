//! An error's text, as events show it: one line, and no backtrace.

use core::fmt::{self, Debug, Display, Formatter, Write};

/// An error as an event shows it. Every type that implements `Debug` is one.
///
/// `{}` writes its text: what its `Debug` says, in one line. Causes that stand
/// below the words "Caused by:" follow after colons, a backtrace is left out,
/// and after 1,000 bytes the text ends with "…". An `anyhow` error is so the
/// line that its own `{:#}` would be.
///
/// `{:?}` writes its `Debug` as it is.
///
/// ```
/// use fusebox::{Event, Observer};
///
/// struct Print;
/// impl Observer for Print {
///     fn on_event(&self, event: &Event<'_>) {
///         if let Event::Exhausted(it) = event {
///             println!("gave up after {} attempts: {}", it.attempts, it.error);
///         }
///     }
/// }
/// ```
pub trait ErrorText: Debug {}

impl<E: Debug> ErrorText for E {}

impl Display for dyn ErrorText + '_ {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut kept = Kept::<MOST>::NOTHING;
        write!(kept, "{self:?}")?;
        let whole = write_line(kept.text(), f)?;
        if whole && kept.cut { f.write_char('…') } else { Ok(()) }
    }
}

/// Writes a text in one line, up to its backtrace; whether it has none.
fn write_line(text: &str, to: &mut dyn Write) -> Result<bool, fmt::Error> {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    to.write_str(first)?;
    let (mut gap, mut causes) = (if first.is_empty() { "" } else { " " }, false);
    for line in lines.map(str::trim) {
        match line {
            "" => {}
            "Caused by:" => (gap, causes) = (": ", true),
            _ if line.starts_with("Stack backtrace:") => return Ok(false),
            _ => {
                let cause = if causes { without_number(line) } else { None };
                to.write_str(if cause.is_some() { ": " } else { gap })?;
                to.write_str(cause.unwrap_or(line))?;
                gap = " ";
            }
        }
    }
    Ok(true)
}

/// A cause without the number before it, if there is one: `0: disk full`.
fn without_number(line: &str) -> Option<&str> {
    let (number, cause) = line.split_once(": ")?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(cause)
}

/// Enough for a URL or two, and for a log's line.
const MOST: usize = 1_000;

/// What is kept of a text while it is written: its beginning.
pub(crate) struct Kept<const N: usize> {
    bytes: [u8; N],
    len: usize,
    /// Whether there was more.
    cut: bool,
}

impl<const N: usize> Kept<N> {
    pub(crate) const NOTHING: Self = Self { bytes: [0; N], len: 0, cut: false };

    fn text(&self) -> &str {
        // Only whole characters are kept.
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    /// The text in one line, then zeros. One that was cut ends with "…".
    #[cfg(not(fusebox_compact))]
    pub(crate) fn into_line(mut self) -> [u8; N] {
        const MARK: &str = "…";
        if self.cut {
            let end = self.text().floor_char_boundary(N - MARK.len());
            self.bytes[end..].fill(0);
            self.bytes[end..end + MARK.len()].copy_from_slice(MARK.as_bytes());
            self.len = end + MARK.len();
        }
        for byte in &mut self.bytes[..self.len] {
            if byte.is_ascii_control() {
                *byte = b' ';
            }
        }
        self.bytes
    }
}

impl<const N: usize> Write for Kept<N> {
    /// It never fails: not every `Debug` would bear that.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !self.cut {
            let fits = text.floor_char_boundary(N - self.len);
            self.bytes[self.len..self.len + fits].copy_from_slice(&text.as_bytes()[..fits]);
            self.len += fits;
            self.cut = fits < text.len();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{format, string::String, vec::Vec};

    use proptest::prelude::*;

    use super::*;

    /// An error whose `Debug` writes these pieces.
    struct Pieces<'a>(Vec<&'a str>);

    impl Debug for Pieces<'_> {
        fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
            self.0.iter().try_for_each(|piece| f.write_str(piece))
        }
    }

    fn shown(text: &str) -> String {
        format!("{}", &Pieces([text].into()) as &dyn ErrorText)
    }

    #[test]
    fn a_chain_is_one_line_without_its_backtrace() {
        for (text, line) in [
            ("down", "down"),
            ("Caused by: nobody", "Caused by: nobody"),
            ("down\n\nCaused by:\n    disk full", "down: disk full"),
            ("down\n\nCaused by:\n    0: no: room\n    1: disk full", "down: no: room: disk full"),
            ("a\n  b\r\nc\n\nCaused by:\n    d\n    e: f", "a b c: d e: f"),
            ("down\n\nStack backtrace:\n   0: main\n   1: start", "down"),
            ("down\n\nCaused by:\n    0: a\n    1: b\n\nStack backtrace:\n   0: c", "down: a: b"),
            ("down\n\nLocation:\n    src/main.rs:3:5", "down Location: src/main.rs:3:5"),
            ("3: three\n4: four", "3: three 4: four"),
            ("\n\nlate\n", "late"),
            ("", ""),
        ] {
            assert_eq!(shown(text), line, "of {text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_line_passes_unchanged(text in r"[^\n\r]{0,300}") {
            prop_assert!(text.len() > MOST || shown(&text) == text);
        }

        #[test]
        fn any_text_is_one_short_line(text in r"(?s).{0,1500}") {
            let shown = shown(&text);
            prop_assert!(!shown.contains('\n'), "{shown:?}");
            prop_assert!(shown.len() <= MOST + "…".len());
            prop_assert!(text.len() <= MOST || shown.ends_with('…'));
        }

        #[test]
        fn how_it_is_written_changes_nothing(
            text in r"([a-z0-9é\n :]|\nCaused by:\n|\nStack backtrace:\n){0,400}",
            at in any::<proptest::sample::Index>(),
        ) {
            let (one, two) = text.split_at(text.floor_char_boundary(at.index(text.len() + 1)));
            let pieces = Pieces([one, two].into());
            prop_assert_eq!(format!("{}", &pieces as &dyn ErrorText), shown(&text));
        }

        #[test]
        fn nothing_of_a_backtrace_is_shown(
            text in r"[a-z \n]{0,80}",
            frames in r"\nStack backtrace:\n(   [0-9]: [A-Z]{1,9}\n){1,40}",
        ) {
            prop_assert_eq!(shown(&format!("{text}{frames}")), shown(&text));
        }
    }
}
