//! Which series are meant: label matchers, as in `job="shop",instance=~"web-.*"`.

use std::{fmt, str::Chars};

use crate::escape::escape;

/// Label matchers that go into every selector; none at all means every series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector(String);

impl Selector {
    /// Reads matchers, separated by commas.
    ///
    /// # Errors
    /// [`SelectorError`] where Prometheus would not take them.
    ///
    /// ```
    /// use fusebox_cli::monitoring::selector::Selector;
    ///
    /// let selector = Selector::parse(r#"job="shop", instance=~"web-.*""#)?;
    /// assert_eq!(selector.put_into("up{@}"), r#"up{job="shop", instance=~"web-.*"}"#);
    /// assert!(Selector::parse("job=shop").is_err());
    /// # Ok::<(), fusebox_cli::monitoring::selector::SelectorError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let wrong = || SelectorError(text.into());
        let mut rest = text.trim();
        while !rest.is_empty() {
            let name = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let (name, after) = rest.split_at(name.ok_or_else(wrong)?);
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(wrong());
            }
            let after = after.trim_start();
            let value = ["=~", "!~", "!=", "="].iter().find_map(|it| after.strip_prefix(it));
            let value = value.and_then(|it| it.trim_start().strip_prefix('"'));
            let after = after_quote(value.ok_or_else(wrong)?.chars()).ok_or_else(wrong)?;
            rest = match after.trim_start() {
                "" => "",
                more => match more.strip_prefix(',').map(str::trim_start) {
                    Some(next) if !next.is_empty() => next,
                    _ => return Err(wrong()),
                },
            };
        }
        Ok(Self(text.trim().into()))
    }

    /// Puts them in place of each `@` of an expression: `up{@}`, `up{state="open"@}`.
    #[must_use]
    pub fn put_into(&self, expression: &str) -> String {
        let matchers = &self.0;
        if matchers.is_empty() {
            return expression.replace("{@}", "").replace('@', "");
        }
        expression.replace("{@}", &format!("{{{matchers}}}")).replace('@', &format!(",{matchers}"))
    }
}

/// What follows the quote that ends a text.
fn after_quote(mut chars: Chars<'_>) -> Option<&str> {
    loop {
        match chars.next()? {
            '"' => return Some(chars.as_str()),
            '\\' => {
                // The others need digits, which nobody needs here.
                chars.next().filter(|c| matches!(c, '\\' | '"' | 'n' | 't' | 'r'))?;
            }
            c if c.is_control() || c == '@' => return None,
            _ => {}
        }
    }
}

/// A text is no list of label matchers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectorError(String);

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "write label matchers such as job=\"shop\",instance=~\"web-.*\"; `{}` are none",
            escape(&self.0)
        )
    }
}

impl std::error::Error for SelectorError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn matchers_go_into_every_selector() {
        let expression = r#"a{@} / b{state="open"@}"#;
        assert_eq!(Selector::default().put_into(expression), r#"a / b{state="open"}"#);
        let one = Selector::parse(r#" job = "a\"b\\" "#).unwrap();
        assert_eq!(
            one.put_into(expression),
            r#"a{job = "a\"b\\"} / b{state="open",job = "a\"b\\"}"#
        );
        assert_eq!(Selector::parse("").unwrap(), Selector::default());
    }

    #[test]
    fn what_prometheus_would_not_take_is_refused() {
        for text in [
            "job",
            "job=",
            "job=shop",
            "=\"a\"",
            "1a=\"b\"",
            "a=\"b",
            "a=\"b\\",
            "a=\"\\x\"",
            "a=\"b\",",
            "a=\"b\"c=\"d\"",
            "a==\"b\"",
            "a=\"b\n\"",
            "a=\"b\"}",
            "{a=\"b\"}",
            "a>\"b\"",
            "a=\"@\"",
        ] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
        let error = Selector::parse("job=\x1b").unwrap_err().to_string();
        assert!(error.ends_with(r"`job=\u{1b}` are none"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_leaves_its_braces(text in ".{0,30}") {
            if let Ok(selector) = Selector::parse(&text) {
                let whole = selector.put_into("up{@}");
                prop_assert!(whole == "up" || whole.ends_with("\"}"), "{}", whole);
            }
        }
    }
}
