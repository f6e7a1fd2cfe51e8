//! A limit of calls in a time: the generic cell rate algorithm in one word.

pub(crate) mod lease;
pub(crate) mod narrow;
pub(crate) mod rate_limit;
pub(crate) mod ready;
pub(crate) mod reservation;
pub(crate) mod settings;
mod word;
