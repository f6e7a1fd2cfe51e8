//! The model's two regions: near is home, and far takes its calls while it is gone.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use fusebox::{
    CircuitBreaker, DefaultObserver, FailoverConfig, FailoverError, FailoverSet, FailoverState,
    GlobalBreaker, Jitter, Member, Retry, RetryConfig, RetrySettings, State, StdClock, StdSleep,
    Tally,
};
use serde::{Deserialize, Serialize};

use crate::{
    breakers::{INFERER_FAR, INFERER_NEAR},
    inferer::{InferError, Plan, model, model::Question},
    service::{Client, ServiceError},
    system::System,
};

/// What the whole is called; each region has its own name.
pub const NAME: &str = "inferer";

/// Once more in the same region, soon, before the other one is asked.
const RETRY: RetrySettings = RetryConfig::new()
    .max_attempts(2)
    .base_delay(Duration::from_millis(20))
    .jitter(Jitter::Full)
    .build();

/// How much of the load far takes over from near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spill {
    /// In percent of all calls.
    pub share: u8,
    /// The calls that may come at once.
    pub burst: u32,
}

/// All of it. With less, it depends on the moment which calls the heuristic answers.
impl Default for Spill {
    fn default() -> Self {
        Self { share: 100, burst: 160 }
    }
}

/// The calls that far takes in a second, whatever its share.
const RESERVE: u32 = 10;

pub struct Inferer {
    regions: FailoverSet<'static, 2, Region>,
    /// How often it was asked for an order.
    questions: AtomicU64,
    /// And how often besides, to learn whether calls go home again.
    trials: AtomicU64,
}

/// What is behind a member of the set.
struct Region {
    client: Client,
    breaker: &'static CircuitBreaker,
    answered: AtomicU64,
}

/// How the calls were spread.
#[derive(Debug, Serialize)]
pub struct Regions {
    pub questions: u64,
    /// Where they go at the end.
    pub state: String,
    pub spill: Spill,
    pub each: Vec<Share>,
}

/// What a region had of the calls.
#[derive(Debug, Serialize)]
pub struct Share {
    pub name: System,
    pub answered: u64,
    /// Calls that came from the other region.
    pub spilled: u64,
    pub breaker: String,
}

impl Inferer {
    pub fn new(near: Client, far: Client, spill: Spill) -> Self {
        let member = |system: System, breaker: &'static GlobalBreaker, client| {
            let (breaker, answered) = (breaker.get(), AtomicU64::new(0));
            Member::new(system.name(), breaker).at(Region { client, breaker, answered })
        };
        let settings = FailoverConfig::new()
            .spill_share(spill.share.into())
            .burst(spill.burst)
            .reserve_per_second(RESERVE)
            .return_from(20)
            .return_over(Duration::from_millis(300))
            .build();
        let members = [
            member(System::InfererNear, &INFERER_NEAR, near),
            member(System::InfererFar, &INFERER_FAR, far),
        ];
        let regions = FailoverSet::named(NAME, members, settings);
        Self { regions, questions: AtomicU64::new(0), trials: AtomicU64::new(0) }
    }

    /// The order of some tasks by the model, in whichever region has an answer. To ask twice
    /// does no harm.
    pub(super) async fn by_model(&self, question: &Question) -> Result<Plan, InferError> {
        self.questions.fetch_add(1, Ordering::Relaxed);
        self.regions
            .call_async_repeatable_judged(InferError::judge, |region| region.value().ask(question))
            .await
            .map_err(FailoverError::into_own)
    }

    /// Makes one call after another until they go home, if home is well. A set has no task
    /// of its own that would find out.
    pub async fn come_home(&self) {
        let home = self.regions.members()[0].breaker();
        while self.regions.state() != FailoverState::Home && home.state() == State::Closed {
            self.trials.fetch_add(1, Ordering::Relaxed);
            let judge = ServiceError::judge::<()>;
            let ask = self.regions.call_async_judged(judge, |it| it.value().client.ask_health());
            let _ = ask.await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How many calls may have spilled onto far, in so long a run.
    pub fn most_spilled(&self, took: Duration) -> u64 {
        let settings = self.regions.settings();
        let calls = self.questions.load(Ordering::Relaxed) + self.trials.load(Ordering::Relaxed);
        let by_share = calls * u64::from(settings.spill_share()) / 100;
        let seconds = u64::try_from(took.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
        let reserve = u64::from(settings.reserve_per_second()).saturating_mul(seconds);
        by_share.saturating_add(reserve).saturating_add(settings.burst().into())
    }

    pub fn report(&self) -> Regions {
        let [near, far] = self.regions.members();
        let share = |system, member: &Member<'_, Region>| Share {
            name: system,
            answered: member.value().answered.load(Ordering::Relaxed),
            spilled: member.spilled(),
            breaker: member.breaker().state().to_string(),
        };
        let settings = self.regions.settings();
        Regions {
            questions: self.questions.load(Ordering::Relaxed),
            state: self.regions.state().to_string(),
            spill: Spill { share: settings.spill_share(), burst: settings.burst() },
            each: vec![share(System::InfererNear, near), share(System::InfererFar, far)],
        }
    }
}

impl Region {
    async fn ask(&self, question: &Question) -> Result<Plan, InferError> {
        // Counted with the region's breaker.
        let observer: (DefaultObserver, &'static Tally) = (DefaultObserver, self.breaker.tally());
        let retry = Retry::with(RETRY, StdClock, StdSleep, observer).named(NAME);
        let plan = retry.call_async(|| model::infer(&self.client, question)).await?;
        self.answered.fetch_add(1, Ordering::Relaxed);
        Ok(plan)
    }
}
