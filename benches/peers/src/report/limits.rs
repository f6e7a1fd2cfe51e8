//! The page's part on limits.

use indicatif::ProgressBar;

use super::{Written, section, table};
use crate::{
    limits::{BUDGET, BULKHEAD, RATE, budgets, bulkheads, rates},
    measure::{Figure, Plan},
};

/// What was measured with so many threads.
pub(super) struct Limited {
    threads: usize,
    rates: Vec<Figure>,
    budgets: Vec<Figure>,
    bulkheads: Vec<Figure>,
}

pub(super) fn measured(plan: Plan, progress: &ProgressBar, threads: usize) -> Limited {
    Limited {
        threads,
        rates: rates(plan, progress, threads),
        budgets: budgets(plan, progress, threads),
        bulkheads: bulkheads(plan, progress, threads),
    }
}

pub(super) fn write(page: &mut String, all: &[Limited]) -> Written {
    section(page, "Limits", TEXT)?;
    for Limited { threads, rates, budgets, bulkheads } in all {
        let of = if *threads == 1 { "one thread".to_owned() } else { format!("{threads} threads") };
        table(page, &format!("A rate limit admits a call, {of}"), rates, RATE)?;
        table(page, &format!("Ten calls and a retry of a budget, {of}"), budgets, BUDGET)?;
        table(page, &format!("A place taken and given back, {of}"), bulkheads, BULKHEAD)?;
    }
    Ok(())
}

const TEXT: &str = "Per call and thread, on one limit. Every call is admitted; the clock of \
ours runs 128 times as fast as the host's, so that the limit is wide enough. \
tower-resilience's are services, polled in place without a runtime, a clone for each \
thread. failsafe has no limits in Rust.";
