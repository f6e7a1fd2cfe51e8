//! What there is to try: storms, and rules to try them on.

use fusebox_lab::{
    rules::FIELD,
    storm::{BUILTIN, builtin},
};
use serde::Serialize;

use crate::{
    json,
    table::{Column, render},
};

/// All there is.
#[derive(Debug, Serialize)]
pub struct List {
    storms: Vec<StormLine>,
    rules: Vec<RuleLine>,
}

#[derive(Debug, Serialize)]
struct StormLine {
    name: &'static str,
    title: String,
}

#[derive(Debug, Serialize)]
struct RuleLine {
    key: &'static str,
    name: &'static str,
    source: &'static str,
}

impl List {
    /// What is built in.
    #[must_use]
    pub fn new() -> Self {
        let storm = |name| Some(StormLine { name, title: builtin(name)?.title });
        let rules =
            FIELD.iter().map(|it| RuleLine { key: it.key, name: it.name, source: it.source });
        Self {
            storms: BUILTIN.iter().filter_map(|(name, _)| storm(name)).collect(),
            rules: rules.collect(),
        }
    }

    /// As an object.
    #[must_use]
    pub fn json(&self) -> String {
        json::pretty(self) + "\n"
    }

    /// As two tables.
    #[must_use]
    pub fn tables(&self) -> String {
        let left = |title| Column { title, right: false };
        let storms = self.storms.iter().map(|it| vec![it.name.into(), it.title.as_str().into()]);
        let rules =
            self.rules.iter().map(|it| vec![it.key.into(), it.name.into(), it.source.into()]);
        format!(
            "{}\n{}",
            render(&["STORM", "WHAT HAPPENS"].map(left), &storms.collect::<Vec<_>>()),
            render(&["KEY", "RULE", "SOURCE"].map(left), &rules.collect::<Vec<_>>())
        )
    }
}

impl Default for List {
    fn default() -> Self {
        Self::new()
    }
}
