//! The context store: what each agent knows of its own work, so that another
//! could go on with it.

use std::path::Path;

use fusebox::{CallError, Pipeline, presets};
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use crate::{
    Failure,
    breakers::CONTEXT_STORE,
    outbox::{Deliver, Delivery},
    service::ServiceError,
    store::{
        RETRY,
        database::{Database, StoreError},
    },
    system::System,
};

/// What an agent knows of its work. Each change has a higher version, so that
/// a late one does not undo a newer one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    pub agent: String,
    pub version: u32,
    pub doing: Option<u32>,
    pub finished: Vec<u32>,
    /// The last advice that it was given.
    pub advice: String,
}

const TABLES: &str = "create table if not exists context (
    agent text primary key, version integer not null, context text not null)";

pub struct ContextStore {
    database: Database,
}

impl ContextStore {
    pub fn open(path: &Path) -> Result<Self, Failure> {
        Ok(Self { database: Database::open(path, TABLES)? })
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// What is stored of an agent.
    pub async fn load(&self, agent: &str) -> Result<Option<Context>, ServiceError> {
        CONTEXT_STORE.get().call_async(self.query(agent)).await.map_err(CallError::into_own)
    }

    async fn query(&self, agent: &str) -> Result<Option<Context>, ServiceError> {
        let agent = agent.to_owned();
        let query = "select context from context where agent = ?1";
        let text: Option<String> = self
            .database
            .read(move |it| it.query_row(query, [agent], |row| row.get(0)).optional())
            .await?;
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| ServiceError::Garbage(error.to_string()))
    }

    async fn save(&self, context: &Context) -> Result<Delivery, StoreError> {
        let (agent, version) = (context.agent.clone(), context.version);
        let text = serde_json::to_string(context).expect("a context is plain data");
        let upsert = "insert into context (agent, version, context) values (?1, ?2, ?3) \
                      on conflict (agent) do update \
                      set version = excluded.version, context = excluded.context \
                      where excluded.version > version";
        self.database
            .write(move |transaction| {
                transaction.prepare_cached(upsert)?.execute((agent, version, text)).map(drop)
            })
            .await?;
        Ok(Delivery::Done)
    }
}

impl Deliver for ContextStore {
    type Item = Context;

    fn name(&self) -> &'static str {
        System::ContextStore.name()
    }

    async fn deliver(&self, context: &Context) -> Delivery {
        Pipeline::new()
            .fallback(presets::persistence().named("context-store"))
            .breaker(CONTEXT_STORE.get())
            .retry(RETRY.named("context-store"))
            .call_async(context, |context| self.save(context))
            .await
            .unwrap_or_default()
    }
}
