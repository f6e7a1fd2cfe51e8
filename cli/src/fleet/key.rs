//! The fleet's key of orders, which no command line holds.

use std::{env, fs, os::unix::fs::PermissionsExt as _, path::Path};

use fusebox_fleet::OrderKey;

use crate::{
    failure::{Failure, say},
    source::shown,
};

const VARIABLE: &str = "FUSEBOX_FLEET_KEY";

/// The key in this file, or in the variable; `None` where there is neither.
///
/// # Errors
/// [`Failure`] where the file cannot be read, or holds no key.
pub fn find(file: Option<&Path>) -> Result<Option<OrderKey>, Failure> {
    use std::os::unix::ffi::OsStrExt as _;
    if let Some(file) = file {
        let cannot = |error| Failure::because(format!("the key file `{}`: {error}", shown(file)));
        let bytes = fs::read(file).map_err(cannot)?;
        if fs::metadata(file).map_err(cannot)?.permissions().mode() & 0o077 != 0 {
            say(&format!(
                "warning: others than its owner can read the key file `{}`: see chmod 600",
                shown(file)
            ));
        }
        let key = OrderKey::new(bytes);
        return key
            .map(Some)
            .map_err(|error| Failure::because(format!("the key file `{}`: {error}", shown(file))));
    }
    let Some(value) = env::var_os(VARIABLE).filter(|it| !it.is_empty()) else { return Ok(None) };
    let key = OrderKey::new(value.as_bytes());
    key.map(Some).map_err(|error| Failure::because(format!("the variable {VARIABLE}: {error}")))
}

/// The same, where there must be one.
///
/// # Errors
/// As [`find`], and where there is none.
pub fn needed(file: Option<&Path>) -> Result<OrderKey, Failure> {
    find(file)?.ok_or_else(no_key)
}

/// There is none.
#[must_use]
pub fn no_key() -> Failure {
    Failure::Usage(format!(
        "no key: an order is signed with the one in --key-file FILE, or in the variable {VARIABLE}"
    ))
}
