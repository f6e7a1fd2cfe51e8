//! Processes that are killed at any instruction, ten thousand times, while they hold places
//! in a bulkhead, and half as often in the slot of a panel: L5. A program of its own, since only a process of one thread may fork and
//! go on as if nothing were.

use std::{
    cell::RefCell,
    fs::File,
    path::Path,
    process::exit,
    time::{Duration, Instant},
};

use fork::{Fork, fork};
use fusebox::Limited;
use fusebox_shm::{
    Options, PanelBulkhead, PanelPlace, SharedBulkhead, SharedPlace, SharedRegistry,
};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

const LIMIT: usize = 5;
const KILLS: usize = 10_000;
/// Processes that are killed at a time.
const VICTIMS: usize = 8;
/// At work for up to so long before they are.
const LIFE: Duration = Duration::from_micros(500);
/// What a process ends with that found more in the bulkhead than there may be.
const TOO_MANY: i32 = 9;

fn main() {
    let shm = Path::new("/dev/shm");
    let folder = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
    let folder = folder.expect("a folder for tests");
    l5_of_killed_processes_no_place_is_lost(folder.path(), &&open(folder.path()), KILLS);
    l5_nor_in_a_panel(folder.path());
    l5_a_forked_child_gives_nothing_of_its_parents_back(folder.path());
}

fn open(folder: &Path) -> SharedBulkhead {
    SharedBulkhead::open(folder.join("workers"), LIMIT, Options::new()).unwrap()
}

/// Both kinds of bulkheads, each with its kind of places.
trait Workers {
    type Place;
    fn try_acquire(&self) -> Result<Self::Place, Limited>;
    fn in_flight(&self) -> usize;
}

impl<'a> Workers for &'a SharedBulkhead {
    type Place = SharedPlace<'a>;
    fn try_acquire(&self) -> Result<SharedPlace<'a>, Limited> {
        (*self).try_acquire()
    }
    fn in_flight(&self) -> usize {
        (*self).in_flight()
    }
}

impl<'a> Workers for PanelBulkhead<'a> {
    type Place = PanelPlace<'a>;
    fn try_acquire(&self) -> Result<PanelPlace<'a>, Limited> {
        self.try_acquire()
    }
    fn in_flight(&self) -> usize {
        self.in_flight()
    }
}

fn child(work: impl FnOnce()) -> Pid {
    match fork().expect("it forks") {
        Fork::Parent(pid) => Pid::from_raw(pid).expect("a child has a number"),
        Fork::Child => {
            work();
            exit(0);
        }
    }
}

fn l5_nor_in_a_panel(folder: &Path) {
    let panel = SharedRegistry::<8>::open(folder.join("panel"), Options::new()).unwrap();
    let workers = panel.bulkhead("shop").unwrap();
    workers.set_limit(LIMIT).unwrap();
    l5_of_killed_processes_no_place_is_lost(folder, &workers, KILLS / 2);
}

fn l5_of_killed_processes_no_place_is_lost(folder: &Path, workers: &impl Workers, kills: usize) {
    let start = Instant::now();
    let mut inherited = 0;
    for _ in 0..kills / VICTIMS {
        let victims: Vec<_> = (0..VICTIMS).map(|_| child(|| work(folder, workers))).collect();
        for victim in &victims {
            let until = Instant::now() + LIFE.mul_f64(fastrand::f64());
            while Instant::now() < until {
                std::hint::spin_loop();
            }
            kill_process(*victim, Signal::KILL).expect("it is there");
        }
        for victim in victims {
            let (_, status) = waitpid(Some(victim), WaitOptions::empty()).unwrap().unwrap();
            assert_ne!(status.exit_status(), Some(TOO_MANY), "more than {LIMIT} at a time");
            assert_eq!(status.terminating_signal(), Some(Signal::KILL.as_raw()));
        }
        inherited += workers.in_flight();
        let all = all_places(workers);
        assert_eq!((all.len(), workers.in_flight()), (LIMIT, LIMIT));
        assert!(workers.try_acquire().is_err(), "one more than there are");
        drop(all);
        assert_eq!(workers.in_flight(), 0);
    }
    assert!(inherited > kills / VICTIMS / 2, "they held {inherited} places");
    println!(
        "{kills} processes were killed in {:?}, and held {inherited} places; none was lost",
        start.elapsed()
    );
}

/// Every place that there is, within a generous time.
fn all_places<W: Workers>(workers: &W) -> Vec<W::Place> {
    let start = Instant::now();
    let mut all = Vec::new();
    while all.len() < LIMIT {
        all.extend(workers.try_acquire());
        assert!(start.elapsed() < Duration::from_mins(1), "{} of {LIMIT} came back", all.len());
    }
    all
}

/// Takes places and gives them back. As many files as places are locked by those who are
/// in: the kernel unlocks a dead one's.
fn work(folder: &Path, workers: &impl Workers) {
    let file = |n: usize| File::create(folder.join(format!("lock-{n}"))).unwrap();
    let locks: [File; LIMIT] = core::array::from_fn(file);
    // A process that was forked would draw what its parent did.
    let mut random = fastrand::Rng::with_seed(u64::from(std::process::id()));
    loop {
        let Ok(place) = workers.try_acquire() else { continue };
        let Some(lock) = locks.iter().find(|lock| lock.try_lock().is_ok()) else {
            exit(TOO_MANY);
        };
        for _ in 0..random.u32(..2_000) {
            std::hint::spin_loop();
        }
        lock.unlock().unwrap();
        drop(place);
    }
}

fn l5_a_forked_child_gives_nothing_of_its_parents_back(folder: &Path) {
    let workers = open(folder);
    let place = RefCell::new(Some(workers.try_acquire().unwrap()));
    let child = child(|| {
        drop(place.take());
        let own = workers.try_acquire().expect("there are others");
        std::mem::forget(own);
    });
    let (_, status) = waitpid(Some(child), WaitOptions::empty()).unwrap().unwrap();
    assert_eq!(status.exit_status(), Some(0));
    assert_eq!(workers.in_flight(), 2, "the parent's, and the dead child's");
    println!("a forked child gives nothing of its parent's back: ok");
}
