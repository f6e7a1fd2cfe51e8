//! An instance's part in its fleet, without its store: what it says, and what it does with
//! what others say.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use fusebox::{Advice, CircuitBreaker, Clock, Name, Observer, Reading, State};

use crate::{
    config::{FleetConfig, Obedience},
    news::News,
    peers::Peers,
    register::{Register, say_the_same},
    report::{Report, ReportError},
};

/// An instance's part in its fleet. Times are those since it began, on its own clock.
///
/// ```
/// use std::time::Duration;
/// use fusebox::{BreakerConfig, CircuitBreaker, State};
/// use fusebox_fleet::{FleetConfig, Member, News};
///
/// let settings = BreakerConfig::new().failure_threshold(5).build();
/// let [here, there] = [CircuitBreaker::named("shop", settings), CircuitBreaker::named("shop", settings)];
/// let config = |name| FleetConfig::new(name).quorum(2).enough(2).build();
/// let (mut this, mut other) = (Member::new(config("this")?), Member::new(config("other")?));
///
/// // The other instance sees two failures, and says so; this one sees one of its own.
/// let fail = |breaker: &CircuitBreaker| breaker.call(|| Err::<(), _>("down"));
/// let _ = (fail(&there), fail(&there), fail(&here));
/// let report = other.report([there.reading()], Duration::ZERO).unwrap();
/// let news = News { instance: "other".into(), bytes: report.encode(), age: Duration::ZERO };
/// this.hear(&news, Duration::ZERO)?;
///
/// // That is enough: the next failure opens.
/// this.heed([&here], Duration::ZERO);
/// let _ = fail(&here);
/// assert_eq!(here.state(), State::Open);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Member {
    config: FleetConfig,
    peers: Peers,
    beat: u32,
    said: Vec<Register>,
    said_at: Option<Duration>,
    /// From then on nobody remembers a register of its own, and it need not say that it has
    /// none.
    quiet_from: Duration,
    /// When it last said that it is alive, and how often it has.
    beaten_at: Option<Duration>,
    beats: u32,
    swept: Duration,
    /// Breakers that were opened because the others have seen enough, and still have.
    obeyed: HashSet<Name>,
    /// Breakers that an operator of the fleet has closed, and until when the others do not
    /// count: they may not have closed theirs yet.
    left_closed: HashMap<Name, Duration>,
}

impl Member {
    /// Begins.
    #[must_use]
    pub fn new(config: FleetConfig) -> Self {
        Self {
            peers: Peers::new(config.clone()),
            config,
            beat: 0,
            said: Vec::new(),
            said_at: None,
            quiet_from: Duration::ZERO,
            beaten_at: None,
            beats: 0,
            swept: Duration::ZERO,
            obeyed: HashSet::new(),
            left_closed: HashMap::new(),
        }
    }

    /// Its settings.
    #[must_use]
    pub const fn config(&self) -> &FleetConfig {
        &self.config
    }

    /// What it knows of the others.
    #[must_use]
    pub const fn peers(&self) -> &Peers {
        &self.peers
    }

    /// When it has something to say at the latest, if nothing changes; `None` where it is well
    /// and nobody thinks otherwise.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        let due = self.said_at.map_or(Duration::ZERO, |at| at + self.beat_now(self.beat));
        let is_quiet = self.said_at.is_some() && self.said.is_empty() && due >= self.quiet_from;
        (!is_quiet).then_some(due)
    }

    /// Whether it is time to say that it is alive, once a heartbeat; that counts as said.
    pub fn beats(&mut self, now: Duration) -> bool {
        // After a clock stepped back, nobody knows when that was.
        let since = self.beaten_at.filter(|at| *at <= now).map(|at| now.saturating_sub(at));
        let is_due = since.is_none_or(|since| since >= self.beat_now(self.beats));
        if is_due {
            (self.beaten_at, self.beats) = (Some(now), self.beats.wrapping_add(1));
        }
        is_due
    }

    /// The store has counted so many that are alive, this one among them.
    pub fn meet(&mut self, alive: u32, now: Duration) {
        self.peers.meet(alive.saturating_sub(1), now);
    }

    /// What it has to say: that something has changed, not more often than the settings
    /// allow, or once a heartbeat what is not well. `None` where there is nothing to say yet.
    ///
    /// Whoever is well says so for three heartbeats, as long as others may remember anything
    /// else, and then nothing more.
    pub fn report(
        &mut self,
        readings: impl IntoIterator<Item = Reading>,
        now: Duration,
    ) -> Option<Report> {
        // After a clock stepped back, nobody knows when that was.
        let since = self.said_at.filter(|at| *at <= now).map(|at| now.saturating_sub(at));
        if since.is_some_and(|since| since < self.config.gap()) {
            return None;
        }
        let registers: Vec<_> =
            readings.into_iter().filter_map(|it| Register::of(&it)).take(Report::MOST).collect();
        let is_due = since.is_none() || self.due().is_some_and(|due| now >= due);
        if !is_due && say_the_same(&registers, &self.said) {
            return None;
        }
        // When it begins, others may remember what it said in another life.
        if since.is_none() || !registers.is_empty() || !self.said.is_empty() {
            self.quiet_from = now + self.config.lives();
        }
        self.beat = self.beat.wrapping_add(1);
        self.said_at = Some(now);
        self.said.clone_from(&registers);
        let group = self.config.own_group().to_owned();
        Some(Report { beat: self.beat, group, registers })
    }

    /// Hears what somebody said.
    ///
    /// # Errors
    /// [`ReportError`] where that is no report; then nothing changes.
    pub fn hear(&mut self, news: &News, now: Duration) -> Result<(), ReportError> {
        let report = Report::decode(&news.bytes)?;
        self.peers.hear(&news.instance, report, now, news.age);
        Ok(())
    }

    /// Applies what the others say to this instance's breakers, each by a compare-and-swap
    /// of its own. It returns the breakers that peers have found well again.
    pub fn heed<'b, C: Clock + 'b, O: Observer + 'b>(
        &mut self,
        breakers: impl IntoIterator<Item = &'b CircuitBreaker<C, O>>,
        now: Duration,
    ) -> Vec<Name> {
        if now < self.swept || now.saturating_sub(self.swept) >= self.config.beat() {
            self.swept = now;
            self.peers.forget_the_silent(now);
        }
        self.left_closed.retain(|_, until| *until > now);
        let recovered = self.peers.recovered();
        for breaker in breakers {
            let reading = breaker.reading();
            let Some(name) = reading.name else { continue };
            let own = Register::of(&reading);
            self.heed_one(breaker, &reading, own.as_ref());
            if recovered.contains(&name) && reading.snapshot.state == State::Open {
                breaker.hasten(self.soon(&name));
            }
        }
        recovered
    }

    fn heed_one<C: Clock, O: Observer>(
        &mut self,
        breaker: &CircuitBreaker<C, O>,
        reading: &Reading,
        own: Option<&Register>,
    ) {
        let Some(name) = &reading.name else { return };
        let there = breaker.advice();
        let obedience = self.config.obeys(name);
        if reading.snapshot.state != State::Closed || obedience == Obedience::Observe {
            return;
        }
        if self.left_closed.contains_key(name) || !self.peers.have_seen_enough(name, own) {
            self.obeyed.remove(name);
            if there.is_some_and(|advice| advice.primed) {
                breaker.advise(None);
            }
            return;
        }
        // Once: its own probe, or an operator, closes it while others are still open.
        if obedience == Obedience::Obey && self.obeyed.insert(*name) {
            breaker.trip();
            return;
        }
        // It is given anew before it ends, and not with every beat.
        if there.is_some_and(|advice| advice.primed && advice.lasts > self.config.lives() / 2) {
            return;
        }
        let opinion = self.peers.opinion(name);
        breaker.advise(Some(Advice {
            primed: true,
            probed_elsewhere: false,
            instances: u16::try_from(opinion.instances).unwrap_or(u16::MAX),
            failures: u16::try_from(opinion.failures).unwrap_or(u16::MAX),
            lasts: self.config.lives(),
        }));
    }

    /// An operator has closed a breaker in the whole fleet: what the others say until all
    /// have heard of it neither opens nor primes it.
    pub(crate) fn leave_closed(&mut self, breaker: Name, now: Duration) {
        self.left_closed.insert(breaker, now + 2 * self.config.lives());
    }

    /// After a restart: what this instance said last, of breakers that were open, holds for
    /// what remains of it. One whose wait is over by now, or that was probing, probes first.
    ///
    /// Whoever begins with the name of an instance that lives takes over what that one has
    /// open.
    ///
    /// # Errors
    /// [`ReportError`] where that is no report; then nothing changes.
    pub fn resume<'b, C: Clock + 'b, O: Observer + 'b>(
        &mut self,
        breakers: impl IntoIterator<Item = &'b CircuitBreaker<C, O>>,
        news: &News,
    ) -> Result<(), ReportError> {
        let report = Report::decode(&news.bytes)?;
        // Its own beats go on, so that peers do not take them for old ones.
        self.beat = self.beat.max(report.beat);
        for breaker in breakers {
            let Some(name) = breaker.name() else { continue };
            let said = report.registers.iter().find(|it| it.name == name);
            let was_open = |it: &&Register| matches!(it.state, State::Open | State::HalfOpen);
            let Some(said) = said.filter(was_open) else { continue };
            if breaker.state() == State::Closed {
                // Whoever writes to the store keeps nobody open for longer than the
                // breaker's own settings would.
                let longest = breaker.settings().max_recovery_timeout();
                let left = said.left.saturating_sub(news.age).min(longest);
                let left = left.max(Duration::from_millis(1));
                // A length that no breaker has is not taken.
                let _ = breaker.trip_for(left);
            }
        }
        Ok(())
    }

    /// A heartbeat, or up to a fifth less: a fleet whose instances began together does not
    /// speak in step.
    fn beat_now(&self, beat: u32) -> Duration {
        let percent = 80 + self.draw("", beat) % 21;
        // 80 to 100.
        self.config.beat() * u32::try_from(percent).unwrap_or(100) / 100
    }

    /// A moment within a second.
    fn soon(&self, name: &Name) -> Duration {
        Duration::from_millis(1 + self.draw(name.as_str(), self.beat) % 1_000)
    }

    /// A number that looks random: another for each instance, breaker and beat.
    fn draw(&self, of: &str, beat: u32) -> u64 {
        let bytes = self.config.instance().bytes().chain(of.bytes());
        let hash = bytes.chain(beat.to_le_bytes()).fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        // The high bits know of all bytes.
        hash >> 32 ^ hash
    }
}
