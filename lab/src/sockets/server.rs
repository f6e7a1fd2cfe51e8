//! The servers: one that answers each connection by itself, and one that has a line.
//!
//! A request is 16 bytes: a number that its answer carries, and for how many microseconds
//! it is to be served. An answer is the number, and one byte more: whether it is one.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

pub(super) const REQUEST: usize = 17;
pub(super) const ANSWER: usize = 9;

/// What a client asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) number: u64,
    pub(super) micros: u64,
    pub(super) fails: bool,
}

impl Request {
    pub(super) fn bytes(self) -> [u8; REQUEST] {
        let mut bytes = [0; REQUEST];
        bytes[..8].copy_from_slice(&self.number.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.micros.to_le_bytes());
        bytes[16] = self.fails.into();
        bytes
    }

    fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut bytes = [0; REQUEST];
        stream.read_exact(&mut bytes)?;
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]));
        Ok(Self { number: word(0), micros: word(8), fails: bytes[16] != 0 })
    }

    fn answer(self) -> [u8; ANSWER] {
        let mut bytes = [0; ANSWER];
        bytes[..8].copy_from_slice(&self.number.to_le_bytes());
        bytes[8] = (!self.fails).into();
        bytes
    }
}

/// Reads an answer: its number, and whether it is one.
pub(super) fn read_answer(stream: &mut TcpStream) -> io::Result<(u64, bool)> {
    let mut bytes = [0; ANSWER];
    stream.read_exact(&mut bytes)?;
    let number = u64::from_le_bytes(std::array::from_fn(|byte| bytes[byte]));
    Ok((number, bytes[8] != 0))
}

fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// A server that serves all connections at once, so many of them. Its threads end with
/// their connections.
pub(super) fn at_once(connections: usize) -> io::Result<SocketAddr> {
    let (listener, address) = listen()?;
    thread::spawn(move || {
        for stream in listener.incoming().take(connections) {
            let Ok(mut stream) = stream else { continue };
            thread::spawn(move || {
                let _ = stream.set_nodelay(true);
                while let Ok(request) = Request::read(&mut stream) {
                    thread::sleep(Duration::from_micros(request.micros));
                    if stream.write_all(&request.answer()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(address)
}

/// A server with one thread that serves one request after the other, in the order in
/// which they come, whether anybody waits for the answer or not.
#[derive(Debug)]
pub(super) struct InLine {
    pub(super) address: SocketAddr,
    stalled: Arc<AtomicBool>,
}

impl InLine {
    pub(super) fn new(connections: usize) -> io::Result<Self> {
        let (listener, address) = listen()?;
        let stalled = Arc::new(AtomicBool::new(false));
        let (queue, line) = mpsc::channel::<(Request, Arc<Mutex<TcpStream>>)>();
        thread::spawn(move || {
            for stream in listener.incoming().take(connections) {
                let Ok(mut stream) = stream else { continue };
                let Ok(back) = stream.try_clone() else { continue };
                let (back, queue) = (Arc::new(Mutex::new(back)), queue.clone());
                let _ = stream.set_nodelay(true);
                thread::spawn(move || {
                    while let Ok(request) = Request::read(&mut stream) {
                        if queue.send((request, back.clone())).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        let is_stalled = stalled.clone();
        thread::spawn(move || {
            // What a sleep takes too long, the next ones take less: so the capacity is
            // what was asked for.
            let mut free = Instant::now();
            while let Ok((request, back)) = line.recv() {
                while is_stalled.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(1));
                    free = Instant::now();
                }
                // A server that had nothing to do has saved no time up.
                if free.elapsed() > Duration::from_millis(2) {
                    free = Instant::now();
                }
                free += Duration::from_micros(request.micros);
                thread::sleep(free.saturating_duration_since(Instant::now()));
                let _ = super::shared::lock(&back).write_all(&request.answer());
            }
        });
        Ok(Self { address, stalled })
    }

    pub(super) fn stall(&self, stalled: bool) {
        // A lone flag: relaxed.
        self.stalled.store(stalled, Ordering::Relaxed);
    }
}
