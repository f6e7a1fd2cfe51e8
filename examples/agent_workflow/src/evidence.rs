//! What is known after a run, from both sides of the calls: what the promises
//! are judged by.

use std::{collections::HashMap, time::Duration};

use fusebox::{Counters, State};
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use crate::{
    Failure,
    drills::Drills,
    ledger::EventKey,
    run::{Outcome, Plan},
    server::boards::limit::Limit,
    store::context::Context,
    system::System,
    world::{Peer, World},
};

/// Plain facts.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// How many steps each agent should have taken, and did.
    pub steps_due: u32,
    pub agents_due: u32,
    pub steps: Vec<(String, u32)>,
    /// What the agents wrote down, and what is in the log.
    pub written: Vec<EventKey>,
    pub logged: Vec<EventKey>,
    /// Kept and never delivered, and lost at an outbox's bound, by name.
    pub outboxes: Vec<(String, usize, u64)>,
    /// What each agent knows at the end, and what is stored of it.
    pub contexts: Vec<(Context, Option<Context>)>,
    /// What is wrong with a project on its board.
    pub boards: Vec<String>,
    pub traffic: Vec<Traffic>,
    pub isolations: Vec<Isolation>,
    /// Requests that came earlier than they were told to.
    pub early: u64,
    /// Requests beyond a quota of which their board had told, and the times that clients
    /// waited so as not to make more.
    pub quotas: (u64, u64),
    /// Requests that an overloaded server let in when it turned away what matters more, and
    /// all that it turned away.
    pub inversions: (u64, u64),
    /// Questions that the far region was asked, and the most that its share allows.
    pub spilled: (u64, u64),
    /// Tokens that expired and were shown, and tokens that were given out.
    pub tokens: (u64, u64),
    /// Breakers that are neither closed nor held by an operator.
    pub not_closed: Vec<System>,
}

/// The calls to a server, as both sides count them.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    pub system: System,
    /// Calls that its breaker admitted.
    pub admitted: u64,
    /// Those of them that a drill failed before anybody made them.
    pub unmade: u64,
    /// Further attempts of those.
    pub retries: u64,
    /// Attempts that found nobody listening.
    pub unconnected: u64,
    /// Requests that came in.
    pub seen: u64,
}

/// A whole round during which a breaker was held open, and the requests that
/// came in all the same. No agent is at work at its start or end.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Isolation {
    pub system: System,
    #[serde(skip)]
    generation: u16,
    pub seen: u64,
}

impl Isolation {
    pub fn new(system: System, generation: u16, seen: u64) -> Self {
        Self { system, generation, seen }
    }

    /// Those in force now.
    pub fn of(world: &World) -> Vec<Self> {
        let forced = world.peers.iter().map(|it| &it.server).filter_map(|server| {
            let snapshot = server.system.breaker().snapshot();
            (snapshot.state == State::ForcedOpen)
                .then(|| Self::new(server.system, snapshot.generation, server.seen()))
        });
        forced.collect()
    }

    /// Those that were in force from one moment to another.
    pub fn between(before: &[Self], after: &[Self]) -> Vec<Self> {
        let both = before.iter().filter_map(|then| {
            let same = |now: &&Self| now.system == then.system && now.generation == then.generation;
            let now = after.iter().find(same)?;
            Some(Self { seen: now.seen - then.seen, ..*now })
        });
        both.collect()
    }
}

/// The breakers' counters before the run: in a shared panel they have a past.
pub struct Before(HashMap<System, Counters>);

impl Before {
    pub fn now() -> Self {
        Self(System::ALL.into_iter().map(|it| (it, it.breaker().counters())).collect())
    }

    /// What was counted since.
    pub fn since(&self, system: System) -> Counters {
        system.breaker().counters().since(&self.0[&system])
    }
}

impl Evidence {
    pub async fn gather(
        plan: &Plan,
        world: &World,
        outcome: &Outcome,
        before: &Before,
        drills: &Drills,
        took: Duration,
    ) -> Result<Self, Failure> {
        let traffic = world.peers.iter().map(|Peer { server, client }| {
            let counted = before.since(server.system);
            Traffic {
                system: server.system,
                admitted: counted.calls,
                unmade: drills.of(server.system).unmade(),
                retries: counted.retries,
                unconnected: client.unconnected(),
                seen: server.seen(),
            }
        });
        let traffic = traffic.collect(); // before the boards are asked
        let far = System::InfererFar;
        let retries = before.since(far).retries;
        let spilled = (
            world.peer(far).map_or(0, |peer| peer.server.asked()),
            world.inferer.most_spilled(took).saturating_add(retries),
        );
        let steps_due =
            (0..outcome.rounds).map(|it| crate::step::Step::of_round(it).len() as u32).sum();
        let not_closed = System::ALL
            .into_iter()
            .filter(|it| matches!(it.breaker().state(), State::Open | State::HalfOpen));
        Ok(Self {
            steps_due,
            agents_due: plan.agents,
            steps: outcome.agents.iter().map(|it| (it.name.clone(), it.ledger.steps)).collect(),
            written: outcome.agents.iter().flat_map(|it| it.ledger.events.clone()).collect(),
            logged: logged(world)?,
            outboxes: outboxes(world),
            contexts: contexts(world, outcome)?,
            boards: boards(outcome).await,
            traffic,
            isolations: outcome.isolations.clone(),
            early: world.limits().map(Limit::early).sum(),
            quotas: (
                world.limits().map(Limit::over).sum(),
                world.desks.iter().filter_map(|it| it.to().0.waits()).map(|it| it.times).sum(),
            ),
            inversions: (
                world.peers.iter().map(|it| it.server.door().inversions()).sum(),
                shed(world),
            ),
            spilled,
            tokens: (world.tokens.noticed(), world.tokens.given()),
            not_closed: not_closed.collect(),
        })
    }
}

fn shed(world: &World) -> u64 {
    let visitors = world.peers.iter().flat_map(|it| it.server.door().visitors());
    visitors.map(|it| it.shed).sum()
}

/// What anybody finds in the log's file.
fn logged(world: &World) -> Result<Vec<EventKey>, Failure> {
    let file = read_only(world, System::EventLog)?;
    let mut query = file.prepare("select agent, step, task, percent from event")?;
    let rows = query.query_map([], |row| {
        Ok(EventKey {
            agent: row.get(0)?,
            step: row.get(1)?,
            task: row.get(2)?,
            percent: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn contexts(world: &World, outcome: &Outcome) -> Result<Vec<(Context, Option<Context>)>, Failure> {
    let file = read_only(world, System::ContextStore)?;
    let mut query = file.prepare("select agent, context from context")?;
    let rows: HashMap<String, String> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let stored = |agent: &str| rows.get(agent).and_then(|text| serde_json::from_str(text).ok());
    Ok(outcome.agents.iter().map(|it| (it.context.clone(), stored(&it.name))).collect())
}

fn read_only(world: &World, system: System) -> Result<Connection, Failure> {
    let path = world.database(system);
    Ok(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

fn outboxes(world: &World) -> Vec<(String, usize, u64)> {
    use std::sync::atomic::Ordering::Relaxed;
    let (contexts, events, memory) = (&world.contexts, &world.events, &world.memory);
    let mut all = vec![
        (contexts.name(), contexts.waiting(), contexts.counts().lost.load(Relaxed)),
        (events.name(), events.waiting(), events.counts().lost.load(Relaxed)),
        (memory.name(), memory.waiting(), memory.counts().lost.load(Relaxed)),
    ];
    let desks = world.desks.iter();
    all.extend(desks.map(|it| (it.name(), it.waiting(), it.counts().lost.load(Relaxed))));
    all.into_iter().map(|(name, waiting, lost)| (name.to_owned(), waiting, lost)).collect()
}

/// Asks the boards.
async fn boards(outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    for agent in &outcome.agents {
        let (board, project) = (&agent.desk().to().0, &agent.project);
        let due = project.tasks.len() - agent.context.finished.len();
        match board.summary(&project.name).await {
            Err(error) => wrong.push(format!("{}: {error}", board.name())),
            Ok(it) if it.updates == agent.updates() && it.open.len() == due && it.misfits == 0 => {}
            Ok(it) => wrong.push(format!(
                "{} on {}: {} of {} updates, {} of {due} tasks open, {} out of order",
                project.name,
                board.name(),
                it.updates,
                agent.updates(),
                it.open.len(),
                it.misfits,
            )),
        }
    }
    wrong
}
