//! Who enters a storm: the rules of the field, and fusebox's.

use std::time::Duration;

use fusebox::{BreakerSettings, presets};

use crate::{
    contender::Contender,
    rules::{self, FIELD, SemianClassic, SemianPid, Unguarded},
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
