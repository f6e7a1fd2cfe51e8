//! Who enters a storm: the rules of the field, and fusebox's.

use std::time::Duration;

use fusebox::{BreakerSettings, BudgetConfig, BudgetSettings, presets};

use crate::{
    contender::Contender,
    rules::{self, FIELD, FuseboxBudget, SemianClassic, SemianPid, Unguarded},
    storm::Sharing,
};

/// No rule at all.
#[must_use]
pub fn unguarded() -> Contender {
    Contender::rule("none", || Box::new(Unguarded))
}

/// Every rule of the field, at its published defaults.
#[must_use]
pub fn all() -> Vec<Contender> {
    FIELD.iter().map(|entry| Contender::rule(entry.name, entry.make)).collect()
}

/// A rule of the field by its key, as in `polly`; `None` where there is none.
#[must_use]
pub fn by_key(key: &str) -> Option<Contender> {
    rules::by_key(key).map(|entry| Contender::rule(entry.name, entry.make))
}

/// The preset that is held against the field's best figures, in every storm.
pub const OURS: BreakerSettings = presets::SERVICE;

/// fusebox's preset, one breaker for all callers of a host, as a process or a shared
/// panel has it.
#[must_use]
pub fn ours() -> Contender {
    Contender::fusebox("fusebox", OURS).sharing(Sharing::Shared)
}

/// The same, with a breaker for each caller that knows nothing of the others.
#[must_use]
pub fn ours_each() -> Contender {
    Contender::fusebox("fusebox, one for each caller", OURS).sharing(Sharing::Each)
}

/// The budget of retries that is held against the field's: the default, a tenth and ten a
/// second.
pub const BUDGET: BudgetSettings = BudgetConfig::new().build();

/// fusebox's budget without a breaker, one for all callers of a host.
#[must_use]
pub fn our_budget() -> Contender {
    Contender::rule("fusebox's retry budget", || Box::new(FuseboxBudget::new(BUDGET)))
        .sharing(Sharing::Shared)
}

/// The same without a reserve: where calls are many, none is needed.
#[must_use]
pub fn our_budget_without_reserve() -> Contender {
    let settings = const { BUDGET.config().reserve_per_second(0).build() };
    let make = move || -> Box<dyn rules::Rule + Send> { Box::new(FuseboxBudget::new(settings)) };
    Contender::rule("fusebox's retry budget, no reserve", make).sharing(Sharing::Shared)
}

/// fusebox's preset and its budget, both for all callers of a host.
#[must_use]
pub fn ours_with_budget() -> Contender {
    Contender::fusebox("fusebox, with a retry budget", OURS)
        .with_budget(|| Box::new(FuseboxBudget::new(BUDGET)))
        .sharing(Sharing::Shared)
}

/// Semian's classic breaker, as Shopify set it for the storm of this name.
#[must_use]
pub fn shopify_classic(storm: &str) -> Contender {
    let errors = match storm {
        "one-of-many" => 2,
        "slow-query" => 3,
        _ => 12,
    };
    let (window, open) = (Duration::from_secs(20), Duration::from_secs(15));
    Contender::rule("Semian classic", move || {
        Box::new(SemianClassic::new(2, errors, window.into(), open.into()))
    })
    .sharing(Sharing::Each)
}

/// Semian's adaptive breaker.
#[must_use]
pub fn shopify_pid() -> Contender {
    Contender::rule("Semian PID", || Box::new(SemianPid::default())).sharing(Sharing::Each)
}
