//! An agent, and the six steps that it takes. None of them fails, whatever its
//! services do.

use std::{sync::Arc, time::Duration};

use fusebox::Degradation;

use crate::{
    board::{Change, Desk, Update},
    coach::{Adviser, Blocker, Trouble, rules},
    inferer::{self, Layer, basic, model::Question},
    ledger::Ledger,
    memory::{self, Note, Prediction, Profile},
    outbox::Delivery,
    project::{Project, Task},
    service::ServiceError,
    step::Step,
    store::{context::Context, events::Event},
    system::System,
    world::World,
};

const SKILLS: [&str; 4] = ["design", "build", "test", "document"];

pub struct Agent {
    world: Arc<World>,
    pub name: String,
    /// Its own sequence, so that no other agent's turn changes it.
    random: fastrand::Rng,
    /// At most so long it works on a step.
    pace: Duration,
    pub project: Project,
    /// Which of the boards its project is on.
    pub desk: usize,
    updates: u32,
    pub context: Context,
    /// How its board and its stored context fared when they were last read.
    board: Degradation<ServiceError>,
    stored: Degradation<ServiceError>,
    pub ledger: Ledger,
}

impl Agent {
    /// The agent with this number, in a run with this seed.
    pub fn new(world: &Arc<World>, number: u32, seed: u64, tasks: u32, pace: Duration) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ (u64::from(number) << 32));
        let name = format!("agent-{number:03}");
        let project = Project::draw(&format!("project-{number:03}"), tasks, &mut random);
        Self {
            world: Arc::clone(world),
            context: Context { agent: name.clone(), ..Context::default() },
            name,
            random,
            pace,
            project,
            desk: number as usize % world.desks.len(),
            updates: 0,
            board: Degradation::named("board"),
            stored: Degradation::named("context-store"),
            ledger: Ledger::default(),
        }
    }

    /// Takes the steps of a round: `done` hears of each.
    pub async fn round(&mut self, round: u32, done: impl Fn()) {
        for step in Step::of_round(round) {
            step.priority().scope(self.take(*step)).await;
            self.ledger.steps += 1;
            done();
            let share = self.random.u32(..=100);
            tokio::time::sleep(self.pace * share / 100).await;
        }
    }

    /// Takes a step; all of its calls have the step's priority.
    async fn take(&mut self, step: Step) {
        match step {
            Step::CreateProject => self.create_project().await,
            Step::RegisterAgent => self.register_agent().await,
            Step::RequestNextTask => self.request_next_task().await,
            Step::ReportProgress => self.report_progress().await,
            Step::ReportBlocker => self.report_blocker().await,
            Step::FinishTask => self.finish_task().await,
        }
    }

    async fn create_project(&mut self) {
        let tasks = self.project.tasks.iter().map(|task| task.id).collect();
        self.post(Step::CreateProject, Change::Created { tasks }).await;
        self.write_down(Step::CreateProject, None, self.project.name.clone()).await;
        self.save(Step::CreateProject).await;
    }

    async fn register_agent(&mut self) {
        let skill = SKILLS[self.random.usize(..SKILLS.len())];
        let profile = Profile { agent: self.name.clone(), skill: skill.into() };
        self.remember(Step::RegisterAgent, Note::Registered(profile)).await;
        self.write_down(Step::RegisterAgent, None, skill.into()).await;
    }

    async fn request_next_task(&mut self) {
        let step = Step::RequestNextTask;
        self.read_context().await;
        let open = self.open_tasks().await;
        let call = self.call("infer");
        let question = Question { call, tasks: open };
        let plan = self.world.inferer.infer(&question).await;
        let plan = plan.unwrap_or_else(|_| basic::infer(&question));
        let instead = (plan.by != Layer::Model).then(|| plan.by.name());
        self.world.watch.answered(inferer::NAME, step, instead);
        let Some(task) =
            plan.order.first().and_then(|id| question.tasks.iter().find(|task| task.id == *id))
        else {
            return; // all is done
        };
        let asked = memory::Question {
            call: self.call("predict"),
            agent: self.name.clone(),
            title: task.title.clone(),
        };
        let prediction = self.world.memory.to().predict(&asked).await;
        let instead = (prediction == Prediction::Unknown).then_some("unknown");
        self.world.watch.answered(System::Memory.name(), step, instead);
        let decision = format!("task {} by {}", task.id, plan.by.name());
        self.ledger.decide(step, &decision);
        self.decide_by(System::Memory, step, format!("{prediction:?}"));
        let decision = format!("{decision}, {prediction:?}");

        self.context.doing = Some(task.id);
        self.post(step, Change::Started { task: task.id }).await;
        self.write_down(step, None, decision).await;
        self.save(step).await;
    }

    async fn report_progress(&mut self) {
        let Some(task) = self.context.doing else { return };
        let reports = self.random.usize(1..=3);
        for percent in [25, 50, 75].into_iter().take(reports) {
            self.post(Step::ReportProgress, Change::Progress { task, percent }).await;
            self.write_down(Step::ReportProgress, Some(percent), "on the way".into()).await;
        }
    }

    async fn report_blocker(&mut self) {
        let blocker = Blocker::ALL[self.random.usize(..Blocker::ALL.len())];
        let Some(task) = self.current() else { return };
        let (id, call) = (task.id, self.call("advise"));
        let trouble = Trouble { call, task: task.title.clone(), blocker };
        let advice = self.world.coach.advise(&trouble).await;
        let advice = advice.unwrap_or_else(|_| rules(&trouble));
        let instead = (advice.by == Adviser::Rules).then_some("rules");
        self.world.watch.answered(System::Coach.name(), Step::ReportBlocker, instead);
        let decision = format!("{:?}: {}", advice.by, advice.text);
        self.decide_by(System::Coach, Step::ReportBlocker, decision);
        self.context.advice.clone_from(&advice.text);
        self.post(Step::ReportBlocker, Change::Blocked { task: id }).await;
        self.write_down(Step::ReportBlocker, None, advice.text).await;
        self.save(Step::ReportBlocker).await;
    }

    async fn finish_task(&mut self) {
        let Some(task) = self.context.doing else { return };
        self.context.finished.push(task);
        self.post(Step::FinishTask, Change::Finished { task }).await;
        self.remember(Step::FinishTask, Note::Finished { agent: self.name.clone(), task }).await;
        self.write_down(Step::FinishTask, None, format!("task {task}")).await;
        self.context.doing = None;
        self.save(Step::FinishTask).await;
    }

    /// Takes the context from the store; while that is gone, or behind, goes
    /// on with the copy in hand.
    async fn read_context(&mut self) {
        let stored = self.stored.try_primary_async(self.world.contexts.to().load(&self.name)).await;
        match stored {
            Some(Some(stored)) if stored.version >= self.context.version => self.context = stored,
            Some(_) => {}
            None => self.stored.use_fallback(|_error| ()),
        }
        let instead = self.stored.failed().then_some("copy in hand");
        self.world.watch.answered(System::ContextStore.name(), Step::RequestNextTask, instead);
        self.ledger.decide(Step::RequestNextTask, instead.unwrap_or("stored context"));
    }

    /// The tasks that are left, by the board; while that is gone, by the list in
    /// hand.
    async fn open_tasks(&mut self) -> Vec<Task> {
        let board = &self.world.desks[self.desk].to().0;
        let (system, summary) = (board.system(), board.summary(&self.project.name));
        let on_board = self.board.try_primary_async(summary).await;
        let in_hand = || self.project.tasks.iter().map(|task| task.id).collect();
        let open: Vec<u32> = match on_board {
            // Empty: it was not told of the project yet.
            Some(summary) if !summary.open.is_empty() => summary.open,
            Some(_) => in_hand(),
            None => self.board.use_fallback(|_error| in_hand()),
        };
        let instead = self.board.failed().then_some("list in hand");
        if let Some(system) = system {
            self.world.watch.answered(system.name(), Step::RequestNextTask, instead);
        }
        self.ledger.decide(Step::RequestNextTask, instead.unwrap_or("the board's list"));
        let left =
            |task: &&Task| open.contains(&task.id) && !self.context.finished.contains(&task.id);
        self.project.tasks.iter().filter(left).cloned().collect()
    }

    async fn post(&mut self, step: Step, change: Change) {
        self.updates += 1;
        let update = Update { id: self.updates, project: self.project.name.clone(), change };
        let delivery = self.desk().send(update).await;
        if let Some(system) = self.desk().to().0.system() {
            self.delivered(system, step, delivery);
        }
    }

    async fn remember(&mut self, step: Step, note: Note) {
        let delivery = self.world.memory.send(note).await;
        self.delivered(System::Memory, step, delivery);
    }

    /// Writes an event into the log. It gets its id here, once.
    async fn write_down(&mut self, step: Step, percent: Option<u8>, detail: String) {
        let number = self.ledger.events.len();
        let event = Event {
            id: format!("{}.{number}", self.name),
            agent: self.name.clone(),
            step: step.name(),
            task: self.context.doing,
            percent,
            detail,
        };
        self.ledger.events.push(event.key());
        let delivery = self.world.events.send(event).await;
        self.delivered(System::EventLog, step, delivery);
    }

    async fn save(&mut self, step: Step) {
        self.context.version += 1;
        let delivery = self.world.contexts.send(self.context.clone()).await;
        self.delivered(System::ContextStore, step, delivery);
    }

    fn delivered(&mut self, system: System, step: Step, delivery: Delivery) {
        let instead = (delivery == Delivery::Kept).then_some("kept for later");
        self.world.watch.answered(system.name(), step, instead);
        self.decide_by(system, step, format!("{system} {delivery:?}"));
    }

    /// What was decided by a system's answer. Whom an overloaded one answers depends on the
    /// moment: that is no decision of the agent's.
    fn decide_by(&mut self, system: System, step: Step, decision: String) {
        if !self.world.is_overloaded(system) {
            self.ledger.decide(step, decision);
        }
    }

    pub fn desk(&self) -> &Desk {
        &self.world.desks[self.desk]
    }

    /// How many updates of its project it has sent.
    pub fn updates(&self) -> usize {
        self.updates as usize
    }

    fn current(&self) -> Option<&Task> {
        self.project.tasks.iter().find(|task| Some(task.id) == self.context.doing)
    }

    /// A name for a call, the same in every run.
    fn call(&self, what: &str) -> String {
        format!("{}.{what}.{}", self.name, self.context.finished.len())
    }
}
