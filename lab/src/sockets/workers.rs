//! Sixty threads, say, that take requests from a queue and call a server.

use std::{
    collections::VecDeque,
    io::{self, Write as _},
    net::TcpStream,
    sync::{Condvar, Mutex},
    thread,
    time::Duration,
};

use crate::{
    random::Random,
    rules::End,
    sockets::{
        Seen,
        server::{self, Request, read_answer},
        shared::{Live, lock},
    },
    storm::{Latencies, Storm},
    time::Time,
};

/// Requests that wait for a worker.
#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<Time>>,
    comes: Condvar,
}

pub(super) fn run(storm: &Storm, live: &Live<'_, '_>) -> io::Result<Seen> {
    let workers = storm.clients.workers.unwrap_or(1);
    let address = server::at_once(workers)?;
    let streams =
        (0..workers).map(|_| TcpStream::connect(address)).collect::<io::Result<Vec<_>>>()?;
    let queue = Queue::default();
    thread::scope(|scope| {
        for (caller, stream) in streams.into_iter().enumerate() {
            let queue = &queue;
            scope.spawn(move || work(storm, live, queue, caller, stream));
        }
        feed(storm, live, &queue);
    });
    Ok(live.seen())
}

/// Requests come in equal steps.
fn feed(storm: &Storm, live: &Live<'_, '_>, queue: &Queue) {
    let gap = Time::from_secs_f64(1.0 / storm.clients.per_second);
    let mut next = Time::ZERO;
    while !live.is_over() {
        let now = live.now();
        while next <= now {
            lock(&queue.waiting).push_back(next);
            queue.comes.notify_one();
            next += gap;
        }
        thread::sleep((next - live.now()).into());
    }
    queue.comes.notify_all();
}

fn work(storm: &Storm, live: &Live<'_, '_>, queue: &Queue, caller: usize, mut stream: TcpStream) {
    let latencies = Latencies::of(&storm.service.latency, storm.seed, 0);
    let mut random = Random::new(storm.seed, 100 + caller as u64);
    let _ = stream.set_nodelay(true);
    let mut number = 0;
    while let Some(since) = take(live, queue) {
        if live.now() - since > storm.clients.forgotten_after {
            continue;
        }
        let Some(ticket) = live.admit(caller, 1) else { continue };
        let began = live.now();
        let phase = &storm.phases[live.phase()];
        let endpoint = random.below(latencies.endpoints());
        let mut takes = latencies.draw(endpoint, &mut random) + phase.added.unwrap_or_default();
        let fails = random.chance(phase.errors.unwrap_or(storm.service.errors).get());
        if fails {
            let part = storm.service.errors_take.get();
            takes = Time::from_secs_f64(takes.as_secs_f64() * part);
        }
        number += 1;
        let request = Request { number, micros: takes.as_micros(), fails };
        let answer = stream.write_all(&request.bytes()).and_then(|()| read_answer(&mut stream));
        let end = if matches!(answer, Ok((_, true))) { End::Success } else { End::Failure };
        live.end(caller, 1, ticket, began, end);
    }
}

/// The next request; `None` when the storm is over.
fn take(live: &Live<'_, '_>, queue: &Queue) -> Option<Time> {
    let mut waiting = lock(&queue.waiting);
    loop {
        if live.is_over() {
            return None;
        }
        if let Some(since) = waiting.pop_front() {
            return Some(since);
        }
        let patience = Duration::from_millis(50);
        waiting = match queue.comes.wait_timeout(waiting, patience) {
            Ok((waiting, _)) => waiting,
            Err(poisoned) => poisoned.into_inner().0,
        };
    }
}
