//! Broken promises, on purpose: for the tests of the promises, which must be
//! able to fail.

use clap::ValueEnum;
use reqwest::Method;
use rusqlite::Connection;

use crate::{Failure, server::boards::limit::Terms, system::System, world::World};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Plant {
    /// An event vanishes from the log.
    LoseEvent,
    /// A progress report is there twice, under two ids.
    RepeatProgress,
    /// A context is the one of before.
    StaleContext,
    /// A call goes past the breaker.
    PassBreaker,
    /// A client asks more often than the board has told.
    ExceedQuota,
    /// A client comes back as soon as it was told not to.
    ComeBackEarly,
    /// A server lets in what matters least, and turns away what matters most.
    ShedCritical,
    /// A region is asked as often as if there were no other.
    FloodRegion,
    /// A token is fetched that nobody needs.
    FetchToken,
    /// A breaker is left open.
    LeaveOpen,
}

impl Plant {
    /// Does it, after the last round.
    pub async fn plant(self, world: &World) -> Result<(), Failure> {
        let sql = |system, text: &str| -> Result<(), Failure> {
            Ok(Connection::open(world.database(system))?.execute_batch(text)?)
        };
        match self {
            Self::LoseEvent => sql(
                System::EventLog,
                "delete from event where id = (select min(id) from event where percent is null)",
            ),
            Self::RepeatProgress => sql(
                System::EventLog,
                "insert into event (id, agent, step, task, percent, detail)
                 select 'again', agent, step, task, percent, detail from event
                 where percent is not null limit 1",
            ),
            Self::StaleContext => sql(
                System::ContextStore,
                "update context set version = version - 1,
                 context = replace(context, '\"finished\":[', '\"finished\":[77,')",
            ),
            Self::PassBreaker => request(world, System::InfererNear, Method::GET, "/health").await,
            Self::ExceedQuota => limited(world, Terms { requests: 1, silent: false }, 2).await,
            Self::ComeBackEarly => limited(world, Terms { requests: 1, silent: true }, 3).await,
            Self::ShedCritical => {
                if let Some(peer) = world.peer(System::Memory) {
                    peer.server.door().plant_inversion();
                }
                Ok(())
            }
            Self::FloodRegion => {
                for _ in 0..1_000 {
                    request(world, System::InfererFar, Method::GET, "/infer").await?;
                }
                Ok(())
            }
            Self::FetchToken => request(world, System::TokenBoard, Method::POST, "/token").await,
            Self::LeaveOpen => {
                let breaker = System::Coach.breaker();
                while let Ok(permit) = breaker.try_acquire() {
                    permit.failure();
                }
                Ok(())
            }
        }
    }
}

/// So many requests to the board, while it has these terms.
async fn limited(world: &World, terms: Terms, requests: u32) -> Result<(), Failure> {
    let system = System::RateLimitedBoard;
    let Some(limit) = world.limit(system) else { return Ok(()) };
    limit.set(Some(terms));
    for _ in 0..requests {
        request(world, system, Method::GET, "/projects/x").await?;
    }
    limit.set(None);
    Ok(())
}

/// A request that asks no breaker.
async fn request(world: &World, system: System, method: Method, path: &str) -> Result<(), Failure> {
    let Some(peer) = world.peer(system) else { return Ok(()) };
    peer.client.request(method, path, "planted").header("x-client", "planted").send().await?;
    Ok(())
}
