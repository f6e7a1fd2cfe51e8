//! What readings have told of one breaker.

use core::time::Duration;

use crate::{
    breaker::{reading::Reading, settings::BreakerSettings},
    state::State,
    time::Tick,
    tune::{
        hints::Hints,
        outage::{Kind, MILLION, NoOutage, Outage},
    },
};

/// What readings have told of one breaker: its last outages, and the settings that were
/// configured.
///
/// [`observe`](Self::observe) takes in a reading, as often as you like: each second tells
/// much, each minute is enough for outages that last longer. What happened in between is
/// worked out from the counters and the generation; a forced state is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Seen {
    /// As somebody has configured them.
    configured: BreakerSettings,
    /// As they were last, by a tuner or by whoever configured them.
    left: BreakerSettings,
    outages: [Option<Outage>; Self::MOST],
    /// Where the next one goes.
    next: usize,
    last: Option<Look>,
    /// The one that is under way.
    under_way: Option<UnderWay>,
    /// When the breaker closed last, and what it had counted then.
    closed: Option<Closed>,
    pub(super) stepped: Option<Tick>,
    /// How many outages were remembered since then.
    pub(super) news: u32,
    pub(super) hints: Hints,
}

/// What was looked at last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) at: Tick,
    pub(super) state: State,
    generation: u16,
    openings: u64,
    turned_away: u64,
    failures: u64,
    calls: u64,
    open_for: u64,
    time_left: u64,
    reopenings: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UnderWay {
    turned_away_before: u64,
    /// How long the breaker had been closed, and what it had counted meanwhile.
    before: Option<Spell>,
}

/// When a breaker closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Closed {
    at: Tick,
    failures: u64,
    calls: u64,
}

/// A time in which a breaker was closed, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spell {
    lasted: u64,
    failures: u64,
    /// 0 where calls are not counted.
    calls: u64,
}

/// After so many changes of state a generation comes again.
const GENERATIONS: i64 = 1 << 10;

impl Seen {
    /// So many outages are remembered.
    pub const MOST: usize = 16;

    /// Begins with a reading, whose settings are the configured ones.
    pub fn of(reading: &Reading) -> Self {
        let mut seen = Self::configured_as(reading.settings);
        seen.observe(reading);
        seen
    }

    const fn configured_as(configured: BreakerSettings) -> Self {
        Self {
            configured,
            left: configured,
            outages: [None; Self::MOST],
            next: 0,
            last: None,
            under_way: None,
            closed: None,
            stepped: None,
            news: 0,
            hints: Hints::NONE,
        }
    }

    /// Goes on with what was written down: the settings that were configured, those that a
    /// tuner left, and the outages, the oldest first.
    ///
    /// # Errors
    /// [`NoOutage::TooMany`] for more than [`MOST`](Self::MOST).
    pub fn resume(
        configured: BreakerSettings,
        left: BreakerSettings,
        outages: impl IntoIterator<Item = Outage>,
    ) -> Result<Self, NoOutage> {
        let mut seen = Self { left, ..Self::configured_as(configured) };
        for outage in outages {
            if seen.outages[seen.next].is_some() {
                return Err(NoOutage::TooMany);
            }
            seen.remember(outage);
        }
        Ok(seen)
    }

    /// Returns the settings that were configured. Whoever changes them, and is no tuner,
    /// configures them anew.
    #[must_use]
    pub const fn configured(&self) -> BreakerSettings {
        self.configured
    }

    /// Returns the settings that were in force last.
    #[must_use]
    pub const fn left(&self) -> BreakerSettings {
        self.left
    }

    /// Iterates over the outages that are remembered, the oldest first.
    pub fn outages(&self) -> impl Iterator<Item = Outage> {
        let (newer, older) = self.outages.split_at(self.next);
        older.iter().chain(newer).filter_map(|it| *it)
    }

    /// The outages that are remembered, or else, where those are too few, four as the breaker
    /// itself has learned them; and whether it has.
    pub(super) fn known(&self, least: u32) -> ([Option<Outage>; Self::MOST], bool) {
        let Hints { outage, first_probe, turned_away, openings, .. } = self.hints;
        let own = self.outages().count();
        match (outage, first_probe) {
            (Some(up_at), Some(percent)) if (own as u64) < u64::from(least) => {
                let mut learned = [None; Self::MOST];
                // So many of four quarters.
                let first_probes = (usize::from(percent) + 12) / 25;
                for (at, outage) in learned.iter_mut().take(4).enumerate() {
                    let is_first = at < first_probes;
                    *outage = Some(Outage {
                        kind: Kind::Down,
                        down_until: if is_first { Duration::ZERO } else { up_at / 2 },
                        up_at,
                        failed_probes: u32::from(!is_first),
                        turned_away: turned_away / openings.max(1),
                    });
                }
                (learned, true)
            }
            _ => (self.outages, false),
        }
    }

    pub(super) const fn last(&self) -> Option<&Look> {
        self.last.as_ref()
    }

    /// A tuner has changed the settings.
    pub(super) const fn tuned(&mut self, left: BreakerSettings, at: Tick) {
        self.left = left;
        self.stepped = Some(at);
        self.news = 0;
    }

    /// Takes in a reading of the same breaker.
    pub fn observe(&mut self, reading: &Reading) {
        if reading.settings != self.left {
            self.configured = reading.settings;
            self.left = reading.settings;
        }
        self.hints = Hints::of(reading);
        let new = Look::of(reading);
        match self.last.replace(new) {
            Some(old) if new.follows(&old) => self.goes_on(&old, &new),
            // Somebody has forced the state, or nothing is known.
            _ => (self.under_way, self.closed) = (None, None),
        }
    }

    fn goes_on(&mut self, old: &Look, new: &Look) {
        let gap = millis(new.at.since(old.at));
        let (opened, closed) = new.openings_and_closings(old);
        let reopened = new.openings.wrapping_sub(old.openings).saturating_sub(opened);
        let turned_away = new.turned_away.wrapping_sub(old.turned_away) / (1 + opened);
        let (mut ended, mut missed) = (0, 0);
        if !old.is_closed() && closed > 0 {
            ended = 1;
        }
        if closed > ended {
            missed = closed - ended;
        }
        if ended == 1
            && let Some(under_way) = self.under_way.take()
        {
            let more = if opened == 0 { reopened } else { 0 };
            let waits = |from: u64, number: u64| {
                (from..from + number.min(64)).map(|at| self.left.wait_after_ms(at)).sum::<u64>()
            };
            let due = old.open_for.saturating_add(old.time_left);
            let (down_until, up_at) = if more > 0 {
                let down = due.saturating_add(waits(old.reopenings + 1, more - 1));
                (down, down.saturating_add(waits(old.reopenings + more, 1)))
            } else {
                (old.down_until(self.left), due)
            };
            let latest = old.open_for.saturating_add(gap);
            let before = under_way.turned_away_before;
            let turned_away = if opened == 0 {
                new.turned_away.wrapping_sub(before)
            } else {
                old.turned_away.wrapping_sub(before).saturating_add(turned_away)
            };
            let up_at = up_at.clamp(old.open_for.min(latest), latest);
            let failed_probes = old.reopenings + more;
            self.ends(under_way.before, (down_until, up_at), failed_probes, turned_away);
        }
        // Whole outages between two readings: all that is known is how long it was.
        for _ in 0..missed.min(Self::MOST as u64) {
            let each = reopened / missed;
            let down = (0..each.min(64)).map(|at| self.left.wait_after_ms(at)).sum::<u64>();
            let up_at = down.saturating_add(self.left.wait_after_ms(each)).min(gap / missed);
            let before = self.closed.filter(|_| missed == 1).map(|closed| {
                let lasted = millis(old.at.since(closed.at));
                self.spell(closed, lasted, new, each + 1)
            });
            self.ends(before, (down, up_at), each, turned_away);
        }
        if closed > 0 {
            let Look { at, failures, calls, .. } = *new;
            self.closed = Some(Closed { at, failures, calls });
        }
        if !new.is_closed() && opened > 0 && (old.is_closed() || closed > 0) {
            let before = self.closed.map(|closed| {
                let lasted = millis(new.at.since(closed.at)).saturating_sub(new.open_for);
                self.spell(closed, lasted, new, new.reopenings)
            });
            self.under_way = Some(UnderWay { turned_away_before: old.turned_away, before });
        }
        if !new.is_closed() && opened == 0 && self.under_way.is_none() {
            // The reading that began it was of another time.
            self.under_way = Some(UnderWay { turned_away_before: old.turned_away, before: None });
        }
    }

    /// What the breaker counted while it was closed, up to its opening: what its failed
    /// probes added since is not of it.
    #[allow(clippy::unused_self)] // beside its callers
    const fn spell(&self, closed: Closed, lasted: u64, new: &Look, probes: u64) -> Spell {
        let failures = new.failures.wrapping_sub(closed.failures).saturating_sub(probes);
        Spell { lasted, failures, calls: new.calls.wrapping_sub(closed.calls) }
    }

    fn ends(
        &mut self,
        before: Option<Spell>,
        (down_until, up_at): (u64, u64),
        failed_probes: u64,
        turned_away: u64,
    ) {
        let kind = before.map_or(Kind::Down, |spell| {
            self.kind_of(spell, failed_probes == 0, (turned_away, up_at))
        });
        let up_at = up_at.max(1);
        let outage = Outage {
            kind,
            down_until: Duration::from_millis(down_until.min(up_at)),
            up_at: Duration::from_millis(up_at),
            failed_probes: u32::try_from(failed_probes).unwrap_or(u32::MAX),
            turned_away,
        };
        self.remember(outage);
    }

    /// What an outage seems to have been, from the calls before it and how it ended.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn kind_of(&self, spell: Spell, first_probe: bool, rate: (u64, u64)) -> Kind {
        let calls = match spell.calls {
            // As many as were turned away meanwhile.
            0 => rate.0 as f64 * spell.lasted as f64 / rate.1.max(1) as f64,
            calls => calls as f64,
        };
        let calls = calls.max(spell.failures as f64).max(1.0);
        let share = spell.failures as f64 / calls;
        // At this share it would have opened about then.
        let expected = self.left.promise().mean_calls(share.min(1.0));
        let is_steady = expected.is_some_and(|expected| expected <= 4.0 * calls);
        if first_probe && share <= 0.5 && is_steady {
            let failed_ppm = (share * f64::from(MILLION)) as u32;
            return Kind::FalseAlarm { failed_ppm };
        }
        if spell.lasted < self.left.wait_after_ms(0) { Kind::Relapse } else { Kind::Down }
    }

    const fn remember(&mut self, outage: Outage) {
        self.outages[self.next] = Some(outage);
        self.next = (self.next + 1) % Self::MOST;
        self.news = self.news.saturating_add(1);
    }
}

impl Look {
    fn of(reading: &Reading) -> Self {
        let Reading { at, snapshot, counters, open_for, time_left, .. } = *reading;
        Self {
            at,
            state: snapshot.state,
            generation: snapshot.generation,
            openings: counters.openings,
            turned_away: counters.rejections.wrapping_sub(counters.shed),
            failures: counters.failures,
            calls: counters.calls,
            open_for: open_for.map_or(0, millis),
            time_left: time_left.map_or(0, millis),
            reopenings: snapshot.reopenings.into(),
        }
    }

    const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// When its last probe failed, from the opening, by these settings.
    fn down_until(&self, settings: BreakerSettings) -> u64 {
        if self.reopenings == 0 {
            return 0;
        }
        let wait = settings.wait_after_ms(self.reopenings);
        self.open_for.saturating_add(self.time_left).saturating_sub(wait).min(self.open_for)
    }

    /// Whether nobody has forced a state since an earlier look, as far as can be told.
    fn follows(&self, old: &Self) -> bool {
        let own = |it: &Self| matches!(it.state, State::Closed | State::Open | State::HalfOpen);
        if !own(self) || !own(old) {
            return false;
        }
        let openings = self.openings.wrapping_sub(old.openings);
        let (opened, closed) = self.changes(old, openings);
        // More changes than a generation can count.
        openings < GENERATIONS.unsigned_abs() / 4
            && 0 <= opened
            && opened.unsigned_abs() <= openings
            && 0 <= closed
    }

    fn openings_and_closings(&self, old: &Self) -> (u64, u64) {
        let (opened, closed) = self.changes(old, self.openings.wrapping_sub(old.openings));
        (opened.unsigned_abs(), closed.unsigned_abs())
    }

    /// How often it left Closed and came back, of the changes of state since: each round of
    /// Closed, Open, `HalfOpen` is three of them, and each failed probe two.
    fn changes(&self, old: &Self, openings: u64) -> (i64, i64) {
        let is = |it: &Self, state| i64::from(it.state == state);
        let changes = i64::from(self.generation) - i64::from(old.generation);
        let changes = changes.rem_euclid(GENERATIONS);
        let by_state = is(old, State::Closed) - is(self, State::Closed) - is(old, State::Open)
            + is(self, State::Open);
        let openings = i64::try_from(openings % GENERATIONS.unsigned_abs()).unwrap_or(0);
        let opened = changes - 2 * openings + by_state;
        (opened, opened + is(self, State::Closed) - is(old, State::Closed))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
