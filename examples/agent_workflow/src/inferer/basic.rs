//! The last layer: the order in which the tasks were noted down.

use crate::inferer::{InferError, Layer, Plan, model::Question};

#[allow(clippy::unnecessary_wraps)] // a fallback may fail, this one does not
pub fn infer(question: &Question) -> Result<Plan, InferError> {
    let order = question.tasks.iter().map(|task| task.id).collect();
    Ok(Plan { order, by: Layer::Basic })
}
