//! One run: the server, the workers, and the outage between them.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{self, Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use fusebox::{Clock, PreciseClock, Tick};

use crate::show::{
    Failure,
    progress::Progress,
    schedule::Schedule,
    server::Server,
    stopped,
    worker::{PLAN, Plan, Sample},
};

/// The samples of each worker; none when it was interrupted.
pub fn run(
    schedule: Schedule,
    workers: u16,
    panel: Option<&Path>,
    progress: &Progress,
) -> Result<Vec<Vec<Sample>>, Failure> {
    let server = Server::start()?;
    let mut all = Vec::new();
    for number in 0..workers {
        all.push(Worker::spawn(&Plan {
            number,
            workers,
            parent: process::id(),
            port: server.port,
            timeout: schedule.timeout,
            panel: panel.map(Path::to_owned),
        })?);
    }
    for worker in &mut all {
        if worker.line()? != "ready" {
            return Err("a worker did not come to work; it says why above".into());
        }
    }
    let start = Tick::from_millis(PreciseClock.now().as_millis() + 20);
    for worker in &mut all {
        writeln!(worker.tell, "{}", start.as_millis())?;
    }
    let wait = |end| wait_until(start, end, progress);
    wait(schedule.outage());
    server.hang(true);
    wait(schedule.recovery());
    server.hang(false);
    wait(schedule.end());
    if stopped() {
        return Ok(Vec::new());
    }
    all.iter_mut().map(|worker| Ok(serde_json::from_str(&worker.line()?)?)).collect()
}

fn wait_until(start: Tick, end: Duration, progress: &Progress) {
    loop {
        let now = PreciseClock.now().since(start);
        progress.at(now);
        let left = end.saturating_sub(now);
        if left.is_zero() || stopped() {
            return;
        }
        thread::sleep(left.min(Duration::from_millis(20)));
    }
}

/// A worker's process; dropped, it is ended.
struct Worker {
    process: Child,
    tell: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Worker {
    fn spawn(plan: &Plan) -> Result<Self, Failure> {
        let mut process = Command::new(env::current_exe()?)
            .env(PLAN, serde_json::to_string(plan)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(tell), Some(said)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("a worker has no pipes".into());
        };
        Ok(Self { process, tell, said: BufReader::new(said) })
    }

    /// What it says next; nothing when it has ended.
    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
