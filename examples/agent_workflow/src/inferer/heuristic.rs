//! The second layer: the order that the words and the dates of the tasks
//! suggest.

use crate::{
    inferer::{InferError, Layer, Plan, model::Question},
    project::Task,
};

/// Words, by the stage of the work that they speak of.
const STAGES: [&[&str]; 6] = [
    &["plan", "research", "outline", "estimate"],
    &["design", "draft", "sketch", "prototype"],
    &["build", "write", "implement", "add"],
    &["test", "review", "check", "verify"],
    &["document", "translate", "explain"],
    &["release", "ship", "publish", "announce"],
];

/// The stage of the first word that speaks of one.
fn stage(task: &Task) -> Option<usize> {
    task.title
        .split_whitespace()
        .map(str::to_lowercase)
        .find_map(|word| STAGES.iter().position(|stage| stage.contains(&word.as_str())))
}

/// By the stage, then by the date; what says nothing of itself comes in the
/// middle, and without a date late.
pub fn infer(question: &Question) -> Result<Plan, InferError> {
    let says_something = |task: &Task| stage(task).is_some() || task.due.is_some();
    if !question.tasks.iter().any(says_something) {
        return Err(InferError::NothingToGoBy);
    }
    let mut tasks: Vec<&Task> = question.tasks.iter().collect();
    tasks.sort_by_key(|task| {
        (stage(task).unwrap_or(STAGES.len() / 2), task.due.is_none(), task.due, task.id)
    });
    Ok(Plan { order: tasks.iter().map(|task| task.id).collect(), by: Layer::Heuristic })
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;

    fn question(tasks: &[(&str, Option<i8>)]) -> Question {
        let due = |day| Date::constant(2026, 3, day);
        let tasks = (1..).zip(tasks).map(|(id, (title, day))| Task {
            id,
            title: (*title).to_owned(),
            due: day.map(due),
        });
        Question { call: String::new(), tasks: tasks.collect() }
    }

    #[test]
    fn words_go_before_dates() {
        let asked = question(&[
            ("Release the app", Some(1)),
            ("test the app", Some(9)),
            ("test the shop", Some(3)),
            ("phone the bank", Some(2)),
            ("build the app", None),
        ]);
        assert_eq!(infer(&asked).unwrap().order, [5, 4, 3, 2, 1]);
    }

    #[test]
    fn where_nothing_is_said_nothing_is_guessed() {
        assert!(infer(&question(&[("ticket 7", None), ("ticket 8", None)])).is_err());
        assert!(infer(&question(&[("ticket 7", None), ("ticket 8", Some(2))])).is_ok());
    }
}
