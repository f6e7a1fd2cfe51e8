//! Breakers that shed load or let calls back after an outage, in a file that processes
//! share: what one knows all know, a reboot and foreign words keep nobody out for ever.

mod common;
#[path = "common/exercise.rs"]
mod exercise;

use std::{fs, os::unix::fs::FileExt, path::Path, time::Duration};

use common::{Bench, EPOCH, Reaped, eventually, panel_of_child, process, role};
use exercise::{Manual, SetClock};
use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, Clock, ConstDefault, DefaultObserver,
    LimitKind, Observer, Outcome, Permit, Priority, State, StdClock, Tick,
};
use fusebox_shm::{Options, SharedRegistry, SharedView};
use proptest::{collection::vec, prelude::*};

const HOUR: Duration = Duration::from_hours(1);
const SECOND: Duration = Duration::from_secs(1);

/// Words of a slot.
const WORD: usize = 0;
const LOAD: usize = 3;
const GATE: usize = 7;
const RAMP: usize = 33;
const END: usize = 48;

const fn ramping(over: Duration) -> BreakerSettings {
    BreakerConfig::new()
        .failure_threshold(2_047)
        .recovery_timeout(Duration::from_millis(1))
        .ramp_up(over)
        .build()
}

const fn shedding() -> BreakerSettings {
    BreakerConfig::new().failure_threshold(2_047).max_shed(90).build()
}

/// Opens and closes it.
fn ramp<C: Clock, O: Observer>(breaker: &CircuitBreaker<C, O>) {
    breaker.trip();
    eventually("a probe", || breaker.try_acquire().map(Permit::success).is_ok());
    assert_eq!(breaker.state(), State::Closed);
}

fn overload<C: Clock, O: Observer>(breaker: &CircuitBreaker<C, O>) {
    breaker.acquire_many(32).unwrap().report_all(&[Outcome::Overload; 32]);
}

/// So many calls at one moment, and how many of them are admitted.
fn admitted<C: Clock, O: Observer>(breaker: &CircuitBreaker<C, O>, calls: usize) -> usize {
    (0..calls).filter(|_| breaker.try_acquire().map(Permit::ignore).is_ok()).count()
}

#[test]
fn all_mappings_of_a_file_see_one_ramp() {
    let bench = Bench::new();
    let (one, other) = (bench.open(), bench.open());
    let here = one.get_or_init("shop", ramping(HOUR)).unwrap();
    let there = other.get_or_init("shop", ramping(HOUR)).unwrap();
    ramp(here);
    assert!((10..=11).contains(&there.reading().admits));
    // One turn for both, and not one for each.
    let both: usize = (0..100).map(|_| admitted(here, 1) + admitted(there, 1)).sum();
    assert!((19..=24).contains(&both), "{both} of 200");
    assert_eq!(here.counters(), there.counters());
    assert_eq!(here.counters().shed, 200 - both as u64);
    let view = SharedView::open(&bench.path).unwrap();
    let (_, reading) = view.readings().next().unwrap();
    assert!(reading.admits_a_share() && reading.ramp_left.unwrap() <= here.settings().ramp_up());
    // Whoever closes it by hand ends it for both.
    there.close();
    assert!(!here.reading().admits_a_share());
    assert_eq!(admitted(here, 20), 20);
}

#[test]
fn another_process_sees_the_ramp_and_what_is_shed() {
    let bench = Bench::new();
    let panel = bench.open();
    let ramps = panel.get_or_init("ramps", ramping(HOUR)).unwrap();
    let sheds = panel.get_or_init("sheds", shedding()).unwrap();
    ramp(ramps);
    let mut child = Reaped(process("count what is admitted", &bench.path).spawn().unwrap());
    // What a service does not answer is forgotten; so it goes on here.
    let status = loop {
        keep_overloaded(sheds);
        if let Some(status) = child.0.try_wait().unwrap() {
            break status;
        }
    };
    assert!(status.success());
    let counts = fs::read_to_string(bench.folder.path().join("counts")).unwrap();
    let [of_ramp, of_shed] = counts.split(' ').collect::<Vec<_>>()[..] else { panic!("{counts}") };
    let admitted = of_ramp.parse::<u64>().unwrap();
    assert!((90..=130).contains(&admitted), "{admitted} of 1000 in a ramp at 10 %");
    // That of many in a row may be a little too large.
    let shed = ramps.counters().shed;
    assert!((1_000 - admitted..=1_000 - admitted + 64).contains(&shed), "{shed}");
    assert_eq!(of_shed, "true", "it was turned away there");
}

fn keep_overloaded(breaker: &CircuitBreaker) {
    if let Ok(permits) = breaker.acquire_many(32) {
        let mut outcomes = vec![Outcome::Overload; permits.len()];
        if let Some(last) = outcomes.last_mut() {
            *last = Outcome::Success; // so that it stays closed
        }
        permits.report_all(&outcomes);
    }
    std::thread::sleep(Duration::from_millis(5));
}

#[test]
#[ignore = "what a child process does"]
fn child() {
    if role().as_deref() == Some("count what is admitted") {
        let path = panel_of_child();
        let panel = SharedRegistry::<8>::open(&path, Options::new()).unwrap();
        let of_ramp = admitted(panel.get("ramps").unwrap(), 1_000);
        let sheds = panel.get("sheds").unwrap();
        eventually("a call is turned away as load is shed", || {
            let rejected = sheds.try_acquire_as(Priority::BACKGROUND).map(Permit::ignore).err();
            rejected.is_some_and(|it| it.limit() == Some(LimitKind::Shedding))
        });
        fs::write(path.with_file_name("counts"), format!("{of_ramp} true")).unwrap();
    }
}

/// The clock of a boot that lasted for years, and that of one long before.
#[derive(Debug)]
struct Ancient;
#[derive(Debug)]
struct Young;

impl Clock for Ancient {
    fn now(&self) -> Tick {
        Tick::from_millis(StdClock.now().as_millis() + 5 * 365 * 86_400_000)
    }
}

impl Clock for Young {
    fn now(&self) -> Tick {
        Tick::from_millis(StdClock.now().as_millis().wrapping_sub((1 << 39) - 3_600_000))
    }
}

impl ConstDefault for Ancient {
    const DEFAULT: Self = Self;
}

impl ConstDefault for Young {
    const DEFAULT: Self = Self;
}

/// A ramp of a minute and load that is shed, then the host starts anew.
fn before_the_boot<C: Clock + ConstDefault>() -> Bench {
    let bench = Bench::new();
    let panel = SharedRegistry::<8, C, DefaultObserver>::open_with(&bench.path, Options::new());
    let panel = panel.unwrap();
    ramp(panel.get_or_init("ramps", ramping(Duration::from_mins(1))).unwrap());
    let sheds = panel.get_or_init("sheds", shedding()).unwrap();
    overload(sheds);
    assert!(sheds.reading().shed > 0 && panel.get("ramps").unwrap().reading().admits <= 11);
    bench.set_word(EPOCH, |epoch| epoch ^ 0xDEAD_BEEF << 32);
    bench
}

fn begins_anew(bench: &Bench) {
    let panel = bench.open();
    let (ramps, sheds) = (panel.get("ramps").unwrap(), panel.get("sheds").unwrap());
    let reading = ramps.reading();
    let left = reading.ramp_left.expect("its ramp goes on from its begin");
    assert!(left > Duration::from_secs(55) && left <= ramps.settings().ramp_up(), "{left:?}");
    assert!((10..=19).contains(&reading.admits), "{reading:?}");
    assert!(admitted(ramps, 100) < 30);
    assert!(ramps.reading().fault.is_none() && sheds.reading().fault.is_none());
    // What was not answered is so as of now, and is forgotten within seconds.
    eventually("calls are answered, and all are admitted", || {
        let _ = sheds.try_acquire().map(Permit::success);
        !sheds.reading().admits_a_share()
    });
}

#[test]
fn after_a_boot_a_ramp_begins_anew_and_what_is_shed_is_forgotten() {
    begins_anew(&before_the_boot::<Ancient>());
    begins_anew(&before_the_boot::<Young>());
}

#[test]
fn a_view_of_a_former_boot_shows_no_ramp_that_never_ends() {
    let bench = before_the_boot::<Ancient>();
    let before = bench.bytes();
    let view = SharedView::open(&bench.path).unwrap();
    for (_, reading) in view.readings() {
        assert_eq!(reading.ramp_left, None, "it began in a future that is not waited for");
        assert!(reading.admits > 0 && reading.shed <= 90, "{reading:?}");
    }
    assert_eq!(bench.bytes(), before);
}

/// Words as a slot of a program that has gone mad may have them, near this time.
fn stamped(now: u64) -> impl Strategy<Value = u64> {
    let stamp = prop_oneof![
        (-200_000..200_000_i64).prop_map(move |by| now.wrapping_add_signed(by)),
        any::<u64>(),
    ];
    (any::<u64>(), stamp).prop_map(|(high, stamp)| high >> 40 << 40 | stamp & ((1 << 40) - 1))
}

fn write(path: &Path, slot: usize, at: usize, words: &[u64]) {
    let bytes: Vec<_> = words.iter().flat_map(|it| it.to_ne_bytes()).collect();
    let file = fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(&bytes, (128 + slot * 512 + at * 8) as u64).unwrap();
}

const NOW: u64 = 1_000_000_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the words of a closed breaker say of load, by settings that are any bits
    /// too: nothing panics, and seconds after the ramp that its settings ask for all calls
    /// of every priority pass, if the service answers.
    #[test]
    fn whatever_is_said_of_load_calls_pass_again(
        word in (0..1_024_u64).prop_map(|generation| generation << 52 | 1 << 51),
        (gate, ramp, shed) in (stamped(NOW), stamped(NOW), stamped(NOW)),
        same in any::<bool>(),
        load in prop_oneof![any::<u64>(), Just(shedding_word())],
        rest in vec(any::<u64>(), END - RAMP - 2),
        priority in any::<u8>(),
    ) {
        let bench = Bench::with_shop();
        SetClock::set(NOW);
        let registry = Manual::<8>::open_with(&bench.path, Options::new()).unwrap();
        let slots = registry.panel().slots();
        let slot = slots.iter().position(|it| it.name().is_some()).unwrap();
        let shop = &slots[slot];
        shop.set_settings(ramping(SECOND));
        // The ramp of this generation, as often as not.
        let generation = word >> 52 & 0x3FF;
        let ramp = if same { 1 << 63 | generation << 44 | ramp & ((1 << 44) - 1) } else { ramp };
        write(&bench.path, slot, LOAD, &[load]);
        write(&bench.path, slot, GATE, &[gate]);
        write(&bench.path, slot, RAMP, &[&[ramp, shed], &rest[..]].concat());
        write(&bench.path, slot, WORD, &[word]);

        let reading = shop.reading();
        prop_assert!((1..=100).contains(&reading.admits) && reading.shed <= 99, "{reading:?}");
        let priority = Priority::new(priority);
        // A breaker that sheds lets somebody try each second; a ramp ends. What lies in the
        // future is waited for by a minute at most: first the ramp, and then what is shed.
        let longest = shop.settings().ramp_up() + Duration::from_mins(2);
        if let Err(rejected) = shop.try_acquire_as(priority).map(Permit::success) {
            prop_assert!(rejected.limit().is_some() && rejected.state() == State::Closed);
            let wait = longest.max(rejected.retry_after().unwrap_or_default());
            // Others call meanwhile: what they report mends a time that lies farther ahead.
            for _ in 0..120 {
                let _ = shop.try_acquire_as(priority).map(Permit::success);
                let _ = shop.try_acquire().map(Permit::success);
                SetClock::advance(wait / 120);
            }
            // All of them are answered, and so are those that others make.
            for _ in 0..300 {
                let _ = shop.try_acquire_as(priority).map(Permit::success);
                let _ = shop.try_acquire().map(Permit::success);
                SetClock::advance(Duration::from_millis(20));
            }
            prop_assert!(!shop.reading().admits_a_share(), "{:?}", shop.reading());
            for _ in 0..50 {
                let admitted = shop.try_acquire_as(priority).map(Permit::success);
                prop_assert!(admitted.is_ok(), "{admitted:?}: {:?}", shop.reading());
            }
        }
        prop_assert_eq!(shop.state(), State::Closed);
    }
}

/// The word of settings that shed.
fn shedding_word() -> u64 {
    let bench = Bench::new();
    let panel = bench.open();
    panel.get_or_init("shop", shedding()).unwrap();
    let slot = panel.panel().slots().iter().position(|it| it.name().is_some()).unwrap();
    u64::from_ne_bytes(*bench.bytes()[128 + slot * 512 + LOAD * 8..].first_chunk().unwrap())
}

#[test]
fn the_words_are_where_this_test_writes_them() {
    let bench = Bench::new();
    let panel = bench.open();
    let shop = panel.get_or_init("shop", ramping(HOUR)).unwrap();
    let slot = panel.panel().slots().iter().position(|it| it.name().is_some()).unwrap();
    let word = |at: usize| {
        let bytes = bench.bytes();
        u64::from_ne_bytes(*bytes[128 + slot * 512 + at * 8..].first_chunk().unwrap())
    };
    assert_eq!([GATE, RAMP, RAMP + 1].map(word), [0; 3]);
    ramp(shop);
    assert!(word(GATE) != 0 && word(RAMP) >> 63 == 1);
    write(&bench.path, slot, RAMP, &[0]);
    assert_eq!(shop.reading().ramp_left, None);
    shop.close();
    shop.set_settings(shedding());
    overload(shop);
    assert!(word(RAMP + 1) != 0 && shop.reading().shed > 0);
    write(&bench.path, slot, LOAD, &[shedding_word()]);
    assert_eq!(shop.settings().max_shed(), 90);
}
