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
