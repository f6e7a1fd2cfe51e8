//! Rules with a fault planted in them: the row of each in the table of comparison shows
//! it, in the column that is named here.

use std::sync::LazyLock;

use fusebox_lab::{
    contender::Contender,
    field,
    random::Random,
    rules::{Attempt, Ended, Rule, Ticket},
    table::compare::{Row, Seen, row},
    time::Time,
};

/// What is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Fault {
    #[default]
    None,
    /// Opens one failure late.
    OffByOne,
    /// A probe's success leaves it half-open.
    NeverCloses,
    /// Every call is a probe when the open time has passed.
    AllProbe,
    /// Compares seconds with an open time in milliseconds.
    SecondsForMillis,
    /// After five minutes a success counts as a failure.
    SuccessesAreFailures,
    /// The failures of each second are forgotten when it ends.
    ForgetsEachSecond,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    Open(Time),
    HalfOpen,
}

/// When it opens.
#[derive(Debug, Clone, Copy)]
enum Opens {
    /// At so many failures in a row.
    InARow(u32),
    /// At so many in ten seconds, which are ten buckets.
    InTenSeconds(u32),
}

/// A plain breaker, open for 5 s, with one probe at a time, and perhaps a fault.
struct Planted {
    opens: Opens,
    fault: Fault,
    state: State,
    generation: u64,
    in_a_row: u32,
    buckets: [u32; 10],
    second: u64,
}

impl Planted {
    fn new(opens: Opens, fault: Fault) -> Self {
        let buckets = [0; 10];
        Self { opens, fault, state: State::Closed, generation: 0, in_a_row: 0, buckets, second: 0 }
    }

    fn go(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
        (self.in_a_row, self.buckets) = (0, [0; 10]);
    }

    fn is_over(&self, since: Time, now: Time) -> bool {
        match self.fault {
            Fault::SecondsForMillis => (now - since).as_millis() / 1_000 >= 5_000,
            _ => (now - since).as_millis() >= 5_000,
        }
    }

    /// Drops the buckets that are too old.
    fn roll(&mut self, now: Time) {
        let second = now.as_millis() / 1_000;
        let kept = if self.fault == Fault::ForgetsEachSecond { 1 } else { 10 };
        let passed = usize::try_from(second - self.second).unwrap().min(10);
        self.buckets.rotate_right(passed);
        self.buckets[..passed].fill(0);
        self.buckets[kept..].fill(0);
        self.second = second;
    }

    /// Whether a failure, now, is one too many.
    fn is_enough(&mut self, now: Time) -> bool {
        let late = u32::from(self.fault == Fault::OffByOne);
        match self.opens {
            Opens::InARow(threshold) => {
                self.in_a_row += 1;
                self.in_a_row >= threshold + late
            }
            Opens::InTenSeconds(threshold) => {
                self.roll(now);
                self.buckets[0] += 1;
                self.buckets.iter().sum::<u32>() >= threshold + late
            }
        }
    }
}

impl Rule for Planted {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        match self.state {
            State::Closed => {}
            State::Open(since) if self.is_over(since, attempt.now) => self.go(State::HalfOpen),
            State::HalfOpen if self.fault == Fault::AllProbe => {}
            State::Open(_) | State::HalfOpen => return None,
        }
        Some(Ticket(self.generation))
    }

    fn end(&mut self, ticket: Ticket, ended: Ended, _: &mut Random) {
        let late = self.fault == Fault::SuccessesAreFailures && ended.now > Time::secs(300);
        let failed = ended.failed() || late;
        if ticket.0 != self.generation {
            return;
        }
        match self.state {
            State::Closed if failed => {
                if self.is_enough(ended.now) {
                    self.go(State::Open(ended.now));
                }
            }
            State::Closed => self.in_a_row = 0,
            _ if failed => self.go(State::Open(ended.now)),
            // Half-open for good: the next probe is due at once.
            _ if self.fault == Fault::NeverCloses => self.state = State::Open(Time::ZERO),
            _ => self.go(State::Closed),
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }

    fn writes(&self) -> u64 {
        0
    }
}

fn planted(opens: Opens, fault: Fault) -> Row {
    row(&Contender::rule(format!("{fault:?}"), move || Box::new(Planted::new(opens, fault))))
}

const FIVE: Opens = Opens::InARow(5);

/// The row of five in a row without a fault.
static GOOD: LazyLock<Row> = LazyLock::new(|| planted(FIVE, Fault::None));

/// The good one is the field's: what the others are compared with is no straw man.
#[test]
fn the_good_rule_is_that_of_the_field() {
    let theirs = row(&field::by_key("consecutive").unwrap());
    let Row { writes, bytes, .. } = theirs;
    let ours = Row { rule: theirs.rule.clone(), writes, bytes, ..GOOD.clone() };
    assert_eq!(ours, theirs);
}

#[test]
fn a_threshold_off_by_one_shows_in_the_failed_calls_before_it_refuses() {
    let bad = planted(FIVE, Fault::OffByOne);
    assert!(bad.outage.failed() > GOOD.outage.failed());
    assert!(bad.fifth.failed().unwrap() > 5 * GOOD.fifth.failed().unwrap());
    // Six in a row are so much rarer that it is wrong less often.
    assert!(bad.false_alarms_at_5.openings < GOOD.false_alarms_at_5.openings);
}

#[test]
fn a_breaker_that_never_closes_shows_in_when_it_is_back() {
    let bad = planted(FIVE, Fault::NeverCloses);
    assert_eq!((bad.outage, bad.back_s), (GOOD.outage, None));
    assert!(GOOD.back_s.unwrap() <= 5.0);
    assert!(bad.wrongly_refused > 0.9);
}

#[test]
fn a_breaker_that_lets_all_probe_shows_in_its_probes() {
    let bad = planted(FIVE, Fault::AllProbe);
    assert!(bad.probes >= 10 * GOOD.probes, "{} against {}", bad.probes, GOOD.probes);
    assert_eq!((bad.outage, bad.half, bad.fifth), (GOOD.outage, GOOD.half, GOOD.fifth));
}

#[test]
fn a_clock_in_seconds_shows_in_when_it_is_back_and_in_its_probes() {
    let bad = planted(FIVE, Fault::SecondsForMillis);
    assert_eq!((bad.outage, bad.back_s, bad.probes), (GOOD.outage, None, 0));
    assert!(GOOD.probes >= 3, "{}", GOOD.probes);
}

#[test]
fn successes_that_count_as_failures_show_in_false_openings() {
    let bad = planted(FIVE, Fault::SuccessesAreFailures);
    assert_eq!(GOOD.false_alarms.openings, 0);
    // Open for 5 s, again and again, from the first five minutes on.
    assert!(bad.false_alarms.openings > 100, "{:?}", bad.false_alarms);
}

#[test]
fn a_window_that_forgets_shows_where_a_fifth_of_all_calls_fail() {
    let window = Opens::InTenSeconds(300);
    let (good, bad) = (planted(window, Fault::None), planted(window, Fault::ForgetsEachSecond));
    assert!(good.fifth.failed().is_some() && good.false_alarms_at_5.openings > 0);
    assert_eq!((bad.fifth, bad.false_alarms_at_5.openings), (Seen::Never, 0));
    // An outage is over 300 failures in a second: there it shows less.
    assert!(bad.outage.failed().is_some());
}
