//! A Redis of the example's own, behind a socket in a folder of its own.

use std::{
    fs,
    io::ErrorKind,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use redis::{Client, Connection, cmd};
use tempfile::TempDir;

use crate::show::{Failure, crew::Job, stopped};

const PROGRAM: &str = "redis-server";

/// Dropped, it is ended, and its folder deleted.
pub struct Redis {
    process: Child,
    folder: TempDir,
    pub url: String,
}

impl Redis {
    pub fn start() -> Result<Self, Failure> {
        match Command::new(PROGRAM).arg("--version").output() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err("there is no redis-server, which this example starts and kills; on \
                            Debian and Ubuntu: apt-get install redis-server"
                    .into());
            }
            result => result?,
        };
        let folder = TempDir::with_prefix("fusebox-fleet-")?;
        let url = format!("redis+unix://{}", folder.path().join("redis.sock").display());
        let mut redis = Self { process: launch(&folder)?, folder, url };
        redis.until_it_answers()?;
        Ok(redis)
    }

    /// As a power cut does.
    pub fn kill(&mut self) -> Result<(), Failure> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Starts it again after [`kill`](Self::kill): empty, for it keeps nothing on disk.
    pub fn revive(&mut self) -> Result<(), Failure> {
        self.process = launch(&self.folder)?;
        self.until_it_answers()
    }

    pub fn connect(&self) -> Result<Connection, Failure> {
        Ok(Client::open(self.url.as_str())?.get_connection_with_timeout(Duration::from_secs(1))?)
    }

    fn until_it_answers(&mut self) -> Result<(), Failure> {
        let began = Instant::now();
        while !self.connect().is_ok_and(|mut it| cmd("PING").exec(&mut it).is_ok()) {
            if stopped() {
                return Ok(());
            }
            let ended = self.process.try_wait()?.is_some();
            if ended || began.elapsed() > Duration::from_secs(10) {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                let last = log.lines().next_back().unwrap_or("it has written no log");
                return Err(format!("{PROGRAM} does not answer: {last}").into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn launch(folder: &TempDir) -> Result<Child, Failure> {
    Job::Redis(folder.path().to_owned()).command()?.spawn().map_err(Into::into)
}

/// Becomes the server in this folder, which keeps nothing on disk.
pub fn become_it(folder: PathBuf) -> Result<(), Failure> {
    let settings = ["--port", "0", "--unixsocket", "redis.sock", "--save", "", "--logfile", "log"];
    Err(Command::new(PROGRAM).args(settings).arg("--dir").arg(folder).exec().into())
}
