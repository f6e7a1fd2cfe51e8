//! How times are spread: a histogram of nanoseconds, each to about a hundredth.

/// Steps between a number and its double.
const FINE: u32 = 6;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spread(Vec<u64>);

impl Spread {
    pub(crate) fn add(&mut self, nanos: u64) {
        self.add_many(place(nanos), 1);
    }

    fn add_many(&mut self, place: usize, count: u64) {
        if self.0.len() <= place {
            self.0.resize(place + 1, 0);
        }
        self.0[place] += count;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().enumerate().for_each(|(place, count)| self.add_many(place, *count));
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// So many of a thousand are at most this long, in nanoseconds.
    pub(crate) fn of_a_thousand(&self, many: u64) -> u64 {
        let mut left = self.count() * many / 1_000;
        let place = self.0.iter().position(|count| {
            let is_there = *count > left;
            left = left.saturating_sub(*count);
            is_there
        });
        place.or(self.0.len().checked_sub(1)).map_or(0, lowest)
    }

    pub(crate) fn longest(&self) -> u64 {
        self.0.iter().rposition(|count| *count > 0).map_or(0, lowest)
    }

    /// As words of a line.
    pub(crate) fn write(&self) -> String {
        let some = self.0.iter().enumerate().filter(|(_, count)| **count > 0);
        some.map(|(place, count)| format!("{place}:{count}")).collect::<Vec<_>>().join(",")
    }

    pub(crate) fn read(text: &str) -> Self {
        let mut spread = Self::default();
        for pair in text.split(',').filter(|it| !it.is_empty()) {
            let (place, count) = pair.split_once(':').unwrap();
            spread.add_many(place.parse().unwrap(), count.parse().unwrap());
        }
        spread
    }
}

fn place(nanos: u64) -> usize {
    let shift = nanos.max(1).ilog2().saturating_sub(FINE);
    usize::try_from((u64::from(shift) << FINE) + (nanos >> shift)).unwrap()
}

/// The shortest time at a place.
fn lowest(place: usize) -> u64 {
    let (place, one) = (place as u64, 1 << FINE);
    let shift = (place >> FINE).saturating_sub(1);
    if shift == 0 { place } else { (place - (shift << FINE)).max(one) << shift }
}

#[test]
fn a_spread_knows_its_thousandths() {
    let mut spread = Spread::default();
    (1..=100_000).for_each(|nanos| spread.add(nanos));
    for (many, expected) in [(500, 50_000), (990, 99_000), (999, 99_900)] {
        let found = spread.of_a_thousand(many);
        assert!(found.abs_diff(expected) <= expected / 32, "{many}: {found}");
    }
    assert!(spread.longest() >= 98_000 && spread.count() == 100_000);
    assert_eq!(Spread::read(&spread.write()), spread);
    assert!((0..5_000).all(|nanos| place(lowest(place(nanos))) == place(nanos)));
    assert_eq!(Spread::default().of_a_thousand(990), 0);
}
