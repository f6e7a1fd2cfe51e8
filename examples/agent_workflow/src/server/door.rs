//! The door of a server that has more to do than it can: it lets in what matters most.

use std::{collections::BTreeMap, future::Future, sync::Mutex, time::Duration};

use axum::response::Response;
use fusebox::{Intake, IntakeConfig, IntakeSettings, Limited, Priority, http};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::lock;

/// So many requests are worked on at a time, for so long each: a hundred a second.
const WORKERS: u32 = 4;
const WORK: Duration = Duration::from_millis(40);

/// A critical request may wait for so long, others for less.
const SETTINGS: IntakeSettings =
    IntakeConfig::new().workers(WORKERS).max_wait(Duration::from_millis(400)).build();

pub struct Door {
    intake: Intake,
    workers: Semaphore,
    record: Mutex<Record>,
}

/// Who was let in, and who was not.
#[derive(Default)]
struct Record {
    counts: BTreeMap<(Priority, bool), (u64, u64)>,
    /// The highest priority that was turned away since a request last left.
    turned_away: Option<Priority>,
    inversions: u64,
}

/// What became of the requests of one priority.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Visitors {
    /// Whether they are not the agents'.
    pub strangers: bool,
    #[serde(serialize_with = "by_name")]
    pub priority: Priority,
    pub let_in: u64,
    pub shed: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn by_name<S: serde::Serializer>(priority: &Priority, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(priority)
}

impl Default for Door {
    fn default() -> Self {
        Self {
            intake: Intake::new(SETTINGS),
            workers: Semaphore::new(WORKERS as usize),
            record: Mutex::default(),
        }
    }
}

impl Door {
    /// Works on a request, or says at once that it would have to wait too long.
    pub async fn pass(
        &self,
        priority: Priority,
        stranger: bool,
        work: impl Future<Output = Response>,
    ) -> Response {
        match self.enter(priority, stranger, work).await {
            Ok(response) => response,
            Err(limited) => http::unavailable(&limited),
        }
    }

    async fn enter(
        &self,
        priority: Priority,
        stranger: bool,
        work: impl Future<Output = Response>,
    ) -> Result<Response, Limited> {
        let in_line = {
            // One after another, so that the record has them in their order.
            let mut record = lock(&self.record);
            let entered = self.intake.enter(priority);
            record.note(priority, stranger, entered.is_ok());
            Leaving { door: self, place: Some(entered?) }
        };
        // Nobody closes it.
        let _worker = self.workers.acquire().await;
        let at_work = in_line.begin()?;
        tokio::time::sleep(WORK).await;
        let response = work.await;
        drop(at_work);
        Ok(response)
    }

    /// Writes down what no door would do: for the test of the promise.
    pub fn plant_inversion(&self) {
        let mut record = lock(&self.record);
        record.note(Priority::CRITICAL, false, false);
        record.note(Priority::BACKGROUND, false, true);
    }

    /// How often a request was let in at a moment when one that matters more was not.
    pub fn inversions(&self) -> u64 {
        lock(&self.record).inversions
    }

    /// What matters most comes first.
    pub fn visitors(&self) -> Vec<Visitors> {
        let record = lock(&self.record);
        let all = record.counts.iter().rev();
        all.map(|((priority, strangers), (let_in, shed))| Visitors {
            strangers: *strangers,
            priority: *priority,
            let_in: *let_in,
            shed: *shed,
        })
        .collect()
    }
}

impl Record {
    fn note(&mut self, priority: Priority, stranger: bool, is_let_in: bool) {
        let (let_in, shed) = self.counts.entry((priority, stranger)).or_default();
        if is_let_in {
            *let_in += 1;
            // Nothing has become free meanwhile: there was room for the other one, too.
            let more = |other: Priority| other.class() > priority.class();
            self.inversions += u64::from(self.turned_away.is_some_and(more));
        } else {
            *shed += 1;
            self.turned_away = self.turned_away.max(Some(priority));
        }
    }
}

/// A place in the line, or at work. When it is left, there is room for others.
#[must_use]
struct Leaving<'a, P> {
    door: &'a Door,
    place: Option<P>,
}

impl<'a> Leaving<'a, fusebox::InLine<'a>> {
    fn begin(mut self) -> Result<Leaving<'a, fusebox::AtWork<'a>>, Limited> {
        let begun = self.place.take().map(fusebox::InLine::begin).transpose();
        begun.map(|place| Leaving { door: self.door, place })
    }
}

impl<P> Drop for Leaving<'_, P> {
    fn drop(&mut self) {
        // Else it went from the line to work.
        if let Some(place) = self.place.take() {
            let mut record = lock(&self.door.record);
            drop(place);
            record.turned_away = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inversion_is_one_only_while_nobody_has_left() {
        let door = Door::default();
        door.plant_inversion();
        assert_eq!(door.inversions(), 1);
        lock(&door.record).note(Priority::CRITICAL, false, true);
        assert_eq!(door.inversions(), 1, "it matters as much as the one that was turned away");
        drop(Leaving::<()> { door: &door, place: Some(()) });
        lock(&door.record).note(Priority::BACKGROUND, false, true);
        assert_eq!(door.inversions(), 1);
    }
}
