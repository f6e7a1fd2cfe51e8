//! A run: round after round, all agents at a time in each, faults in between.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;
use tracing::info;

use crate::{
    Failure, agent::Agent, caretaker, evidence::Isolation, faults::Faults, progress::Progress,
    scenario::Scenario, step::Step, timeline::Timeline, world::World,
};

/// How a run is made.
pub struct Plan {
    pub scenario: Scenario,
    pub agents: u32,
    pub seed: u64,
    pub pace: Duration,
}

/// What is left after it.
pub struct Outcome {
    /// In the order of their numbers; those that panicked are missing.
    pub agents: Vec<Agent>,
    /// How many rounds there were.
    pub rounds: u32,
    pub interrupted: bool,
    pub isolations: Vec<Isolation>,
}

impl Plan {
    pub fn steps(&self) -> u32 {
        (0..=self.scenario.rounds).map(|it| Step::of_round(it).len()).sum::<usize>() as u32
    }

    /// Runs to the end, or until `stop` is set: then to the end of the round.
    pub async fn run(
        &self,
        world: &Arc<World>,
        timeline: &'static Timeline,
        stop: &AtomicBool,
    ) -> Result<Outcome, Failure> {
        let progress = Progress::new(u64::from(self.agents * self.steps()));
        let mut faults = Faults::new(Arc::clone(world), self.scenario.faults.clone());
        let tasks = self.scenario.rounds;
        let mut agents: Vec<Agent> = (0..self.agents)
            .map(|number| Agent::new(world, number, self.seed, tasks, self.pace))
            .collect();
        let mut isolations = Vec::new();
        let mut rounds = 0;
        for round in 0..=self.scenario.rounds {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            faults.lift(round).await?;
            caretaker::settle(world, &faults).await;
            faults.begin(round).await?;

            info!(round, faults = faults.words(), "round begins");
            progress.say(format!("round {round}/{tasks}  {}", faults.words()));
            world.watch.enter(round);
            timeline.enter();
            let before = Isolation::of(world);
            agents = all_at_once(agents, round, &progress).await;
            isolations.extend(Isolation::between(&before, &Isolation::of(world)));
            rounds = round + 1;
        }
        faults.lift_all().await?;
        caretaker::outlast_drills().await;
        caretaker::settle(world, &faults).await;
        progress.finish();
        let interrupted = rounds <= self.scenario.rounds;
        Ok(Outcome { agents, rounds, interrupted, isolations })
    }
}

/// All agents take the steps of a round, each in its own task.
async fn all_at_once(agents: Vec<Agent>, round: u32, progress: &Progress) -> Vec<Agent> {
    let mut tasks = JoinSet::new();
    for mut agent in agents {
        let progress = progress.clone();
        tasks.spawn(async move {
            agent.round(round, || progress.step()).await;
            agent
        });
    }
    let mut agents = Vec::new();
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok(agent) => agents.push(agent),
            Err(error) => tracing::error!(%error, "an agent did not finish"),
        }
    }
    agents.sort_by(|one, other| one.name.cmp(&other.name));
    agents
}
