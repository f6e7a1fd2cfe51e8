//! The last hour of each breaker: a ring of points, each of a span of time.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use fusebox::{Counters, State};

use crate::overview::Row;

/// Points in a ring.
const POINTS: usize = 240;

/// So long is a span at least: 240 of them are an hour. Where readings are further apart,
/// it is as long as they are.
const SPAN: Duration = Duration::from_secs(15);

/// So many breakers have a ring, the first to be seen: 16 MB of points and no more, however
/// large the panel is.
const BREAKERS: usize = 4096;

/// What became of a breaker in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    /// Its worst state.
    pub(super) look: Look,
    /// Its lowest score; `None` where it had none.
    pub(super) score: Option<u8>,
    /// Calls that were let through, where they are counted.
    pub(super) calls: u32,
    /// Calls that failed.
    pub(super) failures: u32,
    /// Calls that were turned away.
    pub(super) refusals: u32,
}

/// A state as the page shows it, the worst one last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// Nobody looked.
    Unseen,
    Disabled,
    Closed,
    /// Closed, and admits a share of the calls.
    Shares,
    HalfOpen,
    Open,
    ForcedOpen,
}

impl Look {
    fn of(row: &Row) -> Self {
        match row.reading.snapshot.state {
            State::Open => Self::Open,
            State::HalfOpen => Self::HalfOpen,
            State::ForcedOpen => Self::ForcedOpen,
            State::Closed if row.reading.admits_a_share() => Self::Shares,
            State::Closed => Self::Closed,
            _ => Self::Disabled,
        }
    }

    /// Its letter in the answer.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::Unseen => '-',
            Self::Disabled => 'd',
            Self::Closed => 'c',
            Self::Shares => 's',
            Self::HalfOpen => 'h',
            Self::Open => 'o',
            Self::ForcedOpen => 'f',
        }
    }
}

impl Point {
    const UNSEEN: Self =
        Self { look: Look::Unseen, score: None, calls: 0, failures: 0, refusals: 0 };

    /// Takes in what happened between two readings, and how the second one looks.
    fn add(&mut self, row: &Row, before: Counters) {
        let now = row.reading.counters;
        let sum = |old: u32, now: u64, before: u64| {
            old.saturating_add(u32::try_from(now.saturating_sub(before)).unwrap_or(u32::MAX))
        };
        self.look = self.look.max(Look::of(row));
        self.score = match (self.score, row.score) {
            (Some(old), Some(new)) => Some(old.min(new)),
            (old, new) => old.or(new),
        };
        self.calls = sum(self.calls, now.calls, before.calls);
        self.failures = sum(self.failures, now.failures, before.failures);
        self.refusals = sum(self.refusals, now.rejections, before.rejections);
    }
}

/// The ring of one breaker.
#[derive(Debug)]
struct Ring {
    name: Option<fusebox::Name>,
    counters: Counters,
    /// The number of the newest point's span.
    newest: u64,
    points: VecDeque<Point>,
}

impl Ring {
    fn new(row: &Row, at: u64) -> Self {
        Self {
            name: row.reading.name,
            counters: row.reading.counters,
            newest: at,
            points: VecDeque::from([Point::UNSEEN]),
        }
    }

    fn take(&mut self, row: &Row, at: u64) {
        // A span in which nobody looked has a point that says so.
        for _ in 0..at.saturating_sub(self.newest).min(POINTS as u64) {
            self.points.push_back(Point::UNSEEN);
            if self.points.len() > POINTS {
                self.points.pop_front();
            }
        }
        self.newest = self.newest.max(at);
        if let Some(point) = self.points.back_mut() {
            point.add(row, self.counters);
        }
        self.counters = row.reading.counters;
    }
}

/// The last hour of all breakers.
#[derive(Debug)]
pub(super) struct History {
    began: Instant,
    span: Duration,
    newest: u64,
    /// By slot.
    rings: Vec<Option<Ring>>,
    kept: usize,
}

/// Some of the points of a breaker.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// The number of the first one's span.
    pub(super) from: u64,
    pub(super) points: std::collections::vec_deque::Iter<'a, Point>,
}

impl History {
    /// Nothing yet; readings will come about so far apart.
    pub(super) fn new(interval: Duration, now: Instant) -> Self {
        Self { began: now, span: SPAN.max(interval), newest: 0, rings: Vec::new(), kept: 0 }
    }

    /// How long a span is.
    pub(super) const fn span(&self) -> Duration {
        self.span
    }

    /// The number of the span that is not over yet.
    pub(super) const fn newest(&self) -> u64 {
        self.newest
    }

    /// Takes in a reading of all breakers.
    pub(super) fn observe(&mut self, rows: &[Row], now: Instant) {
        let gone = now.saturating_duration_since(self.began).as_nanos() / self.span.as_nanos();
        self.newest = u64::try_from(gone).unwrap_or(u64::MAX).max(self.newest);
        for row in rows {
            if self.rings.len() <= row.slot {
                self.rings.resize_with(row.slot + 1, || None);
            }
            let ring = &mut self.rings[row.slot];
            match ring {
                Some(ring) if ring.name == row.reading.name => {}
                // Another breaker has the slot, in another file.
                Some(ring) => *ring = Ring::new(row, self.newest),
                None if self.kept == BREAKERS => continue,
                None => {
                    self.kept += 1;
                    *ring = Some(Ring::new(row, self.newest));
                }
            }
            if let Some(ring) = ring {
                ring.take(row, self.newest);
            }
        }
    }

    /// Forgets everything: the panel is another.
    pub(super) fn restart(&mut self) {
        self.rings.clear();
        self.kept = 0;
    }

    /// The points of a slot from this span on; `None` of a slot that has none.
    pub(super) fn of(&self, slot: usize, from: u64) -> Option<Part<'_>> {
        let ring = self.rings.get(slot)?.as_ref()?;
        let first = ring.newest + 1 - ring.points.len() as u64;
        let from = from.clamp(first, ring.newest + 1);
        let skipped = usize::try_from(from - first).unwrap_or(usize::MAX);
        Some(Part { from, points: ring.points.range(skipped..) })
    }
}

#[cfg(test)]
mod tests {
    use fusebox::{BreakerConfig, CircuitBreaker};

    use super::*;

    fn row(slot: usize, breaker: &CircuitBreaker) -> Row {
        Row {
            slot,
            label: String::new(),
            reading: breaker.reading(),
            score: Some(if breaker.reading().snapshot.state == State::Closed { 100 } else { 0 }),
            rates: fusebox::health::Window::<2>::new().rates(),
            trouble: Vec::new(),
            limits: None,
            limited: 0,
        }
    }

    fn breaker() -> CircuitBreaker {
        CircuitBreaker::new(BreakerConfig::new().failure_threshold(3).build())
    }

    fn letters(history: &History, slot: usize, from: u64) -> String {
        history.of(slot, from).unwrap().points.map(|it| it.look.letter()).collect()
    }

    #[test]
    fn a_span_has_its_worst_state_its_lowest_score_and_all_that_was_counted() {
        let (breaker, start) = (breaker(), Instant::now());
        let mut history = History::new(Duration::from_secs(1), start);
        let at = |seconds| start + Duration::from_secs(seconds);
        history.observe(&[row(2, &breaker)], at(0));
        for _ in 0..3 {
            let _ = breaker.call(|| Err::<(), _>("down"));
        }
        history.observe(&[row(2, &breaker)], at(1));
        let _ = breaker.try_acquire();
        breaker.close();
        history.observe(&[row(2, &breaker)], at(14));
        history.observe(&[row(2, &breaker)], at(15));
        let part = history.of(2, 0).unwrap();
        let points: Vec<_> = part.points.copied().collect();
        let open = Point { look: Look::Open, score: Some(0), calls: 0, failures: 3, refusals: 1 };
        let well =
            Point { look: Look::Closed, score: Some(100), calls: 0, failures: 0, refusals: 0 };
        assert_eq!((part.from, points), (0, vec![open, well]));
    }

    #[test]
    fn what_nobody_saw_is_no_state_and_what_is_old_goes() {
        let (breaker, start) = (breaker(), Instant::now());
        let mut history = History::new(Duration::from_secs(1), start);
        let at = |span: u64| start + SPAN * u32::try_from(span).unwrap();
        history.observe(&[row(0, &breaker)], at(0));
        history.observe(&[row(0, &breaker)], at(3));
        assert_eq!(letters(&history, 0, 0), "c--c");
        assert_eq!(letters(&history, 0, 3), "c");
        assert_eq!(letters(&history, 0, 9), "");
        history.observe(&[row(0, &breaker)], at(POINTS as u64 + 1));
        let all = letters(&history, 0, 0);
        assert_eq!((all.len(), history.of(0, 0).unwrap().from), (POINTS, 2));
        assert!(all.starts_with("-c---") && all.ends_with("-c"), "{all}");
        // However long it was.
        history.observe(&[row(0, &breaker)], at(1_000_000));
        assert_eq!(letters(&history, 0, 0).len(), POINTS);
        assert!(history.of(1, 0).is_none() && history.of(7_000, 0).is_none());
        history.restart();
        assert!(history.of(0, 0).is_none());
    }

    #[test]
    fn a_span_is_no_shorter_than_the_time_between_two_readings() {
        let span = |interval| History::new(interval, Instant::now()).span();
        assert_eq!(span(Duration::from_millis(100)), SPAN);
        assert_eq!(span(Duration::from_mins(1)), Duration::from_mins(1));
    }

    #[test]
    fn so_many_breakers_are_kept_and_no_more() {
        let (breaker, start) = (breaker(), Instant::now());
        let mut history = History::new(Duration::from_secs(1), start);
        let rows: Vec<_> = (0..=BREAKERS).map(|slot| row(slot, &breaker)).collect();
        history.observe(&rows, start);
        assert!(history.of(BREAKERS - 1, 0).is_some() && history.of(BREAKERS, 0).is_none());
    }
}
