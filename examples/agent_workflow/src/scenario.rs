//! What goes wrong, and when: a TOML file, or one of those built in.

mod check;
pub mod fault;

use std::{error::Error, fmt, fs};

use serde::Deserialize;

use crate::inferer::Spill;
pub use crate::scenario::fault::{Fault, Kind};

/// A run: so many rounds, with these faults.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One line on what it shows.
    pub about: String,
    /// How many tasks each agent has: one a round.
    pub rounds: u32,
    /// How many things each outbox keeps at most.
    #[serde(default = "default_outbox")]
    pub outbox: usize,
    /// How much of the load of a region the other one takes over.
    #[serde(default)]
    pub spill: Spill,
    #[serde(default, rename = "fault")]
    pub faults: Vec<Fault>,
}

fn default_outbox() -> usize {
    100_000
}

/// Those that come with the program.
pub const BUILT_IN: [(&str, &str); 8] = [
    ("calm", include_str!("../scenarios/calm.toml")),
    ("storage", include_str!("../scenarios/storage.toml")),
    ("ai", include_str!("../scenarios/ai.toml")),
    ("regions", include_str!("../scenarios/regions.toml")),
    ("overload", include_str!("../scenarios/overload.toml")),
    ("rate-limit", include_str!("../scenarios/rate-limit.toml")),
    ("token", include_str!("../scenarios/token.toml")),
    ("everything", include_str!("../scenarios/everything.toml")),
];

/// A scenario that cannot be run: its text says why, and where.
#[derive(Debug)]
pub struct ScenarioError(String);

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ScenarioError {}

impl Scenario {
    /// The built-in scenario of this name, or else the one in this file.
    pub fn load(name: &str) -> Result<Self, ScenarioError> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
            return Self::parse(name, text);
        }
        let text = fs::read_to_string(name).map_err(|error| {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            ScenarioError(format!(
                "scenario `{name}`: {error}; it is neither a file nor one of {}",
                names.join(", ")
            ))
        })?;
        Self::parse(name, &text)
    }

    fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(|error| {
            ScenarioError(format!("scenario `{name}`: {}", error.to_string().trim_end()))
        })?;
        check::check(&scenario)
            .map_err(|problem| ScenarioError(format!("scenario `{name}`: {problem}")))?;
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_built_in_can_be_run() {
        for (name, _) in BUILT_IN {
            let scenario = Scenario::load(name).unwrap();
            assert_eq!(scenario.faults.is_empty(), name == "calm", "{name}");
        }
    }
}
