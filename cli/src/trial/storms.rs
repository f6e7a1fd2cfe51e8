//! A storm by its name, or from its file.

use std::{io, path::Path};

use fusebox_lab::storm::{self, BUILTIN, Storm};

use crate::{failure::Failure, names, source::shown, toml_file};

/// The built-in storm of this name, or else the one in this file.
///
/// # Errors
/// [`Failure`] names the file and the line; where there is neither such a storm nor such a
/// file, it names the storms that come close.
pub fn find(given: &Path) -> Result<Storm, Failure> {
    if let Some(storm) = given.to_str().and_then(storm::builtin) {
        return Ok(storm);
    }
    match toml_file::bytes(given) {
        Ok(bytes) => toml_file::parsed(given, &bytes, toml_file::storm),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(unknown(given)),
        Err(error) => Err(toml_file::unreadable(given, &error)),
    }
}

fn unknown(given: &Path) -> Failure {
    let close = names::close(&given.to_string_lossy(), BUILTIN.iter().map(|(name, _)| *name));
    let hint = close.map(|close| format!("; did you mean {close}?")).unwrap_or_default();
    let all = if hint.is_empty() { "; " } else { " " };
    Failure::because(format!(
        "`{}` is no built-in storm, and no file{hint}{all}`fusebox try --list` shows the storms",
        shown(given)
    ))
}
