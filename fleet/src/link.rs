//! What an instance and its store have to say to each other.

use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use fusebox::{CircuitBreaker, Clock, Name, Observer, State};

use crate::{
    config::FleetConfig,
    doubts::Doubts,
    event::FleetEvent,
    member::Member,
    news::News,
    orders::Orders,
    probes::Probes,
    quota::Share,
    report::ReportError,
    transport::{Store, StoreError},
};

/// Makes a connection to the store.
pub(crate) type Connect = Box<dyn FnMut() -> Result<Box<dyn Store>, StoreError> + Send>;
/// Whom events are told to.
pub(crate) type Tell = Box<dyn FnMut(FleetEvent) + Send>;

/// So many reports of its own an instance knows again.
const KNOWN_AGAIN: usize = 64;

/// What an instance and its store have to say to each other.
pub(crate) struct Link {
    connect: Connect,
    pub(crate) tell: Tell,
    store: Option<Box<dyn Store>>,
    pub(crate) member: Member,
    pub(crate) probes: Probes,
    pub(crate) orders: Orders,
    /// When the orders were read last, and those that were refused then.
    orders_read: Option<Duration>,
    refused: HashSet<Vec<u8>>,
    doubts: Doubts,
    doubts_of_orders: Doubts,
    /// When this instance first read what its fleet said last.
    greeted: Option<Duration>,
    /// What was said and not heard again yet, the last first.
    said: VecDeque<Vec<u8>>,
    /// The last of it did not get through.
    is_unsaid: bool,
    /// Limits that the store does not share.
    alone: HashSet<Name>,
    pub(crate) lag: Duration,
}

impl Link {
    pub(crate) fn new(config: FleetConfig, connect: Connect, tell: Tell) -> Self {
        Self {
            connect,
            tell,
            store: None,
            orders: Orders::new(&config),
            orders_read: None,
            refused: HashSet::new(),
            member: Member::new(config),
            probes: Probes::default(),
            doubts: Doubts::default(),
            doubts_of_orders: Doubts::default(),
            greeted: None,
            said: VecDeque::new(),
            is_unsaid: false,
            alone: HashSet::new(),
            lag: Duration::ZERO,
        }
    }

    /// Says what there is to say, and hears what there is to hear, for which it waits. After
    /// an error the next time begins with a new connection.
    pub(crate) fn exchange<C: Clock, O: Observer>(
        &mut self,
        breakers: &[&CircuitBreaker<C, O>],
        shares: &[&'static dyn Share],
        now: Duration,
    ) -> Result<(), StoreError> {
        // It comes back where nothing fails.
        let found = self.store.take();
        let is_new = found.is_none();
        let mut store = if let Some(store) = found {
            store
        } else {
            let mut store = (self.connect)()?;
            self.greet(store.as_mut(), breakers, now)?;
            self.orders_read = None;
            store
        };
        if let Some(report) = self.member.report(breakers.iter().map(|it| it.reading()), now) {
            self.said.truncate(KNOWN_AGAIN - 1);
            self.said.push_front(report.encode());
            self.is_unsaid = true;
        }
        // What could not be said is said first where the store is found again.
        if self.is_unsaid
            && let Some(report) = self.said.front()
        {
            store.publish(report)?;
            self.is_unsaid = false;
        }
        // A store that was found again does not answer before it keeps something.
        if self.member.beats(now) || is_new {
            self.beat(store.as_mut(), now)?;
        }
        let since = self.orders_read.map(|at| now.saturating_sub(at));
        if since.is_none_or(|since| since >= self.member.config().beat()) {
            let orders = store.orders()?;
            self.orders_read = Some(now);
            self.hear_orders(orders, now);
        }
        let alive = self.member.peers().alive() + 1;
        self.probes.ask(breakers, store.as_mut(), alive, now)?;
        for share in shares {
            // A connection that is lost is found to be so in the next lines.
            let renewed = share.renew(store.as_mut(), alive);
            self.tell_of(*share, renewed);
        }
        let news = store.news(self.member.config().gap() / 2)?;
        self.lag = news.iter().map(|it| it.age).max().unwrap_or_default();
        for it in &news {
            if self.is_of_a_namesake(it, now) && self.doubts.same_name(now) {
                (self.tell)(FleetEvent::SameName);
            }
            self.hear(it, now);
        }
        self.store = Some(store);
        Ok(())
    }

    /// Says that this instance is alive, and learns how many are.
    fn beat(&mut self, store: &mut dyn Store, now: Duration) -> Result<(), StoreError> {
        let config = self.member.config();
        let pulse = store.beat(config.own_group(), config.lives())?;
        self.member.meet(pulse.alive, now);
        if pulse.has_namesake && self.doubts.same_name(now) {
            (self.tell)(FleetEvent::SameName);
        }
        Ok(())
    }

    /// Tells where a limit is shared no more.
    fn tell_of(&mut self, share: &dyn Share, renewed: Result<(), StoreError>) {
        let limit = share.name();
        match renewed {
            Ok(()) => {
                self.alone.remove(&limit);
            }
            Err(why) => {
                if self.alone.insert(limit) {
                    (self.tell)(FleetEvent::Alone { limit, why: why.to_string() });
                }
            }
        }
    }

    /// Reads what all have said last; the first time, what this instance said before it
    /// began.
    fn greet<C: Clock, O: Observer>(
        &mut self,
        store: &mut dyn Store,
        breakers: &[&CircuitBreaker<C, O>],
        now: Duration,
    ) -> Result<(), StoreError> {
        let all = store.everything()?;
        if self.greeted.is_none() {
            self.greeted = Some(now);
            let own = all.iter().find(|it| it.instance == self.member.config().instance());
            // Later, the breakers know better than what they were before.
            let fresh = if now <= self.member.config().lives() { breakers } else { &[] };
            if let Some(own) = own
                && let Err(why) = self.resume(fresh, own)
            {
                self.complain(&own.instance, why, now);
            }
        }
        for it in &all {
            self.hear(it, now);
        }
        Ok(())
    }

    fn resume<C: Clock, O: Observer>(
        &mut self,
        breakers: &[&CircuitBreaker<C, O>],
        own: &News,
    ) -> Result<(), ReportError> {
        let closed: Vec<_> =
            breakers.iter().copied().filter(|it| it.state() == State::Closed).collect();
        self.member.resume(closed.iter().copied(), own)?;
        for reading in closed.iter().map(|it| it.reading()) {
            if let (Some(breaker), Some(left)) = (reading.name, reading.time_left) {
                (self.tell)(FleetEvent::Resumed { breaker, left });
            }
        }
        Ok(())
    }

    fn hear(&mut self, news: &News, now: Duration) {
        if let Err(why) = self.member.hear(news, now) {
            self.complain(&news.instance, why, now);
        }
    }

    /// Each order that is refused is told once, as long as it lies there.
    fn hear_orders(&mut self, all: Vec<Vec<u8>>, now: Duration) {
        let wall = wall();
        let mut refused = HashSet::new();
        for bytes in all {
            let Err((order, why)) = self.orders.hear(&bytes, wall) else { continue };
            let name = order.as_ref().map(|it| it.subject()).unwrap_or_default();
            let is_told = self.refused.contains(&bytes)
                || !self.doubts_of_orders.garbage(&format!("{name}: {why}"), now);
            refused.insert(bytes);
            if !is_told {
                (self.tell)(FleetEvent::Refused { order, why });
            }
        }
        self.refused = refused;
    }

    fn complain(&mut self, instance: &str, why: ReportError, now: Duration) {
        if self.doubts.garbage(instance, now) {
            (self.tell)(FleetEvent::Garbage { instance: instance.to_owned(), why });
        }
    }

    /// Whether it is said under this instance's name, since it began, and not by it. Two
    /// may say the same: each hears its own once.
    fn is_of_a_namesake(&mut self, news: &News, now: Duration) -> bool {
        let is_since = self.greeted.is_some_and(|at| news.age < now.saturating_sub(at));
        if news.instance != self.member.config().instance() || !is_since {
            return false;
        }
        let own = self.said.iter().position(|said| *said == news.bytes);
        own.is_none_or(|at| self.said.remove(at).is_none())
    }
}

/// The time since the beginning of 1970, by this host's clock.
pub(crate) fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
