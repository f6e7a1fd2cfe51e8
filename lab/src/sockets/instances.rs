//! Fifty clients, say, each with a connection, that call one server and try again.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    io::{self, Write as _},
    net::TcpStream,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Instant,
};

use crate::{
    random::Random,
    rules::{End, Ticket},
    sockets::{
        Seen,
        server::{InLine, Request, read_answer},
        shared::Live,
    },
    storm::{Latencies, Storm},
    time::Time,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Request,
    /// The attempt of this number is given up.
    GivesUp(u64),
}

/// An attempt that is waited for.
struct Waiting {
    caller: usize,
    attempt: u32,
    ticket: Ticket,
    began: Time,
}

pub(super) fn run(storm: &Storm, live: &Live<'_, '_>) -> io::Result<Seen> {
    let server = InLine::new(storm.clients.instances)?;
    let (answers, heard) = mpsc::channel();
    let mut streams = Vec::new();
    for _ in 0..storm.clients.instances {
        let stream = TcpStream::connect(server.address)?;
        stream.set_nodelay(true)?;
        let (mut back, answers) = (stream.try_clone()?, answers.clone());
        thread::spawn(move || {
            while let Ok(answer) = read_answer(&mut back) {
                if answers.send(answer).is_err() {
                    return;
                }
            }
        });
        streams.push(stream);
    }
    let mut clients = Clients {
        storm,
        live,
        streams,
        waiting: HashMap::new(),
        due: BinaryHeap::from([Reverse((Time::ZERO, Due::Request))]),
        latencies: Latencies::of(&storm.service.latency, storm.seed, 0),
        random: Random::new(storm.seed, 1),
        number: 0,
    };
    while !live.is_over() {
        server.stall(storm.phases[live.phase()].stalled);
        clients.do_what_is_due();
        let next = clients.due.peek().map_or(Time::ZERO, |Reverse((at, _))| *at);
        let patience = live.instant(next).saturating_duration_since(Instant::now());
        match heard.recv_timeout(patience) {
            Ok((number, ok)) => clients.hears(number, ok),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    server.stall(false);
    for stream in &clients.streams {
        let _ = stream.shutdown(std::net::Shutdown::Both);
    }
    Ok(live.seen())
}

struct Clients<'s, 'l, 'r, 'b> {
    storm: &'s Storm,
    live: &'l Live<'r, 'b>,
    streams: Vec<TcpStream>,
    waiting: HashMap<u64, Waiting>,
    due: BinaryHeap<Reverse<(Time, Due)>>,
    latencies: Latencies,
    random: Random,
    number: u64,
}

impl Clients<'_, '_, '_, '_> {
    fn do_what_is_due(&mut self) {
        while let Some(Reverse((at, due))) = self.due.peek().copied()
            && at <= self.live.now()
        {
            self.due.pop();
            match due {
                Due::Request => {
                    let gap = self.random.exponential(1.0 / self.storm.clients.per_second);
                    self.due.push(Reverse((at + Time::from_secs_f64(gap), Due::Request)));
                    let caller = self.random.below(self.streams.len());
                    self.attempt(caller, 1);
                }
                Due::GivesUp(number) => self.ends(number, End::Timeout),
            }
        }
    }

    fn hears(&mut self, number: u64, ok: bool) {
        self.ends(number, if ok { End::Success } else { End::Failure });
    }

    fn attempt(&mut self, caller: usize, attempt: u32) {
        let Some(ticket) = self.live.admit(caller, attempt) else { return };
        let began = self.live.now();
        self.number += 1;
        let takes = self.latencies.draw(0, &mut self.random);
        let request = Request { number: self.number, micros: takes.as_micros(), fails: false };
        // A connection that is broken gives no answer: its timeout comes.
        let _ = self.streams[caller].write_all(&request.bytes());
        self.waiting.insert(self.number, Waiting { caller, attempt, ticket, began });
        self.due.push(Reverse((began + self.storm.clients.timeout, Due::GivesUp(self.number))));
    }

    fn ends(&mut self, number: u64, end: End) {
        let Some(it) = self.waiting.remove(&number) else { return };
        let again = self.live.end(it.caller, it.attempt, it.ticket, it.began, end);
        if again && it.attempt < self.storm.retry.attempts {
            self.attempt(it.caller, it.attempt + 1);
        }
    }
}
