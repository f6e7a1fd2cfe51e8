//! What an agent decided and did: what the promises and the digest are made of.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::step::Step;

/// One agent's record.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub steps: u32,
    /// The events that it wrote down, in their order.
    pub events: Vec<EventKey>,
    decisions: Vec<String>,
}

/// What tells one event from another, whatever ids they have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey {
    pub agent: String,
    pub step: String,
    pub task: Option<u32>,
    pub percent: Option<u8>,
}

impl Ledger {
    /// Which way the agent went, in words that are the same in every run.
    pub fn decide(&mut self, step: Step, decision: impl AsRef<str>) {
        self.decisions.push(format!("{}: {}", step.name(), decision.as_ref()));
    }

    pub fn decisions(&self) -> &[String] {
        &self.decisions
    }
}

/// One short text for all decisions of all agents, each in its order.
pub fn digest<'a>(ledgers: impl IntoIterator<Item = (&'a str, &'a Ledger)>) -> String {
    let mut hash = Sha256::new();
    for (agent, ledger) in ledgers {
        for decision in ledger.decisions() {
            hash.update(agent);
            hash.update(b"\t");
            hash.update(decision);
            hash.update(b"\n");
        }
    }
    hash.finalize()[..8].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // into a string
        text
    })
}
