//! A Redis of the test's own, and instances of a fleet in it.

use std::{
    io::{ErrorKind, Write as _},
    net::TcpListener,
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use fusebox::CircuitBreaker;
use fusebox_fleet::{Fleet, FleetConfig, OrderKey, RedisSettings, RedisStore};
use tempfile::TempDir;

use super::{Ran, fusebox, settings, wait_for};

/// A `redis-server` in a folder of its own, which ends with it.
pub struct Store {
    folder: TempDir,
    child: Child,
    pub url: String,
}

impl Store {
    /// `None` where the program is missing.
    pub fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("redis.sock").display().to_string();
        let url = format!("redis+unix://{socket}");
        Self::begin(folder, &["--port", "0", "--unixsocket", &socket], url)
    }

    /// At a port of this host, with the password `right`.
    pub fn with_password() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let port = port.to_string();
        let url = format!("redis://:right@127.0.0.1:{port}");
        let arguments = ["--bind", "127.0.0.1", "--requirepass", "right", "--port", &port];
        Self::begin(folder, &arguments, url)
    }

    fn begin(folder: TempDir, arguments: &[&str], url: String) -> Option<Self> {
        let child = Command::new("redis-server")
            .args(arguments)
            .args(["--save", "", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn();
        match child {
            Ok(child) => {
                let store = Self { folder, child, url };
                wait_for("the store answers", || store.try_connect());
                Some(store)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!(
                    "LEFT OUT: there is no redis-server (Debian: apt-get install redis-server)"
                );
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn try_connect(&self) -> Option<redis::Connection> {
        let client = redis::Client::open(self.url.as_str()).unwrap();
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(5)).ok()?;
        redis::cmd("PING").exec(&mut connection).ok().map(|()| connection)
    }

    /// Runs a command with these words.
    pub fn run(&self, words: &[&[u8]]) {
        redis::Cmd::new().arg(words).exec(&mut self.try_connect().unwrap()).unwrap();
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// A file with a key of the fleet's, which only its owner reads.
    pub fn key_file(&self, name: &str, key: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let mut file = std::fs::OpenOptions::new();
        let mut file =
            file.write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
        file.write_all(key.as_bytes()).unwrap();
        path
    }

    /// The command on this store.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = fusebox();
        command.args(args).env("FUSEBOX_STORE", &self.url).env("FUSEBOX_NAMESPACE", "test");
        command
    }

    /// The command on this store with the fleet's key, ended.
    pub fn fleet(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(&["fleet"]).args(args).env("FUSEBOX_FLEET_KEY", KEY))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The key of the fleet.
pub const KEY: &str = "a key of the fleet's own";

/// An instance of the fleet.
pub struct Instance {
    pub fleet: Fleet,
    pub shop: &'static CircuitBreaker,
    pub events: Arc<Mutex<Vec<String>>>,
}

impl Instance {
    pub fn new(store: &Store, name: &str, group: &str) -> Self {
        let shop: &_ = Box::leak(Box::new(CircuitBreaker::named("shop", settings())));
        let config = FleetConfig::new(name).namespace("test").group(group);
        let config = config.order_key(OrderKey::new(KEY).unwrap()).build().unwrap();
        let redis = RedisSettings::new(&store.url, &config).unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let tell = events.clone();
        let fleet = Fleet::spawn(
            config,
            move || RedisStore::connect(&redis),
            move || [shop],
            move |event| tell.lock().unwrap().push(event.to_string()),
        );
        Self { fleet: fleet.unwrap(), shop, events }
    }

    /// Instances of one group that know each other.
    pub fn crew(store: &Store, count: u32) -> Vec<Self> {
        let all: Vec<_> =
            (0..count).map(|it| Self::new(store, &format!("host-{it}"), "eu")).collect();
        wait_for("they meet", || {
            all.iter().all(|it| it.fleet.status().alive == count).then_some(())
        });
        all
    }

    pub fn has_told(&self, what: &str) -> bool {
        self.events.lock().unwrap().iter().any(|it| it.contains(what))
    }
}
