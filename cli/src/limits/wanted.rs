//! The settings of a slot's limits: changed all together, or not at all, and shown.

use std::time::Duration;

use fusebox::{
    BudgetConfig, BudgetSettings, ConfigError, Limits, LimitsReading, RateConfig, RateSettings,
};

use super::{Change, KEYS, Key};
use crate::{given::NONE, source::MOST_IN_FLIGHT};

/// The settings of a slot's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    pub(super) rate: Option<RateSettings>,
    pub(super) budget: Option<BudgetSettings>,
    pub(super) bulkhead: Option<u32>,
}

impl From<&LimitsReading> for Wanted {
    fn from(reading: &LimitsReading) -> Self {
        Self {
            rate: reading.rate.map(|rate| rate.settings),
            budget: reading.budget.map(|budget| budget.settings),
            bulkhead: reading.bulkhead.map(|bulkhead| bulkhead.limit),
        }
    }
}

impl Wanted {
    /// These settings with all `changes`, or none of them.
    ///
    /// # Errors
    /// What is wrong: the key, its value and its range.
    pub fn with(self, changes: &[Change]) -> Result<Self, String> {
        Ok(Self {
            rate: self.new_rate(changes)?,
            budget: self.new_budget(changes)?,
            bulkhead: self.new_bulkhead(changes)?,
        })
    }

    fn new_rate(self, changes: &[Change]) -> Result<Option<RateSettings>, String> {
        let mut config = self.rate.map(RateConfig::from);
        // The rate first: the others change what it brings.
        for change in changes {
            if let Change::Rate(rate) = *change {
                config = rate.map(|(calls, time)| match self.rate {
                    None => RateConfig::per(calls, time),
                    Some(old) => {
                        RateConfig::per(calls, time).burst(old.burst()).precise(old.precise())
                    }
                });
            }
        }
        for change in changes {
            match *change {
                Change::Burst(burst) => config = Some(needs("rate", change, config)?.burst(burst)),
                Change::Precise(it) => config = Some(needs("rate", change, config)?.precise(it)),
                _ => {}
            }
        }
        let asked = changes.iter().find_map(|change| match change {
            Change::Rate(Some((calls, time))) => Some(slash(*calls, *time)),
            _ => None,
        });
        let why = |error: ConfigError| match (error.field(), asked) {
            ("interval", Some(asked)) => {
                format!("`rate` is {asked}, and must be {}", range_of_rates("from"))
            }
            _ => error.to_string(),
        };
        config.map(RateConfig::try_build).transpose().map_err(why)
    }

    fn new_budget(self, changes: &[Change]) -> Result<Option<BudgetSettings>, String> {
        let mut config = self.budget.map(BudgetConfig::from);
        for change in changes {
            if let Change::Budget(share) = *change {
                config = share.map(|share| match self.budget {
                    None => BudgetConfig::share(share),
                    Some(old) => BudgetConfig::share(share)
                        .reserve_per_second(old.reserve_per_second())
                        .burst(old.burst()),
                });
            }
        }
        for change in changes {
            match *change {
                Change::Reserve(reserve) => {
                    let budget = needs("budget", change, config)?;
                    config = Some(budget.reserve_per_second(reserve));
                }
                Change::BudgetBurst(burst) => {
                    config = Some(needs("budget", change, config)?.burst(burst));
                }
                _ => {}
            }
        }
        // By the names that these settings have here.
        let why = |error: ConfigError| {
            let own = match error.field() {
                "share" => "budget",
                "reserve_per_second" => "reserve",
                "burst" => "budget_burst",
                field => field,
            };
            error.to_string().replacen(error.field(), own, 1)
        };
        config.map(BudgetConfig::try_build).transpose().map_err(why)
    }

    fn new_bulkhead(self, changes: &[Change]) -> Result<Option<u32>, String> {
        let asked = changes.iter().rev().find_map(|change| match change {
            Change::Bulkhead(limit) => Some(*limit),
            _ => None,
        });
        match asked {
            Some(Some(limit)) if !(1..=MOST_IN_FLIGHT).contains(&(limit as usize)) => Err(format!(
                "`bulkhead` is {limit}, and must be from 1 to {MOST_IN_FLIGHT} in a panel"
            )),
            _ => Ok(asked.unwrap_or(self.bulkhead)),
        }
    }

    /// How many calls may be in flight.
    #[must_use]
    pub const fn bulkhead(self) -> Option<u32> {
        self.bulkhead
    }

    /// Puts the settings of the rate limit and the budget in force, as far as they are not.
    /// The bulkhead's limit is the panel's to set.
    pub fn apply(self, limits: &Limits) {
        let (rate, budget) = (limits.rate_limit(), limits.budget());
        if rate.settings() != self.rate {
            self.rate.map_or_else(|| rate.lift(), |settings| rate.set_settings(settings));
        }
        if budget.settings() != self.budget {
            self.budget.map_or_else(|| budget.lift(), |settings| budget.set_settings(settings));
        }
    }

    /// Every setting by its key, as `set` takes it; of a limit that is none, that.
    #[must_use]
    pub fn list(self) -> Vec<(&'static str, String)> {
        let mut list = Vec::new();
        match self.rate {
            None => list.push(("rate", NONE.into())),
            Some(rate) => {
                list.push(("rate", per_time(rate.interval(), rate.burst())));
                list.push(("burst", rate.burst().to_string()));
                list.push(("precise", if rate.precise() { "yes" } else { "no" }.into()));
            }
        }
        match self.budget {
            None => list.push(("budget", NONE.into())),
            Some(budget) => {
                list.push(("budget", percent(budget)));
                list.push(("reserve", format!("{}/s", budget.reserve_per_second())));
                list.push(("budget_burst", budget.burst().to_string()));
            }
        }
        list.push(("bulkhead", self.bulkhead.map_or(NONE.into(), |limit| limit.to_string())));
        list
    }

    /// The settings of the limits that there are, in one line.
    #[must_use]
    pub fn in_short(self) -> String {
        let list = self.list();
        let said = list.iter().filter(|(key, value)| value != NONE && (*key, &**value) != USUAL);
        said.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    }
}

/// What goes without saying.
const USUAL: (&str, &str) = ("precise", "no");

fn needs<T>(limit: &str, change: &Change, config: Option<T>) -> Result<T, String> {
    let key = change.name();
    config.ok_or_else(|| format!("`{key}` needs a `{limit}`, and there is none: give both"))
}

/// What differs, as `rate none -> 100/s`.
#[must_use]
pub fn differences(old: Wanted, new: Wanted) -> Vec<String> {
    let (old, new) = (old.list(), new.list());
    let value = |list: &[(&str, String)], key| {
        let there = list.iter().find(|it| it.0 == key).map(|it| it.1.clone());
        there.unwrap_or_else(|| if key == USUAL.0 { USUAL.1 } else { NONE }.into())
    };
    let differs = |key: &Key| {
        let (from, to) = (value(&old, key.name), value(&new, key.name));
        (from != to).then(|| format!("{} {from} -> {to}", key.name))
    };
    KEYS.iter().filter_map(differs).collect()
}

/// From the slowest rate to the fastest.
pub(super) fn range_of_rates(from: &str) -> String {
    let interval = &RateConfig::TABLE[0];
    let [fastest, slowest] =
        [interval.min(), interval.max()].map(|nanos| per_time(Duration::from_nanos(nanos), 1));
    format!("{from} {slowest} to {fastest}")
}

/// An interval as calls in a time: `100/s`, or `1/10s`. Of the ways to write it, the one
/// with so many calls comes first.
pub(super) fn per_time(interval: Duration, calls: u32) -> String {
    const UNITS: [(&str, u64); 4] = [("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400)];
    let nanos = interval.as_nanos().max(1);
    // Long intervals are kept to 16 ns, rounded up.
    let about = if nanos < 274_000_000_000 { 0 } else { 15 };
    let is_it = |calls: u128, time: u128| {
        calls > 0 && nanos.checked_sub(time.div_ceil(calls)).is_some_and(|more| more <= about)
    };
    let times = UNITS.map(|(unit, seconds)| (unit, u128::from(seconds) * 1_000_000_000));
    for (unit, time) in times {
        if is_it(calls.into(), time) {
            return format!("{calls}/{unit}");
        }
    }
    for (unit, time) in times {
        let calls = time.div_ceil(nanos);
        if calls <= u128::from(u32::MAX) && is_it(calls, time) {
            return format!("{calls}/{unit}");
        }
    }
    slash(1, interval)
}

/// `5/1min`, but for units of which there is one.
fn slash(calls: u32, time: Duration) -> String {
    let time = humantime::format_duration(time).to_string().replace(' ', "");
    let time = match &*time {
        "1s" => "s",
        "1m" => "min",
        "1h" => "h",
        "1day" => "d",
        time => time,
    };
    format!("{calls}/{time}")
}

/// To a millionth.
fn percent(budget: BudgetSettings) -> String {
    let (retries, calls) = (u64::from(budget.retries()), u64::from(budget.calls()));
    let millionths = (retries * 1_000_000 + calls / 2) / calls.max(1);
    let (whole, part) = (millionths / 10_000, millionths % 10_000);
    let part = format!("{part:04}");
    match part.trim_end_matches('0') {
        "" => format!("{whole}%"),
        part => format!("{whole}.{part}%"),
    }
}
