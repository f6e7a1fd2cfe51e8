//! Names as a terminal and a page may show them.

use std::fmt::Write as _;

/// `text` with everything escaped that a terminal obeys instead of showing, or
/// that shows as nothing or as something else: control characters, line and
/// paragraph separators, what changes the direction of writing, what has no
/// width, spaces that are not the space. Such a character becomes `\u{…}` and
/// a backslash two of them, so that two names never look the same for it.
///
/// ```
/// use fusebox_cli::escape::escape;
///
/// assert_eq!(escape("ai_provider"), "ai_provider");
/// assert_eq!(escape("prix à l'été"), "prix à l'été");
/// assert_eq!(escape("\x1b[2Jgone"), r"\u{1b}[2Jgone");
/// assert_eq!(escape(r"a\b"), r"a\\b");
/// ```
#[must_use]
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => shown.push_str(r"\\"),
            c if is_deceptive(c) => {
                // A `String` takes all that is written to it.
                let _ = write!(shown, r"\u{{{:x}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    shown
}

/// `text` of several lines, whose names are escaped already, with what a terminal might still
/// obey or hide escaped as [`escape`] does it, but for a backslash.
#[must_use]
pub fn safe(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !is_deceptive(c) {
            shown.push(c);
        } else {
            // As above.
            let _ = write!(shown, r"\u{{{:x}}}", u32::from(c));
        }
    }
    shown
}

/// Whether a character must not reach a terminal as it is.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control(); // nearly all that is ever shown
    }
    let invisible = matches!(c,
        '\u{ad}'                     // soft hyphen
        | '\u{34f}'                  // joins graphemes
        | '\u{61c}'                  // Arabic letter mark
        | '\u{115f}'..='\u{1160}'    // Hangul fillers
        | '\u{17b4}'..='\u{17b5}'    // Khmer inherent vowels
        | '\u{180b}'..='\u{180f}'    // Mongolian selectors and separator
        | '\u{200b}'..='\u{200f}'    // zero-width ones, direction marks
        | '\u{202a}'..='\u{202e}'    // overrides of direction
        | '\u{2060}'..='\u{206f}'    // joiners, isolates, deprecated controls
        | '\u{2800}'                 // the empty Braille pattern
        | '\u{3164}' | '\u{ffa0}'    // Hangul fillers
        | '\u{feff}'                 // byte order mark
        | '\u{fff0}'..='\u{fffb}'    // annotations
        | '\u{1bca0}'..='\u{1bca3}'  // shorthand controls
        | '\u{1d173}'..='\u{1d17a}'  // musical controls
        | '\u{e0000}'..='\u{e0fff}'  // tags
    );
    // U+2028 and U+2029 are white space, too.
    invisible || c.is_control() || (c.is_whitespace() && c != ' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The inverse, to show that nothing is lost.
    fn unescape(shown: &str) -> String {
        let mut text = String::new();
        let mut rest = shown;
        while let Some(at) = rest.find('\\') {
            text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(code) = rest.strip_prefix("u{") {
                let (code, after) = code.split_once('}').expect("an escape ends");
                let code = u32::from_str_radix(code, 16).expect("an escape is a number");
                text.push(char::from_u32(code).expect("an escape is a character"));
                rest = after;
            } else {
                text.push('\\');
                rest = rest.strip_prefix('\\').expect("a backslash is doubled");
            }
        }
        text + rest
    }

    /// Any text, rich in what is escaped.
    fn hostile() -> impl Strategy<Value = String> {
        let picked = proptest::sample::select(
            "\0\t\n\r\x1b\x7f\u{9b}\u{ad}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\
             \u{2066}\u{2069}\u{feff}\u{a0}\u{e0041}\\{}u"
                .chars()
                .collect::<Vec<_>>(),
        );
        proptest::collection::vec(prop_oneof![picked, any::<char>()], 0..40)
            .prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn nothing_deceptive_is_left_and_nothing_is_lost(text in hostile()) {
            let shown = escape(&text);
            prop_assert!(!shown.chars().any(is_deceptive), "{shown:?}");
            prop_assert_eq!(unescape(&shown), text);
        }

        #[test]
        fn printable_ascii_stays_as_it_is(text in "[ -\\[\\]-~]*") {
            prop_assert_eq!(escape(&text), text);
        }
    }

    #[test]
    fn every_control_and_override_is_deceptive() {
        let all = (0..=0x1f)
            .chain(0x7f..=0x9f)
            .chain(0x202a..=0x202e)
            .chain(0x2066..=0x2069)
            .chain([0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0xfeff]);
        for code in all {
            assert!(is_deceptive(char::from_u32(code).unwrap()), "{code:x}");
        }
    }
}
