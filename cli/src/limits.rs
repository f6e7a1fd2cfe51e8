//! A slot's limits as they are written on the command line: `rate=100/s budget=10%`.

mod wanted;

use std::{fmt, time::Duration};

use fusebox::{BudgetConfig, RateConfig, Setting};

use self::wanted::range_of_rates;
pub use self::wanted::{Wanted, differences};
use crate::{escape::escape, given::NONE, source::MOST_IN_FLIGHT};

/// One `key=value` of a limit, not compared with its range yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// So many calls in a time, or no limit of them.
    Rate(Option<(u32, Duration)>),
    /// So many calls at once.
    Burst(u32),
    /// Whether each call reads a clock of nanoseconds.
    Precise(bool),
    /// Retries as a share of the calls, or no budget.
    Budget(Option<f64>),
    /// Retries a second besides.
    Reserve(u32),
    /// Retries that are saved up.
    BudgetBurst(u32),
    /// Calls in flight, or no limit of them.
    Bulkhead(Option<u32>),
}

/// A key: what its value looks like, what is none, and what it does.
struct Key {
    name: &'static str,
    looks: &'static str,
    takes: &'static str,
    help: fn() -> String,
    read: fn(&str) -> Option<Change>,
}

const KEYS: [Key; 7] = [
    Key {
        name: "rate",
        looks: "N/TIME",
        takes: "calls in a time, such as 100/s, 5/min or 1/10s, or none",
        help: || format!("So many calls in a time. {}, or none.", range_of_rates("From")),
        read: |text| or_none(text, calls_in_a_time, Change::Rate),
    },
    Key {
        name: "burst",
        looks: "N",
        takes: "a whole number",
        help: || row(RateConfig::TABLE, "burst", "by default as many as the rate's number"),
        read: |text| text.parse().ok().map(Change::Burst),
    },
    Key {
        name: "precise",
        looks: "yes|no",
        takes: "yes or no",
        help: || {
            "Whether each call reads a clock of nanoseconds, for a burst of a few milliseconds."
                .into()
        },
        read: |text| match text {
            "yes" => Some(Change::Precise(true)),
            "no" => Some(Change::Precise(false)),
            _ => None,
        },
    },
    Key {
        name: "budget",
        looks: "N%",
        takes: "a share of the calls, such as 10% or 0.1, or none",
        help: || {
            "So large a share of the calls may be retries. From 0.0001% to 100%, or 0%, or none."
                .into()
        },
        read: |text| or_none(text, share, Change::Budget),
    },
    Key {
        name: "reserve",
        looks: "N/s",
        takes: "retries a second, such as 10/s",
        help: || row(BudgetConfig::TABLE, "reserve_per_second", "10/s by default"),
        read: |text| text.strip_suffix("/s").unwrap_or(text).parse().ok().map(Change::Reserve),
    },
    Key {
        name: "budget_burst",
        looks: "N",
        takes: "a whole number",
        help: || row(BudgetConfig::TABLE, "burst", "100 by default"),
        read: |text| text.parse().ok().map(Change::BudgetBurst),
    },
    Key {
        name: "bulkhead",
        looks: "N",
        takes: "a whole number, or none",
        help: || format!("So many calls in flight. From 1 to {MOST_IN_FLIGHT}, or none."),
        read: |text| or_none(text, |text| text.parse().ok(), Change::Bulkhead),
    },
];

/// What a row of a table says.
fn row(table: &[Setting], name: &str, default: &str) -> String {
    let row = table.iter().find(|row| row.name() == name).expect("it is in the table");
    format!("{}. From {} to {}; {default}.", row.text(), row.min(), row.max())
}

/// A value, or the word for none of it.
fn or_none<T>(
    text: &str,
    read: impl Fn(&str) -> Option<T>,
    change: fn(Option<T>) -> Change,
) -> Option<Change> {
    if text == NONE { Some(change(None)) } else { read(text).map(|it| change(Some(it))) }
}

/// `100/s`, or `1/10s`.
fn calls_in_a_time(text: &str) -> Option<(u32, Duration)> {
    let (calls, time) = text.split_once('/')?;
    let one = if time.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "1" };
    Some((calls.parse().ok()?, humantime::parse_duration(&format!("{one}{time}")).ok()?))
}

/// `10%`, or `0.1`.
fn share(text: &str) -> Option<f64> {
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    share.is_finite().then_some(share)
}

impl Change {
    /// Reads `key=value`; `None` if no limit has such a key.
    ///
    /// ```
    /// use std::time::Duration;
    /// use fusebox_cli::limits::Change;
    ///
    /// let second = Duration::from_secs(1);
    /// assert_eq!(Change::parse("rate=100/s"), Some(Ok(Change::Rate(Some((100, second))))));
    /// assert_eq!(Change::parse("budget=10%"), Change::parse("budget=0.1"));
    /// assert!(Change::parse("rate=100").unwrap().is_err()); // in what time?
    /// assert_eq!(Change::parse("probes=2"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Result<Self, NoValue>> {
        let (name, value) = text.split_once('=')?;
        let key = KEYS.iter().find(|key| key.name == name)?;
        let is_none = || NoValue { name: key.name, takes: key.takes, value: value.into() };
        Some((key.read)(value).ok_or_else(is_none))
    }

    /// The key that it was given by.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        let key = match self {
            Self::Rate(_) => 0,
            Self::Burst(_) => 1,
            Self::Precise(_) => 2,
            Self::Budget(_) => 3,
            Self::Reserve(_) => 4,
            Self::BudgetBurst(_) => 5,
            Self::Bulkhead(_) => 6,
        };
        KEYS[key].name
    }
}

/// What the help says of the keys.
#[must_use]
pub fn help() -> String {
    let line = |key: &Key| format!("  {}={}\n      {}\n", key.name, key.looks, (key.help)());
    KEYS.iter().map(line).collect()
}

/// The names of the keys.
#[must_use]
pub fn names() -> String {
    KEYS.map(|key| key.name).join(", ")
}

/// A value is not what its key takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoValue {
    name: &'static str,
    takes: &'static str,
    value: String,
}

impl fmt::Display for NoValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, takes, value } = self;
        write!(f, "`{name}` takes {takes}, and `{}` is none", escape(value))
    }
}

impl std::error::Error for NoValue {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{wanted::per_time, *};

    fn change(text: &str) -> Change {
        Change::parse(text).unwrap_or_else(|| panic!("{text}")).unwrap()
    }

    fn wanted(texts: &[&str]) -> Result<Wanted, String> {
        Wanted::default().with(&texts.iter().map(|text| change(text)).collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*", value in "[-+0-9a-z.%/ ]{0,24}") {
            let _ = Change::parse(&text);
            for key in KEYS {
                if let Some(Ok(change)) = Change::parse(&format!("{}={value}", key.name)) {
                    prop_assert_eq!(change.name(), key.name);
                    let _ = Wanted::default().with(&[change]);
                }
            }
        }

        /// What is shown can be given back.
        #[test]
        fn what_is_shown_parses_to_itself(
            calls in 1..=2_000_000u32, unit in 0..4usize, times in 1..=9u64, burst in 1..=2_000_000u32,
            share in 1..=1_000_000u32, reserve in 0..=4_095u32, saved in 1..=16u32, precise: bool,
            bulkhead in proptest::option::of(1..=62u32),
        ) {
            let time = Duration::from_secs([1, 60, 3_600, 86_400][unit] * times);
            let rate = RateConfig::per(calls, time).burst(burst).precise(precise).try_build();
            let budget = BudgetConfig::share(f64::from(share) / 1e6);
            let budget = budget.reserve_per_second(reserve).burst(saved).try_build();
            let wanted = Wanted { rate: rate.ok(), budget: budget.ok(), bulkhead };
            let shown = wanted.list().into_iter().map(|(key, value)| format!("{key}={value}"));
            let changes: Vec<_> = shown.map(|text| change(&text)).collect();
            prop_assert_eq!(Wanted::default().with(&changes), Ok(wanted));
        }
    }

    #[test]
    fn rates_are_shown_as_people_write_them() {
        for text in ["100/s", "3/s", "1/s", "5/min", "7/h", "1/7s", "10000000/s", "1/d"] {
            let (calls, time) = calls_in_a_time(text).unwrap();
            let shown =
                per_time(RateConfig::per(calls, time).burst(1).precise(true).build().interval(), 1);
            assert_eq!(shown, text);
        }
        assert_eq!(wanted(&["rate=1/10s"]).unwrap().list()[0].1, "6/min");
        assert_eq!(wanted(&["rate=60/min"]).unwrap().list()[0].1, "60/min", "as its burst says");
        assert_eq!(wanted(&["rate=60/min", "burst=20"]).unwrap().list()[0].1, "1/s");
    }

    #[test]
    fn what_is_not_named_stays() {
        let old = wanted(&["rate=100/s", "burst=20", "budget=10%", "reserve=5/s"]).unwrap();
        let new = old.with(&[change("rate=200/s"), change("budget=0.2")]).unwrap();
        assert_eq!(differences(old, new), ["rate 100/s -> 200/s", "budget 10% -> 20%"]);
        assert_eq!(new.in_short(), "rate=200/s burst=20 budget=20% reserve=5/s budget_burst=100");
        let none = new.with(&[change("rate=none")]).unwrap();
        assert_eq!(differences(new, none), ["rate 200/s -> none", "burst 20 -> none"]);
        assert_eq!(old.with(&[]), Ok(old));
        let workers = old.with(&[change("bulkhead=32")]).unwrap();
        assert_eq!(differences(old, workers), ["bulkhead none -> 32"]);
        let fewer = workers.with(&[change("bulkhead=8"), change("burst=20")]).unwrap();
        assert_eq!(differences(workers, fewer), ["bulkhead 32 -> 8"]);
        assert_eq!(fewer.with(&[change("bulkhead=none")]), Ok(old));
    }

    #[test]
    fn errors_name_the_key_the_value_and_the_range() {
        let error = |texts: &[&str]| wanted(texts).unwrap_err();
        assert_eq!(error(&["rate=0/s"]), "`rate` is 0/s, and must be from 1/d to 10000000/s");
        assert!(error(&["rate=1/2d"]).starts_with("`rate` is 1/2days, and must be from 1/d to"));
        assert_eq!(error(&["rate=9/s", "burst=0"]), "`burst` is 0, and must be from 1 to 2000000");
        assert!(error(&["rate=1000/s", "burst=1"]).contains("unless it is `precise`"));
        assert!(wanted(&["rate=1000/s", "burst=1", "precise=yes"]).is_ok());
        assert_eq!(error(&["burst=9"]), "`burst` needs a `rate`, and there is none: give both");
        assert_eq!(
            error(&["budget=150%"]),
            "`budget` is 1.5, and must be 0, or from 0.000001 to 1"
        );
        assert_eq!(
            error(&["budget=10%", "reserve=5000"]),
            "`reserve` is 5000, and must be from 0 to 4095"
        );
        assert!(error(&["budget=33.3333%"]).starts_with("`budget_burst` is 100, and must be from"));
        assert!(error(&["rate=none", "precise=yes"]).contains("`precise` needs a `rate`"));
        for limit in ["0", "63", "4294967295"] {
            assert_eq!(
                error(&[&format!("bulkhead={limit}")]),
                format!("`bulkhead` is {limit}, and must be from 1 to 62 in a panel")
            );
        }
        assert_eq!(wanted(&["bulkhead=62"]).unwrap().in_short(), "bulkhead=62");
        assert_eq!(wanted(&["bulkhead=none"]), Ok(Wanted::default()));
    }

    #[test]
    fn what_is_no_value_is_said() {
        let error = |text: &str| Change::parse(text).unwrap().unwrap_err().to_string();
        assert_eq!(
            error("rate=100"),
            "`rate` takes calls in a time, such as 100/s, 5/min or 1/10s, or none, and `100` is none"
        );
        for text in ["rate=/s", "rate=1/", "rate=-1/s", "burst=x", "budget=NaN", "budget=inf%"] {
            error(text);
        }
        for text in
            ["reserve=1/min", "precise=true", "bulkhead=-1", "budget_burst=", "rate=1/s\x1b"]
        {
            assert!(!error(text).contains('\x1b'));
        }
    }

    #[test]
    fn the_help_has_every_key() {
        let help = help();
        for key in KEYS {
            assert!(help.contains(&format!("  {}={}\n", key.name, key.looks)), "{help}");
            assert!(names().contains(key.name));
        }
        assert!(
            help.contains("From 1 to 2000000") && help.contains("From 1/d to 10000000/s"),
            "{help}"
        );
    }
}
