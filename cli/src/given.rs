//! A setting as it is written on the command line: `probes=2`. What there is, and
//! in which units, the tables of fusebox say.

use std::{fmt, time::Duration};

use fusebox::{Setting, Unit};

use crate::{escape::escape, failure::Failure, text::exact};

/// One `key=value`, not compared with its range yet: that is up to fusebox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The row of its table.
    pub setting: &'static Setting,
    /// In the row's unit.
    pub value: u64,
}

impl Given {
    /// Reads `key=value`, where the key is in the table.
    ///
    /// # Errors
    /// [`GivenError`] when there is no `=`, no such key, or no such value.
    ///
    /// ```
    /// use fusebox::BreakerConfig;
    /// use fusebox_cli::given::Given;
    ///
    /// let given = |text| Given::parse(text, BreakerConfig::TABLE).map(|it| it.value);
    /// assert_eq!(given("recovery_timeout=1m30s"), Ok(90_000));
    /// assert_eq!(given("recovery_jitter=10%"), Ok(10));
    /// assert!(given("recovery_timeout=10").is_err()); // of what?
    /// ```
    pub fn parse(text: &str, table: &'static [Setting]) -> Result<Self, GivenError> {
        let (key, value) = text.split_once('=').ok_or(GivenError::NoValue { table })?;
        let setting = table
            .iter()
            .find(|setting| setting.name() == key)
            .ok_or_else(|| GivenError::Key { given: key.into(), table })?;
        let number = |text: &str| text.parse().ok();
        let value = match setting.unit() {
            _ if setting.is_optional() && value == NONE => Some(0),
            Unit::Percent => number(value.strip_suffix('%').unwrap_or(value)),
            Unit::Milliseconds => time(value, 1_000_000),
            Unit::Nanoseconds => time(value, 1),
            Unit::Word(words) => {
                let at = words.iter().position(|word| *word == value);
                at.and_then(|at| u64::try_from(at).ok()).or_else(|| number(value))
            }
            _ => number(value),
        }
        .ok_or_else(|| GivenError::Value { setting, value: value.into() })?;
        Ok(Self { setting, value })
    }
}

/// A length of time, in units of so many nanoseconds: a part of one counts as a
/// whole one, and what does not fit is out of every range.
fn time(text: &str, nanos: u128) -> Option<u64> {
    let time = humantime::parse_duration(text).ok()?;
    Some(u64::try_from(time.as_nanos().div_ceil(nanos)).unwrap_or(u64::MAX))
}

/// An optional setting that is left out.
pub(crate) const NONE: &str = "none";

/// A value as `set` takes it.
#[must_use]
pub fn shown(setting: &Setting, value: u64) -> String {
    match setting.unit() {
        _ if setting.is_optional() && value == 0 => NONE.into(),
        Unit::Percent => format!("{value}%"),
        Unit::Milliseconds => exact(Duration::from_millis(value)),
        Unit::Nanoseconds => humantime::format_duration(Duration::from_nanos(value)).to_string(),
        Unit::Word(words) => usize::try_from(value)
            .ok()
            .and_then(|at| words.get(at))
            .map_or_else(|| value.to_string(), |word| (*word).to_owned()),
        _ => value.to_string(),
    }
}

/// What the help says of a table: each setting with its range and its default.
#[must_use]
pub fn help(table: &[Setting]) -> String {
    let line = |setting: &Setting| {
        let [min, max, default] =
            [setting.min(), setting.max(), setting.default_value()].map(|it| shown(setting, it));
        let placeholder = match setting.unit() {
            Unit::Percent => "N%",
            Unit::Milliseconds | Unit::Nanoseconds => "TIME",
            Unit::Word(_) => "WORD",
            _ => "N",
        };
        let name = setting.name();
        if let Unit::Word(words) = setting.unit() {
            let (text, words) = (setting.text(), words.join(", "));
            return format!(
                "  {name}={placeholder}\n      {text}.\n      One of {words}; {default} by default.\n"
            );
        }
        format!(
            "  {name}={placeholder}\n      {}.\n      From {min} to {max}; {default} by default.\n",
            setting.text()
        )
    };
    table.iter().map(line).collect()
}

/// Each setting was given once.
///
/// # Errors
/// [`Failure::Usage`] names the one that was not.
pub fn once<'g>(given: impl IntoIterator<Item = &'g Given>) -> Result<(), Failure> {
    let mut seen = Vec::new();
    for Given { setting, .. } in given {
        let name = setting.name();
        if seen.contains(&name) {
            return Err(Failure::Usage(format!("`{name}` is given twice")));
        }
        seen.push(name);
    }
    Ok(())
}

/// A text is no `key=value` that means anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenError {
    /// There is no `=`.
    NoValue {
        /// What there is.
        table: &'static [Setting],
    },
    /// There is no such key.
    Key {
        /// What was there.
        given: String,
        /// What there is.
        table: &'static [Setting],
    },
    /// The value is not of the setting's unit.
    Value {
        /// Of this setting.
        setting: &'static Setting,
        /// What was there.
        value: String,
    },
}

impl fmt::Display for GivenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValue { table } => {
                let example = &table[0];
                let value = shown(example, example.default_value());
                write!(f, "write it as key=value, as in {}={value}", example.name())
            }
            Self::Key { given, table } => {
                let names: Vec<_> = table.iter().map(Setting::name).collect();
                write!(f, "there is no setting `{}`; there are {}", escape(given), names.join(", "))
            }
            Self::Value { setting, value } => {
                let takes = match setting.unit() {
                    Unit::Milliseconds | Unit::Nanoseconds => "a time such as 500ms, 10s or 1m30s",
                    Unit::Word(words) => &format!("one of {}", words.join(", ")),
                    _ => "a whole number",
                };
                let (name, value) = (setting.name(), escape(value));
                write!(f, "`{name}` takes {takes}, and `{value}` is none")
            }
        }
    }
}

impl std::error::Error for GivenError {}

#[cfg(test)]
mod tests {
    use fusebox::{BreakerConfig, health::AlertConfig};
    use proptest::prelude::*;

    use super::*;

    const TABLE: &[Setting] = BreakerConfig::TABLE;

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Given::parse(&text, TABLE);
            let _ = Given::parse(&text, AlertConfig::TABLE);
        }

        #[test]
        fn no_value_panics(at in 0..TABLE.len(), value in "[-+0-9a-z.% ]{0,24}") {
            let name = TABLE[at].name();
            if let Ok(given) = Given::parse(&format!("{name}={value}"), TABLE) {
                prop_assert_eq!(given.setting, &TABLE[at]);
            }
        }

        /// What is shown can be given back, in every table.
        #[test]
        fn what_is_shown_parses_to_itself(value: u64) {
            for table in [TABLE, AlertConfig::TABLE] {
                for setting in table {
                    let value = setting.min() + value % (setting.max() - setting.min() + 1);
                    let text = format!("{}={}", setting.name(), shown(setting, value));
                    prop_assert_eq!(Given::parse(&text, table), Ok(Given { setting, value }));
                }
            }
        }
    }

    #[test]
    fn errors_say_what_to_write() {
        let error = |text: &str| Given::parse(text, TABLE).unwrap_err().to_string();
        assert_eq!(error("probes"), "write it as key=value, as in failure_threshold=5");
        assert!(error("probs=1").contains("there is no setting `probs`; there are failure_thresh"));
        assert_eq!(error("probes=one"), "`probes` takes a whole number, and `one` is none");
        assert!(error("recovery_timeout=10").contains("such as 500ms, 10s or 1m30s, and `10`"));
        assert_eq!(
            error("foresight=loudly"),
            "`foresight` takes one of off, watch, prime, shed, open, and `loudly` is none"
        );
        assert!(error("\x1b[2J=1").contains(r"`\u{1b}[2J`"));
    }

    #[test]
    fn the_help_has_every_row() {
        for table in [TABLE, AlertConfig::TABLE] {
            let help = help(table);
            for setting in table {
                assert!(help.contains(&format!("  {}=", setting.name())), "{help}");
                assert!(help.contains(setting.text()), "{help}");
            }
        }
    }

    #[test]
    fn a_setting_given_twice_is_found() {
        let given = |text| Given::parse(text, TABLE).unwrap();
        let (probes, doublings) = (given("probes=1"), given("doublings=1"));
        assert!(once([&probes, &doublings]).is_ok());
        let twice = once([&probes, &doublings, &probes]).unwrap_err();
        assert_eq!(twice.to_string(), "`probes` is given twice");
    }
}
