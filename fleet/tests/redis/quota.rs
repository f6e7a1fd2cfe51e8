//! A quota of a fleet of processes, with its store and without.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    process::{Process, quota_settings},
    server::Server,
    spread::Spread,
    within,
};

const SECOND: Duration = Duration::from_secs(1);
const FLEET: u32 = 6;
/// What all may hold in advance: each a quarter of what there is in a quarter of the time.
const HELD: u32 = 25 * FLEET;

struct Fleet(Vec<Process>);

/// How many calls all had in a time, and how long it was at least, and at most.
struct Had {
    admitted: f64,
    least: f64,
    most: f64,
    tries: Spread,
}

impl Fleet {
    fn begin(url: &str) -> Self {
        let mut all: Vec<_> =
            (0..FLEET).map(|it| Process::begin(&[], url, &format!("host-{it}"))).collect();
        for process in &mut all {
            process.ask("join");
        }
        let mut fleet = Self(all);
        fleet.all_see();
        for process in &mut fleet.0 {
            process.ask("demand");
        }
        fleet
    }

    #[track_caller]
    fn all_see(&mut self) {
        within(SECOND * 20, "all see all", || {
            self.0.iter_mut().all(|it| {
                let it = it.standing();
                it.connected && it.alive == FLEET
            })
        });
    }

    #[track_caller]
    fn all_are(&mut self, what: &str, is_leased: bool) {
        let took = within(SECOND * 20, what, || {
            self.0.iter_mut().all(|it| it.spent().is_leased == is_leased)
        });
        println!("{what}: after {took:.1?}");
    }

    fn told_alone(&mut self) -> Vec<u64> {
        self.0.iter_mut().map(|it| it.spent().told_alone).collect()
    }

    /// What all have in about so long.
    fn have_in(&mut self, what: &str, time: Duration) -> Had {
        let outer = Instant::now();
        self.0.iter_mut().for_each(|it| drop(it.spent()));
        let inner = Instant::now();
        sleep(time);
        let least = inner.elapsed().as_secs_f64();
        let (mut admitted, mut tries) = (0, Spread::default());
        for process in &mut self.0 {
            let spent = process.spent();
            admitted += spent.admitted;
            tries.merge(&spent.tries);
        }
        let most = outer.elapsed().as_secs_f64();
        let wanted = tries.count();
        println!("{what}: {admitted} of {wanted} in {least:.2} s");
        assert!(wanted > 2 * admitted, "it wants more than there is");
        #[allow(clippy::cast_precision_loss)] // thousands
        Had { admitted: admitted as f64, least, most, tries }
    }

    #[track_caller]
    fn share(&mut self, what: &str) {
        let calls = f64::from(quota_settings().calls());
        let had = self.have_in(what, SECOND * 4);
        let bound = calls * (had.most + 2.0 / 4.0) + f64::from(HELD);
        assert!(had.admitted <= bound, "{what}: {} above {bound}", had.admitted);
        assert!(had.admitted >= 0.8 * calls * had.least, "{what}: {}", had.admitted);
    }
}

/// The store is there, is killed, and is back; then somebody's key is in the quota's place.
#[test]
fn n1_a_fleet_has_its_quota_and_without_its_store_a_share_of_it() {
    let Some(mut server) = Server::start() else { return };
    let mut fleet = Fleet::begin(&server.url);
    fleet.all_are("all lease", true);
    fleet.share("shared");

    server.kill();
    fleet.all_are("all are alone", false);
    let had = fleet.have_in("the store is dead", SECOND * 4);
    let share = f64::from(quota_settings().calls()) * f64::from(quota_settings().alone()) / 100.0;
    // What comes in a quarter of the time may come at once.
    let bound = share * (had.most + 1.0 / 4.0) + 1.0;
    assert!(had.admitted <= bound, "{} above {bound}", had.admitted);
    assert!(had.admitted >= 0.8 * share * had.least, "{} of a share of {share}", had.admitted);
    let p999 = Duration::from_nanos(had.tries.of_a_thousand(999));
    println!("a try without the store: p99.9 {p999:.1?}");
    // Whoever waited for the store would wait for 250 ms.
    assert!(p999 < Duration::from_millis(100), "{p999:?}");

    server.revive();
    fleet.all_are("all lease again", true);
    fleet.share("shared again");

    // In between the processes lost their store, and that is told as such.
    let before = fleet.told_alone();
    let place = |words: &str| {
        let words = words.replace("KEY", "{test}:quota:shop");
        // A quota's own key is there for a quarter of its time.
        let _: () = server.say("DEL {test}:quota:shop");
        server.try_run::<usize>(&words.split(' ').map(str::as_bytes).collect::<Vec<_>>())
    };
    within(SECOND * 10, "a foreign key is in its place", || place("LPUSH KEY foreign").is_ok());
    fleet.all_are("all are alone", false);
    fleet.all_see();
    let told: Vec<_> = fleet.told_alone().iter().zip(&before).map(|(it, old)| it - old).collect();
    assert!(told.iter().all(|it| *it == 1), "{told:?}");
    let foreign: Vec<String> = server.say("LRANGE {test}:quota:shop 0 -1");
    assert_eq!(foreign, ["foreign"], "it is left as it is");

    // The rest of the fleet goes on: what some see, the others know.
    for _ in 0..2 {
        fleet.0[..3].iter_mut().for_each(|it| drop(it.ask("fail")));
    }
    within(SECOND * 10, "the others are primed", || {
        fleet.0[3..].iter_mut().all(|it| it.standing().primed)
    });
    let _: usize = server.say("DEL {test}:quota:shop");
    fleet.all_are("all lease again", true);
}
