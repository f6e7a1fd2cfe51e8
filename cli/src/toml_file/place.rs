//! Where in a TOML text something stands.

use fusebox_lab::time::Time;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The number of the line at this byte.
pub(super) fn line(text: &[u8], at: usize) -> usize {
    text[..at.min(text.len())].split(|byte| *byte == b'\n').count()
}

/// The line of a key at the top.
pub(super) fn of_key(text: &str, key: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let (key, _) = table.get_ref().get_key_value(key)?;
    Some(line(text.as_bytes(), key.span().start))
}

/// The line of a field with this value, such as `clients.per_second`. Where there are
/// several, as of `phases.lasts`, it is the first that has the value, or else lacks one.
pub(super) fn of_value(text: &str, field: &str, value: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let path: Vec<&str> = field.split('.').collect();
    let mut found = Vec::new();
    find(table.get_ref(), table.span().start, &path, &mut found);
    let has_it = |place: &&Place<'_>| place.value.is_some_and(|own| shows(own, value));
    let lacks_one = |place: &&Place<'_>| place.value.is_none();
    let place = found
        .iter()
        .find(has_it)
        .or_else(|| found.iter().find(lacks_one))
        .or_else(|| found.first().filter(|_| found.len() == 1))?;
    Some(line(text.as_bytes(), place.at))
}

/// A place where a field is, or could be.
struct Place<'t> {
    at: usize,
    value: Option<&'t DeValue<'t>>,
}

fn find<'t>(table: &'t DeTable<'t>, at: usize, path: &[&str], found: &mut Vec<Place<'t>>) {
    let [name, rest @ ..] = path else { return };
    let Some((key, value)) = table.get_key_value(*name) else {
        if rest.is_empty() {
            found.push(Place { at, value: None });
        }
        return;
    };
    if rest.is_empty() {
        found.push(Place { at: key.span().start, value: Some(value.get_ref()) });
        return;
    }
    for (table, at) in tables(key.span().start, value) {
        // Turns of phases are phases.
        match table.get_key_value("turns") {
            Some((key, turns)) => {
                for (turn, at) in tables(key.span().start, turns) {
                    find(turn, at, rest, found);
                }
            }
            None => find(table, at, rest, found),
        }
    }
}

/// A table, or those of an array.
fn tables<'t>(key: usize, value: &'t Spanned<DeValue<'t>>) -> Vec<(&'t DeTable<'t>, usize)> {
    match value.get_ref() {
        DeValue::Table(table) => vec![(table, key)],
        DeValue::Array(all) => all
            .iter()
            .filter_map(|one| Some((one.get_ref().as_table()?, one.span().start)))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether an error would show `own` as `value`.
fn shows(own: &DeValue<'_>, value: &str) -> bool {
    let number = |text: &str| text.replace('_', "").parse::<f64>().ok();
    let is_number = |text| number(text).is_some_and(|own| number(value) == Some(own));
    match own {
        DeValue::String(text) => {
            humantime::parse_duration(text).is_ok_and(|it| Time::from(it).to_string() == value)
        }
        DeValue::Integer(own) => is_number(own.as_str()),
        DeValue::Float(own) => is_number(own.as_str()),
        DeValue::Boolean(own) => own.to_string() == value,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_in_turns_of_phases() {
        let text = "[[phases]]\ntimes = 2\n[[phases.turns]]\nlasts = \"1s\"\n[[phases.turns]]\n\
                    lasts = \"1s\"\nslower = 0.0\n";
        assert_eq!(of_value(text, "phases.slower", "0"), Some(7));
        assert_eq!(of_value(text, "phases.lasts", "1s"), Some(4));
        assert_eq!(of_value(text, "phases.load", "2000"), Some(3));
        // Not in a text that is no TOML, nor past its end.
        assert_eq!(of_value("[", "phases.lasts", "1s"), None);
        assert_eq!(line(b"a\nb", 100), 2);
    }

    #[test]
    fn of_several_it_is_the_one_that_has_the_value_or_else_lacks_one() {
        let text = "[[phases]]\nlasts = \"1s\"\n[[phases]]\nlasts = \"0s\"\n[[phases]]";
        assert_eq!(of_value(text, "phases.lasts", "0ns"), Some(4));
        assert_eq!(of_value(text, "phases.load", "1"), Some(1));
        assert_eq!(of_value(text, "clients.timeout", "missing"), None);
    }
}
