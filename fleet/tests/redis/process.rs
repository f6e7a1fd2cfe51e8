//! Instances in processes of their own, each with four threads that call.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Lines, Read, Write},
    os::unix::net::UnixStream,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use fusebox::CircuitBreaker;
use fusebox_fleet::{
    Fleet, FleetConfig, FleetEvent, FleetQuota, News, Pulse, QuotaConfig, QuotaSettings,
    RedisSettings, RedisStore, Store, StoreError,
};

use crate::{crew, spread::Spread};

/// What a line of an answer begins with, among what the test's harness prints.
const ANSWER: &str = "answer ";
const THREADS: usize = 4;

/// A process as the test sees it; it ends with it.
pub(crate) struct Process {
    child: Child,
    ask: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

/// What a process measured since it was asked last.
#[derive(Default)]
pub(crate) struct Measured {
    /// Calls of a function that returns at once: all of it is the breaker.
    pub(crate) bare: Spread,
    /// Calls of a service behind a socket.
    pub(crate) real: Spread,
    /// Calls that did not succeed.
    pub(crate) failed: u64,
    /// Uses of the store by a thread that is not the fleet's.
    pub(crate) strays: u64,
}

/// How its quota was spent since it was asked last.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    pub(crate) admitted: u64,
    /// How long each try took.
    pub(crate) tries: Spread,
    /// It spends leased cells, and not its own part.
    pub(crate) is_leased: bool,
    /// How often it was told that the store does not share it, since it began.
    pub(crate) told_alone: u64,
}

/// How its fleet stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) connected: bool,
    pub(crate) alive: u32,
    pub(crate) primed: bool,
    /// The instances and failures of the advice.
    pub(crate) opinion: (u32, u32),
    pub(crate) open: bool,
}

impl Process {
    /// Begins, by these words before its own: as in another namespace.
    pub(crate) fn begin(before: &[String], url: &str, name: &str) -> Self {
        let own = env::current_exe().unwrap().display().to_string();
        let words = ["--exact", "process::an_instance", "--ignored", "--nocapture"];
        let words = words.map(ToOwned::to_owned);
        let words = [before, &[own], &words].concat();
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .env("FUSEBOX_STORE", url)
            .env("FUSEBOX_INSTANCE", name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let ask = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, ask, answers }
    }

    pub(crate) fn ask(&mut self, words: &str) -> String {
        writeln!(self.ask, "{words}").unwrap();
        loop {
            let line = self.answers.next().expect("the process lives").unwrap();
            // The harness ends no line before the first answer.
            if let Some((_, answer)) = line.split_once(ANSWER) {
                return answer.to_owned();
            }
        }
    }

    pub(crate) fn measured(&mut self) -> Measured {
        let answer = self.ask("measured");
        let words: Vec<_> = answer.split(' ').collect();
        Measured {
            bare: Spread::read(words[0]),
            real: Spread::read(words[1]),
            failed: words[2].parse().unwrap(),
            strays: words[3].parse().unwrap(),
        }
    }

    pub(crate) fn standing(&mut self) -> Standing {
        let answer = self.ask("standing");
        let numbers: Vec<u32> = answer.split(' ').map(|it| it.parse().unwrap()).collect();
        Standing {
            connected: numbers[0] == 1,
            alive: numbers[1],
            primed: numbers[2] == 1,
            opinion: (numbers[3], numbers[4]),
            open: numbers[5] == 1,
        }
    }

    pub(crate) fn spent(&mut self) -> Spent {
        let answer = self.ask("spent");
        let words: Vec<_> = answer.split(' ').collect();
        Spent {
            admitted: words[0].parse().unwrap(),
            tries: Spread::read(words[1]),
            is_leased: words[2] == "true",
            told_alone: words[3].parse().unwrap(),
        }
    }

    /// When it tried to connect since it was asked last, in milliseconds of the host's clock.
    pub(crate) fn tries(&mut self) -> Vec<u64> {
        let answer = self.ask("tries");
        answer.split(' ').filter(|it| !it.is_empty()).map(|it| it.parse().unwrap()).collect()
    }

    /// The most memory that it ever had, in KiB.
    pub(crate) fn peak(&mut self) -> u64 {
        self.ask("peak").parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the other side runs: it does what its input says, line by line.
#[test]
#[ignore = "a process that other tests begin"]
fn an_instance() {
    let url = env::var("FUSEBOX_STORE").expect("other tests begin it, and say where the store is");
    let name = env::var("FUSEBOX_INSTANCE").unwrap();
    let breaker = |name| Box::leak(Box::new(CircuitBreaker::named(name, crew::settings())));
    let (shop, bank): (&CircuitBreaker, &CircuitBreaker) = (breaker("shop"), breaker("bank"));
    let callers: Vec<_> = (0..THREADS).map(|_| caller(bank)).collect();
    let mut fleet = None;
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let mut answer = String::new();
        match &*line {
            "demand" => {
                let fleet: &Fleet = fleet.as_ref().expect("it has joined");
                fleet.share(&QUOTA);
                thread::spawn(demand);
            }
            "spent" => {
                let Spent { admitted, tries, .. } = std::mem::take(&mut *SPENT.lock().unwrap());
                let (tries, told) = (tries.write(), TOLD_ALONE.load(Ordering::Relaxed));
                write!(answer, "{admitted} {tries} {} {told}", QUOTA.is_leased()).unwrap();
            }
            "join" => fleet = Some(join(&url, &name, shop, bank)),
            "fail" => drop(shop.call(|| Err::<(), _>("down"))),
            "reset" => {
                shop.reset();
            }
            "measured" => {
                let mut sum = Measured::default();
                for caller in &callers {
                    let part = std::mem::take(&mut *caller.lock().unwrap());
                    sum.bare.merge(&part.bare);
                    sum.real.merge(&part.real);
                    sum.failed += part.failed;
                }
                let (bare, real) = (sum.bare.write(), sum.real.write());
                let strays = STRAYS.load(Ordering::Relaxed);
                write!(answer, "{bare} {real} {} {strays}", sum.failed).unwrap();
            }
            "standing" => {
                let status = fleet.as_ref().map(Fleet::status).unwrap_or_default();
                let advice = shop.advice().filter(|it| it.primed);
                let (connected, primed) = (u8::from(status.connected), u8::from(advice.is_some()));
                let open = u8::from(shop.state() == fusebox::State::Open);
                let (instances, failures) = advice.map_or((0, 0), |it| (it.instances, it.failures));
                let alive = status.alive;
                write!(answer, "{connected} {alive} {primed} {instances} {failures} {open}")
                    .unwrap();
            }
            "tries" => {
                let tries = std::mem::take(&mut *TRIES.lock().unwrap());
                answer = tries.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            }
            "peak" => {
                let status = fs::read_to_string("/proc/self/status").unwrap();
                let (_, rest) = status.split_once("VmHWM:").unwrap();
                rest.split_whitespace().next().unwrap().clone_into(&mut answer);
            }
            _ => panic!("what is {line:?}?"),
        }
        println!("{ANSWER}{answer}");
    }
}

static TRIES: Mutex<Vec<u128>> = Mutex::new(Vec::new());
static STRAYS: AtomicU64 = AtomicU64::new(0);

/// Four hundred calls a second of a fleet of six, and half of that while it has no store.
static QUOTA: FleetQuota = FleetQuota::new("shop", quota_settings());
static SPENT: LazyLock<Mutex<Spent>> = LazyLock::new(Mutex::default);
static TOLD_ALONE: AtomicU64 = AtomicU64::new(0);

pub(crate) const fn quota_settings() -> QuotaSettings {
    QuotaConfig::per_second(400).alone(50).instances(6).build()
}

/// Asks for a call every 3 ms: six that do so want five times what there is.
fn demand() {
    let (began, mut asked) = (Instant::now(), 0);
    loop {
        while began.elapsed().as_millis() / 3 > asked {
            asked += 1;
            let began = Instant::now();
            let is_admitted = QUOTA.try_acquire().is_ok();
            let took = nanos(began);
            let mut spent = SPENT.lock().unwrap();
            spent.admitted += u64::from(is_admitted);
            spent.tries.add(took);
        }
        thread::sleep(Duration::from_millis(3));
    }
}

fn join(
    url: &str,
    name: &str,
    shop: &'static CircuitBreaker,
    bank: &'static CircuitBreaker,
) -> Fleet {
    let config = FleetConfig::new(name).namespace("test").quorum(2).build().unwrap();
    let redis = RedisSettings::new(url, &config).unwrap();
    let connect = move || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        TRIES.lock().unwrap().push(now.as_millis());
        on_the_fleets_own_thread();
        RedisStore::connect(&redis).map(Watched)
    };
    let name = name.to_owned();
    let tell = move |event: FleetEvent| {
        if matches!(event, FleetEvent::Alone { .. }) {
            TOLD_ALONE.fetch_add(1, Ordering::Relaxed);
        }
        // In one piece, as eight write at once.
        let line = format!("{name}: {event}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    };
    Fleet::spawn(config, connect, move || [shop, bank], tell).unwrap()
}

/// Which thread uses the store.
struct Watched(RedisStore);

fn on_the_fleets_own_thread() {
    if thread::current().name() != Some("fusebox-fleet") {
        STRAYS.fetch_add(1, Ordering::Relaxed);
    }
}

impl Store for Watched {
    fn publish(&mut self, report: &[u8]) -> Result<(), StoreError> {
        on_the_fleets_own_thread();
        self.0.publish(report)
    }

    fn beat(&mut self, group: &str, within: Duration) -> Result<Pulse, StoreError> {
        on_the_fleets_own_thread();
        self.0.beat(group, within)
    }

    fn news(&mut self, wait: Duration) -> Result<Vec<News>, StoreError> {
        on_the_fleets_own_thread();
        self.0.news(wait)
    }

    fn everything(&mut self) -> Result<Vec<News>, StoreError> {
        on_the_fleets_own_thread();
        self.0.everything()
    }

    fn lease(&mut self, breaker: &str, lasts: Duration) -> Result<bool, StoreError> {
        on_the_fleets_own_thread();
        self.0.lease(breaker, lasts)
    }

    fn draw(
        &mut self,
        quota: &str,
        cells: u64,
        most: u64,
        part: Duration,
    ) -> Result<u64, StoreError> {
        on_the_fleets_own_thread();
        self.0.draw(quota, cells, most, part)
    }
}

/// A thread that calls, and a service behind a socket that it calls.
fn caller(bank: &'static CircuitBreaker) -> Arc<Mutex<Measured>> {
    let (mut client, mut service) = UnixStream::pair().unwrap();
    thread::spawn(move || {
        let mut byte = [0];
        while service.read_exact(&mut byte).is_ok() && service.write_all(&byte).is_ok() {}
    });
    let measured = Arc::new(Mutex::new(Measured::default()));
    let noted = measured.clone();
    thread::spawn(move || {
        loop {
            let mut part = Measured::default();
            for _ in 0..40 {
                let began = Instant::now();
                let result = bank.call(|| Ok::<_, ()>(()));
                part.bare.add(nanos(began));
                part.failed += u64::from(result.is_err());
            }
            for _ in 0..4 {
                let began = Instant::now();
                let result = bank.call(|| {
                    client.write_all(&[7])?;
                    client.read_exact(&mut [0])
                });
                part.real.add(nanos(began));
                part.failed += u64::from(result.is_err());
            }
            let mut noted = noted.lock().unwrap();
            noted.bare.merge(&part.bare);
            noted.real.merge(&part.real);
            noted.failed += part.failed;
            drop(noted);
            thread::sleep(Duration::from_millis(10));
        }
    });
    measured
}

fn nanos(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_nanos()).unwrap()
}
