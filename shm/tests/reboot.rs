//! A file that outlived a boot: its stamps are rebased once, by whoever opens
//! it first. A reboot is made by changing the boot in the file's header, and
//! stamps that the new clock cannot have made.

mod common;

use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use common::{Bench, EPOCH, brittle, eventually, panel_of_child, process, role};
use fusebox::{
    BreakerConfig, BreakerSettings, BudgetConfig, Clock, ConstDefault, DefaultObserver, Fault,
    Limits, PressureLevel, PressureReading, RateConfig, Registry, Remaining, State, StdClock, Tick,
};
use fusebox_shm::{Options, Problem, SharedPanel, SharedRegistry, SharedView};

/// The clock of a boot that lasted for years.
#[derive(Debug)]
struct Ancient;

const YEARS: u64 = 5 * 365 * 86_400_000;

impl Clock for Ancient {
    fn now(&self) -> Tick {
        Tick::from_millis(StdClock.now().as_millis() + YEARS)
    }
}

impl ConstDefault for Ancient {
    const DEFAULT: Self = Self;
}

/// The clock of a boot that had only begun: 2^39 ms before the next one, so
/// that its stamps lie as far in the past as can be.
#[derive(Debug)]
struct Young;

impl Clock for Young {
    fn now(&self) -> Tick {
        Tick::from_millis(StdClock.now().as_millis().wrapping_sub((1 << 39) - 3_600_000))
    }
}

impl ConstDefault for Young {
    const DEFAULT: Self = Self;
}

const SHORT: Duration = Duration::from_millis(200);

/// One failure opens; `SHORT` until the first probe.
const fn quick() -> BreakerSettings {
    BreakerConfig::new().failure_threshold(1).recovery_timeout(SHORT).build()
}

/// The host starts anew, as far as the file can tell.
fn reboot(bench: &Bench) {
    bench.set_word(EPOCH, |epoch| epoch ^ 0xDEAD_BEEF << 32);
}

/// A panel of a former boot, with this clock.
fn former<C: Clock + ConstDefault>(fill: impl FnOnce(&Registry<8, C, DefaultObserver>)) -> Bench {
    let bench = Bench::new();
    fill(&SharedRegistry::<8, C, DefaultObserver>::open_with(&bench.path, Options::new()).unwrap());
    reboot(&bench);
    bench
}

fn open_one<C: Clock + ConstDefault>(panel: &Registry<8, C, DefaultObserver>) {
    panel.get_or_init("open", quick()).unwrap().try_acquire().unwrap().failure();
}

fn waits_once(bench: &Bench) {
    let start = Instant::now();
    let panel = bench.open();
    let breaker = panel.get("open").unwrap();
    assert_eq!(breaker.reading().fault, None, "its stamp is one of this boot");
    let left = breaker.reading().time_left.unwrap();
    assert!(left <= SHORT && left + start.elapsed() + Duration::from_millis(20) >= SHORT);
    // Not at once ...
    let rejected = breaker.try_acquire().map(drop).err();
    assert!(rejected.is_some() || start.elapsed() >= SHORT);
    // ... and not never.
    eventually("its probe comes", || {
        breaker.try_acquire().is_ok_and(|permit| {
            permit.success();
            true
        })
    });
    assert!(start.elapsed() + Duration::from_millis(20) >= SHORT, "it waited");
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn an_open_breaker_whose_stamp_lies_years_ahead_waits_for_one_timeout() {
    waits_once(&former::<Ancient>(open_one));
}

#[test]
fn an_open_breaker_whose_stamp_lies_years_back_waits_for_one_timeout() {
    waits_once(&former::<Young>(open_one));
}

#[test]
fn a_probe_of_before_the_boot_holds_its_place_for_one_timeout() {
    let bench = former::<Ancient>(|panel| {
        let breaker = panel.get_or_init("probed", quick()).unwrap();
        breaker.try_acquire().unwrap().failure();
        eventually("a probe is admitted", || breaker.try_acquire().map(std::mem::forget).is_ok());
        assert_eq!(breaker.state(), State::HalfOpen);
    });
    let panel = bench.open();
    let breaker = panel.get("probed").unwrap();
    assert_eq!(breaker.snapshot().probes_in_flight, 1, "nothing else was changed");
    eventually("another gets the place", || {
        breaker.try_acquire().is_ok_and(|permit| {
            permit.success();
            true
        })
    });
    assert_eq!(breaker.state(), State::Closed);
}

fn spend<C: Clock + ConstDefault>(limits: &Limits<C, DefaultObserver>) {
    limits.rate_limit().try_acquire().unwrap();
    assert!(limits.rate_limit().try_acquire().is_err());
    while limits.budget().try_withdraw() {}
}

#[test]
fn limits_are_unspent_after_a_boot_and_their_settings_stay() {
    let rate = RateConfig::every(Duration::from_hours(1)).build();
    let budget = BudgetConfig::share(0.1).reserve_per_second(0).burst(2).build();
    let bench = former::<Ancient>(|panel| {
        let limits = panel.limits("shop").unwrap();
        limits.rate_limit().set_settings(rate);
        limits.budget().set_settings(budget);
        spend(limits);
        limits.rate_limit().heed(Remaining { calls: 0, within: Duration::from_hours(9) });
    });
    let panel = bench.open();
    let limits = panel.limits("shop").unwrap();
    assert_eq!(limits.rate_limit().settings(), Some(rate));
    assert_eq!(limits.rate_limit().narrowed_for(), None);
    assert_eq!((limits.budget().settings(), limits.budget().available()), (Some(budget), 2));
    spend(limits);
    // Once: who comes later finds the file of this boot.
    let later = bench.open();
    let limits = later.limits("shop").unwrap();
    assert!(limits.rate_limit().try_acquire().is_err() && !limits.budget().try_withdraw());
}

#[test]
fn states_counters_settings_and_names_stay() {
    let bench = former::<Ancient>(|panel| {
        panel.get_or_init("forced", brittle()).unwrap().force_open();
        panel.get_or_init("disabled", brittle()).unwrap().disable();
        let closed = panel.get_or_default("closed").unwrap();
        closed.try_acquire().unwrap().failure();
        closed.try_acquire().unwrap().failure();
    });
    let before = SharedView::open(&bench.path).unwrap();
    assert!(before.is_from_before_boot());
    let tell = |view: &SharedView| {
        let readings = view.readings().map(|(slot, reading)| {
            let mut snapshot = reading.snapshot;
            snapshot.stamp = Tick::default();
            (slot, reading.name, snapshot, reading.counters, reading.settings)
        });
        readings.collect::<Vec<_>>()
    };
    let told = tell(&before);
    assert_eq!(told.len(), 3);
    bench.open();
    assert!(!before.is_from_before_boot(), "a view sees that somebody has rebased it");
    assert_eq!(tell(&before), told);
    assert_eq!(
        told.iter()
            .filter(|(_, name, snapshot, ..)| {
                name.unwrap().as_str() == "closed" && snapshot.score == 2
            })
            .count(),
        1
    );
}

#[test]
fn it_is_done_once() {
    let bench = former::<Ancient>(open_one);
    let panel = bench.open();
    let stamp = panel.get("open").unwrap().snapshot().stamp;
    thread::sleep(Duration::from_millis(20)); // more than a tick of the coarse clock
    bench.open();
    SharedPanel::open(&bench.path).unwrap();
    assert_eq!(panel.get("open").unwrap().snapshot().stamp, stamp);
}

#[test]
fn a_tool_does_it_as_well_and_a_view_changes_nothing() {
    let bench = former::<Ancient>(open_one);
    let before = bench.bytes();
    let view = SharedView::open(&bench.path).unwrap();
    let (_, reading) = view.readings().next().unwrap();
    assert_eq!(reading.fault, Some(Fault::Stamp), "and a view says so");
    assert!(view.is_from_before_boot());
    assert_eq!(bench.bytes(), before);
    let tool = SharedPanel::open(&bench.path).unwrap();
    assert_eq!(tool.panel().get("open").unwrap().fault(), None);
    assert!(!view.is_from_before_boot());
}

#[test]
fn one_that_dies_half_way_is_followed_by_another() {
    // What it leaves behind: some stamps are new, and the epoch is old.
    let bench = former::<Ancient>(|panel| {
        for n in 0..8 {
            let breaker = panel.get_or_init(&*format!("breaker {n}"), quick()).unwrap();
            breaker.try_acquire().unwrap().failure();
        }
    });
    let epoch = u64::from_ne_bytes(*bench.bytes()[EPOCH * 8..].first_chunk().unwrap());
    let half = bench.open();
    bench.set_word(EPOCH, |_| epoch);
    drop(half);
    let panel = bench.open();
    assert!(panel.iter().all(|breaker| breaker.fault().is_none()));
    for breaker in panel.iter() {
        eventually("it recovers", || {
            breaker.try_acquire().is_ok_and(|permit| {
                permit.success();
                true
            })
        });
    }
}

#[test]
fn racing_openers_leave_one_epoch_and_no_old_stamp() {
    for _ in 0..50 {
        let bench = former::<Ancient>(open_one);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let panel = bench.open();
                    assert_eq!(panel.get("open").unwrap().fault(), None);
                });
            }
        });
        assert!(!SharedView::open(&bench.path).unwrap().is_from_before_boot());
    }
}

#[test]
fn another_time_namespace_of_this_boot_is_an_error() {
    let bench = Bench::with_shop();
    bench.set_word(EPOCH, |epoch| epoch ^ 1);
    let before = bench.bytes();
    let errors = [
        bench.try_open().map(drop).unwrap_err(),
        SharedPanel::open(&bench.path).map(drop).unwrap_err(),
        SharedView::open(&bench.path).map(drop).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error.problem(), Problem::TimeNamespace), "{error:?}");
        assert!(error.to_string().contains("another time namespace: run all its programs in one"));
    }
    assert_eq!(bench.bytes(), before);
}

#[test]
fn a_process_of_a_real_time_namespace_is_told_so() {
    let bench = Bench::with_shop();
    let child = process("refused by the namespace", &bench.path);
    let inside = |offset: &[&str]| {
        let mut command = Command::new("unshare");
        command.arg("--time").args(offset).arg("--fork").arg(child.get_program());
        command.args(child.get_args());
        command.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    };
    let possible = Command::new("unshare").args(["--time", "--fork", "true"]).status();
    if !possible.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no time namespace can be made here");
        return;
    }
    let output = inside(&["--monotonic", "86400"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let marker = bench.folder.path().join("refused");
    assert!(fs::exists(&marker).unwrap(), "the child was there");
    fs::remove_file(&marker).unwrap();
    // A namespace with the same clock is none, as far as breakers care.
    let output = inside(&[]).output().unwrap();
    assert!(!output.status.success(), "it could open the file");
    assert!(!fs::exists(&marker).unwrap());
}

#[test]
#[ignore = "what a child process does"]
fn child() {
    if role().as_deref() == Some("refused by the namespace") {
        let path = panel_of_child();
        let error = SharedRegistry::<8>::open(&path, Options::new()).unwrap_err();
        assert!(matches!(error.problem(), Problem::TimeNamespace), "{error}");
        fs::write(path.with_file_name("refused"), "").unwrap();
    }
}

#[test]
fn o4_the_pressure_of_a_host_that_has_rebooted_since_is_forgotten() {
    let bench = Bench::new();
    let busy = PressureReading { cpu: 900, ..PressureReading::CALM };
    assert_eq!(bench.open().pressure().set(busy), PressureLevel::Raised);
    reboot(&bench);
    assert_eq!(SharedView::open(&bench.path).unwrap().pressure(), None);
    assert_eq!(bench.open().pressure().reading(), None);
}
