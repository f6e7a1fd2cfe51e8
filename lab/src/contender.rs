//! A rule that enters a storm, under a name.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use fusebox::{
    BreakerSettings, CircuitBreaker, Clock, ManualClock, Name, PreciseClock, ShadowReading, Tick,
    tune::TunerSettings,
};

use crate::{
    rules::{
        Budgeted, Rule,
        fusebox::{Breaker, Fusebox, Unwatched},
    },
    sockets::shared::{Live, Shared},
    storm::{Sharing, Storm},
    time::Time,
    world::{self, Guards, Tally},
};

type Make = Arc<dyn Fn() -> Box<dyn Rule + Send> + Send + Sync>;

/// A rule that enters a storm, under a name.
#[derive(Clone)]
pub struct Contender {
    name: String,
    sharing: Option<Sharing>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Rule(Make),
    Fusebox { settings: BreakerSettings, budget: Option<Make>, tuner: Option<TunerSettings> },
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Contender {
    /// A rule of any kind; `make` makes one for each service, and for each caller where
    /// callers have their own.
    pub fn rule(
        name: impl Into<String>,
        make: impl Fn() -> Box<dyn Rule + Send> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), sharing: None, kind: Kind::Rule(Arc::new(make)) }
    }

    /// A breaker of fusebox with these settings.
    pub fn fusebox(name: impl Into<String>, settings: BreakerSettings) -> Self {
        let kind = Kind::Fusebox { settings, budget: None, tuner: None };
        Self { name: name.into(), sharing: None, kind }
    }

    /// With a retry budget beside the breaker.
    #[must_use]
    pub fn with_budget(
        mut self,
        make: impl Fn() -> Box<dyn Rule + Send> + Send + Sync + 'static,
    ) -> Self {
        if let Kind::Fusebox { budget, .. } = &mut self.kind {
            *budget = Some(Arc::new(make));
        }
        self
    }

    /// With a tuner of a fusebox's breaker, which looks at it each second and may change its
    /// settings.
    #[must_use]
    pub const fn tuned(mut self, settings: TunerSettings) -> Self {
        if let Kind::Fusebox { tuner, .. } = &mut self.kind {
            *tuner = Some(settings);
        }
        self
    }

    /// Shared or not, whatever the storm says.
    #[must_use]
    pub const fn sharing(mut self, sharing: Sharing) -> Self {
        self.sharing = Some(sharing);
        self
    }

    /// The same under another name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The name it goes by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes the rule keeps for one service.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.alone(|rule| rule.bytes())
    }

    /// Does something with the rule outside of any storm, on a clock that stands still.
    pub fn alone<T: Send>(&self, with: impl FnOnce(&mut dyn Rule) -> T + Send) -> T {
        match &self.kind {
            Kind::Rule(make) => with(&mut *make()),
            Kind::Fusebox { settings, .. } => {
                let clock = ManualClock::new();
                let breaker = Breaker::with(None, *settings, &clock, Unwatched);
                with(&mut Fusebox::new(&breaker, false))
            }
        }
    }

    /// Meets a storm, and says what came of it, in bins of a second.
    ///
    /// The same storm gives the same tally, on any machine and any thread.
    ///
    /// ```
    /// use fusebox::BreakerConfig;
    /// use fusebox_lab::{contender::Contender, storm};
    ///
    /// let storm = storm::builtin("outage").unwrap();
    /// let ours = Contender::fusebox("ours", BreakerConfig::new().build());
    /// let tally = ours.meets(&storm);
    /// assert!(tally.total().refused > 0);
    /// assert_eq!(tally.digest(), ours.meets(&storm).digest());
    /// ```
    #[must_use]
    pub fn meets(&self, storm: &Storm) -> Tally {
        self.meets_in_bins(storm, Time::secs(1))
    }

    /// The same, in bins of another length.
    #[must_use]
    pub fn meets_in_bins(&self, storm: &Storm, bin: Time) -> Tally {
        let owners = self.owners(storm);
        let count = owners * storm.service.count;
        match &self.kind {
            Kind::Rule(make) => {
                let mut rules: Vec<_> = (0..count).map(|_| -> Box<dyn Rule> { make() }).collect();
                world::run(storm, Guards { rules: &mut rules, owners, time: &|_| (), bin })
            }
            Kind::Fusebox { settings, budget, tuner } => {
                let run = || fusebox(storm, *settings, (budget.as_ref(), *tuner), owners, bin);
                let asks = settings.slow_call().is_some() || tuner.is_some();
                if asks { alone(run) } else { run() }
            }
        }
    }
}

impl Contender {
    /// How many callers have rules of their own.
    fn owners(&self, storm: &Storm) -> usize {
        match self.sharing.unwrap_or(storm.clients.breakers) {
            Sharing::Shared => 1,
            Sharing::Each => storm.clients.workers.unwrap_or(storm.clients.instances),
        }
    }

    /// Makes the rules for a storm of one service in real time.
    pub(crate) fn in_real_time<T>(&self, storm: &Storm, run: impl FnOnce(Live<'_, '_>) -> T) -> T {
        let owners = self.owners(storm);
        match &self.kind {
            Kind::Rule(make) => {
                let rules: Vec<_> =
                    (0..owners).map(|_| -> Shared<'_> { Mutex::new(make()) }).collect();
                run(Live::new(&rules, owners, storm))
            }
            Kind::Fusebox { settings, .. } => {
                let clock = PreciseClock;
                let breaker = || Breaker::with(None, *settings, clock, Unwatched);
                let breakers: Vec<_> = (0..owners).map(|_| breaker()).collect();
                let guarded =
                    |breaker| -> Shared<'_> { Mutex::new(Box::new(Fusebox::new(breaker, false))) };
                let rules: Vec<_> = breakers.iter().map(guarded).collect();
                run(Live::new(&rules, owners, storm))
            }
        }
    }
}

/// What a breaker asks of its thread and its process, it asks in a fresh thread and
/// alone: which calls it times depends on the thread's earlier ones, and the notes of
/// when timed calls began are the process's own.
fn alone<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| match scope.spawn(run).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

fn fusebox(
    storm: &Storm,
    settings: BreakerSettings,
    (budget, tuner): (Option<&Make>, Option<TunerSettings>),
    owners: usize,
    bin: Time,
) -> Tally {
    // Jitter follows from the process's seed and the breaker's name.
    fusebox::set_seed(1);
    let clock = ManualClock::new();
    let breakers = Breakers::new(owners * storm.service.count, storm.seed, settings, &clock);
    let guarded = |breaker| -> Box<dyn Rule + '_> {
        let rule = Box::new(Fusebox::new(breaker, true).tuned(tuner));
        match budget {
            Some(make) => Box::new(Budgeted::new(rule, make())),
            None => rule,
        }
    };
    let mut rules: Vec<_> = breakers.iter().map(guarded).collect();
    let time = |at: Time| clock.set(Tick::from_millis(at.as_millis()));
    world::run(storm, Guards { rules: &mut rules, owners, time: &time, bin })
}

/// A breaker that turns nobody away meets a storm, with a shadow of these settings: what
/// the shadow of each service's breaker would have done.
#[must_use]
pub fn shadowed(storm: &Storm, settings: BreakerSettings) -> Vec<ShadowReading> {
    let clock = ManualClock::new();
    let breakers = Breakers::new(storm.service.count, storm.seed, settings, &clock);
    for breaker in breakers.iter() {
        breaker.disable();
        // It is of the same settings, so it ramps and sheds alike.
        let set = breaker.set_shadow(Some(settings));
        debug_assert!(set.is_ok(), "{set:?}");
    }
    let guarded = |breaker| -> Box<dyn Rule + '_> { Box::new(Fusebox::new(breaker, false)) };
    let mut rules: Vec<_> = breakers.iter().map(guarded).collect();
    let time = |at: Time| clock.set(Tick::from_millis(at.as_millis()));
    let guards = Guards { rules: &mut rules, owners: 1, time: &time, bin: Time::secs(1) };
    world::run(storm, guards);
    drop(rules);
    breakers.iter().filter_map(CircuitBreaker::shadow).collect()
}

/// The breakers of a run.
struct Breakers<C: Clock> {
    all: Vec<Breaker<C>>,
    first: usize,
}

impl<C: Clock + Copy> Breakers<C> {
    /// Which breakers share a row of the notes of timed calls depends on where they lie:
    /// on the lower bits of their addresses, which are the same in each run where the
    /// first one lies at a multiple of `ROUND`, and a bit high above, which is the same
    /// for all where they lie in one `STRETCH`.
    fn new(count: usize, seed: u64, settings: BreakerSettings, clock: C) -> Self {
        const ROUND: usize = 1 << 13;
        const STRETCH: usize = 1 << 27;
        const SPARE: usize = 64;
        let mut tried = Vec::new();
        loop {
            let mut all: Vec<Breaker<C>> = Vec::with_capacity(count + SPARE);
            let place = |at: usize| all.as_ptr().addr() + at * size_of::<Breaker<C>>();
            let first = (0..SPARE).find(|at| place(*at).is_multiple_of(ROUND));
            let in_one = place(0) / STRETCH == place(count + SPARE - 1) / STRETCH;
            if let Some(first) = first
                && (in_one || tried.len() > 8)
            {
                // A breaker draws its jitter from its name, which tells its number.
                all.extend((0..first + count).map(|at| {
                    let number = at.checked_sub(first);
                    let name = number.and_then(|it| Name::try_new(&format!("{seed:x}.{it}")).ok());
                    Breaker::with(name, settings, clock, Unwatched)
                }));
                return Self { all, first };
            }
            // The next one lies elsewhere as long as this one is there.
            tried.push(all);
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Breaker<C>> {
        self.all[self.first..].iter()
    }
}
