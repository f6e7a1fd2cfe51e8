//! Who told the store of a world that they are alive.

use std::collections::HashMap;

/// As many as a failover may lose, and one more.
const KEPT: usize = 4;

/// The last heartbeats of each instance.
#[derive(Debug, Default)]
pub(super) struct Hearts(HashMap<String, Heart>);

#[derive(Debug)]
struct Heart {
    /// The instance's number: the last one's of two with the same name.
    number: usize,
    group: String,
    /// The newest last.
    beats: Vec<u64>,
}

impl Hearts {
    /// An instance says that it is alive.
    pub(super) fn beat(&mut self, number: usize, name: &str, group: &str, now: u64) {
        let new = || Heart { number, group: group.to_owned(), beats: Vec::new() };
        let heart = self.0.entry(name.to_owned()).or_insert_with(new);
        heart.number = number;
        heart.beats.push(now);
        heart.beats.drain(..heart.beats.len().saturating_sub(KEPT));
    }

    /// How many of a group have said so since then, of those that are heard.
    pub(super) fn count(&self, group: &str, since: u64, is_heard: impl Fn(usize) -> bool) -> u32 {
        let is_alive = |it: &&Heart| {
            it.beats.last() >= Some(&since) && it.group == group && is_heard(it.number)
        };
        u32::try_from(self.0.values().filter(is_alive).count()).unwrap_or(u32::MAX)
    }

    /// Whatever came after that was never said.
    pub(super) fn forget_after(&mut self, known: u64) {
        self.0.values_mut().for_each(|heart| heart.beats.retain(|at| *at <= known));
    }
}
