//! What a run came to.

mod text;

use std::{sync::atomic::Ordering, time::Duration};

use serde::Serialize;

use crate::{
    board::quota::Waits,
    drills::{Drills, Faults},
    evidence::{Before, Isolation},
    inferer::Regions,
    ledger,
    outbox::{Deliver, Outbox},
    promises::Promise,
    run::{Outcome, Plan},
    server::{boards::limit::Limit, door::Visitors},
    step::Step,
    system::System,
    timeline::{Change, Timeline},
    vitals::Vitals,
    watch::Degraded,
    world::World,
};

/// A run that is over.
pub struct Done<'a> {
    /// The scenario's name, or its file.
    pub name: &'a str,
    pub plan: &'a Plan,
    pub world: &'a World,
    pub outcome: &'a Outcome,
    pub before: &'a Before,
    pub drills: &'a Drills,
    pub timeline: &'a Timeline,
    pub took: Duration,
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub scenario: String,
    pub about: String,
    pub agents: u32,
    pub seed: u64,
    pub rounds: u32,
    pub interrupted: bool,
    pub took_ms: u64,
    /// Of all decisions: the same for the same seed and scenario.
    pub digest: String,
    pub steps: Vec<Steps>,
    pub degraded: Vec<Degraded>,
    pub outboxes: Vec<Backlog>,
    /// How often a database was made anew after its file was deleted.
    pub rescued: u64,
    /// Requests that boards answered with 429.
    pub told_to_wait: u64,
    /// What clients waited so as not to be told to, for each board with a quota.
    pub quotas: Vec<Quota>,
    pub regions: Regions,
    /// Whom overloaded servers let in, and whom not.
    pub visitors: Vec<Load>,
    pub tokens: u64,
    pub breakers: Vec<Breaker>,
    /// When each round began.
    pub rounds_ms: Vec<u64>,
    pub timeline: Vec<Change>,
    /// Whole rounds during which an operator held a server's breaker open.
    pub isolated: Vec<Isolation>,
    pub health: Vitals,
    pub promises: Vec<Promise>,
}

#[derive(Debug, Serialize)]
pub struct Steps {
    pub step: Step,
    pub finished: u32,
}

#[derive(Debug, Serialize)]
pub struct Quota {
    pub name: &'static str,
    /// Requests that waited for their turn.
    #[serde(flatten)]
    pub waits: Waits,
}

#[derive(Debug, Serialize)]
pub struct Load {
    pub name: System,
    pub visitors: Vec<Visitors>,
}

#[derive(Debug, Serialize)]
pub struct Backlog {
    pub name: &'static str,
    pub kept: u64,
    pub replayed: u64,
    pub lost: u64,
}

/// What its breaker counted.
#[derive(Debug, Serialize)]
pub struct Breaker {
    pub name: System,
    pub calls: u64,
    pub failures: u64,
    pub rejections: u64,
    /// Those of them that it turned away while it was closed: it shed load, or let calls
    /// back.
    pub shed: u64,
    pub openings: u64,
    pub retries: u64,
    pub exhausted: u64,
    pub fallbacks: u64,
    /// The calls to which a drill gave a fault.
    pub drilled: Faults,
    /// Requests that its server saw, where it has one.
    pub seen: Option<u64>,
}

impl Report {
    pub fn of(run: &Done<'_>, health: Vitals, promises: Vec<Promise>) -> Self {
        let Done { name, plan, world, outcome, before, drills, timeline, took } = *run;
        let rescued = world.contexts.to().database().rescued();
        let ledgers = outcome.agents.iter().map(|it| (it.name.as_str(), &it.ledger));
        Self {
            scenario: name.to_owned(),
            about: plan.scenario.about.clone(),
            agents: plan.agents,
            seed: plan.seed,
            rounds: outcome.rounds,
            interrupted: outcome.interrupted,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            digest: ledger::digest(ledgers),
            steps: Step::ALL.map(|step| steps(step, outcome)).into(),
            degraded: world.watch.degraded(),
            outboxes: outboxes(world),
            rescued: rescued + world.events.to().database().rescued(),
            told_to_wait: world.limits().map(Limit::told).sum(),
            quotas: quotas(world),
            regions: world.inferer.report(),
            visitors: load(world),
            tokens: world.tokens.given(),
            breakers: System::ALL.map(|system| breaker(system, world, before, drills)).into(),
            rounds_ms: timeline.rounds(),
            timeline: timeline.changes(),
            isolated: outcome.isolations.clone(),
            health,
            promises,
        }
    }

    pub fn is_kept(&self) -> bool {
        self.promises.iter().all(|promise| promise.kept)
    }

    pub fn print(&self) {
        text::print(self);
    }
}

fn steps(step: Step, outcome: &Outcome) -> Steps {
    let taken = |steps: u32| {
        (0..).flat_map(Step::of_round).take(steps as usize).filter(|it| **it == step).count()
    };
    let finished = outcome.agents.iter().map(|agent| taken(agent.ledger.steps)).sum::<usize>();
    Steps { step, finished: u32::try_from(finished).unwrap_or(u32::MAX) }
}

fn outboxes(world: &World) -> Vec<Backlog> {
    let mut all = vec![backlog(&world.contexts), backlog(&world.events), backlog(&world.memory)];
    all.extend(world.desks.iter().map(backlog));
    all
}

fn quotas(world: &World) -> Vec<Quota> {
    let boards = world.desks.iter().map(|desk| &desk.to().0);
    boards.filter_map(|it| Some(Quota { name: it.name(), waits: it.waits()? })).collect()
}

fn load(world: &World) -> Vec<Load> {
    let servers = world.peers.iter().map(|peer| &peer.server);
    let all = servers.map(|it| Load { name: it.system, visitors: it.door().visitors() });
    all.filter(|it| !it.visitors.is_empty()).collect()
}

fn backlog<D: Deliver>(outbox: &Outbox<D>) -> Backlog {
    let counts = outbox.counts();
    Backlog {
        name: outbox.to().name(),
        kept: counts.kept.load(Ordering::Relaxed),
        replayed: counts.replayed.load(Ordering::Relaxed),
        lost: counts.lost.load(Ordering::Relaxed),
    }
}

fn breaker(system: System, world: &World, before: &Before, drills: &Drills) -> Breaker {
    let counted = before.since(system);
    Breaker {
        name: system,
        calls: counted.calls,
        failures: counted.failures,
        rejections: counted.rejections,
        shed: counted.shed,
        openings: counted.openings,
        retries: counted.retries,
        exhausted: counted.exhausted,
        fallbacks: counted.fallbacks,
        drilled: drills.of(system),
        seen: world.peer(system).map(|peer| peer.server.seen()),
    }
}
