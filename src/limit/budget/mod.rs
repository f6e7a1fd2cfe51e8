//! A budget of retries: a share of the calls, and a reserve, in one word.

pub(crate) mod retry_budget;
pub(crate) mod settings;
pub(crate) mod word;
