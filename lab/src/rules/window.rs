//! Windows of time, as several rules keep them.

use std::{
    collections::VecDeque,
    ops::{AddAssign, SubAssign},
};

use crate::time::Time;

/// How many there were of all, and of a part of them: of failures, mostly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) all: u32,
    pub(super) part: u32,
}

impl Counts {
    /// One call, and whether it failed.
    pub(super) fn of(failed: bool) -> Self {
        Self { all: 1, part: u32::from(failed) }
    }

    /// The part's share; none where there was nothing at all.
    pub(super) fn share(self) -> f64 {
        if self.all == 0 { 0.0 } else { f64::from(self.part) / f64::from(self.all) }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.all += other.all;
        self.part += other.part;
    }
}

impl SubAssign for Counts {
    fn sub_assign(&mut self, other: Self) {
        self.all -= other.all;
        self.part -= other.part;
    }
}

/// A ring of buckets whose bounds lie at multiples of their width after an anchor.
#[derive(Debug, Clone)]
pub(super) struct Buckets {
    width: Time,
    anchor: Time,
    head: u64,
    ring: Vec<Counts>,
    sum: Counts,
}

impl Buckets {
    pub(super) fn new(buckets: usize, width: Time) -> Self {
        let ring = vec![Counts::default(); buckets];
        Self { width, anchor: Time::ZERO, head: 0, ring, sum: Counts::default() }
    }

    /// Drops what is too old. A window that is only read keeps it.
    pub(super) fn roll(&mut self, now: Time) {
        let head = now.since(self.anchor).as_micros() / self.width.as_micros();
        let steps = head.saturating_sub(self.head).min(self.ring.len() as u64);
        for step in 1..=steps {
            let at = self.at(head - (steps - step));
            self.sum -= std::mem::take(&mut self.ring[at]);
        }
        self.head = self.head.max(head);
    }

    pub(super) fn add(&mut self, now: Time, counts: Counts) {
        self.roll(now);
        let at = self.at(self.head);
        self.ring[at] += counts;
        self.sum += counts;
    }

    pub(super) fn sum(&self) -> Counts {
        self.sum
    }

    /// Empties it, and begins a bucket now.
    pub(super) fn clear(&mut self, now: Time) {
        self.ring.fill(Counts::default());
        (self.anchor, self.head, self.sum) = (now, 0, Counts::default());
    }

    #[allow(clippy::cast_possible_truncation)] // below the length of the ring
    fn at(&self, bucket: u64) -> usize {
        (bucket % self.ring.len() as u64) as usize
    }
}

/// Parts that begin with the first call after the last one's end, and go as a whole.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    span: Time,
    width: Time,
    kept: VecDeque<(Time, Counts)>,
    sum: Counts,
}

impl Parts {
    pub(super) fn new(span: Time, width: Time) -> Self {
        Self { span, width, kept: VecDeque::new(), sum: Counts::default() }
    }

    pub(super) fn roll(&mut self, now: Time) {
        while let Some(&(began, counts)) = self.kept.front()
            && now.since(began) >= self.span
        {
            self.kept.pop_front();
            self.sum -= counts;
        }
    }

    pub(super) fn add(&mut self, now: Time, counts: Counts) {
        self.roll(now);
        match self.kept.back_mut() {
            Some((began, last)) if now.since(*began) < self.width => *last += counts,
            _ => self.kept.push_back((now, counts)),
        }
        self.sum += counts;
    }

    pub(super) fn sum(&self) -> Counts {
        self.sum
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
        self.sum = Counts::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Counts {
        Counts::of(true)
    }

    #[test]
    fn a_bucket_goes_when_its_window_has_passed() {
        let mut buckets = Buckets::new(10, Time::secs(1));
        buckets.add(Time::millis(900), failure());
        buckets.add(Time::millis(1_000), Counts::of(false));
        buckets.roll(Time::millis(9_999));
        assert_eq!(buckets.sum(), Counts { all: 2, part: 1 });
        buckets.roll(Time::secs(10));
        assert_eq!(buckets.sum(), Counts { all: 1, part: 0 });
        buckets.roll(Time::secs(500));
        assert_eq!(buckets.sum(), Counts::default());
    }

    #[test]
    fn a_gap_longer_than_the_window_keeps_the_ring_in_order() {
        let mut buckets = Buckets::new(3, Time::secs(1));
        for second in [0, 1, 2, 100, 101] {
            buckets.add(Time::secs(second), failure());
        }
        assert_eq!(buckets.sum().all, 2);
        buckets.roll(Time::secs(103));
        assert_eq!(buckets.sum().all, 1);
    }

    #[test]
    fn cleared_buckets_begin_anew() {
        let mut buckets = Buckets::new(2, Time::secs(1));
        buckets.add(Time::millis(500), failure());
        buckets.clear(Time::millis(700));
        buckets.add(Time::millis(800), failure());
        buckets.roll(Time::millis(2_699));
        assert_eq!(buckets.sum().all, 1);
        buckets.roll(Time::millis(2_700));
        assert_eq!(buckets.sum().all, 0);
    }

    #[test]
    fn parts_begin_with_a_call() {
        let mut parts = Parts::new(Time::secs(30), Time::secs(3));
        parts.add(Time::secs(1), failure());
        parts.add(Time::millis(3_999), failure());
        parts.add(Time::secs(4), failure());
        parts.roll(Time::millis(30_999));
        assert_eq!(parts.sum().all, 3);
        parts.roll(Time::secs(31));
        assert_eq!(parts.sum().all, 1);
        assert!((Counts { all: 8, part: 2 }.share() - 0.25).abs() < 1e-12);
    }
}
