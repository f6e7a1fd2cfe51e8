//! Who enters the storm, and in which order.

use std::path::{Path, PathBuf};

use fusebox::BreakerSettings;
use fusebox_lab::{
    contender::Contender,
    field,
    rules::FIELD,
    storm::{Sharing, Storm},
};

use crate::{args::Try, escape::escape, failure::Failure, names, source::Source, toml_file};

/// The name of the rule that refuses nothing.
const NONE: &str = "none";

/// Settings under a name.
pub type Named = (String, BreakerSettings);

/// The settings of these files, each named after its file.
///
/// # Errors
/// [`Failure`] names the file and the line.
pub fn from_files(paths: &[PathBuf]) -> Result<Vec<Named>, Failure> {
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = |path: &Path| {
        let is_namesake = |other: &&PathBuf| stem(other) == stem(path);
        let alone = paths.iter().filter(is_namesake).count() == 1;
        let name = stem(path).filter(|_| alone);
        escape(&name.unwrap_or_else(|| path.to_string_lossy().into_owned()))
    };
    paths.iter().map(|path| Ok((name(path), toml_file::read(path, toml_file::settings)?))).collect()
}

/// The settings of these breakers of a panel.
///
/// # Errors
/// [`Failure`] when it is no panel, or has no such breaker.
pub fn from_panel(panel: &Path, breakers: &[String]) -> Result<Vec<Named>, Failure> {
    let readings = Source::read(panel)?.readings();
    let named = names::find_all(&readings, breakers)?.into_iter();
    let named = named.map(|(_, it)| (format!("{} (panel)", names::label(it.name)), it.settings));
    Ok(named.collect())
}

/// No breaker, the given ones, fusebox's defaults and its preset, the rules of others.
#[must_use]
pub fn all(given: Vec<Named>, args: &Try, storm: &Storm) -> Vec<Contender> {
    let own = [
        ("fusebox, defaults".into(), BreakerSettings::default()),
        ("fusebox, SERVICE".into(), field::OURS),
    ];
    let is_wanted =
        |key: &str| args.against.is_empty() || args.against.iter().any(|own| own == key);
    let others = FIELD.iter().map(|entry| entry.key).filter(|key| *key != NONE && is_wanted(key));
    let fuseboxes = given.into_iter().chain(own).flat_map(|named| as_shared(named, storm));
    field::by_key(NONE)
        .into_iter()
        .chain(fuseboxes)
        .chain(others.filter_map(field::by_key))
        .collect()
}

/// As the storm has it, and, where that is one for each caller, as one for all of them.
fn as_shared((name, settings): Named, storm: &Storm) -> impl Iterator<Item = Contender> {
    let shared = (storm.clients.breakers == Sharing::Each)
        .then(|| Contender::fusebox(format!("{name}, shared"), settings).sharing(Sharing::Shared));
    std::iter::once(Contender::fusebox(name, settings)).chain(shared)
}
