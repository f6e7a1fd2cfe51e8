//! Retries above retries: what a failing service gets of one request.

use std::{cell::Cell, time::Duration};

use fusebox::{
    BudgetConfig, BudgetSettings, DefaultObserver, ManualClock, Retry, RetryBudget, RetryConfig,
    RetrySettings, Tick,
};

use crate::{
    random::Random,
    table::{Table, ratio},
};

/// The shares of calls that fail, in percent.
pub const FAILURES: [u32; 4] = [100, 50, 20, 5];

/// The tries of each of the three layers.
const TRIES: RetrySettings = RetryConfig::new().max_attempts(3).base_delay(Duration::ZERO).build();

/// So many requests, one in each millisecond. What the budgets begin with is spent in the
/// first ten thousand, which are not counted.
const REQUESTS: u64 = 110_000;
const SPENT_AFTER: u64 = 10_000;

/// What each layer may have.
const BUDGETS: [(&str, Option<BudgetSettings>); 5] = [
    ("no budget", None),
    ("60 %, no reserve", Some(BudgetConfig::share(0.60).reserve_per_second(0).build())),
    ("20 %, no reserve", Some(BudgetConfig::share(0.20).reserve_per_second(0).build())),
    ("10 %, and 10 a second", Some(BudgetConfig::new().build())),
    ("10 %, no reserve", Some(TENTH)),
];

/// The budget of the figure that has a bound.
pub const TENTH: BudgetSettings = BudgetConfig::share(0.10).reserve_per_second(0).build();

/// The calls that a service gets of one request, where so many of them fail, and where
/// each layer has such a budget.
#[must_use]
pub fn calls_of_one(budget: Option<BudgetSettings>, failures: u32) -> f64 {
    let clock = ManualClock::new();
    // Of a budget that is never asked, there may be any.
    let budgets = [0; 3].map(|_| RetryBudget::with(budget.unwrap_or(TENTH), &clock));
    let calls = Cell::new(0_u64);
    let mut chance = Random::new(1, failures.into());
    let mut service = || {
        calls.set(calls.get() + 1);
        if chance.chance(f64::from(failures) / 100.0) { Err(()) } else { Ok(()) }
    };
    let retry = Retry::with(TRIES, &clock, &clock, DefaultObserver).retry_if(|(): &()| true);
    for at in 0..REQUESTS {
        clock.set(Tick::from_millis(at));
        if at == SPENT_AFTER {
            calls.set(0);
        }
        // Whether it is answered is not the question.
        let _ = if budget.is_some() {
            let [outer, middle, inner] = budgets.each_ref().map(|it| retry.budget(it));
            outer.call(|| middle.call(|| inner.call(&mut service)))
        } else {
            retry.call(|| retry.call(|| retry.call(&mut service)))
        };
    }
    ratio(calls.get(), REQUESTS - SPENT_AFTER)
}

/// Calls of one request, by the budget and the share of failures.
#[must_use]
pub fn table() -> Table {
    let shares = FAILURES.map(|failures| format!("{failures} % fail"));
    let mut table = Table::new(["budget of each layer".to_owned()].into_iter().chain(shares));
    for (name, budget) in BUDGETS {
        let cells = FAILURES.map(|failures| format!("{:.2}", calls_of_one(budget, failures)));
        table.row([name.to_owned()].into_iter().chain(cells));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_seven_become_one_and_a_third() {
        assert!((calls_of_one(None, 100) - 27.0).abs() < 1e-9);
        assert!((calls_of_one(Some(TENTH), 100) - 1.331).abs() < 1e-3);
    }
}
