//! What a fleet of a thousand asks of its Redis: the traffic of a simulated fleet, said again
//! to a real `redis-server` by as many real connections.
//!
//! ```sh
//! cargo run --release -p fusebox-fleet --example load -- [INSTANCES] [MILLISECONDS A TURN]
//! ```
//!
//! Time is that of the simulation: in steps of five of its milliseconds the reports of that
//! time are published, and the instances read whose turn it is. So the store's work is that
//! of the simulated time, however long this machine takes for it.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    io,
    net::TcpListener,
    process::{self, Child, Command, Stdio},
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use fusebox::{BreakerConfig, BreakerSettings};
use fusebox_fleet::{
    FleetConfig, Obedience, RedisSettings, RedisStore, Report, Store,
    world::{FIVE, World},
};
use redis::{Client, Connection, cmd};

type Done<T> = Result<T, Box<dyn Error>>;

/// Until each knows all others, and those that are well have fallen silent, in milliseconds.
const WELL: u64 = 4_200;
/// Three heartbeats.
const LIVES: Duration = Duration::from_secs(3);
/// So much of each traffic is replayed, in milliseconds.
const LASTS: u64 = 1_000;
/// It is replayed in steps of so many milliseconds.
const STEP: usize = 5;
/// Threads that share the instances.
const THREADS: usize = 20;
/// This machine may be slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the fleet's calls are like.
struct Traffic {
    name: &'static str,
    /// Calls a second of each instance, and how many in a hundred fail.
    calls: u64,
    failing: u64,
    settings: BreakerSettings,
    obedience: Obedience,
}

const TRAFFIC: [Traffic; 4] = [
    Traffic { name: "idle", calls: 0, failing: 0, settings: FIVE, obedience: Obedience::Advise },
    Traffic {
        name: "1 % of calls fail",
        calls: 10,
        failing: 1,
        settings: FIVE,
        obedience: Obedience::Advise,
    },
    Traffic {
        name: "the service dies",
        calls: 10,
        failing: 100,
        settings: FIVE,
        obedience: Obedience::Advise,
    },
    // Half of the calls fail, and no breaker opens: each report differs from the last one,
    // so each instance says as much as it may.
    Traffic {
        name: "the worst",
        calls: 20,
        failing: 50,
        settings: BreakerConfig::new().failure_threshold(2_000).build(),
        obedience: Obedience::Observe,
    },
];

fn main() -> Done<()> {
    let mut arguments = env::args().skip(1).map(|it| it.parse::<usize>());
    let instances = arguments.next().transpose()?.unwrap_or(1_000);
    let turn = arguments.next().transpose()?.unwrap_or(50);
    println!("{instances} instances, each reads once in {turn} ms; each second of it takes:\n");
    println!(
        "| traffic | reports | heartbeats | commands | MB in | MB out | the store's CPU, publishing | reading \
         | memory, MB |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for traffic in TRAFFIC {
        let said = simulate(&traffic, instances);
        let publishing = replay(&said, instances, None)?;
        let all = replay(&said, instances, Some(turn as u64))?;
        #[allow(clippy::cast_precision_loss)] // bytes
        let mega = |bytes: u64| bytes as f64 / 1e6;
        println!(
            "| {} | {} | {} | {} | {:.2} | {:.1} | {:.0} ms | {:.0} ms | {:.1} |",
            traffic.name,
            said.iter().flatten().filter(|it| it.1.is_some()).count(),
            said.iter().flatten().filter(|it| it.1.is_none()).count(),
            all.commands,
            mega(all.bytes_in),
            mega(all.bytes_out),
            publishing.cpu * 1e3,
            (all.cpu - publishing.cpu) * 1e3,
            mega(all.memory),
        );
    }
    Ok(())
}

/// Who says what, in each millisecond: a report, or that it is alive.
type Saying = Vec<Vec<(usize, Option<Vec<u8>>)>>;

/// What each instance says in each millisecond of a second.
fn simulate(traffic: &Traffic, instances: usize) -> Saying {
    let config = |name: &str| {
        FleetConfig::new(name).obedience(traffic.obedience).build().expect("a name in range")
    };
    let mut world = World::with(instances, &["shop"], 1, traffic.settings, config);
    if traffic.obedience == Obedience::Observe {
        world.listeners = 0;
    }
    world.rest(WELL);
    (world.record, world.beaten) = (Some(Vec::new()), Some(Vec::new()));
    world.run(LASTS, |world| {
        for number in 0..instances {
            // By chance, so many a second.
            if world.dice.below(1_000) < traffic.calls {
                let fails = world.dice.percent(traffic.failing);
                world.call(number, 0, !fails);
            }
        }
    });
    let mut said = vec![Vec::new(); usize::try_from(LASTS).unwrap_or_default()];
    let at = |at: u64| usize::try_from(at - WELL - 1).unwrap_or_default();
    for it in world.record.into_iter().flatten() {
        said[at(it.at)].push((it.from, Some(it.bytes.clone())));
    }
    for (from, when) in world.beaten.into_iter().flatten() {
        said[at(when)].push((from, None));
    }
    said
}

/// What the store has done.
#[derive(Default)]
struct Work {
    commands: u64,
    bytes_in: u64,
    bytes_out: u64,
    /// Seconds of CPU.
    cpu: f64,
    /// Bytes in use at the end.
    memory: u64,
}

/// Says all of that to a real store; each instance reads once in so many milliseconds.
fn replay(said: &Saying, instances: usize, turn: Option<u64>) -> Done<Work> {
    let server = Server::start()?;
    let mut admin = server.connect()?;
    let (step, heard) = (Barrier::new(THREADS + 1), AtomicUsize::new(0));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (server, step, heard) = (&server, &step, &heard);
            scope.spawn(move || {
                let part = (0..instances).filter(|it| it % THREADS == thread);
                if let Err(error) = take_part(server, part, said, turn, step, heard) {
                    // The others wait for this one.
                    eprintln!("{error}");
                    process::exit(1);
                }
            });
        }
        // All are connected; all have said hello; all know each other.
        (0..3).for_each(|_| _ = step.wait());
        let before = work(&mut admin)?;
        (0..=2 * said.chunks(STEP).len()).for_each(|_| _ = step.wait());
        let after = work(&mut admin)?;
        let is_said = said.iter().flatten().any(|(_, report)| report.is_some());
        let is_heard = heard.load(Ordering::Relaxed) > 0;
        assert!(turn.is_none() || is_heard == is_said, "nobody has heard anything");
        Ok(Work {
            // Without the question itself.
            commands: after.commands - before.commands - 1,
            bytes_in: after.bytes_in - before.bytes_in,
            bytes_out: after.bytes_out - before.bytes_out,
            cpu: after.cpu - before.cpu,
            memory: after.memory,
        })
    })
}

/// What some of the instances say and read, step by step with all others.
fn take_part(
    server: &Server,
    part: impl Iterator<Item = usize>,
    said: &Saying,
    turn: Option<u64>,
    step: &Barrier,
    heard: &AtomicUsize,
) -> Done<()> {
    let mut stores = BTreeMap::new();
    for number in part {
        let config = FleetConfig::new(format!("host-{number}")).build()?;
        let settings = RedisSettings::new(&server.url, &config)?;
        let settings = settings.connect_timeout(PATIENCE).command_timeout(PATIENCE);
        stores.insert(number, RedisStore::connect(&settings)?);
    }
    step.wait();
    let hello = Report::default().encode();
    stores.values_mut().try_for_each(|it| it.publish(&hello))?;
    step.wait();
    // From here on each reads what is new.
    stores.values_mut().try_for_each(|it| it.everything().map(drop))?;
    for _ in 0..2 {
        stores.values_mut().try_for_each(|it| it.news(Duration::from_millis(1)).map(drop))?;
    }
    step.wait();
    // The store is asked what it did so far.
    step.wait();
    for (number, reports) in (0..).zip(said.chunks(STEP)) {
        for (from, report) in reports.iter().flatten() {
            let Some(store) = stores.get_mut(from) else { continue };
            match report {
                Some(report) => store.publish(report)?,
                None => drop(store.beat("", LIVES)?),
            }
        }
        step.wait();
        let now = number * STEP as u64;
        for (number, store) in &mut stores {
            // Whose turn lies in this step.
            if turn.is_some_and(|turn| (now + *number as u64) % turn < STEP as u64) {
                let news = store.news(Duration::from_millis(1))?;
                heard.fetch_add(news.len(), Ordering::Relaxed);
            }
        }
        step.wait();
    }
    Ok(())
}

/// What the store says that it has done so far.
fn work(admin: &mut Connection) -> Done<Work> {
    let text: String = cmd("INFO").arg("everything").query(admin)?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.ok_or_else(|| format!("INFO has no {name}"))
    };
    Ok(Work {
        commands: field("total_commands_processed")?.parse()?,
        bytes_in: field("total_net_input_bytes")?.parse()?,
        bytes_out: field("total_net_output_bytes")?.parse()?,
        cpu: field("used_cpu_user")?.parse::<f64>()? + field("used_cpu_sys")?.parse::<f64>()?,
        memory: field("used_memory")?.parse()?,
    })
}

/// A `redis-server` at a port of this host, which ends with it.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start() -> Done<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
        let arguments = ["--bind", "127.0.0.1", "--save", "", "--port", &port];
        let child = Command::new("redis-server").args(arguments).stdout(Stdio::null()).spawn();
        let child = child.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "there is no redis-server".into(),
            _ => Box::<dyn Error>::from(error),
        })?;
        let server = Self { child, url: format!("redis://127.0.0.1:{port}") };
        for _ in 0..100 {
            if server.connect().is_ok() {
                return Ok(server);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err("redis-server does not answer".into())
    }

    fn connect(&self) -> redis::RedisResult<Connection> {
        Client::open(self.url.as_str())?.get_connection()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
