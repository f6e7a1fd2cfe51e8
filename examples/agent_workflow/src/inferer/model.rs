//! The first layer: a model, over HTTP. What it says is not believed unread.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    inferer::{InferError, Layer, Plan},
    project::Task,
    service::{Client, ServiceError},
};

/// What is asked: the tasks that are left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Question {
    #[serde(skip)]
    pub call: String,
    pub tasks: Vec<Task>,
}

/// What the model says: of each pair the first is to be done before the second.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    pub before: Vec<(u32, u32)>,
}

pub async fn infer(client: &Client, question: &Question) -> Result<Plan, InferError> {
    let answer: Answer = client.post("/infer", &question.call, question).await?;
    let order = order(&question.tasks, &answer.before)
        .map_err(|problem| ServiceError::Garbage(problem.into()))?;
    Ok(Plan { order, by: Layer::Model })
}

/// The tasks, each after all that it rests on; of those that may come next, the
/// first that was noted down.
fn order(tasks: &[Task], before: &[(u32, u32)]) -> Result<Vec<u32>, &'static str> {
    let known: HashSet<u32> = tasks.iter().map(|task| task.id).collect();
    if before.iter().any(|(first, second)| !known.contains(first) || !known.contains(second)) {
        return Err("it names a task that is none of ours");
    }
    let mut order: Vec<u32> = Vec::with_capacity(tasks.len());
    while order.len() < tasks.len() {
        let free = |task: &&Task| {
            let is_due = |(first, second): &(u32, u32)| *second != task.id || order.contains(first);
            !order.contains(&task.id) && before.iter().all(is_due)
        };
        let next = tasks.iter().find(free).ok_or("its order goes round in a circle")?;
        order.push(next.id);
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(number: u32) -> Vec<Task> {
        (1..=number).map(|id| Task { id, title: format!("task {id}"), due: None }).collect()
    }

    #[test]
    fn what_others_rest_on_comes_first() {
        assert_eq!(order(&tasks(4), &[(3, 1), (4, 3)]), Ok(vec![2, 4, 3, 1]));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(order(&tasks(2), &[(1, 2), (2, 1)]).is_err());
        assert!(order(&tasks(2), &[(1, 7)]).is_err());
    }
}
