//! The published design of a breaker that hosts share: `DistributedCircuitBreaker` of
//! sony/gobreaker v2 at fed8e9e (February 2026), with its store of go-redis and redsync.
//!
//! `Execute` is re-enacted step by step, each step the same commands of Redis: GET the
//! state; LOCK; make the call while holding the lock; SET the state; UNLOCK. So are the
//! waits: redsync's tries for the lock (32, with 50 to 250 ms between them), the loop
//! around them (500 ms between rounds, for 5 s), and go-redis's tries of a command (4,
//! with 8 ms and more between them). The lock ends after 5 s.
//!
//! Not re-enacted: openings and windows, since no call of the comparison fails; timeouts of
//! commands, since this Redis answers or refuses at once; EVALSHA, which is EVAL here; and
//! the `map` of locks that all goroutines of a process write to without a lock of its own.
//! One caller in each process, as here, does not meet that.

use std::{
    fmt, thread,
    time::{Duration, Instant},
};

use redis::{Client, Cmd, Connection, FromRedisValue, RedisResult, cmd};
use serde::{Deserialize, Serialize};

/// The lock ends by itself after so long.
const EXPIRY: Duration = Duration::from_secs(5);
/// So long somebody waits for the lock, give or take a round of redsync's tries.
const MUTEX_TIMEOUT: Duration = Duration::from_secs(5);
const MUTEX_WAIT: Duration = Duration::from_millis(500);
/// go-redis tries a command so often again.
const RETRIES: u32 = 3;
/// The least wait between them.
const MIN_RETRY_BACKOFF: Duration = Duration::from_millis(8);

/// What redsync sends to unlock.
const UNLOCK: &str = r#"
local val = redis.call("GET", KEYS[1])
if val == ARGV[1] then
    return redis.call("DEL", KEYS[1])
elseif val == false then
    return -1
else
    return 0
end
"#;

/// How redsync waits for the lock.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    tries: u32,
    least: Duration,
    /// So much more at most.
    more: Duration,
}

impl Waits {
    /// Its defaults, which gobreaker's store has.
    pub const PUBLISHED: Self =
        Self { tries: 32, least: Duration::from_millis(50), more: Duration::from_millis(200) };

    /// The best case for its speed: the lock is hardly ever idle. As long in all.
    pub const EAGER: Self =
        Self { tries: 4_800, least: Duration::from_millis(1), more: Duration::ZERO };

    fn draw(self) -> Duration {
        self.least + self.more.mul_f64(fastrand::f64())
    }
}

/// The breaker's state in the store, as JSON.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct SharedState {
    state: u8,
    generation: u64,
    age: u64,
    counts: Counts,
    buckets: Vec<Counts>,
    /// Nothing sets them while the breaker is closed and has no interval.
    start: String,
    expiry: String,
}

/// All zero for a breaker that is new.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Counts {
    requests: u64,
    total_successes: u64,
    total_failures: u64,
    consecutive_successes: u64,
    consecutive_failures: u64,
}

/// Why a caller got no answer.
#[derive(Debug)]
pub enum Denied<E> {
    /// The store's error; the call may even have been made, and have succeeded.
    Store(String),
    /// The call's own.
    Call(E),
}

impl<E: fmt::Display> fmt::Display for Denied<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(why) => f.write_str(why),
            Self::Call(why) => why.fmt(f),
        }
    }
}

/// An instance's breaker.
pub struct Published {
    store: Store,
    waits: Waits,
    state_key: String,
    mutex_key: String,
}

impl Published {
    /// Puts a new state into the store where there is none. Nobody measures that, so it
    /// waits for the lock no longer than it must.
    pub fn new(redis: Client, name: &str, waits: Waits) -> Result<Self, String> {
        let state_key = state_key(name);
        let mutex_key = format!("gobreaker:mutex:{name}");
        let store = Store { redis, connection: None };
        let mut breaker = Self { store, waits: Waits::EAGER, state_key, mutex_key };
        let token = breaker.lock()?;
        if breaker.store.get(&breaker.state_key)?.is_none() {
            breaker.set_state(&SharedState::default())?;
        }
        breaker.unlock(&token)?;
        Ok(Self { waits, ..breaker })
    }

    /// What gobreaker calls `Execute`.
    pub fn execute<T, E>(
        &mut self,
        request: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Denied<E>> {
        // Before the lock: what others count while this one waits for it is not in there.
        let mut state = self.state().map_err(Denied::Store)?;
        let token = self.lock().map_err(Denied::Store)?;
        let result = request();
        state.counts.add(result.is_ok());
        let is_kept = self.set_state(&state);
        let is_unlocked = self.unlock(&token);
        let answer = result.map_err(Denied::Call);
        is_kept.map_err(Denied::Store)?;
        // Of a call that succeeded, the error of the unlocking is what the caller gets.
        answer.and_then(|answer| is_unlocked.map(|()| answer).map_err(Denied::Store))
    }

    fn state(&mut self) -> Result<SharedState, String> {
        let json = self.store.get(&self.state_key)?.ok_or("no shared state")?;
        serde_json::from_str(&json).map_err(said)
    }

    fn set_state(&mut self, state: &SharedState) -> Result<(), String> {
        let json = serde_json::to_string(state).map_err(said)?;
        self.store.run(cmd("SET").arg(&self.state_key).arg(json))
    }

    fn lock(&mut self) -> Result<String, String> {
        let deadline = Instant::now() + MUTEX_TIMEOUT;
        loop {
            match self.lock_once() {
                Err(_) if Instant::now() + MUTEX_WAIT < deadline => thread::sleep(MUTEX_WAIT),
                result => return result,
            }
        }
    }

    /// redsync's `Lock`.
    fn lock_once(&mut self) -> Result<String, String> {
        let token = format!("{:032x}", fastrand::u128(..));
        let mut error = "failed to acquire lock".to_owned();
        for turn in 0..self.waits.tries {
            if turn > 0 {
                thread::sleep(self.waits.draw());
            }
            let mut set = cmd("SET");
            set.arg(&self.mutex_key).arg(&token).arg("NX").arg("PX").arg(EXPIRY.as_millis() as u64);
            match self.store.run::<Option<String>>(&set) {
                Ok(Some(_)) => return Ok(token),
                Ok(None) => {}
                Err(why) => error = why,
            }
            // It takes back what it may have got from some of its servers.
            let _ = self.release(&token);
        }
        Err(error)
    }

    fn unlock(&mut self, token: &str) -> Result<(), String> {
        match self.release(token) {
            Ok(1) => Ok(()),
            _ => Err("unlock failed".into()),
        }
    }

    fn release(&mut self, token: &str) -> Result<i64, String> {
        self.store.run(cmd("EVAL").arg(UNLOCK).arg(1).arg(&self.mutex_key).arg(token))
    }
}

impl Counts {
    fn add(&mut self, is_success: bool) {
        self.requests += 1;
        if is_success {
            self.total_successes += 1;
            self.consecutive_successes += 1;
            self.consecutive_failures = 0;
        } else {
            self.total_failures += 1;
            self.consecutive_failures += 1;
            self.consecutive_successes = 0;
        }
    }
}

/// How many calls the store has counted.
pub fn counted(connection: &mut Connection, name: &str) -> RedisResult<u64> {
    let json: String = cmd("GET").arg(state_key(name)).query(connection)?;
    Ok(serde_json::from_str(&json).map_or(0, |state: SharedState| state.counts.requests))
}

fn state_key(name: &str) -> String {
    format!("gobreaker:state:{name}")
}

/// A client of Redis that connects when it must, and tries a command again.
struct Store {
    redis: Client,
    connection: Option<Connection>,
}

impl Store {
    fn get(&mut self, key: &str) -> Result<Option<String>, String> {
        self.run(cmd("GET").arg(key))
    }

    fn run<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, String> {
        let mut turn = 0;
        loop {
            match self.run_once(command) {
                Err(_) if turn < RETRIES => {
                    turn += 1;
                    let most = MIN_RETRY_BACKOFF * (1 << turn);
                    thread::sleep(MIN_RETRY_BACKOFF + most.mul_f64(fastrand::f64()));
                }
                result => return result.map_err(said),
            }
        }
    }

    fn run_once<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.redis.get_connection_with_timeout(Duration::from_secs(5))?,
        };
        let answer = command.query(&mut connection)?;
        self.connection = Some(connection);
        Ok(answer)
    }
}

fn said(error: impl fmt::Display) -> String {
    error.to_string()
}
