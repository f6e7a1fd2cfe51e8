//! A project as a board has it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::board::{Change, Update};

/// A project's state on a board.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    open: BTreeSet<u32>,
    /// The ids of the updates that were taken.
    taken: BTreeSet<u32>,
    /// How often an update came that did not fit what was there.
    misfits: u32,
}

/// What a board says of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The tasks that are not finished.
    pub open: Vec<u32>,
    /// How many updates it has taken.
    pub updates: usize,
    /// How many of them came out of order.
    pub misfits: u32,
}

impl Shelf {
    /// Takes an update, once.
    pub fn apply(&mut self, update: &Update) {
        if !self.taken.insert(update.id) {
            return;
        }
        match &update.change {
            Change::Created { tasks } => self.open.extend(tasks),
            Change::Started { task } | Change::Progress { task, .. } | Change::Blocked { task } => {
                self.misfits += u32::from(!self.open.contains(task));
            }
            Change::Finished { task } => self.misfits += u32::from(!self.open.remove(task)),
        }
    }

    pub fn summary(&self) -> Summary {
        Summary {
            open: self.open.iter().copied().collect(),
            updates: self.taken.len(),
            misfits: self.misfits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_counts_once_and_in_its_order() {
        let mut shelf = Shelf::default();
        let update = |id, change| Update { id, project: "p".into(), change };
        for _ in 0..2 {
            shelf.apply(&update(1, Change::Created { tasks: vec![1, 2] }));
            shelf.apply(&update(2, Change::Started { task: 1 }));
            shelf.apply(&update(3, Change::Finished { task: 1 }));
        }
        assert_eq!(shelf.summary(), Summary { open: vec![2], updates: 3, misfits: 0 });
        shelf.apply(&update(4, Change::Progress { task: 1, percent: 50 }));
        assert_eq!(shelf.summary().misfits, 1);
    }
}
