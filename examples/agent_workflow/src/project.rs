//! What agents work on: projects of tasks, made from the seed.

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

/// A task, in the words of whoever wrote it down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub id: u32,
    pub title: String,
    pub due: Option<Date>,
}

/// One agent's project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    pub name: String,
    pub tasks: Vec<Task>,
}

const STAGES: [&str; 6] = ["plan", "design", "build", "test", "document", "release"];
const SUBJECTS: [&str; 8] = [
    "login page",
    "price list",
    "search index",
    "mail gateway",
    "report editor",
    "stock ledger",
    "image viewer",
    "parcel tracker",
];

impl Project {
    /// A project of `tasks` tasks: two subjects, each in its stages, noted down
    /// in no order, most with a date. One project in eight has tickets only,
    /// which say nothing.
    pub fn draw(name: &str, tasks: u32, random: &mut fastrand::Rng) -> Self {
        let start = Date::constant(2026, 3, 2);
        let tickets = random.u8(..8) == 0;
        let first = random.usize(..SUBJECTS.len());
        let second = (first + random.usize(1..SUBJECTS.len())) % SUBJECTS.len();
        let mut drawn: Vec<(String, Option<Date>)> = (0..tasks as usize)
            .map(|number| {
                if tickets {
                    return (format!("ticket {}", random.u32(1_000..10_000)), None);
                }
                let subject = SUBJECTS[if number % 2 == 0 { first } else { second }];
                let stage = (number / 2) % STAGES.len();
                let day = i64::try_from(stage * 4).unwrap_or(0) + random.i64(0..5);
                let due = (random.u8(..4) > 0).then(|| start.saturating_add(day.days()));
                (format!("{} the {subject}", STAGES[stage]), due)
            })
            .collect();
        random.shuffle(&mut drawn);
        let tasks = (1..).zip(drawn).map(|(id, (title, due))| Task { id, title, due }).collect();
        Self { name: name.to_owned(), tasks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides() {
        let draw = |seed| Project::draw("p", 6, &mut fastrand::Rng::with_seed(seed));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_eq!(draw(1).tasks.len(), 6);
    }
}
