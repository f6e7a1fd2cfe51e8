//! Processes are killed in the middle of calls, probes, registrations, the
//! making of a file and its rebasing, thousands of times in all. Nothing that
//! they leave behind stops the others.

mod common;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    mem,
    os::unix::{fs::FileExt, process::ExitStatusExt},
    path::Path,
    process::Stdio,
    ptr,
    sync::LazyLock,
    thread,
    time::Duration,
};

use common::{Bench, EPOCH, Reaped, eventually, panel_of_child, process, role};
use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, CountCalls, Counters, State, StdClock,
};
use fusebox_shm::{Options, SharedRegistry};
use rustix::process::Signal;

const SLOTS: usize = 64;
type Panel = SharedRegistry<SLOTS, StdClock, CountCalls>;

/// Processes that are killed at a time.
const VICTIMS: usize = 4;
/// At work for up to so long before they are.
const LIFE: Duration = Duration::from_millis(2);

/// Names of all lengths, up to the five words of the longest.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let name = |n| {
        let letters = (b'a'..=b'z').cycle().map(char::from);
        format!("{n} {}", letters.take(1 + n * 36 / SLOTS).collect::<String>())
    };
    (0..SLOTS - 1).map(name).collect()
});

/// Opens soon and recovers soon, by one probe or by several.
fn settings(n: usize) -> BreakerSettings {
    let n = u32::try_from(n).unwrap();
    BreakerConfig::new()
        .failure_threshold(1 + n % 3)
        .recovery_timeout(Duration::from_millis(3))
        .probes(1 + n % 4)
        .successes_to_close(1 + n % 2)
        .try_build()
        .unwrap()
}

fn open(path: &Path) -> Panel {
    Panel::open_with(path, Options::new()).unwrap()
}

/// Starts processes, waits until all are at work, lets them work for a moment,
/// and kills them.
fn kill_some(role: &str, path: &Path) {
    let mut victims: Vec<_> = (0..VICTIMS)
        .map(|_| Reaped(process(role, path).stdout(Stdio::piped()).spawn().unwrap()))
        .collect();
    for victim in &mut victims {
        let said = BufReader::new(victim.0.stdout.take().unwrap());
        assert!(said.lines().any(|line| line.unwrap().ends_with(AT_WORK)), "it started");
    }
    for victim in &mut victims {
        thread::sleep(LIFE.mul_f64(fastrand::f64()));
        victim.0.kill().unwrap();
        let status = victim.0.wait().unwrap();
        assert_eq!(status.signal(), Some(Signal::KILL.as_raw()), "it was at work: {status}");
    }
}

const AT_WORK: &str = "at work";

fn at_work() {
    println!("{AT_WORK}");
    std::io::stdout().flush().unwrap();
}

/// Every name has one slot, and no slot is nobody's.
fn no_slot_is_lost(panel: &Panel) {
    let mut free: Vec<_> = panel.panel().slots().iter().map(ptr::from_ref).collect();
    for (n, name) in NAMES.iter().enumerate() {
        let breaker = panel.get_or_init(&**name, settings(n)).unwrap();
        assert_eq!(breaker.name().unwrap().as_str(), name, "whoever comes next completes it");
        assert_eq!(breaker.settings(), settings(n));
        assert_eq!(breaker.fault(), None);
        let found = free.len();
        free.retain(|slot| *slot != ptr::from_ref(breaker));
        assert_eq!(free.len(), found - 1, "no two names have one slot");
    }
    assert_eq!(panel.len(), NAMES.len() + usize::from(panel.get(PASSES).is_some()));
}

fn counters(panel: &Panel) -> Vec<Counters> {
    panel.panel().slots().iter().map(CircuitBreaker::counters).collect()
}

fn none_went_back(before: &[Counters], after: &[Counters]) {
    for (before, after) in before.iter().zip(after) {
        let Counters { failures, rejections, openings, calls, retries, .. } = *before;
        assert!(
            failures <= after.failures
                && rejections <= after.rejections
                && openings <= after.openings
                && calls <= after.calls
                && retries <= after.retries,
            "{before:?} {after:?}"
        );
    }
}

/// The breaker on which a survivor counts how often it has called all others.
const PASSES: &str = "passes of the survivor";

/// A process that is not killed: it calls all breakers, one after another, and
/// its calls succeed.
struct Survivor<'a> {
    panel: &'a Panel,
    _process: Reaped,
}

impl<'a> Survivor<'a> {
    fn start(panel: &'a Panel) -> Self {
        panel.get_or_default(PASSES).unwrap();
        let process = Reaped(process("survive", panel.path()).spawn().unwrap());
        let survivor = Self { panel, _process: process };
        survivor.goes_on();
        survivor
    }

    fn passes(&self) -> u64 {
        self.panel.get(PASSES).unwrap().counters().calls
    }

    /// It begins and ends a pass from here on: nobody keeps it waiting.
    fn goes_on(&self) {
        let now = self.passes();
        eventually("the survivor goes on", || self.passes() >= now + 2);
    }

    /// Its probes close every breaker that the dead left open or half-open.
    fn closes_all(&self) {
        let closed = || self.panel.iter().all(|breaker| breaker.state() == State::Closed);
        eventually("the survivor's probes close all breakers", closed);
    }
}

/// Kills as many processes, and looks at what they left of `panel`.
fn rounds(kills: usize, role: &str, panel: &Panel) {
    no_slot_is_lost(panel);
    let survivor = Survivor::start(panel);
    let mut before = counters(panel);
    for _ in 0..kills / VICTIMS {
        kill_some(role, panel.path());
        survivor.goes_on();
        survivor.closes_all();
        no_slot_is_lost(panel);
        let after = counters(&open(panel.path()));
        none_went_back(&before, &after);
        before = after;
    }
    let all = counters(panel);
    assert!(all.iter().map(|counters| counters.failures).sum::<u64>() > kills as u64);
    println!("{kills} processes were killed");
}

#[test]
fn in_the_middle_of_calls_and_probes() {
    let bench = Bench::new();
    let panel = open(&bench.path);
    rounds(1_000, "call", &panel);
    let openings: u64 = counters(&panel).iter().map(|counters| counters.openings).sum();
    assert!(openings > 1_000, "there were probes, after {openings} openings");
}

#[test]
fn in_the_middle_of_rebasing() {
    let bench = Bench::new();
    rounds(1_000, "rebase", &open(&bench.path));
}

#[test]
fn in_the_middle_of_making_files_and_of_registrations() {
    const KILLS: usize = 1_000;
    let (mut made, mut half_way, mut nameless) = (0, 0, 0);
    for _ in 0..KILLS / VICTIMS {
        let bench = Bench::new();
        kill_some("make", &bench.path);
        for file in fs::read_dir(bench.folder.path()).unwrap() {
            let panel = open(&file.unwrap().path());
            made += 1;
            half_way += usize::from(panel.len() < NAMES.len());
            nameless += panel.iter().filter(|breaker| breaker.fault().is_some()).count();
            no_slot_is_lost(&panel);
        }
    }
    println!(
        "{KILLS} processes were killed, which made {made} files, {half_way} of them half-way, \
         with {nameless} incomplete names"
    );
    assert!(half_way > 0, "some were killed in a registration");
}

#[test]
#[ignore = "what a child process does"]
fn child() {
    let Some(role) = role() else { return };
    let path = panel_of_child();
    match role.as_str() {
        "call" => call(&open(&path)),
        "rebase" => rebase(&path),
        "make" => make(&path),
        "survive" => survive(&open(&path)),
        role => panic!("no role is called {role}"),
    }
}

fn call(panel: &Panel) {
    let breakers: Vec<_> =
        NAMES.iter().map(|name| panel.get_or_default(&**name).unwrap()).collect();
    at_work();
    loop {
        let breaker = breakers[fastrand::usize(..breakers.len())];
        match fastrand::u8(..8) {
            0..4 => drop(breaker.call(|| Err::<(), _>("down"))),
            4..6 => drop(breaker.call(|| Ok::<_, &str>(()))),
            6 => drop(breaker.try_acquire()),
            // Killed in the middle of its call.
            _ => mem::forget(breaker.try_acquire()),
        }
    }
}

/// Has the host start anew, again and again.
fn rebase(path: &Path) {
    let at = EPOCH as u64 * 8;
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    at_work();
    loop {
        file.write_all_at(&(fastrand::u64(..) << 32).to_ne_bytes(), at).unwrap();
        for breaker in
            open(path).iter().filter(|breaker| breaker.name().unwrap().as_str() != PASSES)
        {
            let _ = breaker.call(|| Err::<(), _>("down"));
        }
    }
}

/// Makes one file after another, as the other victims do, and registers all
/// breakers in each.
fn make(path: &Path) {
    at_work();
    for n in 0.. {
        let panel = open(&path.with_extension(n.to_string()));
        for (n, name) in NAMES.iter().enumerate() {
            panel.get_or_init(&**name, settings(n)).unwrap();
        }
    }
}

fn survive(panel: &Panel) {
    let passes = panel.get(PASSES).unwrap();
    loop {
        for breaker in panel.iter() {
            let _ = breaker.call(|| Ok::<_, &str>(()));
        }
        passes.try_acquire().unwrap().success();
        thread::yield_now();
    }
}
