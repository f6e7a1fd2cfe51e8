//! A map that was written down as JSON, and is drawn again.

use std::{collections::BTreeSet, fs::File, io::Read as _, path::Path};

use fusebox::Map;
use serde::Deserialize;

use crate::{escape::escape, failure::Failure, names, source::shown};

/// More than any map takes: 256 breakers, and an edge from each to each.
const MOST_BYTES: u64 = 4 << 20;

/// What is read of a file: the rest follows from it.
#[derive(Deserialize)]
struct Saved {
    version: u64,
    panel: String,
    nodes: Vec<Node>,
    edges: Vec<(usize, usize)>,
}

#[derive(Deserialize)]
struct Node {
    name: Option<String>,
    slot: usize,
    attempts: u16,
    within: u16,
}

/// Draws the edges and attempts of a file on the map of a panel.
///
/// # Errors
/// [`Failure`] when it is no map, a damaged one, or one of another panel; the map is as it was
/// then.
pub fn redraw(file: &Path, map: &mut Map) -> Result<(), Failure> {
    let bad = |why: String| Failure::because(format!("`{}` {why}", shown(file)));
    let text = read(file).map_err(|error| bad(format!("cannot be read: {error}")))?;
    let saved = parse(&text).and_then(|saved| check(&saved, map).map(|()| saved)).map_err(bad)?;
    let attempts = |slot: usize| {
        let node = saved.nodes.iter().find(|node| node.slot == slot);
        node.map_or((1, 1), |node| (node.attempts, node.within))
    };
    map.redraw(|node| attempts(node.slot()), saved.edges.iter().copied());
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let file = File::open(file).map_err(|error| error.to_string())?;
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(|error| error.to_string())?;
    let fits = text.len() as u64 <= MOST_BYTES;
    fits.then_some(text).ok_or_else(|| "it is larger than any map, which has 4 MiB at most".into())
}

fn parse(text: &[u8]) -> Result<Saved, String> {
    let saved: Saved = serde_json::from_slice(text)
        .map_err(|error| format!("is no map, or a damaged one: {}", escape(&error.to_string())))?;
    match saved.version {
        1 => Ok(saved),
        other => Err(format!("is a map of version {other}; this release reads version 1")),
    }
}

/// Whether it can be one of this panel.
fn check(saved: &Saved, map: &Map) -> Result<(), String> {
    let own = format!("{:08x}", map.panel());
    if saved.panel != own {
        let other = escape(&saved.panel);
        return Err(format!("is a map of another panel: of {other}, and this one is {own}"));
    }
    let mut slots = BTreeSet::new();
    for Node { name, slot, attempts, within } in &saved.nodes {
        let damaged = |what: &str| Err(format!("is damaged: {what} of slot {slot}"));
        if !slots.insert(*slot) {
            return damaged("it says two things");
        }
        if *attempts == 0 || *within == 0 {
            return damaged("there are no attempts");
        }
        let node = map.nodes().find(|node| node.slot() == *slot);
        let Some(node) = node else {
            return Err(format!("is no map of this panel: slot {slot} has no breaker there"));
        };
        let live = node.name().map(|name| name.as_str().to_owned());
        if live != *name {
            let (was, is) = (
                name.as_deref().map_or_else(|| names::NAMELESS.into(), escape),
                names::label(node.name()),
            );
            return Err(format!("is no map of this panel: slot {slot} was `{was}`, and is `{is}`"));
        }
    }
    for (caller, callee) in &saved.edges {
        for slot in [caller, callee] {
            if !slots.contains(slot) {
                return Err(format!("is damaged: an edge leads to slot {slot}, which it has not"));
            }
        }
    }
    Ok(())
}
