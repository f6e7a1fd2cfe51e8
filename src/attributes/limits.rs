//! What `#[with_rate_limit]`, `#[with_bulkhead]`, `#[with_deadline]` and `#[with_priority]`
//! call.

use core::time::Duration;

use crate::{
    error::{Limited, Rejected},
    limit::{
        bulkhead::bulkhead::Bulkhead,
        deadline::{deadline::Deadline, scope, until::Until},
        rate::{
            rate_limit::RateLimit,
            settings::{RateConfig, RateSettings},
        },
    },
    name::Name,
    observe::DefaultObserver,
    overload::priority::Priority,
    sync::const_fn,
    time::StdClock,
};

/// The settings as they are; where the one of this name is at fault, an error
/// at its value.
///
/// # Panics
/// Where it is, which in a `static` is a compile error.
#[track_caller]
pub const fn checked(config: RateConfig, setting: &str) -> RateConfig {
    if let Err(error) = config.try_build()
        && super::same(error.field(), setting)
    {
        let _ = config.build(); // its panic says what is wrong
    }
    config
}

/// A function's name as that of its limit. One that is too long for a name is none: it
/// was not chosen as one.
const fn name_of(function: &str) -> Option<Name> {
    match Name::try_new(function) {
        Ok(name) => Some(name),
        Err(_) => None,
    }
}

const_fn! {
    /// The rate limit of a function.
    #[must_use]
    pub fn rate_limit(function: &str, settings: RateSettings) -> RateLimit {
        RateLimit::with(name_of(function), settings, StdClock, DefaultObserver)
    }
}

const_fn! {
    /// The bulkhead of a function.
    ///
    /// # Panics
    /// On a limit that is none, which in a `static` is a compile error.
    #[must_use]
    #[track_caller]
    pub fn bulkhead(function: &str, limit: u32) -> Bulkhead {
        Bulkhead::with(name_of(function), limit, DefaultObserver)
    }
}

/// An error that a call can become which a limit turned away.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that a limit turned its call away",
    label = "`{Self}` does not implement `From<fusebox::Rejected>`",
    note = "a function under a limit returns its own error type; write `impl From<fusebox::Rejected> for …`"
)]
pub trait FromLimited {
    fn from_limited(limited: Limited) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<Rejected>> FromLimited for E {
    fn from_limited(limited: Limited) -> Self {
        Rejected::from(limited).into()
    }
}

/// The function's own error, for a call that a limit turned away.
#[cold]
pub fn own<E: FromLimited>(limited: Limited) -> E {
    E::from_limited(limited)
}

/// A priority as it is: what is none is told so where it stands.
#[inline]
#[must_use]
pub const fn priority(priority: Priority) -> Priority {
    priority
}

/// The deadline of a call that begins now, or the nearer one that is in force.
///
/// # Errors
/// [`Limited`] where that is over.
#[inline]
pub fn until(within: Duration) -> Result<Until<'static>, Limited> {
    let until = Until::from(Deadline::within(within)).earlier_of(scope::current());
    until.admit()?;
    Ok(until)
}
