//! Eight processes of four threads each, and what becomes of their calls whatever becomes
//! of the store. Beside them run processes without a fleet: what the machine does to
//! calls, it does to both.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    process::{Measured, Process},
    server::Server,
    within,
};

const SECOND: Duration = Duration::from_secs(1);
/// Processes without a fleet.
const CONTROLS: usize = 3;

/// Eight instances, and processes without a fleet.
pub(crate) struct Fleet {
    pub(crate) all: Vec<Process>,
    controls: Vec<Process>,
}

impl Fleet {
    /// Each instance by these words, at this URL.
    pub(crate) fn begin(before: [&[String]; 8], urls: [&str; 8]) -> Self {
        let begin =
            |number: usize| Process::begin(before[number], urls[number], &format!("host-{number}"));
        let controls = (0..CONTROLS).map(|_| Process::begin(&[], "none", "none")).collect();
        let mut fleet = Self { all: (0..8).map(begin).collect(), controls };
        fleet.during("before they join", |_| sleep(SECOND * 2));
        for process in &mut fleet.all {
            process.ask("join");
        }
        fleet.all_see();
        fleet
    }

    #[track_caller]
    pub(crate) fn all_see(&mut self) -> Duration {
        within(SECOND * 20, "all see all", || {
            self.all.iter_mut().all(|it| {
                let it = it.standing();
                it.connected && it.alive == 8
            })
        })
    }

    /// The first half sees an outage, and the other half is primed. Then all is well.
    #[track_caller]
    pub(crate) fn share_an_outage(&mut self) {
        for _ in 0..2 {
            for process in &mut self.all[..4] {
                process.ask("fail");
            }
        }
        let took = within(SECOND * 10, "the others are primed", || {
            self.all[4..].iter_mut().all(|it| it.standing().primed)
        });
        println!("an outage is shared after {took:?}");
        self.reset();
    }

    #[track_caller]
    pub(crate) fn reset(&mut self) {
        for process in &mut self.all {
            process.ask("reset");
        }
        within(SECOND * 10, "none is primed", || {
            self.all.iter_mut().all(|it| !it.standing().primed)
        });
    }

    /// Measures all calls while something happens; then it says how they fared.
    ///
    /// # Panics
    /// Where one failed, a thread of the program used the store, or calls took longer than
    /// those without a fleet, by more than such a machine makes of equals.
    #[track_caller]
    pub(crate) fn during<T>(&mut self, what: &str, act: impl FnOnce(&mut Self) -> T) -> T {
        measured(&mut self.all);
        measured(&mut self.controls);
        let began = Instant::now();
        let done = act(self);
        // Enough calls to compare.
        sleep((SECOND * 2).saturating_sub(began.elapsed()));
        let (with, without) = (measured(&mut self.all), measured(&mut self.controls));
        for (kind, with, without, noise) in
            [("bare", &with.bare, &without.bare, 100), ("real", &with.real, &without.real, 100_000)]
        {
            let of = |spread: &crate::spread::Spread| {
                [500, 990, 999].map(|many| spread.of_a_thousand(many))
            };
            let ([p50, p99, p999], [q50, q99, q999]) = (of(with), of(without));
            println!(
                "| {what} | {kind} | {} | {} / {} | {} / {} | {} / {} | {} / {} |",
                with.count(),
                shown(p50),
                shown(q50),
                shown(p99),
                shown(q99),
                shown(p999),
                shown(q999),
                shown(with.longest()),
                shown(without.longest()),
            );
            assert!(with.count() > 1_000 && without.count() > 300, "{what}: {kind}: too few");
            assert!(
                p50 <= q50 * 2 + noise,
                "{what}: {kind}: p50 {p50} ns, without a fleet {q50} ns"
            );
            // Whoever waited for the store would wait for 250 ms.
            assert!(
                p99 <= q99 * 4 + 1_000_000,
                "{what}: {kind}: p99 {p99} ns, without a fleet {q99} ns"
            );
        }
        assert_eq!((with.failed, with.strays), (0, 0), "{what}");
        done
    }
}

fn measured(all: &mut [Process]) -> Measured {
    let mut sum = Measured::default();
    for process in all {
        let part = process.measured();
        sum.bare.merge(&part.bare);
        sum.real.merge(&part.real);
        sum.failed += part.failed;
        sum.strays += part.strays;
    }
    sum
}

fn shown(nanos: u64) -> String {
    format!("{:.1?}", Duration::from_nanos(nanos))
}

/// How the processes tried to connect since they were asked last: not often, each at its
/// own moments.
fn assert_not_in_step(fleet: &mut Fleet, lasted: Duration) {
    let tries: Vec<_> = fleet.all.iter_mut().map(Process::tries).collect();
    let first = tries.iter().flatten().min().copied().expect("they tried");
    for tries in &tries {
        let at: Vec<_> = tries.iter().map(|at| at - first).collect();
        println!("tries to connect, in ms: {at:?}");
        // After up to 100 ms, then up to twice as long each time, and up to 5 s.
        let most = 10 + 3 * lasted.as_secs();
        assert!((1..=most).contains(&(at.len() as u64)), "{at:?}");
    }
    // All notice at once that the store is gone; after a second nobody is in step.
    let late = |tries: &Vec<u64>| tries.iter().copied().find(|at| *at > first + 1_000);
    let mut late: Vec<_> = tries.iter().filter_map(late).collect();
    late.sort_unstable();
    let in_step = |at: &u64| late.iter().filter(|it| (*at..*at + 20).contains(it)).count();
    let most = late.iter().map(in_step).max().unwrap_or(0);
    println!("of {} that tried again, {most} did within 20 ms", late.len());
    assert!(late.len() >= 4 && most * 2 <= late.len() + 1, "in step: {late:?}");
}

#[test]
fn n1_no_storm_of_the_store_reaches_a_call() {
    let Some(mut server) = Server::start() else { return };
    let url = server.url.clone();
    println!("| the store | calls | measured | p50, without a fleet | p99 | p99.9 | longest |");
    let mut fleet = Fleet::begin([&[]; 8], [&url; 8]);
    fleet.during("answers", |_| sleep(SECOND * 3));
    fleet.during("answers, and a service fails", Fleet::share_an_outage);

    fleet.all.iter_mut().for_each(|it| drop(it.tries()));
    let lasted = SECOND * 6;
    fleet.during("is killed", |fleet| {
        server.kill();
        sleep(lasted);
        assert!(fleet.all.iter_mut().all(|it| !it.standing().connected));
    });
    assert_not_in_step(&mut fleet, lasted);
    fleet.during("comes back empty", |fleet| {
        server.revive();
        println!("all are back after {:?}", fleet.all_see());
    });
    fleet.share_an_outage();

    fleet.during("is stopped for 10 s", |fleet| {
        server.signal("-STOP");
        sleep(SECOND * 10);
        assert!(fleet.all.iter_mut().all(|it| !it.standing().connected));
        // Each decides alone: the fifth failure opens.
        for _ in 0..4 {
            fleet.all[0].ask("fail");
        }
        assert!(!fleet.all[0].standing().open);
        fleet.all[0].ask("fail");
        assert!(fleet.all[0].standing().open);
        fleet.all[0].ask("reset");
        server.signal("-CONT");
    });
    fleet.during("goes on", |fleet| println!("all are back after {:?}", fleet.all_see()));
    fleet.share_an_outage();

    fleet.during("kills its clients", |_| {
        for _ in 0..10 {
            let _: usize = server.say("CLIENT KILL TYPE normal");
            sleep(SECOND / 4);
        }
    });
    fleet.all_see();

    // Each command waits, up to just below the timeout, and then up to beyond it.
    for (what, millis) in [("answers within 200 ms", 200), ("answers within 400 ms", 400)] {
        fleet.during(what, |_| {
            let until = Instant::now() + SECOND * 4;
            while Instant::now() < until {
                let _: () = server.say(&format!("CLIENT PAUSE {millis} ALL"));
                sleep(Duration::from_millis(millis + 5));
            }
        });
    }
    fleet.all_see();
    fleet.share_an_outage();

    fleet.during("has no memory left", |fleet| {
        let _: () = server.say("CONFIG SET maxmemory 1");
        sleep(SECOND * 3);
        assert!(fleet.all.iter_mut().all(|it| !it.standing().connected));
        let _: () = server.say("CONFIG SET maxmemory 0");
        fleet.all_see();
    });
    fleet.during("is emptied", |fleet| {
        for _ in 0..10 {
            let _: () = server.say("FLUSHALL");
            sleep(SECOND / 5);
        }
        fleet.all_see();
    });
    fleet.share_an_outage();
}
