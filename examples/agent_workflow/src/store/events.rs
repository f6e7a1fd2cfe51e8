//! The event log: what every agent did, each thing once.

use std::path::Path;

use fusebox::{CallError, Pipeline, presets};
use serde::Serialize;

use crate::{
    Failure,
    breakers::EVENT_LOG,
    ledger::EventKey,
    outbox::{Deliver, Delivery},
    store::{
        RETRY,
        database::{Database, StoreError},
    },
    system::System,
};

/// Something that an agent did. Its `id` is given once, before the first
/// attempt to write it down: that it may be there already does no harm.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    pub id: String,
    pub agent: String,
    pub step: &'static str,
    pub task: Option<u32>,
    /// Of a progress report.
    pub percent: Option<u8>,
    pub detail: String,
}

impl Event {
    pub fn key(&self) -> EventKey {
        let Self { agent, step, task, percent, .. } = self;
        let (agent, step) = (agent.clone(), (*step).to_owned());
        EventKey { agent, step, task: *task, percent: *percent }
    }
}

/// Each row takes more than a page of 512 bytes, so that a database which may
/// not grow takes no row at all: which event finds room must not depend on who
/// comes first.
const TABLES: &str = "create table if not exists event (
    id text primary key, agent text not null, step text not null, task integer,
    percent integer, detail text not null, room blob not null default (zeroblob(512)))";

pub struct EventLog {
    database: Database,
}

impl EventLog {
    pub fn open(path: &Path) -> Result<Self, Failure> {
        Ok(Self { database: Database::open(path, TABLES)? })
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Whether the log can be read.
    pub async fn check(&self) -> Result<(), CallError<StoreError>> {
        let read = self.database.read(|it| it.query_row("select 1", [], |_| Ok(())));
        EVENT_LOG.get().call_async(read).await
    }

    async fn append(&self, event: &Event) -> Result<Delivery, StoreError> {
        let event = event.clone();
        let insert = "insert or ignore into event (id, agent, step, task, percent, detail) \
                      values (?1, ?2, ?3, ?4, ?5, ?6)";
        self.database
            .write(move |transaction| {
                let Event { id, agent, step, task, percent, detail } = event;
                transaction
                    .prepare_cached(insert)?
                    .execute((id, agent, step, task, percent, detail))
                    .map(drop)
            })
            .await?;
        Ok(Delivery::Done)
    }
}

impl Deliver for EventLog {
    type Item = Event;

    fn name(&self) -> &'static str {
        System::EventLog.name()
    }

    async fn deliver(&self, event: &Event) -> Delivery {
        Pipeline::new()
            .fallback(presets::persistence().named("event-log"))
            .breaker(EVENT_LOG.get())
            .retry(RETRY.named("event-log"))
            .call_async(event, |event| self.append(event))
            .await
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_event_is_there_once_however_often_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.sqlite");
        let log = EventLog::open(&path).unwrap();
        let (id, agent) = ("a.0".to_owned(), "a".to_owned());
        let detail = String::new();
        let event = Event { id, agent, step: "finish_task", task: Some(1), percent: None, detail };
        // As if nobody knew what became of the first commit.
        for _ in 0..3 {
            assert_eq!(log.append(&event).await.unwrap(), Delivery::Done);
        }
        let count = |it: &rusqlite::Connection| {
            it.query_row("select count(*) from event", [], |row| row.get::<_, u32>(0))
        };
        assert_eq!(log.database().read(count).await.unwrap(), 1);

        // The file is deleted, and what it held is there again.
        std::fs::remove_file(&path).unwrap();
        assert_eq!(log.database().read(count).await.unwrap(), 1);
        assert!(path.exists());
        assert_eq!(log.database().rescued(), 1);

        // It may not grow, and takes nothing that is new.
        log.database().set_bounded(true).await.unwrap();
        let other = Event { id: "a.1".into(), ..event };
        let refused = log.append(&other).await.unwrap_err();
        assert!(refused.to_string().contains("full"), "{refused}");
        log.database().set_bounded(false).await.unwrap();
        assert_eq!(log.append(&other).await.unwrap(), Delivery::Done);
    }
}
