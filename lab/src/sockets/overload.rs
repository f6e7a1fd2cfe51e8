//! A server of sleeping workers that is asked for more than it can do, on real sockets.
//!
//! A request is a number and a level; an answer is the number, and whether it is one, or a
//! refusal. One connection carries them all: one thread of the client's sends, at times by
//! chance and whether answers come or not, and another one reads.

use std::{
    collections::VecDeque,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use fusebox::{AtWork, InLine, Intake};

use super::shared::lock;
use crate::{
    intake::{Came, End, LEVELS},
    random::Random,
};

const MESSAGE: usize = 9;

/// What is asked of a server.
#[derive(Debug, Clone, Copy)]
pub struct Demand {
    /// So many threads sleep for a call at a time.
    pub workers: usize,
    /// How long a call takes one.
    pub takes: Duration,
    /// How many calls come, in parts of what the server can do.
    pub load: f64,
    /// For how long they come.
    pub lasts: Duration,
    /// So long they are waited for after that.
    pub patience: Duration,
    /// The shares of the calls that have each of the levels.
    pub mix: [f64; LEVELS.len()],
}

/// A call in the server's line: its number, and its place in the intake, if there is one.
type Waiting<'i> = (u64, Option<InLine<'i>>);

#[derive(Default)]
struct Line<'i> {
    calls: Mutex<VecDeque<Waiting<'i>>>,
    comes: Condvar,
    closed: AtomicBool,
}

/// Runs a server behind an intake, or without one, and a client. Returns the calls that
/// came, with what became of them; nothing became of those that were not answered before
/// the end.
///
/// # Errors
/// Where no socket can be had.
pub fn run(intake: Option<&Intake>, demand: Demand, seed: u64) -> io::Result<Vec<Came>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (requests, answers) = (server.try_clone()?, Mutex::new(server.try_clone()?));
    let read = client.try_clone()?;
    let line = Line::default();
    let came = Mutex::new(Vec::new());
    let begun = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| receive(requests, intake, &line, &answers));
        for _ in 0..demand.workers {
            scope.spawn(|| work(demand.takes, &line, &answers));
        }
        scope.spawn(|| hear(read, begun, &came));
        send(&client, demand, seed, begun, &came);
        thread::sleep(demand.patience);
        line.close();
        // Whoever reads ends.
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    });
    Ok(came.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

impl Line<'_> {
    fn close(&self) {
        // Under the lock, so that nobody looks before and waits after.
        let _calls = lock(&self.calls);
        self.closed.store(true, Ordering::Relaxed);
        self.comes.notify_all();
    }
}

fn message(number: u64, last: u8) -> [u8; MESSAGE] {
    let mut bytes = [last; MESSAGE];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

fn read(stream: &mut TcpStream) -> io::Result<(u64, u8)> {
    let mut bytes = [0; MESSAGE];
    stream.read_exact(&mut bytes)?;
    Ok((u64::from_le_bytes(std::array::from_fn(|byte| bytes[byte])), bytes[8]))
}

fn answer(answers: &Mutex<TcpStream>, number: u64, is_answer: bool) {
    // Where the client has gone, nobody hears.
    let _ = lock(answers).write_all(&message(number, is_answer.into()));
}

/// The server's side of the connection: each call stands in line, or is refused at once.
fn receive<'i>(
    mut requests: TcpStream,
    intake: Option<&'i Intake>,
    line: &Line<'i>,
    answers: &Mutex<TcpStream>,
) {
    while let Ok((number, level)) = read(&mut requests) {
        let place = intake.map(|intake| intake.enter(LEVELS[usize::from(level)]));
        match place.transpose() {
            Ok(place) => {
                lock(&line.calls).push_back((number, place));
                line.comes.notify_one();
            }
            Err(_) => answer(answers, number, false),
        }
    }
}

fn work(takes: Duration, line: &Line<'_>, answers: &Mutex<TcpStream>) {
    while let Some((number, place)) = next(line) {
        let at_work: Result<Option<AtWork<'_>>, _> = place.map(InLine::begin).transpose();
        if at_work.is_ok() {
            thread::sleep(takes);
        }
        let is_answer = at_work.is_ok();
        drop(at_work);
        answer(answers, number, is_answer);
    }
}

/// The next call in line; `None` when the line is closed.
fn next<'i>(line: &Line<'i>) -> Option<Waiting<'i>> {
    let mut calls = lock(&line.calls);
    loop {
        if line.closed.load(Ordering::Relaxed) {
            return None;
        }
        if let Some(call) = calls.pop_front() {
            return Some(call);
        }
        calls = line.comes.wait(calls).unwrap_or_else(std::sync::PoisonError::into_inner);
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The client sends: what is due at its times, and not when answers come.
#[allow(clippy::cast_precision_loss)] // small numbers
fn send(
    mut stream: &TcpStream,
    demand: Demand,
    seed: u64,
    begun: Instant,
    came: &Mutex<Vec<Came>>,
) {
    let between = demand.takes.as_secs_f64() / (demand.workers as f64 * demand.load);
    let mut random = Random::new(seed, 0);
    let mut due = Duration::ZERO;
    let mut number = 0;
    while due < demand.lasts {
        thread::sleep(due.saturating_sub(begun.elapsed()));
        let mut drawn = random.share();
        let level = demand.mix.iter().position(|share| {
            drawn -= share;
            drawn < 0.0
        });
        let level = level.unwrap_or(LEVELS.len() - 1);
        lock(came).push(Came { at: micros(begun), level, end: None });
        let bytes = message(number, u8::try_from(level).unwrap_or(0));
        if stream.write_all(&bytes).is_err() {
            return;
        }
        number += 1;
        due += Duration::from_secs_f64(random.exponential(between));
    }
}

/// The client hears what became of its calls.
fn hear(mut stream: TcpStream, begun: Instant, came: &Mutex<Vec<Came>>) {
    while let Ok((number, is_answer)) = read(&mut stream) {
        let now = micros(begun);
        let mut came = lock(came);
        let Some(call) = usize::try_from(number).ok().and_then(|at| came.get_mut(at)) else {
            return;
        };
        let end = if is_answer == 1 { End::Answered(now - call.at) } else { End::Refused };
        call.end = Some(end);
    }
}
