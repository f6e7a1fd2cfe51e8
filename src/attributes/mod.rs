//! What the attributes' code calls. Not for others: it changes with them.

pub mod breaker;
pub mod failover;
pub mod fallback;
pub mod limits;
pub mod retry;
pub mod timeout;

/// Lends its name to the variables of generated code: a pattern may bind the
/// name of a function, and does not then mean a constant of that name.
pub const fn shield() {}

/// A value that is never made: it tells an async block what it returns.
///
/// # Panics
/// Always.
#[cold]
pub fn never<T>() -> T {
    unreachable!("generated code calls this under `if false`")
}

/// Whether two names are the same.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}
