//! Names in pictures: whatever is in a name, it stays a name.
//!
//! Memory that is shared can hold any text. What is no letter or digit, or plain ASCII, is
//! escaped in the way of each format, so that no name ends its own string.

use core::fmt::{self, Write};

use super::node::MapNode;

/// What stands for the name of a breaker that has none.
const NAMELESS: &str = "(no name)";

fn text(node: &MapNode, mut write: impl FnMut(char) -> fmt::Result) -> fmt::Result {
    match &node.name {
        Some(name) => name.as_str().chars().try_for_each(write),
        None => NAMELESS.chars().try_for_each(&mut write),
    }
}

/// A name as text: a backslash is doubled, and what shows as nothing is written in code.
pub(super) struct Plain<'n>(pub(super) &'n MapNode);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text(self.0, |c| match c {
            '\\' => f.write_str(r"\\"),
            ' '..='~' => f.write_char(c),
            c if c.is_alphanumeric() => f.write_char(c),
            c => write!(f, r"\u{{{:x}}}", u32::from(c)),
        })
    }
}

/// A name inside a string of DOT, of ASCII alone.
pub(super) struct InDot<'n>(pub(super) &'n MapNode);

impl fmt::Display for InDot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text(self.0, |c| match c {
            // Graphviz reads both of them, and entities, in any string.
            '"' => f.write_str("\\\""),
            '\\' => f.write_str(r"\\"),
            '&' => f.write_str("&amp;"),
            ' '..='~' => f.write_char(c),
            c if c.is_control() => write!(f, r"\\u{{{:x}}}", u32::from(c)),
            c => write!(f, "&#{};", u32::from(c)),
        })
    }
}

/// A name inside a string of Mermaid, of ASCII alone.
pub(super) struct InMermaid<'n>(pub(super) &'n MapNode);

impl fmt::Display for InMermaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text(self.0, |c| match c {
            c if c.is_ascii_alphanumeric() => f.write_char(c),
            ' ' | '_' | '-' | '.' | '/' | ':' | '(' | ')' => f.write_char(c),
            c if c.is_control() => write!(f, "u#123;{:x}#125;", u32::from(c)),
            c => write!(f, "#{};", u32::from(c)),
        })
    }
}

/// A name as a value of JSON, of ASCII alone; `null` for none.
pub(super) struct InJson<'n>(pub(super) &'n MapNode);

impl fmt::Display for InJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.name.is_none() {
            return f.write_str("null");
        }
        f.write_char('"')?;
        text(self.0, |c| match c {
            '"' => f.write_str("\\\""),
            '\\' => f.write_str(r"\\"),
            ' '..='~' => f.write_char(c),
            c => {
                let mut units = [0; 2];
                c.encode_utf16(&mut units).iter().try_for_each(|unit| write!(f, "\\u{unit:04x}"))
            }
        })?;
        f.write_char('"')
    }
}
