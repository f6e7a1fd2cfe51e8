//! Whatever the store says, in any order and with any age: a member neither panics nor
//! opens a breaker that runs, what it keeps is bounded, and it forgets.
#![no_main]

use std::time::Duration;

use fusebox::{BreakerConfig, CircuitBreaker, DefaultObserver, ManualClock, Name, State};
use fusebox_fleet::{FleetConfig, Member, News, Opinion, Register, Report};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 3] = ["shop", "bank", "post"];
const STATES: [State; 5] =
    [State::Closed, State::Open, State::HalfOpen, State::ForcedOpen, State::Disabled];
const SECOND: Duration = Duration::from_secs(1);

type Breaker<'c> = CircuitBreaker<&'c ManualClock>;

fuzz_target!(|data: &[u8]| {
    let clock = ManualClock::new();
    let settings = BreakerConfig::new().failure_threshold(5).build();
    let breakers =
        NAMES.map(|name| Breaker::with(Some(Name::new(name)), settings, &clock, DefaultObserver));
    let config = FleetConfig::new("this").quorum(2).enough(4).build().expect("in range");
    let mut member = Member::new(config);
    let (mut now, mut rest) = (Duration::ZERO, data);
    while let Some((&[what, from, age, length, step], more)) = rest.split_first_chunk() {
        let (bytes, more) = more.split_at(usize::from(length).min(more.len()));
        rest = more;
        let bytes = if what % 2 == 0 { bytes.to_vec() } else { report(bytes).encode() };
        let news = News {
            // One of four, or this instance itself.
            instance: ["this", "one", "two", "three"][usize::from(from % 4)].into(),
            bytes,
            age: Duration::from_millis(u64::from(age) * 20),
        };
        // A clock may step back.
        now = if what & 4 == 0 { now + SECOND * step.into() / 100 } else { now / 2 };
        clock.advance(Duration::from_millis(step.into()));
        let is_report = Report::decode(&news.bytes).is_ok();
        assert_eq!(member.hear(&news, now).is_ok(), is_report);
        if what & 8 != 0 {
            member.heed(&breakers, now);
        }
        if let Some(report) = member.report(breakers.iter().map(Breaker::reading), now) {
            assert_eq!(Report::decode(&report.encode()), Ok(report));
        }
        assert!(member.peers().alive() <= 3);
        for breaker in &breakers {
            // Advice, at most: a call that succeeds goes through, and closes it again.
            assert_eq!(breaker.state(), State::Closed);
            let opinion = member.peers().opinion(&breaker.name().expect("it has one"));
            assert!(opinion.instances <= 3 && opinion.failures <= 6 && opinion.open <= 3);
        }
    }
    for breaker in &breakers {
        assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(()));
    }

    // All that it heard is forgotten.
    for _ in 0..5 {
        now += SECOND * 4;
        member.heed(&breakers, now);
    }
    assert_eq!(member.peers().alive(), 0);
    for name in NAMES {
        assert_eq!(member.peers().opinion(&Name::new(name)), Opinion::default());
    }

    // A breaker that begins opens by what it said itself, and never for longer than its
    // settings allow; then it probes.
    let news = News { instance: "this".into(), bytes: data.to_vec(), age: Duration::ZERO };
    let _ = member.resume(&breakers, &news);
    let said = News { bytes: report(data).encode(), ..news };
    member.resume(&breakers, &said).expect("it is a report");
    for breaker in &breakers {
        let most = breaker.settings().max_recovery_timeout();
        assert!(breaker.reading().time_left.unwrap_or_default() <= most);
    }
    clock.advance(Duration::from_hours(24));
    for breaker in &breakers {
        breaker.advise(None);
        assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(()));
    }
});

/// A report that these bytes describe.
fn report(bytes: &[u8]) -> Report {
    let (beat, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let register = |it: &[u8; 4]| Register {
        name: Name::new(NAMES[usize::from(it[0] % 3)]),
        state: STATES[usize::from(it[1] % 5)],
        generation: it[1].into(),
        failures: it[2],
        left: SECOND * it[3].into(),
    };
    let registers = rest.as_chunks().0.iter().map(register).collect();
    Report { beat: u32::from(*beat), group: String::new(), registers }
}
