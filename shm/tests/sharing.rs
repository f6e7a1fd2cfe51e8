//! One file, many mappings and processes: the same breakers for all.

mod common;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    ptr, thread,
};

use common::{Bench, LONG, Reaped, brittle, eventually, panel_of_child, process, role};
use fusebox::{
    BreakerConfig, BudgetConfig, CircuitBreaker, CountCalls, PreciseClock, RateConfig, Registry,
    RegistryError, State,
};
use fusebox_shm::{Options, Problem, SharedPanel, SharedRegistry, SharedView};

#[test]
fn all_mappings_of_a_file_have_the_same_breakers() {
    let bench = Bench::new();
    let (one, other) = (bench.open(), bench.open());
    let here = one.get_or_register("shop", brittle()).unwrap();
    let there = other.get_or_register("shop", brittle()).unwrap();
    assert!(!ptr::eq(here, there), "they lie at two addresses");

    assert!(here.call(|| Err::<(), _>("down")).is_err());
    assert_eq!(there.state(), State::Open);
    assert!(there.try_acquire().is_err());
    assert_eq!(here.counters(), there.counters());
    assert_eq!((here.counters().failures, here.counters().rejections), (1, 1));
    let settings = BreakerConfig::new().build();
    there.set_settings(settings);
    assert_eq!(here.settings(), settings);
    assert!(matches!(one.get_or_register("shop", brittle()), Err(RegistryError::Clash { .. })));
    assert_eq!(one.get_or_init("shop", brittle()).unwrap().settings(), settings, "theirs hold");
}

#[test]
fn all_mappings_of_a_file_have_the_same_limits() {
    let bench = Bench::new();
    let (one, other) = (bench.open(), bench.open());
    let (here, there) = (one.limits("shop").unwrap(), other.limits("shop").unwrap());
    let rate = RateConfig::every(LONG).build();
    let budget = BudgetConfig::share(0.1).reserve_per_second(0).burst(1).build();
    here.rate_limit().set_settings(rate);
    there.budget().set_settings(budget);
    assert_eq!(there.rate_limit().init_settings(RateConfig::per_second(1).build()), rate);

    here.rate_limit().try_acquire().unwrap();
    let limited = there.rate_limit().try_acquire().unwrap_err();
    assert_eq!(limited.name(), Some("shop"));
    assert!(there.budget().try_withdraw() && !here.budget().try_withdraw());

    // A tool finds them by their slot, and one that may only read reads them.
    let tool = SharedPanel::open(&bench.path).unwrap();
    let view = SharedView::open(&bench.path).unwrap();
    let read: Vec<_> = view.limits_readings().collect();
    assert_eq!(read, tool.panel().limits_readings().collect::<Vec<_>>());
    let [(slot, reading)] = read[..] else { panic!("{read:?}") };
    assert_eq!(reading.rate.unwrap().refused, 1);
    assert_eq!((reading.budget.unwrap().refused, reading.bulkhead), (1, None));
    tool.panel().limits_of(slot).unwrap().rate_limit().lift();
    assert!(here.rate_limit().try_acquire().is_ok());
}

#[test]
fn no_mapping_has_a_bulkhead_whose_places_a_killed_process_would_keep() {
    let bench = Bench::new();
    let (one, tool) = (bench.open(), SharedPanel::open(&bench.path).unwrap());
    let limits = one.limits("shop").unwrap();
    for bulkhead in [limits.bulkhead(), tool.panel().limits("shop").unwrap().bulkhead()] {
        let error = bulkhead.set_limit(32).unwrap_err();
        assert!(error.to_string().contains("must be left alone with a panel that processes share"));
        std::mem::forget(bulkhead.try_acquire().unwrap());
        assert_eq!((bulkhead.in_flight(), bulkhead.limit()), (0, None));
    }
    let sealed = SharedRegistry::<8>::sealed("shop").unwrap();
    assert!(sealed.limits("shop").unwrap().bulkhead().set_limit(32).is_err());
}

#[test]
fn a_permit_of_one_mapping_counts_in_the_other() {
    let bench = Bench::new();
    let (one, other) = (bench.open(), bench.open());
    let permit = one.get_or_init("shop", brittle()).unwrap().try_acquire().unwrap();
    permit.failure();
    assert_eq!(other.get_or_default("shop").unwrap().state(), State::Open);
}

#[test]
fn it_outlives_its_processes_and_the_breakers_of_a_leaked_one_live_for_ever() {
    let bench = Bench::new();
    bench.open().get_or_init("shop", brittle()).unwrap().force_open();
    let registry: &'static Registry<8> = bench.open().leak();
    let shop: &'static CircuitBreaker = registry.get("shop").expect("it was registered before");
    assert_eq!(shop.state(), State::ForcedOpen);
    assert_eq!(registry.len(), 1);
}

#[test]
fn it_can_be_shared_by_threads() {
    fn shared<T: Send + Sync + Unpin>(_: &T) {}
    let bench = Bench::with_shop();
    shared(&bench.open());
    shared(&SharedPanel::open(&bench.path).unwrap());
    shared(&SharedView::open(&bench.path).unwrap());
}

#[test]
fn a_clock_and_an_observer_of_ones_own_see_the_same_breakers() {
    let bench = Bench::new();
    let usual = bench.open();
    let counting =
        SharedRegistry::<8, PreciseClock, CountCalls>::open_with(&bench.path, Options::new())
            .unwrap();
    counting.get_or_default("shop").unwrap().try_acquire().unwrap().success();
    assert_eq!(usual.get_or_default("shop").unwrap().counters().calls, 1);
}

#[test]
fn tools_see_any_number_of_slots() {
    let bench = Bench::with_shop();
    let panel = SharedPanel::open(&bench.path).unwrap();
    assert_eq!((panel.panel().capacity(), panel.panel().len()), (8, 1));
    panel.panel().get("shop").unwrap().force_open();

    let view = SharedView::open(&bench.path).unwrap();
    let readings: Vec<_> = view.readings().collect();
    let [(slot, reading)] = &readings[..] else { panic!("one is registered: {readings:?}") };
    assert_eq!(reading.name.unwrap().as_str(), "shop");
    assert_eq!(reading.snapshot.state, State::ForcedOpen);
    assert_eq!(reading.settings, brittle());
    assert_eq!(reading.fault, None);
    assert!(panel.panel().slots()[*slot].name().is_some());
    assert!(!view.is_from_before_boot());
    assert_eq!((view.capacity(), view.path(), panel.path()), (8, &*bench.path, &*bench.path));

    // It is a window, and no copy.
    panel.panel().get("shop").unwrap().close();
    assert_eq!(view.readings().next().unwrap().1.snapshot.state, State::Closed);
}

#[test]
fn a_file_is_made_only_when_asked() {
    let bench = Bench::new();
    let error = SharedRegistry::<8>::open(&bench.path, Options::new().create(false)).unwrap_err();
    assert!(matches!(error.problem(), Problem::NotFound), "{error}");
    for error in [SharedPanel::open(&bench.path).err(), SharedView::open(&bench.path).err()] {
        assert!(matches!(error.unwrap().problem(), Problem::NotFound));
    }
    assert_eq!(fs::read_dir(bench.folder.path()).unwrap().count(), 0);
    bench.open();
    assert!(SharedRegistry::<8>::open(&bench.path, Options::new().create(false)).is_ok());
}

#[test]
fn a_relative_path_without_a_folder_is_one_in_the_current() {
    let bench = Bench::new();
    // A process has one current folder, so another process changes to it.
    let status = process("relative", "panel".as_ref()).current_dir(bench.folder.path()).status();
    assert!(status.unwrap().success());
    assert!(SharedPanel::open(&bench.path).unwrap().panel().get("relative").is_some());
}

#[test]
fn the_mode_is_0600_or_what_was_asked_whatever_the_umask() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let bench = Bench::new();
    bench.open();
    assert_eq!(mode(&bench.path), 0o600);
    for asked in [0o660, 0o644, 0o666] {
        let path = bench.folder.path().join(format!("{asked:o}"));
        SharedRegistry::<8>::open(&path, Options::new().mode(asked)).unwrap();
        assert_eq!(mode(&path), asked, "the umask is no limit");
    }
    // A file that exists keeps its own.
    fs::set_permissions(&bench.path, Permissions::from_mode(0o640)).unwrap();
    SharedRegistry::<8>::open(&bench.path, Options::new().mode(0o666)).unwrap();
    assert_eq!(mode(&bench.path), 0o640);
}

#[test]
fn a_mode_that_is_none_is_an_error_and_makes_no_file() {
    let bench = Bench::new();
    for mode in [0o000, 0o400, 0o060, 0o700, 0o755, 0o4600, 0o100_600, u32::MAX] {
        let error = SharedRegistry::<8>::open(&bench.path, Options::new().mode(mode)).unwrap_err();
        assert!(matches!(error.problem(), Problem::Mode { mode: m } if *m == mode), "{error}");
    }
    assert!(!bench.path.exists());
}

#[test]
fn of_racing_threads_one_makes_the_file_and_all_get_it() {
    for _ in 0..50 {
        let bench = Bench::new();
        let panels: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| bench.open())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        panels[0].get_or_default("shop").unwrap();
        assert!(panels.iter().all(|panel| panel.get("shop").is_some()), "one file, not several");
        let left = fs::read_dir(bench.folder.path()).unwrap().count();
        assert_eq!(left, 1, "nothing else is left behind");
    }
}

#[test]
fn of_racing_processes_one_makes_the_file_and_all_get_it() {
    const PROCESSES: usize = 16;
    let bench = Bench::new();
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| Reaped(process("open and register", &bench.path).spawn().unwrap()))
        .collect();
    eventually("each has registered a breaker of its own", || {
        SharedPanel::open(&bench.path).is_ok_and(|panel| panel.panel().len() == PROCESSES + 1)
    });
    for mut child in children {
        assert!(child.0.wait().unwrap().success());
    }
    let panel = SharedPanel::open(&bench.path).unwrap();
    let common = panel.panel().get("common").unwrap();
    assert_eq!(common.counters().failures, PROCESSES as u64 * 100, "no report is lost");
    assert_eq!(fs::read_dir(bench.folder.path()).unwrap().count(), 1);
}

#[test]
#[ignore = "what a child process does"]
fn child() {
    match role().as_deref() {
        Some("open and register") => {
            let panel = SharedRegistry::<64>::open(panel_of_child(), Options::new()).unwrap();
            let settings = BreakerConfig::new().failure_threshold(2_047).build();
            let common = panel.get_or_register("common", settings).unwrap();
            for _ in 0..100 {
                common.try_acquire().unwrap().failure();
            }
            panel.get_or_default(&*format!("process {}", std::process::id())).unwrap();
        }
        Some("relative") => {
            let panel = SharedRegistry::<8>::open(panel_of_child(), Options::new()).unwrap();
            panel.get_or_default("relative").unwrap();
        }
        _ => {}
    }
}
