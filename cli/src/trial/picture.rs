//! A trial as a picture, in a file that is whole or as it was.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use fusebox_lab::trial::Trial;

use crate::{escape::escape, failure::Failure, source::shown};

/// The picture. A title that has what no SVG may have is escaped.
#[must_use]
pub fn svg(trial: &Trial) -> String {
    let mut plot = trial.plot();
    plot.title = escape(&plot.title);
    plot.svg()
}

/// Writes `text` to `path`.
///
/// # Errors
/// [`Failure`] names the file, which is then as it was.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let result = match fs::metadata(path) {
        // A device or a pipe keeps nothing that could be lost.
        Ok(data) if !data.is_file() => fs::write(path, text),
        // A link goes on leading to its file.
        Ok(_) => fs::canonicalize(path).and_then(|path| replace(&path, text)),
        Err(_) => replace(path, text),
    };
    result.map_err(|error| Failure::because(format!("cannot write `{}`: {error}", shown(path))))
}

/// Writes a file beside it, and puts it in its place.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = beside(path)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A name that no other process chooses.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(beside))
}
