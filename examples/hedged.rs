//! A hedge with real sockets: a server on loopback of which one answer in a hundred stalls
//! for 100 ms, and what its client sees of that without a hedge, with one after a fixed
//! delay, and with one after a delay that is learned.
//!
//! ```text
//! cargo run --release --features tokio --example hedged [-- REQUESTS]
//! ```

use std::{
    env, io,
    net::SocketAddr,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use fusebox::{
    BreakerConfig, CallError, CircuitBreaker, Hedge, LatencyQuantile, Pipeline, QuantileConfig,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// One answer of so many stalls.
const STALLS_ONE_IN: u64 = 100;
const STALL: Duration = Duration::from_millis(100);
/// Requests under way at a time.
const WORKERS: u64 = 4;
/// A request is a number, and its answer the same number.
const SIZE: usize = 8;

static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
static LEARNED: LatencyQuantile = LatencyQuantile::new(QuantileConfig::new().build());

/// Calls that reached the server.
static CALLS: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let requests = match env::args().nth(1).map(|text| text.parse::<u64>()) {
        None => 20_000,
        Some(Ok(requests)) if requests >= 1_000 => requests,
        Some(_) => {
            eprintln!("hedged: the number of requests must be 1000 or more");
            return ExitCode::FAILURE;
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("hedged: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(compare(requests)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hedged: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn compare(requests: u64) -> io::Result<()> {
    let server = serve().await?;
    println!("| hedge | calls for each request | p50 | p99 | p99.9 | longest |");
    println!("|---|---:|---:|---:|---:|---:|");
    let each = requests / WORKERS;
    let plain = Pipeline::new().breaker(&SHOP);
    let seen = measure(each, move || async move { plain.call_async(&server, ask).await }).await?;
    seen.print("none");
    for delay in [3, 5] {
        let hedge = Hedge::new(Duration::from_millis(delay)).every_call();
        let hedged = Pipeline::new().breaker(&SHOP).hedge(hedge);
        let call = move || async move { hedged.call_async(&server, ask).await };
        measure(each, call).await?.print(&format!("after {delay} ms"));
    }
    let hedged = Pipeline::new().breaker(&SHOP).hedge(Hedge::new(&LEARNED).every_call());
    let seen = measure(each, move || async move { hedged.call_async(&server, ask).await }).await?;
    seen.print(&format!("learned, {:.1} ms at the end", LEARNED.get().as_secs_f64() * 1e3));
    let counters = SHOP.counters();
    println!("\nThe breaker counted {} failures: losers count for nothing.", counters.failures);
    Ok(())
}

/// What a client saw.
struct Seen {
    /// In the order of their length.
    latencies: Vec<Duration>,
    calls: u64,
}

impl Seen {
    fn print(&self, name: &str) {
        let of = |thousandths: usize| {
            let at = (self.latencies.len() * thousandths / 1_000).min(self.latencies.len() - 1);
            self.latencies[at].as_secs_f64() * 1e3
        };
        #[allow(clippy::cast_precision_loss)] // counts
        let calls = self.calls as f64 / self.latencies.len() as f64;
        let [half, most, tail, longest] = [500, 990, 999, 1_000].map(of);
        println!(
            "| {name} | {calls:.4} | {half:.2} ms | {most:.1} ms | {tail:.1} ms | {longest:.1} ms |"
        );
    }
}

/// Makes so many calls in each of the workers.
async fn measure<F, Fut>(each: u64, call: F) -> io::Result<Seen>
where
    F: Fn() -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<(), CallError<io::Error>>> + Send,
{
    let before = CALLS.load(Ordering::Relaxed);
    let worker = move || async move {
        let mut latencies = Vec::new();
        for _ in 0..each {
            let begun = Instant::now();
            call().await.map_err(io::Error::other)?;
            latencies.push(begun.elapsed());
        }
        Ok::<_, io::Error>(latencies)
    };
    let workers: Vec<_> = (0..WORKERS).map(|_| tokio::spawn(worker())).collect();
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.await??);
    }
    latencies.sort_unstable();
    Ok(Seen { latencies, calls: CALLS.load(Ordering::Relaxed) - before })
}

/// One call: a connection of its own, so that a loser takes nothing with it.
async fn ask(server: &SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (question, mut answer) = (7_u64.to_le_bytes(), [0; SIZE]);
    stream.write_all(&question).await?;
    stream.read_exact(&mut answer).await?;
    if answer == question { Ok(()) } else { Err(io::Error::other("another's answer")) }
}

async fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let random = Arc::new(AtomicU64::new(0x9E37_79B9_7F4A_7C15));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            CALLS.fetch_add(1, Ordering::Relaxed);
            // Weyl's sequence, mixed: which calls stall is the same in every run.
            let mut draw = random.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            draw = (draw ^ draw >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
            draw ^= draw >> 32;
            tokio::spawn(answer(stream, draw.is_multiple_of(STALLS_ONE_IN)));
        }
    });
    Ok(address)
}

async fn answer(mut stream: TcpStream, stalls: bool) -> io::Result<()> {
    let mut question = [0; SIZE];
    stream.read_exact(&mut question).await?;
    if stalls {
        sleep(STALL).await;
    }
    stream.write_all(&question).await
}
