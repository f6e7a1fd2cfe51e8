//! Breakers by the names that a user types.

use fusebox::{Name, Reading};

use crate::{escape::escape, failure::Failure};

/// A breaker's name as a screen shows it.
#[must_use]
pub fn label(name: Option<Name>) -> String {
    name.map_or_else(|| NAMELESS.into(), |name| escape(name.as_str()))
}

/// What stands for the name of a breaker that has none.
pub const NAMELESS: &str = "(no name)";

/// The reading of each of `names`, in that order, with its slot. A name is
/// given as it is, or as it is shown: one that must be escaped can be typed.
///
/// # Errors
/// [`Failure`] that names the first which is unknown, and those that come
/// close.
pub fn find_all(
    readings: &[(usize, Reading)],
    names: &[String],
) -> Result<Vec<(usize, Reading)>, Failure> {
    names.iter().map(|name| find(readings, name)).collect()
}

/// The reading of `name`, likewise.
///
/// # Errors
/// As [`find_all`].
pub fn find(readings: &[(usize, Reading)], name: &str) -> Result<(usize, Reading), Failure> {
    let is_it = |reading: &Reading| reading.name.is_some_and(|own| own.as_str() == name);
    let shows_so = |reading: &Reading| reading.name.is_some() && label(reading.name) == name;
    readings
        .iter()
        .find(|(_, reading)| is_it(reading))
        .or_else(|| readings.iter().find(|(_, reading)| shows_so(reading)))
        .copied()
        .ok_or_else(|| unknown(readings, name))
}

fn unknown(readings: &[(usize, Reading)], name: &str) -> Failure {
    let known = readings.iter().filter_map(|(_, reading)| reading.name);
    let known: Vec<_> = known.map(|own| own.as_str().to_owned()).collect();
    let hint = match (close(name, known.iter().map(String::as_str)), readings.is_empty()) {
        (None, true) => "; the panel has no breaker yet".into(),
        (None, false) => "; `fusebox ls` shows all of them".into(),
        (Some(close), _) => format!("; did you mean {close}?"),
    };
    Failure::because(format!("there is no breaker `{}`{hint}", escape(name)))
}

/// Those of `known` that come closest to `name`, three at most, as they are shown: as
/// in "`mail` or `main`".
pub fn close<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let mut close: Vec<(f64, &str)> = known
        .into_iter()
        .map(|known| (likeness(name, known), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    close.sort_by(|one, other| other.0.total_cmp(&one.0));
    let shown: Vec<_> =
        close.into_iter().take(3).map(|(_, known)| format!("`{}`", escape(known))).collect();
    (!shown.is_empty()).then(|| shown.join(" or "))
}

const ALIKE: f64 = 0.75;

fn likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    // In a short name one slip changes much.
    let slip = strsim::damerau_levenshtein(&one, &other) <= 1;
    strsim::jaro_winkler(&one, &other).max(if slip { ALIKE } else { 0.0 })
}
